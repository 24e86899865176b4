//! What servers do with connections is learned, and ours end as servers like to see it.

use super::{EngineChoice, EngineKind, TIMEOUT, spec};
use crate::http::Method;
use crate::load::{
    Arrivals, Cause, Closing, Expected, Generator, LoadSpec, Measured, Pace, Target,
};
use controls::scripted::{Reply, Script, Scripted, Step, Worth};
use controls::{Planted, Server};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

on_every_engine![
    a_body_after_head_is_worth_the_same_wherever_reads_fall,
    answers_to_head_without_a_body_are_right,
    a_post_is_not_lost_to_a_server_that_closes_without_a_word,
    a_post_uses_a_connection_again_where_the_server_keeps_it,
    a_server_that_always_closes_is_not_asked_twice,
    a_server_that_always_closes_is_connected_to_when_a_request_is_due,
    connections_end_in_order_where_nothing_is_under_way,
];

const MS: fn(u64) -> Duration = Duration::from_millis;

fn run(engine: EngineKind, target: &Target, spec: &LoadSpec) -> Measured {
    let generator = Generator::start(engine, &[], 1).unwrap();
    generator
        .connect(0, target, 4, spec.requests, TIMEOUT)
        .unwrap();
    let measured = generator.run(0, spec).unwrap();
    assert!(measured.tally.balances(), "{:?}", measured.tally);
    measured
}

fn any(address: SocketAddr) -> Target {
    Target {
        expected: Expected::Answer {
            status: 200,
            body: None,
        },
        ..Target::welcome(address)
    }
}

fn post(address: SocketAddr) -> Target {
    Target {
        is_idempotent: false,
        request: b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n".to_vec(),
        ..any(address)
    }
}

fn head(address: SocketAddr) -> Target {
    Target {
        method: Method::Head,
        request: b"HEAD / HTTP/1.1\r\nHost: here\r\n\r\n".to_vec(),
        ..any(address)
    }
}

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n";

fn a_body_after_head_is_worth_the_same_wherever_reads_fall(engine: EngineKind) {
    for (gap_ms, length) in [(0, 12), (2, 12), (2, 100_000)] {
        let server = Scripted::start(Script::of(move |_, _| {
            let head = ANSWER.replace("12", &length.to_string());
            let body = "x".repeat(length);
            match gap_ms {
                0 => Reply::new(Worth::Disorder, head + &body),
                _ => Reply::new(Worth::Disorder, head)
                    .then(Step::Pause(MS(gap_ms)))
                    .then(Step::Send(body.into_bytes())),
            }
        }));
        let measured = run(engine, &head(server.address), &spec(60));
        let tally = measured.tally;
        assert_eq!(
            (tally.ok, tally.protocol_error),
            (0, 60),
            "{gap_ms} {tally:?}"
        );
        let words = measured.complaint.unwrap();
        assert!(words.contains("an answer to HEAD"), "{words}");
    }
}

fn answers_to_head_without_a_body_are_right(engine: EngineKind) {
    let server = Scripted::start(Script::of(|_, _| Reply::new(Worth::Right, ANSWER)));
    let measured = run(engine, &head(server.address), &spec(200));
    assert_eq!((measured.tally.ok, measured.tally.reconnects), (200, 0));
    assert_eq!(measured.times.service.len(), 200);
}

/// Closes each connection after one answer, a moment later, and says nothing of it.
fn closes_silently() -> Scripted {
    Scripted::start(Script::of(|_, _| {
        let answer = ANSWER.to_owned() + "Hello World!";
        Reply::new(Worth::Right, answer)
            .then(Step::Pause(MS(2)))
            .then(Step::Close)
    }))
}

fn a_post_is_not_lost_to_a_server_that_closes_without_a_word(engine: EngineKind) {
    let server = closes_silently();
    let measured = run(engine, &post(server.address), &spec(100));
    let tally = measured.tally;
    let lost = (tally.errors(), tally.redone);
    assert_eq!((tally.ok, lost), (100, (0, 0)), "{tally:?}");
    assert_eq!((server.requests(), server.connections()), (100, 100));
    assert_eq!(measured.closing, Some(Closing::Unannounced));
}

