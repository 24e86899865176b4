//! The generator against planted servers: its counts must be the server's own, and add up.

use super::{
    EngineChoice, EngineKind, Generator, Intervals, LoadSpec, Measured, Pace, Tally, Target,
};
use controls::{Planted, Server};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Longer than a machine under load may be silent: a test in which an answer is given up is about that.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How long tests wait in which answers are given up.
const SILENCE: Duration = Duration::from_secs(1);

/// Every test runs on every engine that the kernel grants.
macro_rules! on_every_engine {
    ($($test:ident),* $(,)?) => {
        mod epoll {
            $(#[test] fn $test() { super::$test(super::EngineKind::Epoll) })*
        }
        mod uring {
            $(#[test] fn $test() {
                match super::EngineChoice::Uring.resolve() {
                    Ok(engine) => super::$test(engine),
                    Err(error) => eprintln!("not run: {error:#}"),
                }
            })*
        }
    };
}

mod closings;
mod counting;
mod ends;
mod manners;
mod odd;
mod offered;
mod pipelining;
mod redoing;
mod schedule;
mod stages;
mod surplus;
mod uploads;
mod windows;

on_every_engine![
    seconds_add_up_to_the_run,
    a_connection_carries_as_many_requests_as_it_may,
    one_request_per_connection_is_served_by_a_server_that_closes,
    exactly_the_requests_asked_for_are_sent_and_counted,
    answers_in_pieces_are_right_answers,
    wrong_answers_are_counted_as_the_server_counts_them,
    a_connection_closed_between_requests_is_no_error_when_it_was_announced,
    every_request_has_an_outcome_when_the_server_closes_unannounced,
    resets_truncations_and_silence_are_told_apart,
    a_timeout_enters_the_service_times,
    an_answer_that_comes_too_late_is_a_timeout_however_short_that_is,
    servers_that_break_the_contract_are_refused_at_the_first_answer,
    interim_answers_do_not_count,
    nobody_listening_is_said_at_once,
    a_run_that_is_cut_says_so_and_answers_what_it_sent,
    a_run_that_is_stopped_leaves_its_open_requests_unanswered,
    connections_are_kept_across_runs_and_replaced_where_the_server_closed_them,
];

fn spec(requests: u64) -> LoadSpec {
    LoadSpec {
        requests: Some(requests),
        ..LoadSpec::new(Pace::Closed, TIMEOUT)
    }
}

/// What a machine that stalls can spoil, until an attempt shows it: what is wrong is wrong in every one.
fn in_one_of_many(attempt: impl Fn() -> Result<(), String>) {
    const ATTEMPTS: usize = 20;
    let mut failures = Vec::new();
    while failures.len() < ATTEMPTS {
        match attempt() {
            Ok(()) => return,
            Err(failure) => failures.push(failure),
        }
    }
    panic!("{failures:#?}");
}

/// Opens and loads; the server's count of requests includes one per connection from opening.
fn load(
    engine: EngineKind,
    server: &Server,
    connections: usize,
    requests: u64,
    threads: usize,
) -> (Tally, Measured) {
    load_by(engine, server, connections, threads, &spec(requests))
}

fn load_by(
    engine: EngineKind,
    server: &Server,
    connections: usize,
    threads: usize,
    spec: &LoadSpec,
) -> (Tally, Measured) {
    let generator = Generator::start(engine, &[], threads).unwrap();
    let target = Target::welcome(server.address);
    let opened = generator.open(0, &target, connections, TIMEOUT).unwrap();
    let measured = generator.run(0, spec).unwrap();
    assert!(measured.tally.balances(), "{:?}", measured.tally);
    (opened, measured)
}

/// How long answers are waited for.
fn timeout_for(planted: Planted) -> Duration {
    match planted {
        Planted::SilentAt(_) => SILENCE,
        _ => TIMEOUT,
    }
}

fn open_error(engine: EngineKind, planted: Planted) -> String {
    let server = Server::start(planted);
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = Target::welcome(server.address);
    let timeout = timeout_for(planted);
    let error = generator.open(0, &target, 2, timeout).unwrap_err();
    format!("{error:#}")
}

fn exactly_the_requests_asked_for_are_sent_and_counted(engine: EngineKind) {
    for (connections, requests, threads) in [(1, 1, 1), (7, 1000, 1), (8, 1001, 3), (50, 20, 1)] {
        let server = Server::start(Planted::Nothing);
        let (opened, measured) = load(engine, &server, connections, requests, threads);
        assert_eq!(
            (opened.sent, opened.ok),
            (connections as u64, connections as u64)
        );
        assert_eq!(
            (measured.tally.sent, measured.tally.ok),
            (requests, requests)
        );
        assert_eq!(server.requests(), requests + connections as u64);
        assert_eq!(measured.times.service.len(), requests);
        assert!(!measured.cut && measured.complaint.is_none());
    }
}

