//! What a server does with its connections is learned from right answers, unlearned where it changes, and a
//! POST is not lost to it.

use super::{EngineChoice, EngineKind, TIMEOUT, spec};
use crate::load::{Arrivals, Closing, Expected, Generator, LoadSpec, Measured, Pace, Target};
use controls::scripted::{Reply, Script, Scripted, Step, Worth};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

on_every_engine![
    refusals_that_end_connections_say_nothing_of_what_is_served,
    a_server_that_has_changed_is_asked_on_one_connection_again,
    one_that_stops_announcing_is_asked_on_one_connection_again,
    one_connection_that_ends_does_not_speak_for_the_others,
    an_end_that_was_announced_is_said_to_be,
    a_post_is_not_lost_to_ends_between_answers,
    ports_are_kept_for_the_first_ends_of_a_minute_only,
    open_loop_opens_no_connection_that_no_request_needs,
];

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const LAST: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
const REFUSAL: &str =
    "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno";

fn target(server: &Scripted, is_idempotent: bool) -> Target {
    Target {
        is_idempotent,
        expected: Expected::Answer {
            status: 200,
            body: None,
        },
        ..Target::welcome(server.address)
    }
}

fn run(engine: EngineKind, target: &Target, requests: u64) -> Measured {
    let generator = Generator::start(engine, &[], 1).unwrap();
    generator
        .connect(0, target, 4, Some(requests), TIMEOUT)
        .unwrap();
    let measured = generator.run(0, &spec(requests)).unwrap();
    assert!(measured.tally.balances(), "{:?}", measured.tally);
    measured
}

fn right() -> Reply {
    Reply::new(Worth::Right, ANSWER)
}

fn refusals_that_end_connections_say_nothing_of_what_is_served(engine: EngineKind) {
    let server = Scripted::start(Script::of(|number, _| match number {
        0..=100 => Reply::new(Worth::BadStatus, REFUSAL).then(Step::Close),
        _ => right(),
    }));
    let measured = run(engine, &target(&server, true), 400);
    let tally = measured.tally;
    assert_eq!((tally.ok, tally.bad_status), (300, 100), "{tally:?}");
    assert_eq!(measured.closing, None);
    assert!(server.connections() <= 104, "{}", server.connections());
}

fn a_server_that_has_changed_is_asked_on_one_connection_again(engine: EngineKind) {
    for is_idempotent in [true, false] {
        let server = Scripted::start(Script::of(|number, _| match number {
            0..=40 => right()
                .then(Step::Pause(Duration::from_millis(1)))
                .then(Step::Close),
            _ => right(),
        }));
        let measured = run(engine, &target(&server, is_idempotent), 5000);
        let tally = measured.tally;
        assert_eq!((tally.ok, tally.errors()), (5000, 0), "{tally:?}");
        assert_eq!(measured.closing, None, "{is_idempotent}");
        // After some that carried one each, one was tried for more; a POST is, after a moment.
        assert!(server.connections() < 4000, "{}", server.connections());
    }
}

fn one_that_stops_announcing_is_asked_on_one_connection_again(engine: EngineKind) {
    let server = Scripted::start(Script::of(|number, _| match number {
        0..=40 => Reply::new(Worth::Right, LAST).then(Step::Close),
        _ => right(),
    }));
    let measured = run(engine, &target(&server, true), 400);
    assert_eq!((measured.tally.ok, measured.closing), (400, None));
    assert!(server.connections() <= 50, "{}", server.connections());
}

fn one_connection_that_ends_does_not_speak_for_the_others(engine: EngineKind) {
    let server = Scripted::start(Script::of(|number, _| match number {
        1 => right().then(Step::Close),
        _ => right(),
    }));
    let measured = run(engine, &target(&server, false), 400);
    let tally = measured.tally;
    assert_eq!((tally.ok, tally.errors()), (400, 0), "{tally:?}");
    assert_eq!(measured.closing, None);
    assert!(server.connections() <= 6, "{}", server.connections());
}

