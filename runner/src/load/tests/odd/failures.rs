//! Connections that break, end or fall silent at every stage.

use super::{
    BODY, CONNECTIONS, Odd, RIGHT, Worth, check, framed, listener_with_a_queue_of_one, load, odd,
    right, target,
};
use crate::load::tests::{EngineChoice, EngineKind, SILENCE, TIMEOUT, spec};
use crate::load::{Arrivals, Cause, Generator, LoadSpec, Pace, Target};
use controls::scripted::{Reply, Script, Scripted, Step};
use std::time::Duration;

on_every_engine![
    a_connection_that_breaks_costs_the_request_it_carried,
    silence_is_a_timeout_that_frees_the_connection,
    a_server_that_answers_the_first_few_of_a_connection_is_counted_rightly,
    a_reset_before_any_request_is_counted_as_what_it_is,
    a_greeting_nobody_asked_for_is_no_answer,
    an_idle_connection_that_is_closed_is_a_quiet_reconnect,
    a_queue_that_accepts_nobody_is_a_failure_to_connect,
    a_server_that_turns_bad_is_counted_to_the_end,
];

use Worth::{Broken, Silent};

/// So many bytes of the right answer.
fn beginning(worth: Worth, bytes: usize) -> Reply {
    Reply::new(worth, &RIGHT[..bytes])
}

const MID_HEAD: usize = 30;
const HEAD: usize = RIGHT.len() - BODY.len();
const MID_BODY: usize = RIGHT.len() - 5;

/// Bytes on their way when a reset comes are lost, so the reset waits for them to be read.
const GAP: Step = Step::Pause(Duration::from_millis(1));

/// Ends and resets at each stage.
const BREAKS: &[Odd] = &[
    odd("reset instead of an answer", |_| Reply {
        worth: Broken,
        steps: vec![Step::Reset],
    }),
    odd("reset in the head", |_| {
        beginning(Broken, MID_HEAD).then(GAP).then(Step::Reset)
    }),
    odd("reset after the head", |_| {
        beginning(Broken, HEAD).then(GAP).then(Step::Reset)
    }),
    odd("reset in the body", |_| {
        beginning(Broken, MID_BODY).then(GAP).then(Step::Reset)
    }),
    odd("end instead of an answer", |_| Reply {
        worth: Broken,
        steps: vec![Step::Close],
    }),
    odd("end in the status line", |_| {
        beginning(Broken, 7).then(Step::Close)
    }),
    odd("end in the head", |_| {
        beginning(Broken, MID_HEAD).then(Step::Close)
    }),
    odd("end after the head", |_| {
        beginning(Broken, HEAD).then(Step::Close)
    }),
    odd("end in the body", |_| {
        beginning(Broken, MID_BODY).then(Step::Close)
    }),
    odd("end in a chunk", |_| {
        framed(Broken, "transfer-encoding: chunked\r\n", "c\r\nHello").then(Step::Close)
    }),
    odd("end before the last chunk", |_| {
        framed(
            Broken,
            "transfer-encoding: chunked\r\n",
            "c\r\nHello World!\r\n",
        )
        .then(Step::Close)
    }),
    odd("end after an interim answer", |_| {
        Reply::new(Broken, "HTTP/1.1 103 Early Hints\r\n\r\n").then(Step::Close)
    }),
    odd("half-close instead of an answer", |_| Reply {
        worth: Broken,
        steps: vec![Step::HalfClose, Step::Wait],
    }),
    odd("half-close in the head", |_| {
        beginning(Broken, MID_HEAD)
            .then(Step::HalfClose)
            .then(Step::Wait)
    }),
    odd("half-close in the body", |_| {
        beginning(Broken, MID_BODY)
            .then(Step::HalfClose)
            .then(Step::Wait)
    }),
];

fn a_connection_that_breaks_costs_the_request_it_carried(engine: EngineKind) {
    check(engine, BREAKS, false);
    check(engine, BREAKS, true);
}

/// A timeout takes its time, so there are few.
const fn rare(name: &'static str, reply: fn(u64) -> Reply) -> Odd {
    Odd {
        every: 50,
        requests: 100,
        ..odd(name, reply)
    }
}

/// Nothing more comes, at each stage.
const SILENCES: &[Odd] = &[
    rare("never answers", |_| Reply {
        worth: Silent,
        steps: vec![Step::Wait],
    }),
    rare("stops in the head", |_| {
        beginning(Silent, MID_HEAD).then(Step::Wait)
    }),
    rare("stops in the body", |_| {
        beginning(Silent, MID_BODY).then(Step::Wait)
    }),
    rare("only ever says 100", |_| {
        Reply::new(Silent, "HTTP/1.1 100 Continue\r\n\r\n").then(Step::Wait)
    }),
    rare("announces more than it has", |_| {
        super::edited(Silent, "12", "13").then(Step::Wait)
    }),
];

fn silence_is_a_timeout_that_frees_the_connection(engine: EngineKind) {
    check(engine, SILENCES, false);
}

