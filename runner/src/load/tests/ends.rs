//! Runs that end before their time, queues that are full, and what both leave behind.

use super::odd::{RIGHT, right, target};
use super::{EngineChoice, EngineKind, TIMEOUT, spec};
use crate::load::{Address, Arrivals, Expected, Generator, LoadSpec, Pace, Target, WhyEarly};
use controls::scripted::{Script, Scripted};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::sync::atomic::Ordering;
use std::time::Duration;

on_every_engine![
    a_run_that_is_given_up_says_when_and_why,
    what_is_open_when_a_schedule_is_stopped_is_in_the_percentiles,
    a_full_queue_of_a_socket_in_the_file_system_is_no_error,
];

const PACE: Pace = Pace::Open {
    rate: 50.0,
    arrivals: Arrivals::Uniform,
    seed: 0,
};

fn a_run_that_is_given_up_says_when_and_why(engine: EngineKind) {
    const PLANNED: Duration = Duration::from_secs(60);
    for pace in [Pace::Closed, PACE] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = Target::welcome(listener.local_addr().unwrap());
        let generator = Generator::start(engine, &[], 1).unwrap();
        generator.connect(0, &target, 2, None, TIMEOUT).unwrap();
        drop(listener);
        let spec = LoadSpec {
            duration: Some(PLANNED),
            ..LoadSpec::new(pace, Duration::from_millis(200))
        };
        let measured = generator.run(0, &spec).unwrap();
        let end = measured.early_end.unwrap();
        assert_eq!((end.why, end.planned), (WhyEarly::Hopeless, Some(PLANNED)));
        let patience = Duration::from_millis(400);
        assert_eq!(end.patience, patience);
        assert!(end.after >= patience && end.after < PLANNED, "{end:?}");
    }
    let server = Scripted::start(Script::of(|_, _| right()));
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = target(&server, true);
    generator.connect(0, &target, 2, None, TIMEOUT).unwrap();
    assert_eq!(generator.run(0, &spec(10)).unwrap().early_end, None);
}

fn what_is_open_when_a_schedule_is_stopped_is_in_the_percentiles(engine: EngineKind) {
    // It never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target::welcome(listener.local_addr().unwrap());
    let generator = Generator::start(engine, &[], 1).unwrap();
    generator.connect(0, &target, 4, None, TIMEOUT).unwrap();
    let spec = LoadSpec {
        duration: Some(Duration::from_secs(60)),
        ..LoadSpec::new(PACE, TIMEOUT)
    };
    let stop = spec.stop.clone();
    let stopper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(400));
        stop.store(true, Ordering::Relaxed);
    });
    let measured = generator.run(0, &spec).unwrap();
    stopper.join().unwrap();
    let tally = measured.tally;
    assert_eq!((tally.sent, tally.unanswered), (4, 4), "{tally:?}");
    let response = &measured.times.response;
    assert_eq!(response.len(), tally.scheduled());
    // The oldest was due at the start.
    let oldest = Duration::from_nanos(response.max());
    assert!(oldest >= Duration::from_millis(350), "{oldest:?}");
    assert_eq!(measured.early_end.unwrap().why, WhyEarly::Stopped);
}

fn a_full_queue_of_a_socket_in_the_file_system_is_no_error(engine: EngineKind) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    rustix::net::listen(&listener, 1).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // The queue is full meanwhile.
            std::thread::sleep(Duration::from_millis(20));
            std::thread::spawn(move || {
                while matches!(stream.read(&mut [0; 1024]), Ok(1..)) {
                    let _ = stream.write_all(RIGHT.as_bytes());
                }
            });
        }
    });
    let target = Target {
        address: Address::Unix(path),
        requests_per_connection: Some(4),
        expected: Expected::Answer {
            status: 200,
            body: None,
        },
        ..Target::welcome(([127, 0, 0, 1], 1).into())
    };
    let generator = Generator::start(engine, &[], 1).unwrap();
    let opening = generator.connect(0, &target, 8, Some(80), TIMEOUT).unwrap();
    let mut measured = generator.run(0, &spec(80)).unwrap();
    measured.add_opening(opening).unwrap();
    let tally = measured.tally;
    assert_eq!((tally.ok, tally.errors()), (80, 0), "{tally:?}");
    assert_eq!(tally.connect_errors, 0, "{:?}", measured.causes);
}
