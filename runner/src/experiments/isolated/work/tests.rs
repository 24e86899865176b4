//! Counted work without valgrind: what is left to count, and what is kept.

use super::*;
use crate::experiments::Experiment;
use crate::experiments::isolated::arms::CANNOT_BE_HAD;
use crate::experiments::isolated::{Isolated, Part};
use crate::fixtures::runs;
use crate::run::failpoint::Failpoint;
use crate::run::{Arm, ArmKind, Run};
use crate::work::{FunctionCost, OwnerShare};

fn counted() -> Work {
    Work {
        requests: 1000,
        instructions_per_request: 7000.25,
        tcalls: 100.0,
        funcs: 50,
        funcs_source: 90,
        owners: vec![OwnerShare {
            owner: "std".to_owned(),
            instructions_per_request: 7000.25,
            calls_per_request: 100.0,
        }],
        functions: vec![FunctionCost {
            name: "std::answer".to_owned(),
            owner: "std".to_owned(),
            calls_per_request: 100.0,
            self_instructions_per_request: 7000.25,
            instances: 1,
        }],
        allocator_calls: Vec::new(),
    }
}

fn server() -> Executables {
    Executables {
        name: "one".to_owned(),
        kind: ArmKind::Contestant,
        server: Some("/nowhere".into()),
        own: None,
        timed: None,
        counting: None,
        entries: Vec::new(),
        binaries: Vec::new(),
    }
}

/// Counts what is left to count, without valgrind.
fn count_rest(job: &mut Job<IsolatedPlan>) -> Result<()> {
    let (plan, all) = (job.run.plan.clone(), [server()]);
    let done = Isolated::read(job.folder.path())?;
    let mut counted = Counted::so_far(&done, 1000);
    for task in tasks(&plan, &all, &done) {
        counted.keep(&task, Ok(super::tests::counted()), &mut job.folder.journal)?;
    }
    job.finish(true)
}

fn small() -> Run<IsolatedPlan> {
    let plan = IsolatedPlan {
        env: crate::framework::BuildEnv::Release,
        parts: vec![Part::Work],
        blocks: 1,
        rounds: 1,
        slice_ms: 1,
        work_requests: 1000,
        work_processes: 2,
        leak_requests: 16_000,
        leak_processes: 1,
        starts: 1,
    };
    let arms = vec![Arm::new("one", ArmKind::Contestant)];
    let mut run = runs::header(Isolated::NAME, Isolated::METHOD, plan, arms);
    // Whether strace is installed does not matter here: system calls are not part of this test.
    run.missing = vec!["strace is not on PATH".to_owned()];
    run
}

#[test]
fn a_process_that_was_counted_half_is_counted_again() {
    let parent = tempfile::tempdir().unwrap();
    for write in 0.. {
        let path = parent.path().join(write.to_string());
        let mut job = runs::begin(&path, &small());
        job.folder.journal.failpoint = Failpoint::At(write);
        let outcome = count_rest(&mut job);
        drop(job);
        let records = Isolated::read(&path).unwrap();
        let closed = records.units.len();
        // A process counts with all of its rows or not at all.
        assert_eq!(records.work.len(), closed, "write {write}");
        assert_eq!(records.owners.len(), closed.min(1), "write {write}");
        assert_eq!(records.functions.len(), closed.min(1), "write {write}");
        if outcome.is_ok() {
            // An owner, a function, twice a row and its closing line, and the record.
            assert_eq!((write, closed), (7, 2));
            return;
        }
        let mut job = Job::continue_in_test(&path, Isolated::NAME, Isolated::METHOD);
        if let Ok(job) = &mut job {
            count_rest(job).unwrap();
        }
        drop(job);
        let whole = Isolated::read(&path).unwrap();
        let rows = (whole.work.len(), whole.owners.len(), whole.functions.len());
        assert_eq!(rows, (2, 1, 1), "write {write}");
        assert_eq!(whole.work[0].process + whole.work[1].process, 1);
    }
}

#[test]
fn a_tool_that_has_counted_nothing_yet_may_be_another_one() {
    let units = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let work: BTreeSet<String> = units(&["block 0", "work one 0"]);
    assert!(has_counted("valgrind", &work) && has_counted("vgdb", &work));
    assert!(!has_counted("strace", &work));
    assert!(has_counted("strace", &units(&["system calls one"])));
    assert!(!has_counted("valgrind", &units(&["block 0", "starts 1"])));
}

#[test]
fn a_server_that_cannot_be_had_any_more_is_a_row_that_says_so() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let mut job = runs::begin(&path, &small());
    let gone = [Executables {
        server: None,
        ..server()
    }];
    let done = Isolated::read(&path).unwrap();
    count(&mut job, &gone, &done).unwrap();
    let records = Isolated::read(&path).unwrap();
    let errs: Vec<&str> = records.work.iter().map(|row| row.err.as_str()).collect();
    assert_eq!(errs, [CANNOT_BE_HAD; 2]);
}
