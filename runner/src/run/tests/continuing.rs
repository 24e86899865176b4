//! Runs that continue: the same run, or none.

use super::*;
use crate::run::failpoint::Failpoint;
use std::fs;

fn continued(path: &Path) -> anyhow::Result<Job<u32>> {
    Job::continue_in_test(path, KIND.0, KIND.1)
}

/// A run of two blocks that was killed in the third.
pub(super) fn killed() -> Written {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let mut job = runs::begin(&path, &header());
    write_block(&mut job.folder.journal, &point(0));
    write_block(&mut job.folder.journal, &point(1));
    job.folder.journal.append(&point(2)).unwrap();
    Written { parent, path }
}

#[test]
fn a_block_that_was_not_closed_does_not_count_and_its_number_is_free() {
    let run = killed();
    assert_eq!(read(&run.path).unwrap().0, [point(0), point(1)]);
    let mut job = continued(&run.path).unwrap();
    write_block(&mut job.folder.journal, &point(2));
    job.finish(true).unwrap();
    let expected: Vec<PointRow> = (0..3).map(point).collect();
    assert_eq!(read(&run.path).unwrap(), (expected, Vec::new()));
}

#[test]
fn a_torn_line_is_dropped_and_the_run_continues() {
    for name in ["points.csv", "blocks.csv", "units.csv"] {
        let run = killed();
        let text = fs::read_to_string(run.file(name)).unwrap();
        fs::write(run.file(name), &text[..text.len() - 1]).unwrap();
        let closed = match name {
            // The torn line was never closed.
            "points.csv" => 2,
            _ => 1,
        };
        let mut job = continued(&run.path).unwrap();
        for block in closed..3 {
            write_block(&mut job.folder.journal, &point(block));
        }
        job.finish(true).unwrap();
        let expected: Vec<PointRow> = (0..3).map(point).collect();
        assert_eq!(read(&run.path).unwrap(), (expected, Vec::new()), "{name}");
    }
}

#[test]
fn lines_lost_in_the_middle_end_the_run() {
    let run = killed();
    let text = fs::read_to_string(run.file("points.csv")).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.remove(1);
    fs::write(run.file("points.csv"), format!("{}\n", lines.join("\n"))).unwrap();
    assert!(continued(&run.path).is_err());
}

#[test]
fn a_complete_run_does_not_continue() {
    let run = Written::new();
    let error = continued(&run.path).unwrap_err().to_string();
    assert!(error.contains("is complete"), "{error}");
}

#[test]
fn a_second_writer_is_refused_and_harms_nothing() {
    let run = killed();
    let job = continued(&run.path).unwrap();
    let before = fs::read(run.file("points.csv")).unwrap();
    let error = continued(&run.path).unwrap_err().to_string();
    assert!(error.contains("another runner is writing"), "{error}");
    assert_eq!(fs::read(run.file("points.csv")).unwrap(), before);
    drop(job);
    continued(&run.path).unwrap();
}

#[test]
fn a_full_disk_leaves_earlier_blocks_whole_and_the_run_continues() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let mut job = runs::begin(&path, &header());
    write_block(&mut job.folder.journal, &point(0));
    job.folder.journal.failpoint = Failpoint::At(0);
    let error = job.folder.journal.append(&point(1)).unwrap_err();
    assert!(
        format!("{error:#}").contains("the disk is full"),
        "{error:#}"
    );
    // The record cannot say how the run ended, either.
    job.finish(false).unwrap_err();
    drop(job);
    assert_eq!(read(&path).unwrap(), (vec![point(0)], Vec::new()));
    let mut job = continued(&path).unwrap();
    write_block(&mut job.folder.journal, &point(1));
    job.finish(true).unwrap();
    assert_eq!(read(&path).unwrap().0, [point(0), point(1)]);
}

