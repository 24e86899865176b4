//! Counted work, with the real tools, against a server whose work is known.
//!
//! The server is this test program itself: the runner's own responder makes a system call that
//! older versions of valgrind do not know.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use runner::environment::processors;
use runner::server::Program;
use runner::work::tools::{Tool, find};
use runner::work::{Work, count, system_calls};
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

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
            connection.write_all(ANSWER)?;
        }
    }
}

#[inline(never)]
fn planted_work(turn: u64) {
    planted_inlined(black_box(turn));
}

#[inline(always)]
fn planted_inlined(turn: u64) {
    black_box(turn + 1);
}

fn planted_server() -> Program {
    let arguments = ["--exact", "server", "--ignored", "--nocapture"];
    Program {
        path: std::env::current_exe().unwrap(),
        arguments: arguments.map(Into::into).into(),
        ..Program::default()
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