fn a_server_that_answers_the_first_few_of_a_connection_is_counted_rightly(engine: EngineKind) {
    // It says nothing of the end; the request that follows is lost with the connection, and goes
    // out once more. Reading it first makes the server's count exact.
    let server = Scripted::start(Script::of(|_, here| match here {
        6 => Reply {
            worth: Broken,
            steps: vec![Step::Close],
        },
        _ => right(),
    }));
    let (opened, measured) = load(engine, &target(&server, true), &spec(200));
    super::assert_agree("five of each connection", &server, &opened, &measured);
    let tally = &measured.tally;
    assert_eq!((tally.ok, tally.reset), (200, 0), "{tally:?}");
    assert!(tally.redone >= 30, "{tally:?}");
    assert_eq!(
        measured.causes.reconnects.keys().collect::<Vec<_>>(),
        [&Cause::Ended]
    );
    // And one that falls silent instead.
    let server = Scripted::start(Script::of(|_, here| match here {
        20 => Reply {
            worth: Silent,
            steps: vec![Step::Wait],
        },
        _ => right(),
    }));
    let silence = LoadSpec {
        timeout: SILENCE,
        ..spec(90)
    };
    let (opened, measured) = load(engine, &target(&server, true), &silence);
    super::assert_agree("then silent", &server, &opened, &measured);
    assert_eq!(measured.tally.timeout, CONNECTIONS as u64);
}

fn a_reset_before_any_request_is_counted_as_what_it_is(engine: EngineKind) {
    let server = Scripted::start(Script {
        on_accept: vec![Step::Reset],
        ..Script::of(|_, _| right())
    });
    let generator = Generator::start(engine, &[], 1).unwrap();
    let error = generator
        .open(0, &target(&server, true), 2, TIMEOUT)
        .unwrap_err();
    let words = format!("{error:#}");
    assert!(
        words.contains("broke")
            || words.contains("cannot send")
            || words.contains("closed")
            || words.contains("cannot connect"),
        "{words}"
    );
    assert_eq!(server.requests(), 0);
}

fn a_greeting_nobody_asked_for_is_no_answer(engine: EngineKind) {
    // The whole right answer, before the request: taken for one, it would make the next one fast.
    let server = Scripted::start(Script {
        on_accept: vec![Step::Send(RIGHT.into())],
        ..Script::of(|_, _| right())
    });
    let generator = Generator::start(engine, &[], 1).unwrap();
    let opened = generator.open(0, &target(&server, true), 1, TIMEOUT);
    let Ok(_) = opened else {
        return;
    };
    // Where the greeting passed for the first answer, what follows it gives it away.
    let measured = generator.run(0, &spec(10)).unwrap();
    let tally = measured.tally;
    assert!(tally.protocol_error + tally.reconnects > 0, "{tally:?}");
    assert!(tally.balances(), "{tally:?}");
}

fn an_idle_connection_that_is_closed_is_a_quiet_reconnect(engine: EngineKind) {
    // Each connection answers twice, then ends while nothing is asked of it.
    let server = Scripted::start(Script::of(|_, here| match here {
        2 => right().then(GAP).then(Step::Close),
        _ => right(),
    }));
    let spec = LoadSpec {
        pace: Pace::Open {
            // A connection's end has many times as long to come as it takes.
            rate: 20.0,
            arrivals: Arrivals::Uniform,
            seed: 0,
        },
        ..spec(40)
    };
    let target = Target {
        expected: super::Expected::Answer {
            status: 200,
            body: None,
        },
        ..target(&server, false)
    };
    let (opened, measured) = load(engine, &target, &spec);
    super::assert_agree("idle close", &server, &opened, &measured);
    let tally = measured.tally;
    assert_eq!(
        (tally.ok, tally.errors(), tally.unsent),
        (40, 0, 0),
        "{tally:?}"
    );
    assert!(
        measured.causes.reconnects[&Cause::Ended] >= 15,
        "{measured:?}"
    );
}

fn a_queue_that_accepts_nobody_is_a_failure_to_connect(engine: EngineKind) {
    let listener = listener_with_a_queue_of_one();
    let address = rustix::net::getsockname(&listener).unwrap();
    let address = std::net::SocketAddr::try_from(address).unwrap();
    let generator = Generator::start(engine, &[], 1).unwrap();
    let error = generator
        .open(0, &Target::welcome(address), 8, SILENCE)
        .unwrap_err();
    let words = format!("{error:#}");
    assert!(
        words.contains("too long") || words.contains("timed out"),
        "{words}"
    );
}

fn a_server_that_turns_bad_is_counted_to_the_end(engine: EngineKind) {
    // After 100 requests every connection is reset, new ones too.
    let server = Scripted::start(Script::of(|number, _| match number {
        0..=100 => right(),
        _ => Reply {
            worth: Broken,
            steps: vec![Step::Reset],
        },
    }));
    let spec = LoadSpec {
        duration: Some(Duration::from_millis(500)),
        ..spec(1_000_000)
    };
    let (opened, measured) = load(engine, &target(&server, true), &spec);
    super::assert_agree("turned bad", &server, &opened, &measured);
    assert!(measured.tally.reset > 0 && measured.cut, "{measured:?}");
}