fn a_post_uses_a_connection_again_where_the_server_keeps_it(engine: EngineKind) {
    let server = Scripted::start(Script::of(|_, _| {
        Reply::new(Worth::Right, ANSWER.to_owned() + "Hello World!")
    }));
    let measured = run(engine, &post(server.address), &spec(200));
    assert_eq!((measured.tally.ok, measured.closing), (200, None));
    assert_eq!(server.connections(), 4);
}

fn a_server_that_always_closes_is_not_asked_twice(engine: EngineKind) {
    let server = closes_silently();
    let measured = run(engine, &any(server.address), &spec(100));
    let tally = measured.tally;
    assert_eq!((tally.ok, tally.errors()), (100, 0), "{tally:?}");
    // The first connections may have been asked twice before it was known, and some after them.
    assert!(tally.redone <= 2 * 4 + 3, "{tally:?}");
    assert_eq!(server.requests(), 100);
    assert_eq!(measured.closing, Some(Closing::Unannounced));
    let causes = &measured.causes.reconnects;
    assert!(
        !causes.contains_key(&Cause::RequestsPerConnection),
        "{causes:?}"
    );
    let server = Server::start(Planted::AnnouncedCloseAfter(1));
    let measured = run(engine, &any(server.address), &spec(100));
    assert_eq!((measured.tally.ok, measured.tally.redone), (100, 0));
    assert_eq!(measured.closing, Some(Closing::Announced));
}

fn a_server_that_always_closes_is_connected_to_when_a_request_is_due(engine: EngineKind) {
    let server = closes_silently();
    let paced = LoadSpec {
        requests: Some(40),
        ..LoadSpec::new(
            Pace::Open {
                rate: 100.0,
                arrivals: Arrivals::Uniform,
                seed: 0,
            },
            TIMEOUT,
        )
    };
    let measured = run(engine, &any(server.address), &paced);
    assert_eq!(measured.tally.ok, 40, "{:?}", measured.tally);
    // Once that is known, none is opened that waits for its turn.
    let connections = server.connections();
    assert!((40..=44).contains(&connections), "{connections}");
}

/// How connections have ended, as the server sees it.
#[derive(Debug, Default)]
struct Ends {
    orderly: AtomicU64,
    reset: AtomicU64,
}

fn answer_to_the_end(mut stream: TcpStream, ends: &Ends) {
    let mut piece = [0; 1024];
    let end = loop {
        match stream.read(&mut piece) {
            Ok(0) => break &ends.orderly,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break &ends.reset,
            Err(error) => panic!("{error}"),
        }
        let answer = ANSWER.to_owned() + "Hello World!";
        let _ = stream.write_all(answer.as_bytes());
    };
    end.fetch_add(1, Ordering::SeqCst);
}

fn connections_end_in_order_where_nothing_is_under_way(engine: EngineKind) {
    let ends = Arc::new(Ends::default());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target {
        requests_per_connection: Some(10),
        ..any(listener.local_addr().unwrap())
    };
    let shared = Arc::clone(&ends);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let ends = Arc::clone(&shared);
            std::thread::spawn(move || answer_to_the_end(stream, &ends));
        }
    });
    // Some end within the run, and some with the generator.
    let tally = run(engine, &target, &spec(405)).tally;
    assert_eq!((tally.ok, tally.errors()), (405, 0));
    let count = |of: &AtomicU64| of.load(Ordering::SeqCst);
    let began = Instant::now();
    while count(&ends.orderly) + count(&ends.reset) < 41
        && began.elapsed() < Duration::from_secs(20)
    {
        std::thread::sleep(MS(10));
    }
    assert!(
        count(&ends.reset) == 0 && count(&ends.orderly) >= 41,
        "{ends:?}"
    );
}