/// The refusal of a run whose record was begun under another circumstance.
fn refused(change: impl Fn(&mut Run<u32>)) -> String {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let run = header();
    drop(runs::begin(&path, &run));
    let (mut then, _) = open_run::<u32>(&path, KIND.0, KIND.1).unwrap();
    let now = identity::Surroundings::of(&then);
    assert_eq!(now.differences(&then), Vec::<String>::new());
    change(&mut then);
    now.differences(&then).join("; ")
}

#[test]
fn other_circumstances_are_refused_with_the_difference() {
    let flags = refused(|run| {
        run.environment
            .insert("RUSTFLAGS".to_owned(), "-g".to_owned());
    });
    assert_eq!(flags, "the variable RUSTFLAGS was `-g` and is not set");
    let unset = refused(|run| run.environment.clear());
    assert_eq!(
        unset,
        "the variable MALLOC_ARENA_MAX was not set and is `2`"
    );
    let compiler = refused(|run| run.toolchain.rustc = "rustc 1.94.0".to_owned());
    assert_eq!(compiler, "rustc was rustc 1.94.0 and is rustc 1.95.0");
    let machine = refused(|run| run.machine.processor = "Another".to_owned());
    assert_eq!(machine, "the processor was Another and is A processor");
    let kernel = refused(|run| run.machine.kernel = "5.4".to_owned());
    assert_eq!(kernel, "the kernel was 5.4 and is 6.1");
    let governor = refused(|run| run.machine.governor = Some("powersave".to_owned()));
    assert_eq!(governor, "the frequency governor was powersave and is none");
}

pub(super) fn arm_with(digest: &str, version: &str) -> Arm {
    let mut arm = Arm::new("one", ArmKind::Contestant);
    arm.digests.insert("server".to_owned(), digest.to_owned());
    arm.version = Some(version.to_owned());
    arm
}

#[test]
fn another_binary_is_refused_and_an_arm_that_cannot_be_had_now_is_not() {
    let changes = |now: Arm| identity::changed_arms(&[arm_with("aaaa", "1.2")], &[now]).join("; ");
    assert_eq!(changes(arm_with("aaaa", "1.2")), "");
    let binary = changes(arm_with("bbbb", "1.2"));
    assert!(
        binary.contains("the server of `one` is another one"),
        "{binary}"
    );
    let version = changes(arm_with("aaaa", "1.3"));
    assert_eq!(version, "`one` was version 1.2 and is 1.3");
    let mut hiccup = Arm::new("one", ArmKind::Contestant);
    hiccup.err = Some("cargo could not build it".to_owned());
    assert_eq!(changes(hiccup), "");
    let gone = identity::changed_arms(&[arm_with("aaaa", "1.2")], &[]);
    assert_eq!(gone, ["`one` is missing now"]);
}

#[test]
fn an_arm_that_cannot_be_had_now_keeps_its_row_in_the_record() {
    let run = killed();
    let mut job = continued(&run.path).unwrap();
    let other = Arm::new("other", ArmKind::Contestant);
    job.run.arms.push(other.clone());
    let recorded = job.run.arms.clone();
    let mut hiccup = Arm::new("one", ArmKind::Contestant);
    hiccup.err = Some("cargo could not build it".to_owned());
    job.admit(vec![hiccup.clone(), other]).unwrap();
    assert_eq!(job.run.arms, recorded);
    drop(job);
    assert_eq!(read(&run.path).unwrap().0, [point(0), point(1)]);
    // If nobody can be had, there is nothing to go on with, and what is there stays.
    let before = fs::read(run.file("run.json")).unwrap();
    let mut job = continued(&run.path).unwrap();
    let gone = recorded.iter().map(|arm| Arm {
        err: hiccup.err.clone(),
        ..arm.clone()
    });
    let error = job.admit(gone.collect()).unwrap_err().to_string();
    assert!(error.contains("no contestant can be measured"), "{error}");
    drop(job);
    assert_eq!(fs::read(run.file("run.json")).unwrap(), before);
}
