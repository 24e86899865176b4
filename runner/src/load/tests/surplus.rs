//! Bytes that no request has asked for make the answer before them wrong, whatever the engine, the pace and
//! the moment at which they come.

use super::{EngineChoice, EngineKind, TIMEOUT, spec};
use crate::http::Method;
use crate::load::{Arrivals, Cause, Expected, Generator, LoadSpec, Measured, Pace, Target};
use controls::scripted::{Reply, Script, Scripted, Step, Worth};
use std::time::Duration;

on_every_engine![
    surplus_bytes_are_errors_whenever_they_come,
    bodies_after_head_that_begin_later_are_errors_whenever_they_come,
    a_greeting_on_an_idle_connection_is_an_error,
    what_is_refused_once_does_not_slow_the_rest,
];

const REQUESTS: u64 = 60;

const PACES: [Pace; 2] = [
    Pace::Closed,
    Pace::Open {
        rate: 100.0,
        arrivals: Arrivals::Uniform,
        seed: 0,
    },
];

fn target(server: &Scripted, method: Method) -> Target {
    let name = match method {
        Method::Head => "HEAD",
        Method::Get => "GET",
    };
    Target {
        method,
        request: format!("{name} / HTTP/1.1\r\nHost: here\r\n\r\n").into_bytes(),
        expected: Expected::Answer {
            status: 200,
            body: None,
        },
        ..Target::welcome(server.address)
    }
}

fn run(engine: EngineKind, target: &Target, pace: Pace) -> Measured {
    let generator = Generator::start(engine, &[], 1).unwrap();
    generator
        .connect(0, target, 2, Some(REQUESTS), TIMEOUT)
        .unwrap();
    let spec = LoadSpec {
        pace,
        ..spec(REQUESTS)
    };
    let measured = generator.run(0, &spec).unwrap();
    assert!(measured.tally.balances(), "{:?}", measured.tally);
    assert!(measured.offered.tally.ok <= measured.tally.ok);
    measured
}

/// These bytes, and those so many milliseconds later; in one piece where it is none.
fn split(first: &str, pause_ms: u64, then: &str) -> Reply {
    match pause_ms {
        0 => Reply::new(Worth::Disorder, first.to_owned() + then),
        _ => Reply::new(Worth::Disorder, first)
            .then(Step::Pause(Duration::from_millis(pause_ms)))
            .then(Step::Send(then.into())),
    }
}

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";

fn surplus_bytes_are_errors_whenever_they_come(engine: EngineKind) {
    for pace in PACES {
        for pause_ms in [0, 2, 15] {
            let server = Scripted::start(Script::of(move |_, _| {
                split(&(HEAD.to_owned() + "ok"), pause_ms, "XX")
            }));
            let measured = run(engine, &target(&server, Method::Get), pace);
            let tally = measured.tally;
            // What comes after the end of the run is not seen.
            assert!(
                tally.ok <= 2 && tally.protocol_error >= REQUESTS - 2,
                "{pace:?} {pause_ms} ms: {tally:?}"
            );
            let complaint = measured.complaint.unwrap();
            assert!(
                complaint.contains("after the answer") || complaint.contains("does not parse"),
                "{complaint}"
            );
        }
    }
}

fn bodies_after_head_that_begin_later_are_errors_whenever_they_come(engine: EngineKind) {
    for pace in PACES {
        for pause_ms in [0, 2] {
            let server = Scripted::start(Script::of(move |number, _| match number {
                10.. if number % 5 == 0 => split(HEAD, pause_ms, "ok"),
                _ => Reply::new(Worth::Right, HEAD),
            }));
            let measured = run(engine, &target(&server, Method::Head), pace);
            let (tally, wrong) = (measured.tally, server.count(Worth::Disorder));
            assert!(wrong >= 10, "{wrong}");
            assert!(
                tally.protocol_error.abs_diff(wrong) <= 3,
                "{pace:?} {pause_ms} ms, {wrong}: {tally:?}"
            );
        }
    }
}

fn a_greeting_on_an_idle_connection_is_an_error(engine: EngineKind) {
    let server = Scripted::start(Script {
        on_accept: vec![Step::Send(b"220 mail.example ESMTP\r\n".to_vec())],
        ..Script::of(|_, _| Reply::new(Worth::Right, HEAD.to_owned() + "ok"))
    });
    let target = target(&server, Method::Get);
    let generator = Generator::start(engine, &[], 1).unwrap();
    // Whether it is seen before the run or in it depends on who is faster.
    let errors = match generator.connect(0, &target, 2, Some(20), TIMEOUT) {
        Err(error) => {
            assert!(
                error.to_string().contains("before anything was asked"),
                "{error}"
            );
            return;
        }
        Ok(opening) => opening,
    };
    let mut measured = generator.run(0, &spec(20)).unwrap();
    measured.add_opening(errors).unwrap();
    let tally = measured.tally;
    let unasked = measured.causes.connect_errors.get(&Cause::Unasked);
    assert_eq!(tally.ok, 0, "{tally:?}");
    assert!(tally.protocol_error > 0 || unasked.is_some(), "{tally:?}");
}

fn what_is_refused_once_does_not_slow_the_rest(engine: EngineKind) {
    let server = Scripted::start(Script::of(|number, _| match number {
        20 => Reply::new(Worth::Disorder, "220 mail.example ESMTP\r\n\r\n"),
        _ => Reply::new(Worth::Right, HEAD.to_owned() + "ok"),
    }));
    let measured = run(engine, &target(&server, Method::Get), Pace::Closed);
    let tally = measured.tally;
    assert_eq!((tally.ok, tally.protocol_error), (REQUESTS - 1, 1));
    // A moment to see whether others follow, and not for each of the answers.
    assert!(measured.elapsed < Duration::from_secs(2), "{measured:?}");
}