fn an_end_that_was_announced_is_said_to_be(engine: EngineKind) {
    for is_idempotent in [true, false] {
        let server = Scripted::start(Script::of(|_, _| {
            Reply::new(Worth::Right, LAST).then(Step::Close)
        }));
        let measured = run(engine, &target(&server, is_idempotent), 60);
        assert_eq!((measured.tally.ok, measured.tally.errors()), (60, 0));
        assert_eq!(measured.closing, Some(Closing::Announced));
    }
}

fn a_post_is_not_lost_to_ends_between_answers(engine: EngineKind) {
    for (each, pause_ms) in [(2, 0), (3, 0), (1, 100), (2, 100)] {
        let server = Scripted::start(Script::of(move |_, here| match here % each {
            0 => right()
                .then(Step::Pause(Duration::from_millis(pause_ms)))
                .then(Step::Close),
            _ => right(),
        }));
        let measured = run(engine, &target(&server, false), 100);
        let tally = measured.tally;
        assert_eq!(tally.ok + tally.reset, 100, "{tally:?}");
        // A few of them show it, at most two of each connection.
        assert!(tally.reset <= 8, "{each} {pause_ms}: {tally:?}");
        // An end that comes with an answer is seen in time.
        let is_told = measured.closing == Some(Closing::UnderWay);
        assert!(is_told || pause_ms == 0, "{each} {pause_ms}: {tally:?}");
    }
}

/// Answers one request, then sees how the client ends the connection: in order, or not. The first ones it
/// ends itself.
fn see_the_end(mut stream: TcpStream, number: u64, ends: &[AtomicU64; 2]) -> std::io::Result<()> {
    let mut piece = [0; 1024];
    if stream.read(&mut piece)? == 0 {
        return Ok(());
    }
    stream.write_all(ANSWER.as_bytes())?;
    if number < 20 {
        std::thread::sleep(Duration::from_millis(1));
        return Ok(());
    }
    match stream.read(&mut piece) {
        Ok(0) => ends[0].fetch_add(1, Ordering::SeqCst),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {
            ends[1].fetch_add(1, Ordering::SeqCst)
        }
        // One that was tried for more.
        _ => 0,
    };
    Ok(())
}

fn ports_are_kept_for_the_first_ends_of_a_minute_only(engine: EngineKind) {
    let ends: Arc<[AtomicU64; 2]> = Arc::default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target {
        expected: Expected::Answer {
            status: 200,
            body: None,
        },
        ..Target::welcome(listener.local_addr().unwrap())
    };
    let shared = Arc::clone(&ends);
    std::thread::spawn(move || {
        for (number, stream) in (0..).zip(listener.incoming().flatten()) {
            let ends = Arc::clone(&shared);
            std::thread::spawn(move || see_the_end(stream, number, &ends));
        }
    });
    let measured = run(engine, &target, 5000);
    assert_eq!(measured.tally.ok, 5000, "{:?}", measured.tally);
    assert_eq!(measured.closing, Some(Closing::Unannounced));
    let [orderly, reset] = [0, 1].map(|of| ends[of].load(Ordering::SeqCst));
    assert!(orderly <= 4000 && orderly > 3500 && reset > 800, "{ends:?}");
}

fn open_loop_opens_no_connection_that_no_request_needs(engine: EngineKind) {
    // It serves one connection at a time, to its end, as servers of one worker do.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&connections);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::SeqCst);
            while matches!(stream.read(&mut [0; 1024]), Ok(1..)) {
                let _ = stream.write_all(ANSWER.as_bytes());
            }
        }
    });
    let target = Target {
        expected: Expected::Answer {
            status: 200,
            body: None,
        },
        ..Target::welcome(address)
    };
    let generator = Generator::start(engine, &[], 1).unwrap();
    generator.connect_first(0, &target, 1, 64, TIMEOUT).unwrap();
    let pace = Pace::Open {
        rate: 10.0,
        arrivals: Arrivals::Uniform,
        seed: 0,
    };
    let spec = LoadSpec {
        requests: Some(10),
        timeout: Duration::from_secs(2),
        ..LoadSpec::new(pace, TIMEOUT)
    };
    let tally = generator.run(0, &spec).unwrap().tally;
    assert_eq!((tally.ok, tally.errors()), (10, 0), "{tally:?}");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
