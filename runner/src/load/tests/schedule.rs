//! The open loop keeps its schedule more finely than the kernel's coarse timers do.

use super::{EngineChoice, EngineKind, SILENCE, TIMEOUT, in_one_of_many, spec};
use crate::load::{Arrivals, Generator, LoadSpec, Pace, Target};
use controls::stall::Stalling;
use controls::{Planted, Server};
use std::time::Duration;

on_every_engine![
    a_stall_is_seen_by_every_request_it_delays,
    requests_leave_well_within_their_interval,
    what_never_leaves_in_the_open_loop_is_counted_with_its_age,
    a_run_in_the_open_loop_lasts_as_long_as_its_schedule,
    a_run_that_is_stopped_reports_the_time_in_which_it_ran,
    what_never_leaves_is_in_the_percentiles_with_the_age_it_had_at_the_end,
    a_connection_for_each_request_is_opened_when_that_is_due,
    a_request_whose_connection_is_refused_is_tried_again_and_never_lost,
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
        ..spec(140)
    };
    // On a busy machine a run may be late throughout; with a coarse clock every run is.
    let interval_ns = 1e9 / rate;
    let mut late_ns = Vec::new();
    while late_ns.len() < 50 {
        let measured = generator.run(0, &spec).unwrap();
        let median_ns = measured.times.dispatch_delay.value_at_quantile(0.5) as f64;
        if median_ns < interval_ns / 5.0 {
            return;
        }
        late_ns.push(median_ns);
    }
    panic!("{late_ns:?} of {interval_ns} ns");
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
    let measured = generator.run(0, &spec).unwrap();
    let tally = &measured.tally;
    assert_eq!(tally.scheduled(), 200);
    // What waits for a connection waits for the server.
    let p99_ns = |times: &hdrhistogram::Histogram<u64>| times.value_at_quantile(0.99);
    let times = &measured.times;
    assert!(p99_ns(&times.lateness) < p99_ns(&times.dispatch_delay) / 2);
    // Two connections, ten answers a second each; fewer if the machine stalls.
    assert!(
        tally.balances() && (1..=22).contains(&tally.sent),
        "{tally:?}"
    );
    let oldest_ms = tally.unsent_age_max_ns / 1_000_000;
    assert!(oldest_ms >= 800, "{oldest_ms} ms");
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
    // The rate is what was offered, not one more in an interval less. An answer that a stalled machine delays beyond
    // the schedule makes the run longer, never shorter: one of some tries is not delayed.
    let lasts = |threads, requests, limit_ms, expected: (u64, Duration)| {
        let is_exact = (0..20).any(|_| {
            let (ok, elapsed) = load(Planted::Nothing, threads, requests, limit_ms);
            assert!(
                ok == expected.0 && elapsed >= expected.1,
                "{ok} {elapsed:?}"
            );
            elapsed == expected.1
        });
        assert!(is_exact, "longer than {expected:?} each time");
    };
    lasts(1, 4, 10_000, (4, ms(200)));
    lasts(1, u64::MAX, 400, (8, ms(400)));
    lasts(3, 5, 10_000, (5, ms(250)));
    // An answer that takes longer than that makes the run as long.
    let (ok, elapsed) = load(Planted::SlowMs(150), 1, 2, 10_000);
    assert!(ok == 2 && elapsed >= ms(200), "{elapsed:?}");
}

fn a_run_that_is_stopped_reports_the_time_in_which_it_ran(engine: EngineKind) {
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

fn paced(rate: f64, requests: Option<u64>, duration_ms: Option<u64>) -> LoadSpec {
    LoadSpec {
        requests,
        duration: duration_ms.map(Duration::from_millis),
        ..LoadSpec::new(
            Pace::Open {
                rate,
                arrivals: Arrivals::Uniform,
                seed: 0,
            },
            Duration::from_secs(20),
        )
    }
}

fn what_never_leaves_is_in_the_percentiles_with_the_age_it_had_at_the_end(engine: EngineKind) {
    // The one connection is busy with the first request until long after the schedule's end.
    let server = Server::start(Planted::SlowMs(1500));
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = Target::welcome(server.address);
    generator.connect(0, &target, 1, None, TIMEOUT).unwrap();
    let measured = generator.run(0, &paced(100.0, None, Some(500))).unwrap();
    let (tally, response) = (&measured.tally, &measured.times.response);
    assert_eq!((tally.sent, tally.unsent, tally.ok), (1, 49, 1));
    assert_eq!(response.len(), 50);
    // The last of them had been due for a second when the run ended; at the schedule's end, for 10 ms.
    assert!(response.min() >= 990_000_000, "{}", response.min());
    assert!(tally.unsent_age_max_ns >= 1_480_000_000, "{tally:?}");
}

fn a_connection_for_each_request_is_opened_when_that_is_due(engine: EngineKind) {
    in_one_of_many(|| {
        // Eight connections that wait for their turn would make each request wait for others'.
        let response_ms = one_connection_for_each_request(engine);
        match response_ms < 100 {
            true => Ok(()),
            false => Err(format!("{response_ms} ms, and 100 ms from one to the next")),
        }
    });
}

/// The median response time, in ms, of requests that are due every 100 ms.
fn one_connection_for_each_request(engine: EngineKind) -> u64 {
    // Whoever is connected has the server's attention until it has asked something.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target {
        requests_per_connection: Some(1),
        ..Target::welcome(listener.local_addr().unwrap())
    };
    let counted = std::thread::spawn(move || {
        let mut connections = 0;
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut piece = [0; 1024];
            while !request.ends_with(b"\r\n\r\n") {
                let read_bytes = std::io::Read::read(&mut stream, &mut piece).unwrap_or(0);
                if read_bytes == 0 {
                    break;
                }
                request.extend_from_slice(&piece[..read_bytes]);
            }
            connections += 1;
            let answer = super::odd::RIGHT.as_bytes();
            let _ = std::io::Write::write_all(&mut stream, answer);
            if connections == 12 {
                break;
            }
        }
        connections
    });
    let generator = Generator::start(engine, &[], 1).unwrap();
    let opening = generator.connect(0, &target, 8, Some(12), TIMEOUT).unwrap();
    let mut measured = generator.run(0, &paced(10.0, Some(12), None)).unwrap();
    measured.add_opening(opening).unwrap();
    let tally = &measured.tally;
    assert_eq!(
        (tally.ok, tally.sent, tally.unsent),
        (12, 12, 0),
        "{measured:?}"
    );
    assert_eq!(counted.join().unwrap(), 12);
    assert_eq!(measured.times.connect.len(), 12);
    measured.times.response.value_at_quantile(0.5) / 1_000_000
}

