//! Requests against servers whose behaviour is known.

use super::*;
use controls::{Planted, Server as PlantedServer};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

fn named(name: &str) -> &'static Hostile {
    ALL.iter().find(|one| one.name == name).unwrap()
}

/// A server that reads once and then does this, for each connection.
fn serving(answer: fn(&[u8]) -> Option<&'static [u8]>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut buffer = vec![0; 1 << 20];
                let count = stream.read(&mut buffer).unwrap_or(0);
                match answer(&buffer[..count]) {
                    Some(bytes) => drop(stream.write_all(bytes)),
                    // Stays open until the other side is gone.
                    None => drop(stream.read(&mut buffer)),
                }
            });
        }
    });
    address
}

const RIGHT: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nHello World!";

fn is_right(request: &[u8]) -> bool {
    request.starts_with(b"GET /welcome HTTP/1.1\r\nHost: 127") && request.ends_with(b"0\r\n\r\n")
        || request.starts_with(b"GET /welcome HTTP/1.1\r\nHost: 127") && request.len() < 60
}

#[test]
fn requests_have_names_of_their_own_and_a_source() {
    let names: BTreeSet<(Class, &str)> = ALL.iter().map(|one| (one.class, one.name)).collect();
    assert_eq!(names.len(), ALL.len());
    assert!(ALL.len() >= 60);
    assert!(ALL.iter().all(|one| one.section.starts_with("RFC ")));
    assert!(
        Class::ALL
            .iter()
            .all(|class| ALL.iter().any(|one| one.class == *class))
    );
}

#[test]
fn what_stands_for_something_longer_is_filled_in() {
    let (bytes, held) = named("5 000 fields").bytes("127.0.0.1:1");
    assert!(held.is_empty());
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("X-4999: y\r\n") && text.ends_with("\r\n\r\n"));
    let (bytes, _) = named("byte above ASCII in a value").bytes("127.0.0.1:1");
    assert!(bytes.contains(&0xff) && !bytes.contains(&0x1a));
}

#[test]
fn a_server_that_answers_everything_breaks_the_rules_of_what_is_to_be_refused() {
    let address = serving(|_| Some(RIGHT));
    let hostile = named("no Host");
    let outcome = ask::ask(address, hostile);
    assert_eq!(outcome.reaction, Reaction::Accepted);
    assert_eq!(outcome.statuses, [200]);
    assert!(outcome.is_closed && outcome.server_answers_after);
    assert_eq!(hostile.rule.allows(&outcome), Some(false));
    assert_eq!(named("OPTIONS *").rule.allows(&outcome), None);
}

#[test]
fn an_error_status_and_an_end_without_an_answer_refuse() {
    let refusing = |request: &[u8]| match is_right(request) {
        true => Some(RIGHT),
        false => Some(&b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"[..]),
    };
    let closing = |request: &[u8]| match is_right(request) {
        true => Some(RIGHT),
        false => Some(&b""[..]),
    };
    let hostile = named("no Host");
    for (server, reaction) in [
        (serving(refusing), Reaction::Refused),
        (serving(closing), Reaction::Closed),
    ] {
        let outcome = ask::ask(server, hostile);
        assert_eq!(outcome.reaction, reaction);
        assert_eq!(hostile.rule.allows(&outcome), Some(true));
    }
}

#[test]
fn silence_is_a_hang_and_what_is_not_http_is_told() {
    let silent = |request: &[u8]| is_right(request).then_some(RIGHT);
    let outcome = ask::ask(serving(silent), named("no Host"));
    assert_eq!(outcome.reaction, Reaction::Hung);
    assert_eq!(named("no Host").rule.allows(&outcome), Some(false));
    assert_eq!(named("OPTIONS *").rule.allows(&outcome), None);
    let strange = |request: &[u8]| match is_right(request) {
        true => Some(RIGHT),
        false => Some(&b"\0\0\x12\x04\0\0"[..]),
    };
    let outcome = ask::ask(serving(strange), named("no Host"));
    assert_eq!(outcome.reaction, Reaction::Other);
}

#[test]
fn a_server_that_answers_nothing_afterwards_has_crashed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || drop(listener.accept()));
    let outcome = ask::ask(address, named("no Host"));
    assert_eq!(outcome.reaction, Reaction::Crashed);
    assert_eq!(named("OPTIONS *").rule.allows(&outcome), Some(false));
}

#[test]
fn pipelined_answers_are_counted() {
    let server = PlantedServer::start(Planted::Nothing);
    let two = named("two right requests");
    let outcome = ask::ask(server.address, two);
    assert_eq!(outcome.statuses, [200, 200]);
    assert_eq!(two.rule.allows(&outcome), Some(true));
    let one = named("a request after Connection: close");
    assert_eq!(one.rule.allows(&outcome), Some(false));
}

