//! Requests against servers whose behaviour is known.

use super::*;
use controls::{Planted, Server as PlantedServer};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

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
    let bytes = named("5 000 fields").bytes("127.0.0.1:1");
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("X-4999: y\r\n") && text.ends_with("\r\n\r\n"));
    let bytes = named("byte above ASCII in a value").bytes("127.0.0.1:1");
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
