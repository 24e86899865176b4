//! `runner load` proves nothing beforehand: what a server sees is what is counted, from the first
//! request on, whatever it does with it.

use super::odd::{RIGHT, listener_with_a_queue_of_one, right, target};
use super::{EngineChoice, EngineKind, SILENCE, TIMEOUT, spec};
use crate::load::{Expected, Generator, LoadSpec, Measured, Target};
use controls::scripted::{Reply, Script, Scripted, Step, Worth};
use controls::{Planted, Server};
use std::net::TcpListener;
use std::time::Duration;

on_every_engine![
    a_server_sees_the_requests_that_are_counted_and_no_other,
    no_more_connections_are_opened_than_there_are_requests,
    a_server_that_is_wrong_from_the_start_is_counted_by_outcome,
    a_connection_that_is_reset_at_once_is_counted,
    only_a_server_nobody_can_connect_to_is_an_error,
    a_queue_that_takes_some_is_loaded_with_those,
    what_was_closed_before_the_run_is_opened_again,
    every_byte_of_a_long_answer_is_compared_where_it_is_expected,
    answers_that_grow_in_a_run_are_counted_to_the_byte,
];

fn run(engine: EngineKind, target: &Target, connections: usize, spec: &LoadSpec) -> Measured {
    let generator = Generator::start(engine, &[], 1).unwrap();
    let connected = generator
        .connect(0, target, connections, spec.requests, spec.timeout)
        .unwrap();
    let mut measured = generator.run(0, spec).unwrap();
    measured.add_opening(connected).unwrap();
    assert!(measured.tally.balances(), "{:?}", measured.tally);
    measured
}

fn a_server_sees_the_requests_that_are_counted_and_no_other(engine: EngineKind) {
    for (connections, requests, threads) in [(1, 1, 1), (64, 1, 1), (7, 1000, 1), (8, 1001, 3)] {
        let server = Server::start(Planted::Nothing);
        let generator = Generator::start(engine, &[], threads).unwrap();
        let target = Target::welcome(server.address);
        generator
            .connect(0, &target, connections, Some(requests), TIMEOUT)
            .unwrap();
        let tally = generator.run(0, &spec(requests)).unwrap().tally;
        assert_eq!((tally.sent, tally.ok), (requests, requests));
        assert_eq!(server.requests(), requests);
    }
}

fn no_more_connections_are_opened_than_there_are_requests(engine: EngineKind) {
    for (requests, threads, pipeline, expected) in [(1, 1, 1, 1), (5, 3, 1, 5), (18, 3, 16, 3)] {
        let server = Scripted::start(Script::of(|_, _| right()));
        let target = Target {
            pipeline,
            ..target(&server, true)
        };
        let generator = Generator::start(engine, &[], threads).unwrap();
        generator
            .connect(0, &target, 64, Some(requests), TIMEOUT)
            .unwrap();
        let tally = generator.run(0, &spec(requests)).unwrap().tally;
        assert_eq!((tally.ok, tally.reconnects), (requests, 0));
        assert_eq!(server.connections(), expected);
    }
}

fn a_server_that_is_wrong_from_the_start_is_counted_by_outcome(engine: EngineKind) {
    let wrong: [fn() -> Reply; 5] = [
        || {
            Reply::new(
                Worth::BadStatus,
                "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n",
            )
        },
        || {
            Reply::new(
                Worth::BadBody,
                "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
            )
        },
        // In one piece: a byte that comes after the run's last answer is nobody's.
        || Reply::new(Worth::Disorder, format!("{RIGHT}x")),
        || Reply::new(Worth::Broken, "HTTP/1.1 200").then(Step::Close),
        || Reply::new(Worth::Silent, "").then(Step::Wait),
    ];
    for reply in wrong {
        // Every third: on a connection's first request, and on later ones.
        let server = Scripted::start(Script::of(move |number, _| match number % 3 {
            1 => reply(),
            _ => right(),
        }));
        let spec = match reply().worth {
            Worth::Silent => LoadSpec {
                timeout: SILENCE,
                ..spec(12)
            },
            _ => spec(12),
        };
        let measured = run(engine, &target(&server, false), 4, &spec);
        let tally = measured.tally;
        assert_eq!(tally.sent, 12);
        assert_eq!(server.requests(), 12, "{tally:?}");
        assert_eq!((tally.ok, tally.errors()), (8, 4), "{tally:?}");
        assert!(measured.complaint.is_some());
    }
}

