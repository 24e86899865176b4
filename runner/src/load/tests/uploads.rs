//! Long requests, and servers that do not wait for their end.

use super::{EngineChoice, EngineKind, spec};
use crate::http::Method;
use crate::load::{Expected, Generator, LoadSpec, Measured, Target};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

on_every_engine![
    an_answer_before_the_end_of_the_request_is_one_and_the_rest_still_leaves,
    a_refusal_before_the_end_of_the_request_is_read_even_if_a_reset_follows,
    an_upload_that_nobody_reads_lets_go_of_its_connection_when_its_time_is_up,
    a_long_request_that_is_read_to_its_end_is_like_any_other,
];

const BODY_BYTES: usize = 4_000_000;
const HEAD: &str = "POST /up HTTP/1.1\r\nHost: here\r\nContent-Length: 4000000\r\n\r\n";

/// What a server does with an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Reads it and answers.
    ReadThenAnswer,
    /// Answers as soon as the head has come, reads the rest a little later.
    AnswerThenRead,
    /// Refuses, announces the end, and goes on reading to it.
    RefuseThenRead,
    /// Refuses and is gone, with the body unread: the kernel resets the connection.
    RefuseThenReset,
    /// Neither reads nor answers for a while.
    Sleep,
}

/// What it has seen.
#[derive(Debug, Default)]
struct Seen {
    uploads: AtomicU64,
    garbled: AtomicU64,
    ended: AtomicU64,
}

fn start(manner: Manner) -> (SocketAddr, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Seen::default());
    let shared = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = Arc::clone(&shared);
            std::thread::spawn(move || {
                let _ = serve(stream, manner, &seen);
                seen.ended.fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    (address, seen)
}

fn serve(mut stream: TcpStream, manner: Manner, seen: &Seen) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = vec![0; HEAD.len()];
    loop {
        stream.read_exact(&mut head)?;
        if head != HEAD.as_bytes() {
            seen.garbled.fetch_add(1, Ordering::SeqCst);
            return Ok(());
        }
        let right = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        let refusal = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        match manner {
            Manner::ReadThenAnswer => {
                read_body(&mut stream, seen)?;
                stream.write_all(right)?;
            }
            Manner::AnswerThenRead => {
                stream.write_all(right)?;
                std::thread::sleep(Duration::from_millis(5));
                read_body(&mut stream, seen)?;
            }
            Manner::RefuseThenRead => {
                stream.write_all(refusal)?;
                stream.shutdown(std::net::Shutdown::Write)?;
                return std::io::copy(&mut stream, &mut std::io::sink()).map(drop);
            }
            Manner::RefuseThenReset => return stream.write_all(refusal),
            Manner::Sleep => {
                std::thread::sleep(Duration::from_millis(1500));
                return std::io::copy(&mut stream, &mut std::io::sink()).map(drop);
            }
        }
    }
}

fn read_body(stream: &mut TcpStream, seen: &Seen) -> std::io::Result<()> {
    let mut body = vec![0; BODY_BYTES];
    stream.read_exact(&mut body)?;
    let is_whole = body.iter().all(|&byte| byte == b'x');
    let count = if is_whole {
        &seen.uploads
    } else {
        &seen.garbled
    };
    count.fetch_add(1, Ordering::SeqCst);
    Ok(())
}

/// What a run measures, and the generator, whose connections stay as they are.
fn run(
    engine: EngineKind,
    address: SocketAddr,
    status: u16,
    spec: &LoadSpec,
) -> (Measured, Generator) {
    let target = Target {
        request: [HEAD.as_bytes(), &vec![b'x'; BODY_BYTES]].concat(),
        method: Method::Get,
        is_idempotent: false,
        expected: Expected::Answer { status, body: None },
        ..Target::welcome(address)
    };
    let generator = Generator::start(engine, &[], 1).unwrap();
    generator
        .connect(0, &target, 2, spec.requests, Duration::from_secs(10))
        .unwrap();
    let measured = generator.run(0, spec).unwrap();
    assert!(measured.tally.balances(), "{:?}", measured.tally);
    (measured, generator)
}

fn patient(requests: u64) -> LoadSpec {
    LoadSpec {
        timeout: Duration::from_secs(20),
        ..spec(requests)
    }
}

fn an_answer_before_the_end_of_the_request_is_one_and_the_rest_still_leaves(engine: EngineKind) {
    let (address, seen) = start(Manner::AnswerThenRead);
    let (measured, _generator) = run(engine, address, 200, &patient(30));
    let tally = measured.tally;
    assert_eq!(
        (tally.ok, tally.sent, tally.reconnects),
        (30, 30, 0),
        "{measured:?}"
    );
    assert_eq!(seen.garbled.load(Ordering::SeqCst), 0);
    // What was still leaving when the run was over may have been cut off.
    assert!(seen.uploads.load(Ordering::SeqCst) >= 28, "{seen:?}");
}

fn a_refusal_before_the_end_of_the_request_is_read_even_if_a_reset_follows(engine: EngineKind) {
    for manner in [Manner::RefuseThenRead, Manner::RefuseThenReset] {
        let (address, seen) = start(manner);
        let (measured, _generator) = run(engine, address, 413, &patient(30));
        let tally = measured.tally;
        assert_eq!((tally.ok, tally.sent), (30, 30), "{manner:?} {measured:?}");
        assert_eq!(seen.garbled.load(Ordering::SeqCst), 0);
    }
}

fn an_upload_that_nobody_reads_lets_go_of_its_connection_when_its_time_is_up(engine: EngineKind) {
    let (address, seen) = start(Manner::Sleep);
    let spec = LoadSpec {
        timeout: Duration::from_millis(300),
        ..spec(4)
    };
    let (measured, _generator) = run(engine, address, 200, &spec);
    let tally = measured.tally;
    assert_eq!((tally.timeout, tally.sent), (4, 4), "{tally:?}");
    let began = Instant::now();
    while seen.ended.load(Ordering::SeqCst) < 4 && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(
        seen.ended.load(Ordering::SeqCst),
        4,
        "each has seen its end"
    );
}

fn a_long_request_that_is_read_to_its_end_is_like_any_other(engine: EngineKind) {
    let (address, seen) = start(Manner::ReadThenAnswer);
    let (measured, _generator) = run(engine, address, 200, &patient(30));
    let tally = measured.tally;
    assert_eq!((tally.ok, tally.reconnects), (30, 0), "{tally:?}");
    assert_eq!(seen.uploads.load(Ordering::SeqCst), 30);
    assert_eq!(tally.bytes_sent, 30 * (HEAD.len() + BODY_BYTES) as u64);
}
