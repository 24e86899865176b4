//! A rate is that of the time in which load was offered, and what was waited for beside that is told.

use super::odd::{listener_with_a_queue_of_one, right, target};
use super::{EngineChoice, EngineKind, TIMEOUT, spec};
use crate::load::{Generator, LoadSpec, Measured, Target};
use controls::scripted::{Script, Scripted, Step};
use controls::{Planted, Server};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

on_every_engine![
    a_server_that_goes_has_the_rate_of_all_the_time_it_was_asked,
    a_straggler_is_waited_for_and_not_in_the_rate,
    a_burst_has_the_rate_of_its_answers,
    every_connection_has_its_time_to_connect,
    a_handshake_that_had_to_be_repeated_is_counted,
    nobody_waits_for_connections_that_nobody_needs,
    the_time_of_connections_is_accounted_for_at_the_edge,
];

const MS: fn(u64) -> Duration = Duration::from_millis;
const LONG: Duration = Duration::from_secs(20);

fn run(engine: EngineKind, target: &Target, connections: usize, spec: &LoadSpec) -> Measured {
    let generator = Generator::start(engine, &[], 1).unwrap();
    let opening = generator
        .connect(0, target, connections, spec.requests, TIMEOUT)
        .unwrap();
    let mut measured = generator.run(0, spec).unwrap();
    measured.add_opening(opening).unwrap();
    assert!(measured.tally.balances(), "{:?}", measured.tally);
    measured
}

/// Reads one request; `false` where there is none any more.
fn read_request(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => request.push(byte[0]),
            _ => return false,
        }
    }
    true
}

/// Answers `most` requests one by one, then is gone, listener and all.
fn gone_after(most: u64) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target::welcome(listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for _ in 0..most {
            read_request(&mut stream);
            stream.write_all(super::odd::RIGHT.as_bytes()).unwrap();
        }
    });
    target
}

fn a_server_that_goes_has_the_rate_of_all_the_time_it_was_asked(engine: EngineKind) {
    let spec = LoadSpec {
        requests: None,
        duration: Some(MS(1000)),
        timeout: LONG,
        ..spec(0)
    };
    let measured = run(engine, &gone_after(200), 1, &spec);
    assert_eq!(measured.tally.ok, 200);
    assert!(measured.tally.connect_errors > 0, "{:?}", measured.tally);
    let offered = measured.offered;
    assert!(offered.elapsed >= MS(1000), "{offered:?}");
    assert!(offered.rps().unwrap() <= 200.0, "{offered:?}");
}

fn a_straggler_is_waited_for_and_not_in_the_rate(engine: EngineKind) {
    for (requests, duration) in [(None, Some(MS(300))), (Some(400), None)] {
        let server = Server::start(Planted::SilentAt(100));
        let spec = LoadSpec {
            requests,
            duration,
            timeout: MS(1500),
            ..spec(0)
        };
        let measured = run(engine, &Target::welcome(server.address), 4, &spec);
        let (tally, offered) = (measured.tally, measured.offered);
        assert_eq!((tally.timeout, tally.errors()), (1, 1));
        // The silent request left while load was offered, and ended long after.
        assert!(offered.elapsed + measured.tail >= MS(1500), "{measured:?}");
        assert!(offered.elapsed < measured.elapsed, "{offered:?}");
        assert!(offered.tally.ok > 0 && offered.tally.ok <= tally.ok);
    }
}

fn a_burst_has_the_rate_of_its_answers(engine: EngineKind) {
    let server = Server::start(Planted::SlowMs(50));
    let target = Target::welcome(server.address);
    let measured = run(engine, &target, 4, &spec(4));
    assert_eq!(measured.offered.tally.ok, 4);
    assert!(measured.offered.elapsed >= MS(50), "{:?}", measured.offered);
    // By time there is no such excuse: nothing came while load was offered.
    let spec = LoadSpec {
        requests: None,
        duration: Some(MS(10)),
        ..spec(0)
    };
    let measured = run(engine, &target, 4, &spec);
    assert_eq!((measured.offered.tally.ok, measured.tally.ok), (0, 4));
    assert_eq!(measured.offered.rps(), Some(0.0));
}

