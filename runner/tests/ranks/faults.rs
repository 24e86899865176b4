//! What becomes of a load if one of its processes, or the launcher, is killed.

use super::{RUNNER, load, outcome, processes_with, wait_for};
use controls::{Planted, Server};
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

/// A load of two processes that goes on for long, once both have written rows of seconds.
fn going_on(server: &Server, folder: &Path) -> (Child, String) {
    // The path tells these processes from those of other tests.
    let url = format!("http://{}/welcome", server.address);
    let rows = folder.join("rows.csv");
    let mut command = load(
        2,
        &[
            &url,
            "-c",
            "2",
            "--rate",
            "200",
            "-d",
            "10m",
            "--csv",
            rows.to_str().unwrap(),
        ],
    );
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let rows_of = |part: &str| fs::read_to_string(folder.join(part)).unwrap_or_default();
    wait_for("both parts write their seconds", || {
        ["rows.1-of-2.csv", "rows.2-of-2.csv"]
            .iter()
            .all(|part| rows_of(part).lines().count() > 2)
    });
    (child, rows.display().to_string())
}

/// The generators of that load, the first one first.
fn generators(rows: &str) -> Vec<i32> {
    let all = processes_with(rows);
    let is_runner = |process: &i32| {
        fs::read_link(format!("/proc/{process}/exe")).is_ok_and(|path| path == Path::new(RUNNER))
    };
    let mut generators: Vec<i32> = all.into_iter().filter(is_runner).collect();
    let rank = |process: &i32| {
        let variables = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
        String::from_utf8_lossy(&variables).contains("OMPI_COMM_WORLD_RANK=0\0")
    };
    generators.sort_by_key(|process| !rank(process));
    generators
}

pub(super) fn kill(process: i32) {
    let process = rustix::process::Pid::from_raw(process).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
}

fn check_remains(folder: &Path, rows: &str) {
    wait_for("nobody is left", || processes_with(rows).is_empty());
    for part in ["rows.1-of-2.csv", "rows.2-of-2.csv"] {
        let text = fs::read_to_string(folder.join(part)).unwrap();
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        assert!(
            reader.records().filter_map(Result::ok).count() >= 1,
            "{text}"
        );
    }
}

#[test]
fn a_process_that_is_killed_ends_the_load_without_a_result() {
    for victim in [0, 1] {
        let server = Server::start(Planted::Nothing);
        let folder = tempfile::tempdir().unwrap();
        let (child, rows) = going_on(&server, folder.path());
        kill(generators(&rows)[victim]);
        let (status, said, _) = outcome(child.wait_with_output().unwrap());
        assert_ne!(status, 0);
        assert!(!said.contains("requests/s"), "{said}");
        check_remains(folder.path(), &rows);
    }
}

#[test]
fn nobody_outlives_a_launcher_that_is_killed() {
    let server = Server::start(Planted::Nothing);
    let folder = tempfile::tempdir().unwrap();
    let (mut child, rows) = going_on(&server, folder.path());
    kill(child.id() as i32);
    child.wait().unwrap();
    check_remains(folder.path(), &rows);
}

#[test]
fn ctrl_c_ends_all_processes() {
    let server = Server::start(Planted::Nothing);
    let folder = tempfile::tempdir().unwrap();
    let (child, rows) = going_on(&server, folder.path());
    let launcher = rustix::process::Pid::from_raw(child.id() as i32).unwrap();
    rustix::process::kill_process(launcher, rustix::process::Signal::INT).unwrap();
    let (status, said, _) = outcome(child.wait_with_output().unwrap());
    assert_ne!(status, 0);
    assert!(!said.contains("requests/s"), "{said}");
    check_remains(folder.path(), &rows);
}
