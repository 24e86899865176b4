//! The open loop keeps its schedule more finely than the kernel's coarse timers do.

use super::{EngineChoice, EngineKind, TIMEOUT, limits};
use crate::load::{Arrivals, Generator, Limits, Pace, Target};
use controls::{Planted, Server};

on_every_engine![requests_leave_well_within_their_interval];

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