fn every_connection_has_its_time_to_connect(engine: EngineKind) {
    let server = Server::start(Planted::AnnouncedCloseAfter(1));
    let target = Target {
        requests_per_connection: Some(1),
        ..Target::welcome(server.address)
    };
    let measured = run(engine, &target, 4, &spec(100));
    assert_eq!(measured.tally.ok, 100);
    let connections = server.counts.connections.load(Ordering::Relaxed);
    assert_eq!(measured.times.connect.len(), connections);
    // Whatever a connection does, it carries a request or is being opened for one.
    let offered = measured.offered;
    assert!(offered.connecting > Duration::ZERO, "{offered:?}");
    let accounted = (offered.busy + offered.connecting).as_secs_f64();
    let share = accounted / (4.0 * offered.elapsed.as_secs_f64());
    assert!((0.5..=1.001).contains(&share), "{share}");
}

fn a_handshake_that_had_to_be_repeated_is_counted(engine: EngineKind) {
    let listener = TcpListener::from(listener_with_a_queue_of_one());
    let address = listener.local_addr().unwrap();
    let fill = |_| TcpStream::connect_timeout(&address, MS(100));
    let fillers: Vec<_> = (0..2).map(fill).collect();
    std::thread::spawn(move || {
        // Until the generator's first packet has been dropped for want of room.
        std::thread::sleep(MS(300));
        drop(fillers);
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            while read_request(&mut stream)
                && stream.write_all(super::odd::RIGHT.as_bytes()).is_ok()
            {}
        }
    });
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = Target::welcome(address);
    let opening = generator.connect(0, &target, 1, None, LONG).unwrap();
    let mut measured = generator.run(0, &spec(1)).unwrap();
    measured.add_opening(opening).unwrap();
    assert_eq!(measured.times.connect.len(), 1);
    assert_eq!(measured.handshakes_repeated(), 1, "{measured:?}");
}

fn nobody_waits_for_connections_that_nobody_needs(engine: EngineKind) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = Target::welcome(address);
    generator.connect(0, &target, 4, None, LONG).unwrap();
    let mut streams: Vec<_> = (0..4).map(|_| listener.accept().unwrap().0).collect();
    // One connection stays and is served; for others the queue is full.
    let mut last = streams.pop().unwrap();
    drop(streams);
    rustix::net::listen(&listener, 0).unwrap();
    let fill = |_| TcpStream::connect_timeout(&address, MS(100));
    let _fillers: Vec<_> = (0..3).map(fill).collect();
    std::thread::spawn(move || {
        while read_request(&mut last) && last.write_all(super::odd::RIGHT.as_bytes()).is_ok() {}
    });
    let spec = LoadSpec {
        timeout: LONG,
        ..spec(20)
    };
    let measured = generator.run(0, &spec).unwrap();
    assert_eq!((measured.tally.ok, measured.tally.connect_errors), (20, 0));
    assert!(
        measured.offered.elapsed + measured.tail < LONG,
        "{measured:?}"
    );
}

fn the_time_of_connections_is_accounted_for_at_the_edge(engine: EngineKind) {
    // Two of three connections wait for their one answer until after the end.
    let waiting = Arc::new(AtomicU64::new(0));
    let server = Scripted::start(Script::of(move |_, here| {
        let is_slow = here == 1 && waiting.fetch_add(1, Ordering::SeqCst) < 2;
        let mut reply = right();
        let pause = if is_slow { MS(1500) } else { MS(1) };
        reply.steps.insert(0, Step::Pause(pause));
        reply
    }));
    let spec = LoadSpec {
        requests: None,
        duration: Some(MS(500)),
        timeout: LONG,
        ..spec(0)
    };
    let offered = run(engine, &target(&server, true), 3, &spec).offered;
    let busy = offered.busy.as_secs_f64() / offered.elapsed.as_secs_f64();
    assert!((2.5..=3.001).contains(&busy), "{busy} of three were busy");
}
