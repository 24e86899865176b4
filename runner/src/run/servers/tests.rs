//! Servers of a block: what fails, how often it is tried, and what is never started.

use super::*;
use crate::fixtures::programs;
use crate::load::{EngineKind, Generator};

#[test]
fn a_start_that_failed_counts_once_however_many_of_others_follow() {
    let (_, good) = programs::arm("good", ArmKind::Baseline, "answers");
    let bad = Launch {
        name: "bad".to_owned(),
        program: Err("cargo could not build it".to_owned()),
        ..good.clone()
    };
    let generator = Box::new(Generator::start(EngineKind::Epoll, &[], 1).unwrap());
    let mut servers = Servers::new(vec![bad, good], &[], generator, Duration::from_secs(20));
    let mut start = |arm: usize| {
        servers.start(arm);
        servers.stop().unwrap();
        servers.arms[0].failures
    };
    assert_eq!(start(0), 1);
    for _ in 0..FAILURES_MAX {
        assert_eq!(start(1), 1);
    }
    assert_eq!((start(0), start(0)), (2, FAILURES_MAX));
    // After that the arm is not started again, and keeps its last error.
    assert_eq!(start(0), FAILURES_MAX);
    assert_eq!(servers.err(0), "cargo could not build it");
}

#[test]
fn an_executable_that_has_changed_since_the_run_began_is_not_started() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server");
    std::fs::write(&path, "one").unwrap();
    let (_, mut launch) = programs::arm("one", ArmKind::Baseline, "answers");
    launch.binary = Some(Binary::of(&path).unwrap());
    let generator = Box::new(Generator::start(EngineKind::Epoll, &[], 1).unwrap());
    let mut servers = Servers::new(vec![launch], &[], generator, Duration::from_secs(20));
    servers.start(0);
    servers.stop().unwrap();
    assert_eq!(servers.err(0), "");
    std::fs::write(&path, "two").unwrap();
    servers.start(0);
    assert!(servers.err(0).contains("has changed since the run began"));
}
