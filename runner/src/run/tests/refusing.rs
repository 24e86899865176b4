//! What a run that was interrupted refuses when it is to continue, and that it leaves the folder as it is.

use super::continuing::{arm_with, killed};
use super::*;
use crate::run::identity::{Surroundings, changed_tools};
use std::collections::BTreeMap;
use std::fs;

/// All files of a run.
fn files(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(path).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

/// A run that was killed, with a block that has lost a row and a line that was torn off.
fn damaged() -> Written {
    let run = killed();
    let rows = fs::read_to_string(run.file("points.csv")).unwrap();
    let two = rows.match_indices('\n').nth(1).unwrap().0 + 1;
    fs::write(run.file("points.csv"), &rows[..two + 5]).unwrap();
    run
}

fn surroundings(path: &Path) -> Surroundings {
    Surroundings::of(&open_run::<u32>(path, KIND.0, KIND.1).unwrap().0)
}

/// What is said if a run is to continue in other surroundings.
fn refused_in(change: impl Fn(&mut Surroundings)) -> String {
    let run = damaged();
    let before = files(&run.path);
    let mut now = surroundings(&run.path);
    change(&mut now);
    let error = Job::<u32>::continue_in(&now, &run.path, true, KIND).unwrap_err();
    assert_eq!(files(&run.path), before, "{error}");
    error.to_string()
}

#[test]
fn other_surroundings_are_refused_and_the_folder_stays_as_it_is() {
    type Change = fn(&mut Surroundings);
    let cases: [(Change, &str); 11] = [
        (
            |now| now.toolchain.rustc = "rustc 2".to_owned(),
            "rustc was rustc 1.95.0 and is rustc 2",
        ),
        (
            |now| now.toolchain.cargo = "cargo 2".to_owned(),
            "cargo was cargo 1.95.0 and is cargo 2",
        ),
        (
            |now| now.toolchain.runner = Some("99".to_owned()),
            "the runner's binary (SHA-256) was 1234… and is 99…",
        ),
        (
            |now| now.machine.memory_mib = 1,
            "the memory in MiB was 24000 and is 1",
        ),
        (
            |now| now.machine.processors = 64,
            "the number of processors was 2 and is 64",
        ),
        (
            |now| now.machine.kernel = "6.2".to_owned(),
            "the kernel was 6.1 and is 6.2",
        ),
        (
            |now| now.environment.clear(),
            "the variable MALLOC_ARENA_MAX was `2` and is not set",
        ),
        (
            |now| now.machine.somaxconn = Some(128),
            "the longest listen queue (somaxconn) was 4096 and is 128",
        ),
        (
            |now| now.machine.virtualized = false,
            "whether the processor is virtual was true and is false",
        ),
        (
            |now| now.toolchain.runner = None,
            "the runner's binary (SHA-256) was 1234… and is unknown",
        ),
        (
            |now| now.allowed = vec![1000],
            "and may only use [1000] now",
        ),
    ];
    for (change, expected) in cases {
        let words = refused_in(change);
        assert!(words.contains(expected), "{words}");
        assert!(
            words.contains("cannot continue") && words.ends_with("begin a new run"),
            "{words}"
        );
    }
}

#[test]
fn other_binaries_are_refused_and_the_folder_stays_as_it_is() {
    let run = damaged();
    let before = files(&run.path);
    let now = surroundings(&run.path);
    let mut job = Job::<u32>::continue_in(&now, &run.path, true, KIND).unwrap();
    job.run.arms = vec![arm_with("aaaa", "1.2")];
    let error = job.admit(vec![arm_with("bbbb", "1.2")]).unwrap_err();
    drop(job);
    assert!(error.to_string().contains("is another one"), "{error}");
    assert_eq!(files(&run.path), before);
    // With the same it continues, and what is broken is measured again.
    let mut job = Job::<u32>::continue_in(&now, &run.path, true, KIND).unwrap();
    assert_eq!(job.run.ended_at, None);
    job.admit(header().arms).unwrap();
    for block in 1..3 {
        write_block(&mut job.folder.journal, &point(block));
    }
    job.finish(true).unwrap();
    let expected: Vec<PointRow> = (0..3).map(point).collect();
    assert_eq!(read(&run.path).unwrap(), (expected, Vec::new()));
}

#[test]
fn another_method_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let old = Run {
        method: KIND.1 - 1,
        ..header()
    };
    drop(runs::begin(&path, &old));
    let error = Job::<u32>::continue_in(&surroundings(&path), &path, true, KIND).unwrap_err();
    let words = error.to_string();
    assert!(
        words.contains("was begun by method 1, and this runner measures by method 2"),
        "{words}"
    );
}

#[test]
fn a_second_measuring_runner_is_refused_or_recorded() {
    let run = killed();
    // Another test may measure at this moment.
    let mut claims = std::iter::repeat_with(|| Exclusive::claim(true).unwrap());
    let _other = claims.find(|claim| claim.other.is_none()).unwrap();
    let now = surroundings(&run.path);
    let error = Job::<u32>::continue_in(&now, &run.path, false, KIND).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("another runner measures on this machine"),
        "{error}"
    );
    let job = Job::<u32>::continue_in(&now, &run.path, true, KIND).unwrap();
    let is_recorded = |warning: &Warning| matches!(warning, Warning::OtherRunner { .. });
    assert!(
        job.run.warnings.iter().any(is_recorded),
        "{:?}",
        job.run.warnings
    );
}

#[test]
fn controls_that_are_made_of_a_baseline_that_cannot_be_had_are_not_missed() {
    let baseline = Arm::new("base", ArmKind::Baseline);
    let then = [
        baseline.clone(),
        Arm::control(&baseline, ArmKind::Twin),
        Arm::control(&baseline, ArmKind::Planted),
    ];
    let hiccup = Arm {
        err: Some("cargo could not build it".to_owned()),
        ..baseline.clone()
    };
    assert_eq!(
        identity::changed_arms(&then, &[hiccup]),
        Vec::<String>::new()
    );
    let gone = identity::changed_arms(&then, &[baseline]);
    assert_eq!(
        gone,
        ["`base-twin` is missing now", "`planted` is missing now"]
    );
}

#[test]
fn other_tools_are_refused_and_those_that_had_not_counted_are_not() {
    let then = BTreeMap::from([("valgrind".to_owned(), "valgrind-3.19.0".to_owned())]);
    let now = |version: Option<&'static str>| {
        changed_tools(&then, |name| {
            version.filter(|_| name == "valgrind").map(str::to_owned)
        })
    };
    assert_eq!(now(Some("valgrind-3.19.0")), Vec::<String>::new());
    assert_eq!(
        now(Some("valgrind-3.24.0")),
        ["valgrind was valgrind-3.19.0 and is valgrind-3.24.0"]
    );
    assert_eq!(now(None), ["valgrind was valgrind-3.19.0 and is not there"]);
    assert_eq!(
        changed_tools(&BTreeMap::new(), |_| Some("any".to_owned())),
        Vec::<String>::new()
    );
}
