//! A server that ends idle connections without a word: a request that meets such an end goes out once
//! more, and both engines count the same.

use super::odd::{right, target};
use super::{EngineChoice, EngineKind, TIMEOUT, spec};
use crate::load::{Arrivals, Cause, Generator, LoadSpec, Measured, Pace, Target};
use controls::scripted::{Reply, Script, Scripted, Step, Worth};
use std::time::Duration;

on_every_engine![
    a_server_that_closes_after_each_answer_costs_no_request,
    a_request_that_does_not_bear_repeating_is_not_repeated,
    what_fails_on_a_new_connection_is_not_tried_a_third_time,
    an_answer_that_has_begun_is_not_asked_for_again,
    a_request_whose_server_has_gone_is_still_counted,
    its_time_counts_from_when_it_was_first_sent,
];

fn load(engine: EngineKind, target: &Target, connections: usize, spec: &LoadSpec) -> Measured {
    let generator = Generator::start(engine, &[], 1).unwrap();
    generator
        .connect(0, target, connections, spec.requests, TIMEOUT)
        .unwrap();
    let measured = generator.run(0, spec).unwrap();
    assert!(measured.tally.balances(), "{:?}", measured.tally);
    measured
}

fn broken(end: Step) -> Reply {
    Reply {
        worth: Worth::Broken,
        steps: vec![end],
    }
}

fn a_server_that_closes_after_each_answer_costs_no_request(engine: EngineKind) {
    for end in [Step::Close, Step::HalfClose, Step::Reset] {
        // A reset takes with it what has not been read, so it gives the answer time.
        let pause = Step::Pause(Duration::from_micros(match end {
            Step::Reset => 2000,
            _ => 0,
        }));
        let server = Scripted::start(Script::of(move |_, _| {
            right().then(pause.clone()).then(end.clone())
        }));
        for pace in [
            Pace::Closed,
            Pace::Open {
                rate: 500.0,
                arrivals: Arrivals::Uniform,
                seed: 0,
            },
        ] {
            let before = server.requests();
            let spec = LoadSpec { pace, ..spec(60) };
            let measured = load(engine, &target(&server, true), 4, &spec);
            let tally = measured.tally;
            assert_eq!((tally.ok, tally.errors()), (60, 0), "{tally:?}");
            // Only one that has ended its own direction alone reads what it will not answer.
            let read = server.requests() - before;
            assert!((60..=60 + tally.redone).contains(&read), "{tally:?}");
            // Every connection but the last ones was opened again.
            assert!((56..=60).contains(&tally.reconnects), "{tally:?}");
        }
    }
}

fn a_request_that_does_not_bear_repeating_is_not_repeated(engine: EngineKind) {
    for end in [Step::Close, Step::Reset] {
        let server = Scripted::start(Script::of(move |_, here| match here {
            2 => broken(end.clone()),
            _ => right(),
        }));
        let target = Target {
            is_idempotent: false,
            ..target(&server, true)
        };
        let tally = load(engine, &target, 4, &spec(40)).tally;
        assert_eq!((tally.ok + tally.reset, tally.redone), (40, 0), "{tally:?}");
        assert_eq!(tally.reset, server.count(Worth::Broken));
        assert_eq!(server.requests(), 40);
    }
}

fn what_fails_on_a_new_connection_is_not_tried_a_third_time(engine: EngineKind) {
    // From the eleventh request on there is no answer any more.
    let server = Scripted::start(Script::of(|number, _| match number {
        0..=10 => right(),
        _ => broken(Step::Reset),
    }));
    let tally = load(engine, &target(&server, true), 1, &spec(20)).tally;
    assert_eq!((tally.ok, tally.reset, tally.redone), (10, 10, 1));
    assert_eq!(server.requests(), 21);
}

fn an_answer_that_has_begun_is_not_asked_for_again(engine: EngineKind) {
    let server = Scripted::start(Script::of(|number, _| match number {
        10 => Reply::new(Worth::Broken, "H").then(Step::Close),
        _ => right(),
    }));
    let tally = load(engine, &target(&server, true), 1, &spec(20)).tally;
    assert_eq!((tally.ok, tally.reset, tally.redone), (19, 1, 0));
}

fn a_request_whose_server_has_gone_is_still_counted(engine: EngineKind) {
    // The first connection is answered once and then closed; nobody listens any more by then.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        drop(listener);
        for answer in [super::odd::RIGHT.as_bytes(), b""] {
            std::io::Read::read(&mut stream, &mut [0; 1024])?;
            std::io::Write::write_all(&mut stream, answer)?;
        }
        std::io::Result::Ok(())
    });
    let spec = LoadSpec {
        duration: Some(Duration::from_millis(100)),
        ..spec(1000)
    };
    let measured = load(engine, &Target::welcome(address), 1, &spec);
    let tally = measured.tally;
    assert_eq!((tally.sent, tally.ok, tally.reset), (2, 1, 1), "{tally:?}");
    assert!(tally.connect_errors > 0, "{tally:?}");
    assert_eq!(measured.causes.reconnects[&Cause::Ended], 1);
}

fn its_time_counts_from_when_it_was_first_sent(engine: EngineKind) {
    const WAIT: Duration = Duration::from_millis(50);
    let server = Scripted::start(Script::of(|number, _| match number {
        10 => Reply {
            worth: Worth::Broken,
            steps: vec![Step::Pause(WAIT), Step::Close],
        },
        _ => right(),
    }));
    let measured = load(engine, &target(&server, true), 1, &spec(20));
    assert_eq!((measured.tally.ok, measured.tally.redone), (20, 1));
    assert!(measured.times.service.max() >= WAIT.as_nanos() as u64);
}
