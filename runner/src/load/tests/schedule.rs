//! The open loop keeps its schedule more finely than the kernel's coarse timers do.

use super::{EngineChoice, EngineKind, TIMEOUT, spec};
use crate::load::{Arrivals, Generator, LoadSpec, Pace, Target};
use controls::{Planted, Server};
use std::time::Duration;

on_every_engine![
    requests_leave_well_within_their_interval,
    what_never_leaves_in_the_open_loop_is_counted_with_its_age,
    a_run_in_the_open_loop_lasts_as_long_as_its_schedule,
    a_run_that_is_stopped_lasts_no_longer_than_it_did,
];

fn requests_leave_well_within_their_interval(engine: EngineKind) {
    let server = Server::start(Planted::Nothing);
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = Target::welcome(server.address);
    generator.open(0, &target, 4, TIMEOUT).unwrap();
    // Due at multiples of 1.43 ms, so that a clock of whole milliseconds is late for most.
    let rate = 700.0;
    let spec = LoadSpec {
        pace: Pace::Open {
            rate,
            arrivals: Arrivals::Uniform,
            seed: 0,
        },
        ..spec(700)
    };
    let measured = generator.run(0, &spec).unwrap();
    let late = measured.times.dispatch_delay.value_at_quantile(0.5) as f64;
    let interval_ns = 1e9 / rate;
    assert!(late < interval_ns / 5.0, "{late} of {interval_ns} ns");
}

fn what_never_leaves_in_the_open_loop_is_counted_with_its_age(engine: EngineKind) {
    let server = Server::start(Planted::SlowMs(100));
    let generator = Generator::start(engine, &[], 1).unwrap();
    generator
        .open(0, &Target::welcome(server.address), 2, TIMEOUT)
        .unwrap();
    let spec = LoadSpec {
        pace: Pace::Open {
            rate: 200.0,
            arrivals: Arrivals::Uniform,
            seed: 0,
        },
        duration: Some(Duration::from_millis(1000)),
        ..spec(u64::MAX)
    };
    let tally = generator.run(0, &spec).unwrap().tally;
    assert_eq!(tally.scheduled(), 200);
    // Two connections, ten answers a second each.
    assert!(
        tally.balances() && (15..=22).contains(&tally.sent),
        "{tally:?}"
    );
    let oldest_ms = tally.unsent_age_max_ns / 1_000_000;
    assert!((800..=1000).contains(&oldest_ms), "{oldest_ms} ms");
}

fn a_run_in_the_open_loop_lasts_as_long_as_its_schedule(engine: EngineKind) {
    let load = |planted, threads, requests, duration_ms| {
        let server = Server::start(planted);
        let generator = Generator::start(engine, &[], threads).unwrap();
        generator
            .open(0, &Target::welcome(server.address), 6, TIMEOUT)
            .unwrap();
        let spec = LoadSpec {
            pace: Pace::Open {
                rate: 20.0,
                arrivals: Arrivals::Uniform,
                seed: 0,
            },
            duration: Some(Duration::from_millis(duration_ms)),
            ..spec(requests)
        };
        let measured = generator.run(0, &spec).unwrap();
        (measured.tally.ok, measured.elapsed)
    };
    let ms = Duration::from_millis;
    // The rate is what was offered, not one more in an interval less.
    assert_eq!(load(Planted::Nothing, 1, 4, 10_000), (4, ms(200)));
    assert_eq!(load(Planted::Nothing, 1, u64::MAX, 400), (8, ms(400)));
    assert_eq!(load(Planted::Nothing, 3, 5, 10_000), (5, ms(250)));
    // An answer that takes longer than that makes the run as long.
    let (ok, elapsed) = load(Planted::SlowMs(150), 1, 2, 10_000);
    assert!(ok == 2 && elapsed >= ms(200), "{elapsed:?}");
}

fn a_run_that_is_stopped_lasts_no_longer_than_it_did(engine: EngineKind) {
    let server = Server::start(Planted::Nothing);
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = Target::welcome(server.address);
    generator.open(0, &target, 4, TIMEOUT).unwrap();
    let spec = LoadSpec {
        pace: Pace::Open {
            rate: 10.0,
            arrivals: Arrivals::Uniform,
            seed: 0,
        },
        ..spec(10_000)
    };
    spec.stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let measured = generator.run(0, &spec).unwrap();
    assert!(
        measured.cut && measured.elapsed < Duration::from_secs(100),
        "{measured:?}"
    );
}