fn answers_in_pieces_are_right_answers(engine: EngineKind) {
    for planted in [Planted::OneByteSegments, Planted::HeadThenBody] {
        let server = Server::start(planted);
        let (_, measured) = load(engine, &server, 4, 100, 1);
        assert_eq!(measured.tally.ok, 100, "{planted:?}");
        assert_eq!(measured.complaint, None);
    }
}

fn wrong_answers_are_counted_as_the_server_counts_them(engine: EngineKind) {
    let server = Server::start(Planted::WrongByteEvery(100));
    let (_, measured) = load(engine, &server, 8, 5000, 1);
    assert_eq!(
        (measured.tally.bad_body, measured.tally.sent),
        (server.planted(), 5000)
    );
    assert_eq!(measured.tally.bad_body, 50);
    assert_eq!(
        measured.complaint.unwrap(),
        "body is \"Hello World?\", not \"Hello World!\""
    );

    let server = Server::start(Planted::Status500Every(100));
    let (_, measured) = load(engine, &server, 8, 5000, 1);
    assert_eq!(measured.tally.bad_status, 50);
    assert_eq!(measured.tally.reconnects, 0);
    assert_eq!(measured.times.service.len(), 4950);

    let server = Server::start(Planted::TwiceEvery(100));
    let (_, measured) = load(engine, &server, 8, 5000, 1);
    assert_eq!(measured.tally.protocol_error, server.planted());
    assert_eq!(
        measured.complaint.unwrap(),
        "114 bytes came after the answer"
    );
}

fn a_connection_closed_between_requests_is_no_error_when_it_was_announced(engine: EngineKind) {
    let server = Server::start(Planted::AnnouncedCloseAfter(50));
    let (_, measured) = load(engine, &server, 8, 1000, 1);
    assert_eq!((measured.tally.ok, measured.tally.errors()), (1000, 0));
    assert!(
        measured.tally.reconnects >= 19,
        "{}",
        measured.tally.reconnects
    );
}

fn every_request_has_an_outcome_when_the_server_closes_unannounced(engine: EngineKind) {
    let server = Server::start(Planted::CloseAfter(50));
    let (_, measured) = load(engine, &server, 8, 1000, 1);
    // A close can overtake the next request: then that request goes out once more.
    assert_eq!((measured.tally.ok, measured.tally.errors()), (1000, 0));
    assert_eq!(server.requests(), 1008);
    assert!(measured.tally.reconnects >= 19);
}

fn resets_truncations_and_silence_are_told_apart(engine: EngineKind) {
    let outcome = |planted| {
        let server = Server::start(planted);
        let spec = LoadSpec {
            timeout: timeout_for(planted),
            ..spec(100)
        };
        let (_, measured) = load_by(engine, &server, 2, 1, &spec);
        assert_eq!(
            (measured.tally.ok, server.planted()),
            (100 - measured.tally.errors(), 1),
            "{planted:?}"
        );
        measured.tally
    };
    // Nothing of an answer had come, so the request went out once more.
    let tally = outcome(Planted::ResetAt(50));
    assert_eq!((tally.reset, tally.redone), (0, 1));
    assert_eq!(outcome(Planted::TruncateAt(50)).reset, 1);
    assert_eq!(outcome(Planted::SilentAt(50)).timeout, 1);
}

fn a_timeout_enters_the_service_times(engine: EngineKind) {
    let server = Server::start(Planted::SilentAt(50));
    let spec = LoadSpec {
        timeout: SILENCE,
        ..spec(100)
    };
    let (_, measured) = load_by(engine, &server, 2, 1, &spec);
    assert_eq!(measured.times.service.len(), 100);
    assert!(measured.times.service.max() >= SILENCE.as_nanos() as u64);
}

fn an_answer_that_comes_too_late_is_a_timeout_however_short_that_is(engine: EngineKind) {
    for (slow_ms, timeout_ms) in [(30, 1), (60, 25)] {
        let server = Server::start(Planted::SlowMs(slow_ms));
        let generator = Generator::start(engine, &[], 1).unwrap();
        let target = Target::welcome(server.address);
        generator.connect(0, &target, 4, None, TIMEOUT).unwrap();
        let spec = LoadSpec {
            timeout: Duration::from_millis(timeout_ms),
            ..spec(100)
        };
        let tally = generator.run(0, &spec).unwrap().tally;
        assert_eq!((tally.ok, tally.timeout), (0, 100), "{timeout_ms} ms");
    }
}

fn servers_that_break_the_contract_are_refused_at_the_first_answer(engine: EngineKind) {
    assert_eq!(
        open_error(engine, Planted::NotHttp),
        "the head does not parse: invalid HTTP version: `220 mail.example ESMTP`"
    );
    assert_eq!(
        open_error(engine, Planted::TwoLengths),
        "content-length is not one valid number: `content-length: 11`"
    );
    assert_eq!(
        open_error(engine, Planted::BodyTooLong),
        "1 bytes came after the answer"
    );
    assert_eq!(
        open_error(engine, Planted::Chunked),
        "content-length is missing, not 12"
    );
    assert!(open_error(engine, Planted::NoDate).starts_with("date is missing"));
    assert!(open_error(engine, Planted::BodyTooShort).contains("ended the connection"));
    assert_eq!(
        open_error(engine, Planted::SilentAt(1)),
        "an answer took too long"
    );
    assert_eq!(
        open_error(engine, Planted::AnnouncedCloseAfter(1)),
        "the server does not keep the connection open"
    );
}

