//! A process that is killed at each of its writes, and the run that continues without it.

use super::*;
use crate::run::failpoint::Failpoint;
use std::process::{Command, Stdio};

/// Tells the process of the test below where to write, and at which write to die.
const FOLDER: &str = "KILLED_RUN_FOLDER";
const WRITE: &str = "KILLED_RUN_WRITE";

fn write_rest(mut job: Job<u32>) {
    let done = read(job.folder.path()).unwrap().0.len() as u32;
    for block in done..3 {
        write_block(&mut job.folder.journal, &point(block));
    }
    job.finish(true).unwrap();
}

#[test]
#[ignore = "a process that another test launches, and that kills itself"]
fn a_run_that_kills_itself() {
    let write = std::env::var(WRITE).unwrap().parse().unwrap();
    let mut job = runs::begin(Path::new(&std::env::var(FOLDER).unwrap()), &header());
    job.folder.journal.failpoint = Failpoint::KilledAt(write);
    write_rest(job);
}

/// Whether the process lived to the end.
fn killed_at(write: u32, path: &Path) -> bool {
    let name = "run::tests::killed::a_run_that_kills_itself";
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--ignored", "--test-threads=1"])
        .env(FOLDER, path)
        .env(WRITE, write.to_string())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert!(status.success() || signal == Some(9), "{status}");
    status.success()
}

#[test]
fn a_process_that_is_killed_at_any_write_leaves_a_run_that_continues_to_the_same_rows() {
    let expected: Vec<PointRow> = (0..3).map(point).collect();
    let parent = tempfile::tempdir().unwrap();
    for write in 0.. {
        let path = parent.path().join(write.to_string());
        if killed_at(write, &path) {
            // Two rows and a closing line, three times, and the record.
            assert_eq!(write, 10);
            return;
        }
        let (left, _) = read(&path).unwrap();
        assert_eq!(left, expected[..left.len()], "killed at write {write}");
        // The kernel has released the lock.
        write_rest(Job::continue_in_test(&path, KIND.0, KIND.1).unwrap());
        assert_eq!(
            read(&path).unwrap(),
            (expected.clone(), Vec::new()),
            "write {write}"
        );
    }
}
