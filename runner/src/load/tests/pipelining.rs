//! Several requests at once on a connection: exact counts, whatever the pieces answers come in.

use super::{EngineChoice, EngineKind, SILENCE, TIMEOUT, spec};
use crate::load::{Cause, Generator, LoadSpec, Measured, Target};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

on_every_engine![
    every_answer_of_a_batch_is_counted_in_whatever_pieces_it_comes,
    a_batch_is_never_larger_than_what_is_left,
    a_connection_closed_inside_a_batch_loses_the_rest_of_it,
    an_answer_too_many_is_seen_in_a_batch_too,
    a_silent_server_times_out_every_request_of_the_batch,
];

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 12\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nHello World!";

/// How a server answers so many requests read at once, of which some came before on the connection.
type Answers = fn(&mut TcpStream, requests: usize, before: usize) -> std::io::Result<()>;

fn serve(answers: Answers) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || converse(stream, answers));
        }
    });
    address
}

fn converse(mut stream: TcpStream, answers: Answers) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut unread, mut before) = (Vec::new(), 0);
    let mut piece = [0; 4096];
    loop {
        let read_bytes = stream.read(&mut piece)?;
        if read_bytes == 0 {
            return Ok(());
        }
        unread.extend_from_slice(&piece[..read_bytes]);
        let heads = unread.windows(4).filter(|end| end == b"\r\n\r\n").count();
        if unread.ends_with(b"\r\n\r\n") {
            unread.clear();
            answers(&mut stream, heads, before)?;
            before += heads;
        }
    }
}

fn load(engine: EngineKind, answers: Answers, pipeline: u32, requests: u64) -> Measured {
    load_by(engine, answers, pipeline, &spec(requests))
}

fn load_by(engine: EngineKind, answers: Answers, pipeline: u32, spec: &LoadSpec) -> Measured {
    let target = Target {
        pipeline,
        ..Target::welcome(serve(answers))
    };
    let generator = Generator::start(engine, &[], 1).unwrap();
    generator.open(0, &target, 2, TIMEOUT).unwrap();
    let measured = generator.run(0, spec).unwrap();
    assert!(measured.tally.balances(), "{:?}", measured.tally);
    measured
}

fn every_answer_of_a_batch_is_counted_in_whatever_pieces_it_comes(engine: EngineKind) {
    fn in_pieces(stream: &mut TcpStream, requests: usize, _: usize) -> std::io::Result<()> {
        let all = ANSWER.repeat(requests);
        for piece in all.chunks(50) {
            stream.write_all(piece)?;
            std::thread::sleep(Duration::from_micros(50));
        }
        Ok(())
    }
    let measured = load(engine, in_pieces, 8, 400);
    assert_eq!((measured.tally.sent, measured.tally.ok), (400, 400));
    assert_eq!(measured.tally.reconnects, 0);
    assert_eq!(measured.times.service.len(), 400);
    let request_bytes = measured.tally.bytes_sent / 400;
    assert_eq!(measured.tally.bytes_sent, 400 * request_bytes);
}

fn at_once(stream: &mut TcpStream, requests: usize, _: usize) -> std::io::Result<()> {
    assert!(requests <= 8, "{requests}");
    stream.write_all(&ANSWER.repeat(requests))
}

fn a_batch_is_never_larger_than_what_is_left(engine: EngineKind) {
    let measured = load(engine, at_once, 8, 403);
    assert_eq!((measured.tally.sent, measured.tally.ok), (403, 403));
    assert_eq!(measured.tally.bytes_received, 403 * ANSWER.len() as u64);
}

fn a_connection_closed_inside_a_batch_loses_the_rest_of_it(engine: EngineKind) {
    fn half(stream: &mut TcpStream, requests: usize, before: usize) -> std::io::Result<()> {
        stream.write_all(&ANSWER.repeat(requests.min(3)))?;
        match before {
            // The first request opens the connection.
            0 => Ok(()),
            _ => stream.shutdown(std::net::Shutdown::Both),
        }
    }
    // Two connections are open; each new one answers three of its first four.
    let measured = load(engine, half, 4, 8);
    let tally = measured.tally;
    assert_eq!((tally.sent, tally.ok, tally.reset), (8, 6, 2), "{tally:?}");
}

fn an_answer_too_many_is_seen_in_a_batch_too(engine: EngineKind) {
    fn one_more(stream: &mut TcpStream, requests: usize, before: usize) -> std::io::Result<()> {
        stream.write_all(&ANSWER.repeat(requests + before.min(1)))
    }
    let measured = load(engine, one_more, 4, 8);
    let tally = measured.tally;
    assert_eq!((tally.ok, tally.protocol_error), (6, 2), "{tally:?}");
    assert!(
        measured
            .complaint
            .unwrap()
            .contains("came after the answer")
    );
}

fn a_silent_server_times_out_every_request_of_the_batch(engine: EngineKind) {
    fn silent(stream: &mut TcpStream, _: usize, before: usize) -> std::io::Result<()> {
        match before {
            0 => stream.write_all(ANSWER),
            _ => Ok(()),
        }
    }
    let spec = LoadSpec {
        timeout: SILENCE,
        ..spec(8)
    };
    let measured = load_by(engine, silent, 4, &spec);
    assert_eq!((measured.tally.sent, measured.tally.timeout), (8, 8));
    assert_eq!(measured.times.service.len(), 8);
    assert_eq!(measured.causes.reconnects.get(&Cause::Errno(0)), None);
}