fn interim_answers_do_not_count(engine: EngineKind) {
    let server = Server::start(Planted::InterimFirst);
    let (_, measured) = load(engine, &server, 2, 200, 1);
    assert_eq!(measured.tally.ok, 200);
}

fn nobody_listening_is_said_at_once(engine: EngineKind) {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let generator = Generator::start(engine, &[], 1).unwrap();
    let error = generator
        .open(0, &Target::welcome(address), 3, TIMEOUT)
        .unwrap_err();
    assert!(format!("{error:#}").starts_with("cannot connect to 127.0.0.1:"));
}

fn a_run_that_is_cut_says_so_and_answers_what_it_sent(engine: EngineKind) {
    let server = Server::start(Planted::SlowMs(20));
    let generator = Generator::start(engine, &[], 1).unwrap();
    generator
        .open(0, &Target::welcome(server.address), 4, TIMEOUT)
        .unwrap();
    let mut spec = spec(1_000_000);
    spec.duration = Some(Duration::from_millis(100));
    let measured = generator.run(0, &spec).unwrap();
    assert!(measured.cut);
    assert_eq!(measured.tally.ok, measured.tally.sent);
    assert_eq!(server.right(), measured.tally.ok + 4);
}

fn a_run_that_is_stopped_leaves_its_open_requests_unanswered(engine: EngineKind) {
    let server = Server::start(Planted::SlowMs(250));
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = Target::welcome(server.address);
    generator
        .open(0, &target, 4, Duration::from_secs(2))
        .unwrap();
    let mut spec = spec(1_000_000);
    spec.timeout = Duration::from_secs(2);
    spec.stop.store(true, Ordering::Relaxed);
    let measured = generator.run(0, &spec).unwrap();
    assert_eq!((measured.tally.sent, measured.tally.unanswered), (4, 4));
    assert!(measured.tally.balances() && measured.cut);
}

fn connections_are_kept_across_runs_and_replaced_where_the_server_closed_them(engine: EngineKind) {
    let server = Server::start(Planted::AnnouncedCloseAfter(30));
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = Target::welcome(server.address);
    generator.open(0, &target, 4, TIMEOUT).unwrap();
    for _ in 0..5 {
        generator.open(0, &target, 4, TIMEOUT).unwrap();
        assert_eq!(generator.run(0, &spec(10)).unwrap().tally.ok, 10);
    }
    let connections = server.counts.connections.load(Ordering::Relaxed);
    assert!((4..=8).contains(&connections), "{connections}");
}

fn a_connection_carries_as_many_requests_as_it_may(engine: EngineKind) {
    let server = Server::start(Planted::Nothing);
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = Target {
        requests_per_connection: Some(10),
        ..Target::welcome(server.address)
    };
    generator.open(0, &target, 4, TIMEOUT).unwrap();
    let tally = generator.run(0, &spec(996)).unwrap().tally;
    assert_eq!((tally.ok, tally.errors()), (996, 0));
    // 1 000 requests with those of the opening, ten on each connection.
    let connections = server.counts.connections.load(Ordering::Relaxed);
    assert!((100..=104).contains(&connections), "{connections}");
}

fn one_request_per_connection_is_served_by_a_server_that_closes(engine: EngineKind) {
    let server = Server::start(Planted::AnnouncedCloseAfter(1));
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = Target {
        requests_per_connection: Some(1),
        ..Target::welcome(server.address)
    };
    generator.open(0, &target, 4, TIMEOUT).unwrap();
    let tally = generator.run(0, &spec(100)).unwrap().tally;
    assert_eq!((tally.ok, tally.errors()), (100, 0));
    assert_eq!(server.requests(), 104);
}

fn seconds_add_up_to_the_run(engine: EngineKind) {
    let server = Server::start(Planted::SlowMs(5));
    let generator = Generator::start(engine, &[], 2).unwrap();
    generator
        .open(0, &Target::welcome(server.address), 4, TIMEOUT)
        .unwrap();
    let (to, seconds) = std::sync::mpsc::channel();
    let spec = LoadSpec {
        duration: Some(Duration::from_millis(2200)),
        intervals: Some(Intervals::seconds(to)),
        ..spec(u64::MAX)
    };
    let measured = generator.run(0, &spec).unwrap();
    drop(spec);
    let mut sum = Tally::default();
    let mut answers = 0;
    let mut last = 0;
    for second in seconds {
        sum.add(&second.tally);
        answers += second.service.len();
        last = last.max(second.index);
    }
    // A machine that stalls may end it later than in its third second.
    assert!(last >= 2, "{last}");
    assert_eq!(answers, measured.tally.ok);
    assert_eq!(sum, measured.tally);
}
