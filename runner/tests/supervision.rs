//! No child outlives the runner, however the runner ends.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use runner::load::Exchange;
use runner::server::{Ending, Program, Server};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than any machine stalls.
const WITHIN: Duration = Duration::from_secs(60);

/// Not a test of its own: what `a_killed_parent_takes_its_server_along` runs in a process that it
/// can kill.
#[test]
#[ignore = "started by another test"]
fn parent_of_a_server() {
    let program = Program {
        path: env!("CARGO_BIN_EXE_runner").into(),
        arguments: vec!["null".into()],
        ..Program::default()
    };
    let server = Server::start(&program, &Exchange::welcome(), &[]).unwrap();
    println!("\npid {}", server.pid());
    std::thread::sleep(WITHIN);
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
fn the_null_server_ends_when_asked_to() {
    let program = Program {
        path: env!("CARGO_BIN_EXE_runner").into(),
        arguments: vec!["null".into()],
        ..Program::default()
    };
    let ending = Server::start(&program, &Exchange::welcome(), &[])
        .unwrap()
        .stop()
        .unwrap();
    assert!(matches!(ending, Ending::Clean(_)), "{ending:?}");
}

#[test]
fn a_dropped_server_is_gone() {
    let program = Program {
        path: env!("CARGO_BIN_EXE_runner").into(),
        arguments: vec!["null".into()],
        ..Program::default()
    };
    let server = Server::start(&program, &Exchange::welcome(), &[]).unwrap();
    let pid = Pid::from_raw(i32::try_from(server.pid()).unwrap()).unwrap();
    drop(server);
    assert!(test_kill_process(pid).is_err());
}

/// `runner load` under way, on a line whose two processes are the shell's children and do not mind
/// SIGTERM; and the numbers of these.
fn load_on_a_shell_line() -> (Child, Vec<i32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let folder = tempfile::tempdir().unwrap();
    let numbers = folder.path().join("numbers");
    let line = format!(
        "trap '' TERM; (sleep 1000 & echo $! >> {0}; '{1}' null --address {address} & echo $! >> {0}; wait); wait",
        numbers.display(),
        env!("CARGO_BIN_EXE_runner"),
    );
    let mut runner = Command::new(env!("CARGO_BIN_EXE_runner"))
        .args(["load", &format!("http://{address}/welcome"), "-c", "1"])
        .args(["-d", "60s", "--rate", "10", "--no-ceiling"])
        .args(["--launch", &line])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(runner.try_wait().unwrap().is_none(), "the runner has ended");
        assert!(started.elapsed() < WITHIN, "nothing listens");
        std::thread::sleep(Duration::from_millis(5));
    }
    let numbers = std::fs::read_to_string(numbers).unwrap();
    let numbers: Vec<i32> = numbers.lines().map(|line| line.parse().unwrap()).collect();
    assert!(numbers.len() == 2 && numbers.iter().all(|&pid| is_running(pid)));
    (runner, numbers)
}

/// Whether there is such a process that has not ended.
fn is_running(pid: i32) -> bool {
    let stat = procfs::process::Process::new(pid).and_then(|process| process.stat());
    stat.is_ok_and(|stat| stat.state != 'Z')
}

fn assert_gone(numbers: &[i32]) {
    let ended = Instant::now();
    while numbers.iter().any(|&pid| is_running(pid)) {
        if ended.elapsed() > WITHIN {
            for &pid in numbers {
                let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
            }
            panic!("what was launched has outlived the runner");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_killed_runner_takes_along_what_a_launched_command_has_started() {
    let (mut runner, numbers) = load_on_a_shell_line();
    runner.kill().unwrap();
    runner.wait().unwrap();
    assert_gone(&numbers);
}

#[test]
fn a_runner_that_is_interrupted_twice_takes_along_what_a_launched_command_has_started() {
    let (mut runner, numbers) = load_on_a_shell_line();
    let status = loop {
        // The first asks for an end in order, which takes seconds here; the next ends at once. Not SIGINT, which the
        // runner ignores if whoever started these tests did.
        kill_process(Pid::from_child(&runner), Signal::TERM).unwrap();
        std::thread::sleep(Duration::from_millis(50));
        if let Some(status) = runner.try_wait().unwrap() {
            break status;
        }
    };
    assert_eq!(status.code(), Some(130));
    assert_gone(&numbers);
}

/// How a command line may start a server. `SERVER` stands for the command of one that runs until it is stopped.
const FORMS: [&str; 20] = [
    "exec SERVER",
    "SERVER",
    "SERVER; true",
    "SERVER & wait",
    "SERVER & sleep 1000",
    // Into the background, into a session or a group of its own.
    "SERVER &",
    "setsid SERVER",
    "setsid SERVER & wait",
    "(setsid SERVER &)",
    "(setsid sh -c '(setsid SERVER &)' &) ; sleep 1000",
    "nohup setsid SERVER >/dev/null 2>&1 &",
    "(SERVER &) ; exit 3",
    "set -m; SERVER & sleep 1000 & wait",
    // Pipelines, and helpers that nobody asked about.
    "SERVER | cat",
    "yes | SERVER | cat >/dev/null",
    "sleep 1000 & setsid sleep 1000 & (setsid sleep 1000 &) ; exec SERVER",
    // Those that do not want to end.
    "trap '' TERM INT HUP; SERVER & wait; wait",
    "trap '' TERM; setsid sh -c 'trap \"\" TERM; SERVER & wait; sleep 1000'",
    "trap 'setsid sleep 1000 &' TERM; SERVER & wait; wait",
    // A crash.
    "SERVER & sleep 0.3; kill -SEGV $$",
];

/// Numbers of the processes that carry this word in their environment.
fn carrying(word: &str) -> Vec<i32> {
    let all = procfs::process::all_processes().unwrap().flatten();
    all.filter(|process| {
        let environment = process.environ().unwrap_or_default();
        environment
            .get(std::ffi::OsStr::new("FORM"))
            .is_some_and(|form| form == word)
    })
    .map(|process| process.pid)
    .filter(|&pid| is_running(pid))
    .collect()
}

/// Loads a server that is launched in this form; it has answered once when this returns.
fn load_form(form: &str, word: &str, requests: &str) -> Child {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let server = format!("{} null --address {address}", env!("CARGO_BIN_EXE_runner"));
    let mut runner = Command::new(env!("CARGO_BIN_EXE_runner"))
        .args(["load", &format!("http://{address}/welcome"), "-c", "1"])
        .args(["-n", requests, "--rate", "50", "--no-ceiling"])
        .args(["--launch", &form.replace("SERVER", &server)])
        .env("FORM", word)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while TcpStream::connect(address).is_err() && runner.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < WITHIN, "nothing listens: {form}");
        std::thread::sleep(Duration::from_millis(5));
    }
    runner
}

#[test]
fn no_form_of_launching_leaves_a_process() {
    for (number, form) in FORMS.iter().enumerate() {
        let word = format!("{}-{number}-ends", std::process::id());
        load_form(form, &word, "5").wait().unwrap();
        // It has ended: so has all that it started.
        assert_eq!(carrying(&word), [0; 0], "{form}");
    }
}

#[test]
fn no_form_of_launching_leaves_a_process_if_the_runner_is_killed() {
    for (number, form) in FORMS.iter().enumerate() {
        let word = format!("{}-{number}-killed", std::process::id());
        let mut runner = load_form(form, &word, "1M");
        runner.kill().unwrap();
        runner.wait().unwrap();
        let killed = Instant::now();
        while !carrying(&word).is_empty() {
            assert!(killed.elapsed() < WITHIN, "{form}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
