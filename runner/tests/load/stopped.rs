//! A generator that was stopped says so, and a delay that was planted is found where it was planted.

use super::json;
use runner::server::{Program, Server};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::Value;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The runner's own server with these arguments.
fn null(arguments: &[&str]) -> Server {
    let arguments = ["null"].iter().chain(arguments);
    let program = Program {
        path: env!("CARGO_BIN_EXE_runner").into(),
        arguments: arguments.map(Into::into).collect(),
        ..Program::default()
    };
    Server::start(&program, &runner::load::Exchange::welcome(), &[]).unwrap()
}

#[test]
fn a_generator_that_was_stopped_says_for_how_long() {
    const STOPPED: Duration = Duration::from_millis(1500);
    for engine in ["epoll", "auto"] {
        let server = null(&[]);
        let url = format!("http://{}/welcome", server.address);
        let load = Command::new(env!("CARGO_BIN_EXE_runner"))
            .args(["load", &url, "-c", "4", "-d", "4s", "--engine", engine])
            .args(["--no-ceiling", "--json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid::from_child(&load);
        std::thread::sleep(Duration::from_millis(1000));
        kill_process(pid, Signal::STOP).unwrap();
        std::thread::sleep(STOPPED);
        kill_process(pid, Signal::CONT).unwrap();
        let output = load.wait_with_output().unwrap();
        let result: Value = serde_json::from_slice(&output.stdout).unwrap();
        let evidence = &result["evidence"][0];
        let pause_ms = evidence["pause_max_us"].as_f64().unwrap() / 1e3;
        // What counts is how much later than asked it woke; it may have asked for up to a second.
        assert!(pause_ms > 400.0, "{engine}: {evidence}");
        let share = evidence["paused_share"].as_f64().unwrap();
        assert!((0.1..=0.9).contains(&share), "{engine}: {evidence}");
        assert_eq!(result["verdict"], "unclear", "{engine}: {result}");
        let reason = result["verdict_reasons"].to_string();
        assert!(reason.contains("the generator was stopped for"), "{reason}");
        server.stop().unwrap();
    }
}

/// The highest number of an open socket of this process, which depends on the files it inherited.
fn last_file(pid: u32) -> u64 {
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    files
        .filter_map(|file| {
            let path = file.unwrap().path();
            let socket = std::fs::read_link(&path)
                .is_ok_and(|to| to.to_string_lossy().starts_with("socket:"));
            let number = path.file_name()?.to_str()?.parse().ok()?;
            socket.then_some(number)
        })
        .max()
        .unwrap()
}

#[test]
fn files_that_run_out_in_a_run_cost_connections_and_not_the_run() {
    for engine in ["epoll", "auto"] {
        let server = null(&[]);
        let url = format!("http://{}/welcome", server.address);
        let load = Command::new(env!("CARGO_BIN_EXE_runner"))
            .args(["load", &url, "-c", "8", "-r", "50", "-d", "2s"])
            .args(["--engine", engine, "--no-ceiling", "--json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(1000));
        // What is open stays open; connections with the highest numbers do not open again.
        let limit = Some(last_file(load.id()) - 2);
        let fewer = Rlimit {
            current: limit,
            maximum: limit,
        };
        prlimit(Some(Pid::from_child(&load)), Resource::Nofile, fewer).unwrap();
        let output = load.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{engine}");
        let result: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(result["ok"].as_u64() > Some(100), "{engine}: {result}");
        let refused = &result["connect_errors_by_cause"]["EMFILE"];
        assert!(refused.as_u64() > Some(0), "{engine}: {result}");
        server.stop().unwrap();
    }
}

#[test]
fn a_planted_delay_moves_the_late_answers_and_no_other() {
    let delayed = null(&["--delay", "200ms", "--delay-every", "50"]);
    let url = format!("http://{}/welcome", delayed.address);
    let arguments = ["-c", "4", "-n", "1000", "--no-ceiling", "--json"];
    let result = json(&[&[url.as_str()][..], &arguments].concat());
    assert_eq!(result["ok"], 1000);
    let us = |quantile: &str| result["service_time_us"][quantile].as_f64().unwrap();
    // One in fifty: the slowest 2 %. A connection that waits holds up no other.
    assert!(us("p99") >= 200e3 && us("max") >= 200e3, "{result}");
    assert!(us("p50") < 100e3 && us("p90") < 100e3, "{result}");
    delayed.stop().unwrap();
}

#[test]
fn a_planted_delay_wants_both_its_length_and_its_share() {
    for arguments in [
        ["--delay", "1ms"],
        ["--delay-every", "50"],
        ["--delay-every", "0"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        let output = command.arg("null").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}
