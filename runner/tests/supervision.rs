//! No child outlives the runner, however the runner ends.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use runner::server::{Program, Server};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const WITHIN: Duration = Duration::from_secs(5);

/// Not a test of its own: what `a_killed_parent_takes_its_server_along` runs in a process that it
/// can kill.
#[test]
#[ignore = "started by another test"]
fn parent_of_a_server() {
    let program = Program {
        path: env!("CARGO_BIN_EXE_runner").into(),
        arguments: vec!["null".into()],
    };
    let server = Server::start(&program, &[]).unwrap();
    println!("\npid {}", server.pid());
    std::thread::sleep(WITHIN * 10);
}

#[test]
fn a_killed_parent_takes_its_server_along() {
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "parent_of_a_server",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let pid = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("pid ").map(|pid| pid.parse().unwrap()))
        .expect("the parent names its server");
    let server = Pid::from_raw(pid).unwrap();
    assert!(test_kill_process(server).is_ok(), "the server runs");
    kill_process(Pid::from_child(&parent), Signal::KILL).unwrap();
    parent.wait().unwrap();
    let killed = Instant::now();
    while test_kill_process(server).is_ok() {
        assert!(
            killed.elapsed() < WITHIN,
            "the server has outlived its parent"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_dropped_server_is_gone() {
    let program = Program {
        path: env!("CARGO_BIN_EXE_runner").into(),
        arguments: vec!["null".into()],
    };
    let server = Server::start(&program, &[]).unwrap();
    let pid = Pid::from_raw(i32::try_from(server.pid()).unwrap()).unwrap();
    drop(server);
    assert!(test_kill_process(pid).is_err());
}
