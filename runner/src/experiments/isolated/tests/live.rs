//! Runs with benches of a few lines of shell, runs that are killed, and records that are damaged.

use super::*;
use crate::experiments::isolated::arms::{CANNOT_BE_HAD, Executables};
use crate::fixtures::{damage, killed, programs};
use crate::record::Binary;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What a bench answers: always the same.
const BENCH: &str = r#"
while read -r command count more; do
    case $command in
        requests) echo "{\"requests\":$more,\"wall_ns\":500000,\"cpu_ns\":400000,\"answer_bytes\":129}" ;;
        connections) echo "{\"requests\":$count,\"wall_ns\":500,\"cpu_ns\":400,\"answer_bytes\":null}" ;;
        memory) echo '{"live_bytes":1,"peak_live_bytes":2,"allocations":3,"reallocations":4,"allocated_bytes":5,"rss_kib":6}' ;;
    esac
done"#;

fn script(folder: &Path, name: &str, body: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    path
}

/// Two arms, both with the scripts of a folder.
fn executables(folder: &Path) -> Vec<Executables> {
    let bench = script(folder, "bench", BENCH);
    let program = programs::program("answers");
    let words: Vec<String> = program
        .arguments
        .iter()
        .map(|one| one.to_string_lossy().into_owned())
        .collect();
    let line = format!("exec '{}' {}", program.path.display(), words.join(" "));
    let server = script(folder, "server", &line);
    let arm = |name: &str, kind| Executables {
        name: name.to_owned(),
        kind,
        server: Some(server.clone()),
        own: None,
        timed: Some(bench.clone()),
        counting: Some(bench.clone()),
        entries: vec![Entry::Bytes],
        binaries: Vec::new(),
    };
    vec![
        arm("base", ArmKind::Baseline),
        arm("other", ArmKind::Contestant),
    ]
}

/// The smallest run of one part.
fn small(part: Part) -> Run<IsolatedPlan> {
    let arm = |name, kind| {
        let mut arm = Arm::new(name, kind);
        arm.without
            .insert("call".to_owned(), "it has no router".to_owned());
        arm
    };
    let arms = vec![
        arm("base", ArmKind::Baseline),
        arm("other", ArmKind::Contestant),
    ];
    let plan = IsolatedPlan {
        env: crate::framework::BuildEnv::Release,
        parts: vec![part],
        blocks: 2,
        rounds: 1,
        leak_requests: 16_000,
        leak_processes: 1,
        starts: 2,
        ..plan()
    };
    let mut run = runs::header(Isolated::NAME, Isolated::METHOD, plan, arms);
    run.warnings.clear();
    run
}

/// Keys of all rows; blocks by how many counted before them.
fn keys(records: &IsolatedRecords) -> Vec<String> {
    let counting = records.blocks.iter().filter(|row| row.counts());
    let numbers: Vec<u32> = counting.map(|row| row.block).collect();
    let ordinal = |block: u32| numbers.iter().position(|&one| one == block).unwrap();
    let samples = records.samples.iter();
    let samples =
        samples.map(|row| format!("sample {} {} {}", ordinal(row.block), row.round, row.arm));
    let memory = records.memory.iter();
    let memory =
        memory.map(|row| format!("memory {} {} {}", row.arm, row.exercise, row.repetitions));
    let allocations = records.allocations.iter();
    let allocations = allocations.map(|row| format!("allocations {} {}", row.arm, row.entry));
    let starts = records.starts.iter();
    let starts = starts.map(|row| format!("start {} {}", row.round, row.arm));
    samples
        .chain(memory)
        .chain(allocations)
        .chain(starts)
        .collect()
}

fn killed_at_every_write(part: Part, arms: usize) -> u32 {
    let folder = tempfile::tempdir().unwrap();
    let mut all = executables(folder.path());
    let mut run = small(part);
    all.truncate(arms);
    run.arms.truncate(arms);
    killed::at_every_write::<Isolated>(&run, || all.clone(), keys)
}

#[test]
fn a_timed_run_that_is_killed_at_any_write_continues_to_the_same_rows() {
    // Two samples, a block and its closing line, twice.
    assert!(killed_at_every_write(Part::Time, 2) >= 8);
}

#[test]
fn a_watched_run_that_is_killed_at_any_write_continues_to_the_same_rows() {
    // One arm, since the work grows with the square of the writes: a count of allocations, three processes of more
    // than twenty looks, and four closing lines.
    assert!(killed_at_every_write(Part::Memory, 1) >= 65);
}

#[test]
fn a_run_of_starts_that_is_killed_at_any_write_continues_to_the_same_rows() {
    // Two starts and a closing line, twice.
    assert!(killed_at_every_write(Part::Start, 2) >= 6);
}

#[test]
fn a_server_that_cannot_be_had_any_more_has_a_row_in_each_round_of_starts() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = executables(folder.path());
    all[1].server = None;
    let path = folder.path().join("run");
    let mut job = runs::begin(&path, &small(Part::Start));
    let done = Isolated::read(&path).unwrap();
    Isolated::measure(&mut job, all, &done).unwrap();
    job.finish(true).unwrap();
    let records = Isolated::read(&path).unwrap();
    let errs = |arm: &str| -> Vec<String> {
        let rows = records.starts.iter().filter(|row| row.arm == arm);
        rows.map(|row| row.err.clone()).collect()
    };
    assert_eq!(errs("base"), ["", ""]);
    assert_eq!(errs("other"), [CANNOT_BE_HAD; 2]);
}

#[test]
fn an_executable_that_changes_during_the_run_ends_it_before_its_rows_count() {
    let folder = tempfile::tempdir().unwrap();
    for part in [Part::Time, Part::Memory, Part::Start] {
        let mut all = executables(folder.path());
        let bench = folder.path().join("bench");
        all[0].binaries = vec![Binary::of(&bench).unwrap()];
        script(folder.path(), "bench", "exit 0");
        let path = folder.path().join(format!("{part:?}"));
        let mut job = runs::begin(&path, &small(part));
        let done = Isolated::read(&path).unwrap();
        let error = Isolated::measure(&mut job, all, &done).unwrap_err();
        assert!(
            format!("{error:#}").contains("has changed since the run began"),
            "{error:#}"
        );
        assert!(Isolated::read(&path).unwrap().units.is_empty());
    }
}

#[test]
fn a_bench_that_dies_fails_alone_and_says_how() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = executables(folder.path());
    let body = "read -r line; echo here it dies >&2; exit 7";
    all[1].timed = Some(script(folder.path(), "dying", body));
    let path = folder.path().join("run");
    let mut job = runs::begin(&path, &small(Part::Time));
    let done = Isolated::read(&path).unwrap();
    Isolated::measure(&mut job, all, &done).unwrap();
    job.finish(true).unwrap();
    let records = Isolated::read(&path).unwrap();
    for row in &records.samples {
        match row.arm.as_str() {
            "base" => assert!(row.err.is_empty() && row.requests > 0, "{row:?}"),
            _ => assert!(row.err.contains("here it dies"), "{row:?}"),
        }
    }
    assert_eq!(records.samples.len(), 4);
}

#[test]
fn a_damaged_record_is_refused_or_untrusted_or_unchanged() {
    damage::is_always_noticed::<Isolated>(&MadeUp::new().write());
}
