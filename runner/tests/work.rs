//! Counted work, with the real tools, against a server whose work is known.
//!
//! The server is this test program itself: the runner's own responder makes a system call that
//! older versions of valgrind do not know.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use runner::environment::processors;
use runner::load::Exchange;
use runner::server::Program;
use runner::work::tools::{Tool, find};
use runner::work::{Subject, Work, count, system_calls};
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};

const REQUESTS: u64 = 200;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 12\r\n\
    date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nHello World!";

/// What a request is made to cost, besides being read and answered.
const PLANTED_CALLS: u64 = 3;

/// Not a test of its own: the server, where another test starts it.
#[test]
#[ignore = "started by other tests"]
fn server() {
    let address = std::env::var("ADDR").unwrap();
    for connection in TcpListener::bind(address).unwrap().incoming() {
        // A client that has gone is no reason to end.
        let _ = serve(connection.unwrap());
    }
}

fn serve(mut connection: TcpStream) -> std::io::Result<()> {
    let allocates = std::env::var_os(EXTRA).is_some();
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let read_bytes = connection.read(&mut buffer)?;
        if read_bytes == 0 {
            return Ok(());
        }
        head.extend_from_slice(&buffer[..read_bytes]);
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            for turn in 0..PLANTED_CALLS {
                planted_work(turn);
            }
            if allocates {
                extra_allocation();
            }
            connection.write_all(ANSWER)?;
        }
    }
}

/// The variable with which a request allocates once more.
const EXTRA: &str = "EXTRA_ALLOCATION";

#[inline(never)]
fn extra_allocation() {
    black_box(vec![black_box(7_u8); 64]);
}

#[inline(never)]
fn planted_work(turn: u64) {
    planted_inlined(black_box(turn));
}

#[inline(always)]
fn planted_inlined(turn: u64) {
    black_box(turn + 1);
}

const ARGUMENTS: [&str; 4] = ["--exact", "server", "--ignored", "--nocapture"];

fn planted_server() -> Subject {
    Subject {
        program: Program {
            path: std::env::current_exe().unwrap(),
            arguments: ARGUMENTS.map(Into::into).into(),
            ..Program::default()
        },
        exchange: Exchange::welcome(),
    }
}

fn processor() -> usize {
    processors::allowed().unwrap()[0]
}

/// If a tool is missing there is nothing to test, and the test says so.
fn is_missing(tool: Tool) -> bool {
    find(tool)
        .inspect_err(|missing| println!("not tested: {missing}"))
        .is_err()
}

fn counted() -> Work {
    count(&planted_server(), processor(), REQUESTS).unwrap()
}

#[test]
fn two_counts_of_one_program_agree_and_see_what_was_planted() {
    if is_missing(Tool::Valgrind) {
        return;
    }
    let (work, again) = (counted(), counted());
    let ratio = work.instructions_per_request / again.instructions_per_request;
    assert!((ratio - 1.0).abs() < 0.005, "{ratio}");
    assert_eq!(
        (work.funcs, work.funcs_source),
        (again.funcs, again.funcs_source)
    );

    let planted = work
        .functions
        .iter()
        .find(|one| one.name == "work::planted_work");
    let planted = planted.unwrap();
    assert_eq!(planted.calls_per_request, PLANTED_CALLS as f64);
    assert_eq!((planted.owner.as_str(), planted.instances), ("work", 1));
    assert!(0 < work.funcs && work.funcs < work.funcs_source, "{work:?}");

    let owned: f64 = work
        .owners
        .iter()
        .map(|one| one.instructions_per_request)
        .sum();
    assert!((owned - work.instructions_per_request).abs() < 1e-6 * owned);
}

#[test]
fn system_calls_of_a_program_are_counted() {
    if is_missing(Tool::Strace) {
        return;
    }
    let calls = system_calls(&planted_server(), processor(), REQUESTS).unwrap();
    let of = |name: &str| {
        let call = calls.iter().find(|call| call.name == name);
        call.map(|call| call.calls_per_request)
    };
    assert_eq!(of("sendto").or(of("write")), Some(1.0), "{calls:?}");
    assert_eq!(of("recvfrom").or(of("read")), Some(1.0), "{calls:?}");
    assert_eq!(calls.len(), 2, "{calls:?}");
}

/// Counts this server and the one that these variables make of it, by their commands.
fn counted_by_command(variables: &str, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let own = std::env::current_exe().unwrap();
    let command = format!("'{}' {}", own.display(), ARGUMENTS.join(" "));
    let (old, new) = (
        format!("old={command}"),
        format!("new={variables} {command}"),
    );
    let small = [
        "isolated",
        "--arm",
        &old,
        "--arm",
        &new,
        "--path",
        "/welcome",
        "--work-requests",
        "100",
        "--work-processes",
        "2",
        "--allow-busy",
    ];
    let mut runner = Command::new(env!("CARGO_BIN_EXE_runner"));
    runner.args(small).args(more).current_dir(folder.path());
    runner.output().unwrap()
}

#[test]
fn one_more_allocation_of_a_users_server_has_a_name_and_fails_a_gate() {
    if is_missing(Tool::Valgrind) || is_missing(Tool::Strace) {
        return;
    }
    let gate = ["--fail-if", "new:allocations>1"];
    let output = counted_by_command(&format!("{EXTRA}=1"), &gate);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}{errors}");
    assert!(
        errors.contains("--fail-if new:allocations>1, Counted work: `new` has"),
        "{errors}"
    );
    let mut lines = text.lines();
    let line = lines.find(|line| line.contains("work::extra_allocation"));
    let line = line.unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains("+1.00"), "{line}");
    assert!(text.contains("new executes"), "{text}");
    assert!(
        text.contains("1.00 times per request, and 0.00 times in old"),
        "{text}"
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[test]
fn the_same_server_twice_passes_a_gate() {
    if is_missing(Tool::Valgrind) {
        return;
    }
    let gate = [
        "--fail-if",
        "new>1.005",
        "--fail-if",
        "new:allocations>1",
        "--fail-if",
        "new:system-calls>1",
    ];
    let output = counted_by_command("", &gate);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{errors}");
}

#[test]
fn claims_that_cannot_be_meant_are_refused_before_anything_is_counted() {
    for (claim, words) in [
        ("new:time>1", "`time` is not a measure"),
        ("old>1", "is the baseline"),
        ("other>1", "not one of the servers"),
    ] {
        let output = counted_by_command("", &["--fail-if", claim]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{claim}: {errors}");
        assert!(errors.contains(words), "{claim}: {errors}");
    }
    let output = counted_by_command("", &["--blocks", "3"]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{errors}");
}
