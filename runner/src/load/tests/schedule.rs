//! The open loop keeps its schedule more finely than the kernel's coarse timers do.

use super::{EngineChoice, EngineKind, TIMEOUT, limits};
use crate::load::{Arrivals, Generator, Limits, Pace, Target};
use controls::{Planted, Server};
use std::time::Duration;

on_every_engine![
    requests_leave_well_within_their_interval,
    what_never_leaves_in_the_open_loop_is_counted_with_its_age,
];

fn requests_leave_well_within_their_interval(engine: EngineKind) {
    let server = Server::start(Planted::Nothing);
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = Target::welcome(server.address);
    generator.open(0, &target, 4, TIMEOUT).unwrap();
    // Due at multiples of 1.43 ms, so that a clock of whole milliseconds is late for most.
    let rate = 700.0;
    let limits = Limits {
        pace: Pace::Open {
            rate,
            arrivals: Arrivals::Uniform,
            seed: 0,
        },
        ..limits(700)
    };
    let measured = generator.run(0, &limits).unwrap();
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
    let limits = Limits {
        pace: Pace::Open {
            rate: 200.0,
            arrivals: Arrivals::Uniform,
            seed: 0,
        },
        duration: Some(Duration::from_millis(1000)),
        ..limits(u64::MAX)
    };
    let tally = generator.run(0, &limits).unwrap().tally;
    assert_eq!(tally.scheduled(), 200);
    // Two connections, ten answers a second each.
    assert!(
        tally.balances() && (15..=22).contains(&tally.sent),
        "{tally:?}"
    );
    let oldest_ms = tally.unsent_age_max_ns / 1_000_000;
    assert!((800..=1000).contains(&oldest_ms), "{oldest_ms} ms");
}