fn a_connection_that_is_reset_at_once_is_counted(engine: EngineKind) {
    // Not before the connection is known to be open here: then it would not have opened.
    let server = Scripted::start(Script {
        on_accept: vec![Step::Pause(Duration::from_millis(30)), Step::Reset],
        ..Script::of(|_, _| right())
    });
    let measured = run(engine, &target(&server, true), 2, &spec(20));
    let tally = measured.tally;
    assert_eq!((tally.sent, tally.ok), (20, 0), "{tally:?}");
    assert_eq!(tally.reset, 20, "{tally:?}");
}

fn only_a_server_nobody_can_connect_to_is_an_error(engine: EngineKind) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let generator = Generator::start(engine, &[], 2).unwrap();
    let error = generator
        .connect(0, &Target::welcome(address), 300, None, TIMEOUT)
        .unwrap_err();
    let words = format!("{error:#}");
    assert!(words.starts_with("cannot connect to 127.0.0.1:"), "{words}");
    assert!(words.contains("refused"), "{words}");
}

fn a_queue_that_takes_some_is_loaded_with_those(engine: EngineKind) {
    // Nobody accepts: one or two handshakes find room, the others are never answered.
    let listener = listener_with_a_queue_of_one();
    let address = rustix::net::getsockname(&listener).unwrap();
    let target = Target::welcome(address.try_into().unwrap());
    let spec = LoadSpec {
        duration: Some(Duration::from_millis(100)),
        timeout: SILENCE,
        ..spec(u64::MAX)
    };
    let measured = run(engine, &target, 8, &spec);
    let tally = measured.tally;
    assert!(tally.timeout > 0 && tally.connect_errors >= 6, "{tally:?}");
    let by_cause: u64 = measured.causes.connect_errors.values().sum();
    assert_eq!(by_cause, tally.connect_errors);
}

fn what_was_closed_before_the_run_is_opened_again(engine: EngineKind) {
    // The first answer of a connection is followed by its end.
    let server = Scripted::start(Script::of(|number, _| match number {
        1..=4 => right().then(Step::Close),
        _ => right(),
    }));
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = target(&server, true);
    generator.connect(0, &target, 4, None, TIMEOUT).unwrap();
    assert_eq!(generator.run(0, &spec(4)).unwrap().tally.ok, 4);
    std::thread::sleep(Duration::from_millis(20));
    let tally = generator.run(0, &spec(50)).unwrap().tally;
    assert_eq!((tally.sent, tally.ok, tally.errors()), (50, 50, 0));
    assert_eq!((server.requests(), server.connections()), (54, 8));
}

fn every_byte_of_a_long_answer_is_compared_where_it_is_expected(engine: EngineKind) {
    let body = "0123456789abcdef".repeat(10_000);
    let expected = body.clone().into_bytes();
    let server = Scripted::start(Script::of(move |number, _| {
        let (worth, last) = match number % 5 {
            0 => (Worth::BadBody, "!"),
            _ => (Worth::Right, "f"),
        };
        let (length, body) = (body.len(), &body[1..]);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        Reply::new(worth, head + "0" + &body[..body.len() - 1] + last)
    }));
    for pipeline in [1, 3] {
        let before = server.count(Worth::BadBody);
        let target = Target {
            expected: Expected::Answer {
                status: 200,
                body: Some(expected.clone()),
            },
            pipeline,
            ..target(&server, false)
        };
        let tally = run(engine, &target, 4, &spec(50)).tally;
        assert_eq!((tally.ok, tally.bad_body), (40, 10), "{tally:?}");
        assert_eq!(server.count(Worth::BadBody) - before, 10);
        assert_eq!(tally.reconnects, 0, "{tally:?}");
    }
}

fn answers_that_grow_in_a_run_are_counted_to_the_byte(engine: EngineKind) {
    const LENGTHS: [usize; 5] = [2, 3_000, 20_000, 150_000, 700_000];
    let answer = |length: usize| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        head + &"x".repeat(length)
    };
    let server = Scripted::start(Script::of(move |number, _| {
        let stage = (number as usize / 20).min(LENGTHS.len() - 1);
        // Long enough for buffers to be exchanged while answers come in.
        let pause = Step::Pause(std::time::Duration::from_millis(5));
        let mut reply = Reply::new(Worth::Right, answer(LENGTHS[stage]));
        reply.steps.insert(0, pause);
        reply
    }));
    let any = Target {
        expected: Expected::Answer {
            status: 200,
            body: None,
        },
        ..target(&server, false)
    };
    let tally = run(engine, &any, 8, &spec(200)).tally;
    assert_eq!((tally.ok, tally.errors()), (200, 0), "{tally:?}");
    let stages = (1..=200usize).map(|number| (number / 20).min(LENGTHS.len() - 1));
    let bytes: usize = stages.map(|stage| answer(LENGTHS[stage]).len()).sum();
    assert_eq!(tally.bytes_received, bytes as u64);
}
