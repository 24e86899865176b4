//! The generator against planted servers: its counts must be the server's own, and add up.

use super::{Generator, Limits, Measured, Tally, Target};
use controls::{Planted, Server};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_millis(300);

fn limits(requests: u64) -> Limits {
    Limits {
        requests: Some(requests),
        duration: None,
        timeout: TIMEOUT,
        stop: Arc::new(AtomicBool::new(false)),
    }
}

/// Opens and loads; the server's count of requests includes one per connection from opening.
fn load(server: &Server, connections: usize, requests: u64, threads: usize) -> (Tally, Measured) {
    let generator = Generator::start(&[], threads).unwrap();
    let target = Target::welcome(server.address);
    let opened = generator.open(0, &target, connections, TIMEOUT).unwrap();
    let measured = generator.run(0, &limits(requests)).unwrap();
    assert!(measured.tally.balances(), "{:?}", measured.tally);
    (opened, measured)
}

fn open_error(planted: Planted) -> String {
    let server = Server::start(planted);
    let generator = Generator::start(&[], 1).unwrap();
    let target = Target::welcome(server.address);
    let error = generator.open(0, &target, 2, TIMEOUT).unwrap_err();
    format!("{error:#}")
}

#[test]
fn exactly_the_requests_asked_for_are_sent_and_counted() {
    for (connections, requests, threads) in [(1, 1, 1), (7, 1000, 1), (8, 1001, 3), (50, 20, 1)] {
        let server = Server::start(Planted::Nothing);
        let (opened, measured) = load(&server, connections, requests, threads);
        assert_eq!(
            (opened.sent, opened.ok),
            (connections as u64, connections as u64)
        );
        assert_eq!(
            (measured.tally.sent, measured.tally.ok),
            (requests, requests)
        );
        assert_eq!(server.requests(), requests + connections as u64);
        assert_eq!(measured.service_time.len(), requests);
        assert!(!measured.cut && measured.complaint.is_none());
    }
}

#[test]
fn answers_in_pieces_are_right_answers() {
    for planted in [Planted::OneByteSegments, Planted::HeadThenBody] {
        let server = Server::start(planted);
        let (_, measured) = load(&server, 4, 100, 1);
        assert_eq!(measured.tally.ok, 100, "{planted:?}");
        assert_eq!(measured.complaint, None);
    }
}

#[test]
fn wrong_answers_are_counted_as_the_server_counts_them() {
    let server = Server::start(Planted::WrongByteEvery(100));
    let (_, measured) = load(&server, 8, 5000, 1);
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
    let (_, measured) = load(&server, 8, 5000, 1);
    assert_eq!(measured.tally.bad_status, 50);
    assert_eq!(measured.tally.reconnects, 0);
    assert_eq!(measured.service_time.len(), 4950);

    let server = Server::start(Planted::TwiceEvery(100));
    let (_, measured) = load(&server, 8, 5000, 1);
    assert_eq!(measured.tally.protocol_error, server.planted());
    assert_eq!(
        measured.complaint.unwrap(),
        "114 bytes came after the answer"
    );
}

#[test]
fn a_connection_closed_between_requests_is_no_error_when_it_was_announced() {
    let server = Server::start(Planted::AnnouncedCloseAfter(50));
    let (_, measured) = load(&server, 8, 1000, 1);
    assert_eq!((measured.tally.ok, measured.tally.errors()), (1000, 0));
    assert!(
        measured.tally.reconnects >= 19,
        "{}",
        measured.tally.reconnects
    );
}

#[test]
fn every_request_has_an_outcome_when_the_server_closes_unannounced() {
    let server = Server::start(Planted::CloseAfter(50));
    let (_, measured) = load(&server, 8, 1000, 1);
    // A close can overtake the next request: then that request is lost, and counted.
    assert_eq!(measured.tally.ok + measured.tally.reset, 1000);
    assert!(measured.tally.reconnects >= 19);
}