/// Says 100 if that is expected, and answers once the body is there.
fn continuing(mut stream: TcpStream, interim: &[u8]) {
    let mut buffer = [0; 1 << 10];
    let count = stream.read(&mut buffer).unwrap_or(0);
    let expects = String::from_utf8_lossy(&buffer[..count]).contains("100-continue");
    // The body must not have come yet: the end of the head was the last of it.
    let is_held = buffer[..count].ends_with(b"\r\n\r\n");
    if expects && is_held {
        let _ = stream.write_all(interim);
        let count = stream.read(&mut buffer).unwrap_or(0);
        if &buffer[..count] != b"abc" {
            return;
        }
    }
    let _ = stream.write_all(RIGHT);
}

/// A server that does this with each connection.
fn serving_with(serve: fn(TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

#[test]
fn a_body_waits_for_the_interim_answer_that_was_asked_for() {
    let expecting = named("Expect: 100-continue, the body sent after 100");
    let good = serving_with(|stream| continuing(stream, b"HTTP/1.1 100 Continue\r\n\r\n"));
    let outcome = ask::ask(good, expecting);
    assert_eq!(outcome.reaction, Reaction::Accepted);
    assert_eq!(
        (
            outcome.interim_statuses.as_slice(),
            outcome.statuses.as_slice()
        ),
        (&[100][..], &[200][..])
    );
    assert_eq!(expecting.rule.allows(&outcome), Some(true));
    // A final answer at once is legal, whatever it says.
    let refusing = |request: &[u8]| match is_right(request) {
        true => Some(RIGHT),
        false => Some(&b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"[..]),
    };
    for (address, status) in [(serving(|_| Some(RIGHT)), 200), (serving(refusing), 417)] {
        let outcome = ask::ask(address, expecting);
        assert_eq!(outcome.statuses, [status]);
        assert_eq!(expecting.rule.allows(&outcome), Some(true));
    }
}

#[test]
fn a_server_that_waits_for_the_body_and_says_nothing_hangs() {
    let expecting = named("Expect: 100-continue, the body sent after 100");
    let outcome = ask::ask(serving_with(|stream| continuing(stream, b"")), expecting);
    assert_eq!(outcome.reaction, Reaction::Hung);
    assert_eq!(expecting.rule.allows(&outcome), Some(false));
    // An interim answer alone is none.
    let silent = serving_with(|mut stream| {
        let mut buffer = [0; 1 << 10];
        let count = stream.read(&mut buffer).unwrap_or(0);
        if is_right(&buffer[..count]) {
            let _ = stream.write_all(RIGHT);
            return;
        }
        let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let outcome = ask::ask(silent, expecting);
    assert_eq!(outcome.interim_statuses, [100]);
    assert_eq!(outcome.reaction, Reaction::Hung);
    assert_eq!(expecting.rule.allows(&outcome), Some(false));
}

#[test]
fn a_request_that_could_not_be_sent_is_not_a_hang() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let hostile = named("no Host");
    let outcome = ask::ask(address, hostile);
    assert_eq!(outcome.reaction, Reaction::Unconnected);
    assert!(!outcome.server_answers_after && outcome.statuses.is_empty());
    assert_eq!(hostile.rule.allows(&outcome), None);
}

#[test]
fn what_was_seen_is_kept_if_a_server_does_not_start_again() {
    let mut starts = 0;
    let start = || {
        starts += 1;
        anyhow::ensure!(starts == 1, "the port is taken");
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        std::thread::spawn(move || drop(listener.accept()));
        Ok(address)
    };
    let survey = survey_of(start, |address| *address).unwrap();
    assert_eq!(survey.seen.len(), 1);
    assert_eq!(survey.seen[0].outcome.reaction, Reaction::Crashed);
    assert_eq!(
        survey.truncated.unwrap(),
        "it does not start again: the port is taken"
    );
    assert!(survey_of(|| anyhow::bail!("never"), |address| *address).is_err());
}

#[test]
fn a_server_that_crashes_is_started_again_and_asked_the_rest() {
    let mut starts = 0;
    let start = || {
        starts += 1;
        if starts > 1 {
            return Ok(serving(|_| Some(RIGHT)));
        }
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        std::thread::spawn(move || drop(listener.accept()));
        Ok(address)
    };
    let survey = survey_of(start, |address| *address).unwrap();
    assert_eq!(survey.seen.len(), ALL.len());
    assert_eq!(survey.truncated, None);
    let crashed = |one: &&Seen| one.outcome.reaction == Reaction::Crashed;
    assert_eq!(survey.seen.iter().filter(crashed).count(), 1);
    assert_eq!(starts, 2);
}