fn a_request_whose_connection_is_refused_is_tried_again_and_never_lost(engine: EngineKind) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let target = Target {
        requests_per_connection: Some(1),
        ..Target::welcome(address)
    };
    let generator = Generator::start(engine, &[], 1).unwrap();
    generator.connect(0, &target, 4, None, TIMEOUT).unwrap();
    // It goes, and comes back: to no one else's place, since none is given away meanwhile.
    drop(listener);
    let back = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        controls::scripted::Scripted::start_at(
            address,
            controls::scripted::Script::of(|_, _| super::odd::right()),
        )
    });
    let measured = generator.run(0, &paced(100.0, Some(50), None)).unwrap();
    let server = back.join().unwrap();
    let tally = measured.tally;
    assert!(tally.balances() && tally.connect_errors > 0, "{tally:?}");
    assert_eq!((tally.ok, tally.unsent), (50, 0), "{tally:?}");
    assert_eq!(server.requests(), 50);
    assert!(measured.times.response.max() >= 250_000_000, "{measured:?}");
    // If nobody comes back, each request is one that never left.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target {
        address: gone.local_addr().unwrap().into(),
        ..target
    };
    generator.connect(1, &target, 4, None, TIMEOUT).unwrap();
    drop(gone);
    let spec = LoadSpec {
        timeout: SILENCE,
        ..paced(100.0, None, Some(300))
    };
    let measured = generator.run(1, &spec).unwrap();
    let tally = measured.tally;
    assert_eq!(tally.scheduled(), 30, "{tally:?}");
    assert!(tally.unsent >= 29 && tally.balances(), "{tally:?}");
    assert_eq!(measured.times.response.len(), tally.unsent, "{tally:?}");
}

/// The stall oracle: at a fixed rate a server answers at once, but for one stall of S within T.
/// Requests due during the stall wait for its end, so their response times are spread evenly over
/// 0..S, and there are S/T of them; all others take next to nothing.
fn a_stall_is_seen_by_every_request_it_delays(engine: EngineKind) {
    const STALL_MS: u64 = 1_000;
    const RUN_MS: u64 = 10_000;
    const RATE: u64 = 200;
    in_one_of_many(|| {
        let server = Stalling::start(400, Duration::from_millis(STALL_MS));
        let generator = Generator::start(engine, &[], 1).unwrap();
        let target = Target::welcome(server.address);
        generator.open(0, &target, 16, TIMEOUT).unwrap();
        let spec = LoadSpec {
            pace: Pace::Open {
                rate: RATE as f64,
                arrivals: Arrivals::Uniform,
                seed: 0,
            },
            duration: Some(Duration::from_millis(RUN_MS)),
            ..spec(u64::MAX)
        };
        let measured = generator.run(0, &spec).unwrap();
        let (tally, times) = (&measured.tally, &measured.times);
        assert!(tally.balances() && tally.errors() == 0, "{tally:?}");
        assert_eq!(tally.scheduled(), RATE * RUN_MS / 1000);
        // What was sent saw it too, but only as many requests as there are connections.
        let p99 = |times: &hdrhistogram::Histogram<u64>| times.value_at_quantile(0.99);
        let share =
            |quantile| times.response.value_at_quantile(quantile) as f64 / 1e6 / STALL_MS as f64;
        let expected = [(0.95, 0.5), (0.99, 0.9), (1.0, 1.0)];
        let is_seen =
            |&(quantile, expected): &(f64, f64)| (share(quantile) - expected).abs() < 0.15;
        let is_seen_by_few = p99(&times.service) < p99(&times.response);
        match is_seen_by_few && share(0.5) < 0.1 && expected.iter().all(is_seen) {
            true => Ok(()),
            false => Err(format!(
                "{} {:?}",
                share(0.5),
                expected.map(|(quantile, _)| share(quantile))
            )),
        }
    });
}