#[test]
fn resets_truncations_and_silence_are_told_apart() {
    let outcome = |planted| {
        let server = Server::start(planted);
        let (_, measured) = load(&server, 2, 100, 1);
        assert_eq!(
            (measured.tally.ok, server.planted()),
            (99, 1),
            "{planted:?}"
        );
        measured.tally
    };
    assert_eq!(outcome(Planted::ResetAt(50)).reset, 1);
    assert_eq!(outcome(Planted::TruncateAt(50)).reset, 1);
    assert_eq!(outcome(Planted::SilentAt(50)).timeout, 1);
}

#[test]
fn a_timeout_enters_the_service_times() {
    let server = Server::start(Planted::SilentAt(50));
    let (_, measured) = load(&server, 2, 100, 1);
    assert_eq!(measured.service_time.len(), 100);
    assert!(measured.service_time.max() >= TIMEOUT.as_nanos() as u64);
}

#[test]
fn servers_that_break_the_contract_are_refused_at_the_first_answer() {
    assert_eq!(
        open_error(Planted::NotHttp),
        "the head does not parse: invalid HTTP version"
    );
    assert_eq!(
        open_error(Planted::TwoLengths),
        "content-length is not one valid number"
    );
    assert_eq!(
        open_error(Planted::BodyTooLong),
        "1 bytes came after the answer"
    );
    assert_eq!(
        open_error(Planted::Chunked),
        "content-length is missing, not 12"
    );
    assert!(open_error(Planted::NoDate).starts_with("date is missing"));
    assert!(open_error(Planted::BodyTooShort).contains("ended the connection"));
    assert_eq!(open_error(Planted::SilentAt(1)), "an answer took too long");
    assert_eq!(
        open_error(Planted::AnnouncedCloseAfter(1)),
        "the server does not keep the connection open"
    );
}

#[test]
fn interim_answers_do_not_count() {
    let server = Server::start(Planted::InterimFirst);
    let (_, measured) = load(&server, 2, 200, 1);
    assert_eq!(measured.tally.ok, 200);
}

#[test]
fn nobody_listening_is_said_at_once() {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let generator = Generator::start(&[], 1).unwrap();
    let error = generator
        .open(0, &Target::welcome(address), 3, TIMEOUT)
        .unwrap_err();
    assert!(format!("{error:#}").starts_with("cannot connect to 127.0.0.1:"));
}

#[test]
fn a_run_that_is_cut_says_so_and_answers_what_it_sent() {
    let server = Server::start(Planted::SlowMs(20));
    let generator = Generator::start(&[], 1).unwrap();
    generator
        .open(0, &Target::welcome(server.address), 4, TIMEOUT)
        .unwrap();
    let mut limits = limits(1_000_000);
    limits.duration = Some(Duration::from_millis(100));
    let measured = generator.run(0, &limits).unwrap();
    assert!(measured.cut);
    assert_eq!(measured.tally.ok, measured.tally.sent);
    assert_eq!(server.right(), measured.tally.ok + 4);
}

#[test]
fn a_run_that_is_stopped_leaves_its_open_requests_unanswered() {
    let server = Server::start(Planted::SlowMs(250));
    let generator = Generator::start(&[], 1).unwrap();
    let target = Target::welcome(server.address);
    generator
        .open(0, &target, 4, Duration::from_secs(2))
        .unwrap();
    let mut limits = limits(1_000_000);
    limits.timeout = Duration::from_secs(2);
    limits.stop.store(true, Ordering::Relaxed);
    let measured = generator.run(0, &limits).unwrap();
    assert_eq!((measured.tally.sent, measured.tally.unanswered), (4, 4));
    assert!(measured.tally.balances() && measured.cut);
}

#[test]
fn connections_are_kept_across_runs_and_replaced_where_the_server_closed_them() {
    let server = Server::start(Planted::AnnouncedCloseAfter(30));
    let generator = Generator::start(&[], 1).unwrap();
    let target = Target::welcome(server.address);
    generator.open(0, &target, 4, TIMEOUT).unwrap();
    for _ in 0..5 {
        generator.open(0, &target, 4, TIMEOUT).unwrap();
        assert_eq!(generator.run(0, &limits(10)).unwrap().tally.ok, 10);
    }
    let connections = server.counts.connections.load(Ordering::Relaxed);
    assert!((4..=8).contains(&connections), "{connections}");
}
