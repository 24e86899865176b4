//! A window counts what ended in it, and nothing of the rest is lost.

use super::odd::{right, target};
use super::{EngineChoice, EngineKind, TIMEOUT};
use crate::load::{
    Arrivals, Generator, Intervals, LoadSpec, Measured, Pace, Probe, Target, Window,
};
use anyhow::bail;
use controls::scripted::{Reply, Script, Scripted, Step};
use controls::{Planted, Server};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

on_every_engine![
    requests_of_window_and_rest_add_up_to_what_the_server_saw,
    a_window_without_an_answer_counts_none,
    what_is_open_after_the_rest_is_given_up_with_its_connection,
    a_window_ends_where_the_run_is_stopped,
    an_open_loop_counts_what_fell_due_and_never_left_in_the_window,
    the_probe_is_read_once_at_each_edge,
    a_probe_that_fails_is_told_and_changes_nothing,
    connections_that_are_served_are_told_from_those_that_wait,
    intervals_add_up_to_window_and_rest,
    more_threads_than_connections_have_one_window,
];

const MS: fn(u64) -> Duration = Duration::from_millis;

fn windowed(settling_ms: u64, length_ms: u64, rest_ms: u64) -> LoadSpec {
    LoadSpec {
        window: Some(Window {
            settling: MS(settling_ms),
            length: MS(length_ms),
            rest: MS(rest_ms),
        }),
        ..LoadSpec::new(Pace::Closed, Duration::from_secs(20))
    }
}

fn run(engine: EngineKind, server: &Server, threads: usize, spec: &LoadSpec) -> Measured {
    let generator = Generator::start(engine, &[], threads).unwrap();
    let target = Target::welcome(server.address);
    generator.open(0, &target, 4, TIMEOUT).unwrap();
    let measured = generator.run(0, spec).unwrap();
    assert!(measured.tally.balances(), "{:?}", measured.tally);
    assert!(measured.outside.balances(), "{:?}", measured.outside);
    measured
}

fn requests_of_window_and_rest_add_up_to_what_the_server_saw(engine: EngineKind) {
    for threads in [1, 3] {
        let server = Server::start(Planted::Status500Every(10));
        let measured = run(engine, &server, threads, &windowed(100, 200, 20_000));
        let (tally, outside) = (measured.tally, measured.outside);
        assert_eq!(server.requests(), 4 + tally.sent + outside.sent);
        assert_eq!(server.planted(), tally.bad_status + outside.bad_status);
        assert!(tally.ok > 0 && tally.bad_status > 0, "{tally:?}");
        assert!(outside.ok > 0 && outside.bad_status > 0, "{outside:?}");
        assert_eq!(measured.times.service.len(), tally.ok);
        assert!(measured.elapsed >= MS(200) && !measured.cut, "{measured:?}");
        for worker in &measured.workers {
            // All of it lies between the edges.
            assert!(worker.elapsed >= MS(200), "{worker:?}");
            assert!(worker.waited <= worker.elapsed && worker.cpu <= worker.elapsed);
        }
    }
}

fn a_window_without_an_answer_counts_none(engine: EngineKind) {
    let server = Server::start(Planted::SlowMs(1000));
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = Target::welcome(server.address);
    generator.connect(0, &target, 4, None, TIMEOUT).unwrap();
    let measured = generator.run(0, &windowed(50, 250, 20_000)).unwrap();
    // Each connection has sent one request before the window, and its answer came after it.
    assert_eq!((measured.tally.sent, measured.tally.ok), (0, 0));
    assert_eq!((measured.outside.sent, measured.outside.ok), (4, 4));
    assert!(measured.times.service.is_empty());
    let fairness = measured.fairness.unwrap();
    assert_eq!((fairness.connections, fairness.served), (4, 0));
    // If the window opened late, no 100 ms of it may be left.
    assert_eq!(fairness.served_per_100_ms.unwrap_or(0.0), 0.0);
    assert_eq!(fairness.answers_p95, 0);
}

fn what_is_open_after_the_rest_is_given_up_with_its_connection(engine: EngineKind) {
    let server = Server::start(Planted::SlowMs(5000));
    let generator = Generator::start(engine, &[], 1).unwrap();
    let target = Target::welcome(server.address);
    generator.connect(0, &target, 4, None, TIMEOUT).unwrap();
    let measured = generator.run(0, &windowed(10, 50, 50)).unwrap();
    let outside = measured.outside;
    assert_eq!((outside.sent, outside.unanswered), (4, 4), "{outside:?}");
    assert!(!measured.cut, "the window was whole");
    // Their answers must not be taken for those of the next run.
    let connections = || server.counts.connections.load(Ordering::Relaxed);
    assert_eq!(connections(), 4);
    generator.connect(0, &target, 4, None, TIMEOUT).unwrap();
    generator.run(0, &windowed(10, 50, 50)).unwrap();
    assert_eq!(connections(), 8);
}

fn a_window_ends_where_the_run_is_stopped(engine: EngineKind) {
    let server = Server::start(Planted::SlowMs(5));
    let spec = windowed(20, 3_600_000, 20_000);
    let stop = Arc::clone(&spec.stop);
    let stopper = std::thread::spawn(move || {
        std::thread::sleep(MS(300));
        stop.store(true, Ordering::Relaxed);
    });
    let measured = run(engine, &server, 1, &spec);
    stopper.join().unwrap();
    assert!(measured.cut && measured.tally.ok > 0, "{measured:?}");
    assert!(measured.elapsed < Duration::from_secs(3600), "{measured:?}");
    let unanswered = measured.tally.unanswered + measured.outside.unanswered;
    assert_eq!(unanswered, 4);
}

fn an_open_loop_counts_what_fell_due_and_never_left_in_the_window(engine: EngineKind) {
    // Four connections with 50 ms each answer 80 requests a second, of 400.
    let server = Server::start(Planted::SlowMs(50));
    let spec = LoadSpec {
        pace: Pace::Open {
            rate: 400.0,
            arrivals: Arrivals::Uniform,
            seed: 0,
        },
        ..windowed(2000, 1000, 20_000)
    };
    let measured = run(engine, &server, 1, &spec);
    let (tally, outside) = (measured.tally, measured.outside);
    let held = tally.ok as f64 / tally.scheduled() as f64;
    assert!((0.1..0.22).contains(&held), "{tally:?}");
    // Of the whole run, all that fell due has left or has not.
    let all = tally.scheduled() + outside.scheduled();
    let due = (400.0 * (2.0 + measured.elapsed.as_secs_f64())) as u64;
    assert!(all.abs_diff(due) <= 60, "{all} of {due}");
}

fn the_probe_is_read_once_at_each_edge(engine: EngineKind) {
    let server = Server::start(Planted::Nothing);
    let calls = Arc::new(AtomicU64::new(0));
    let probe = Probe::new({
        let calls = Arc::clone(&calls);
        move || Ok(Duration::from_secs(calls.fetch_add(1, Ordering::SeqCst)))
    });
    let spec = LoadSpec {
        probe: Some(probe),
        ..windowed(20, 50, 20_000)
    };
    let measured = run(engine, &server, 2, &spec);
    assert_eq!(measured.probed, Some(Duration::from_secs(1)));
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

fn a_probe_that_fails_is_told_and_changes_nothing(engine: EngineKind) {
    let server = Server::start(Planted::Nothing);
    let spec = LoadSpec {
        probe: Some(Probe::new(|| bail!("no such process"))),
        ..windowed(20, 50, 20_000)
    };
    let measured = run(engine, &server, 1, &spec);
    assert_eq!(measured.probed, None);
    assert_eq!(measured.complaint.as_deref(), Some("no such process"));
    assert!(measured.tally.ok > 0);
}

/// Serves the first two connections that ask, and lets all others wait.
fn unfair() -> Scripted {
    let served: Mutex<HashSet<ThreadId>> = Mutex::default();
    Scripted::start(Script::of(move |_, _| {
        // A thread is a connection.
        let this = std::thread::current().id();
        let mut served = served.lock().unwrap();
        let pause = match served.contains(&this) || served.len() < 2 && served.insert(this) {
            true => MS(2),
            false => Duration::from_secs(10),
        };
        Reply {
            steps: [vec![Step::Pause(pause)], right().steps].concat(),
            ..right()
        }
    }))
}

fn connections_that_are_served_are_told_from_those_that_wait(engine: EngineKind) {
    let server = unfair();
    let generator = Generator::start(engine, &[], 2).unwrap();
    let target = target(&server, true);
    generator.connect(0, &target, 5, None, TIMEOUT).unwrap();
    let measured = generator.run(0, &windowed(100, 500, 10)).unwrap();
    let fairness = measured.fairness.unwrap();
    assert_eq!((fairness.connections, fairness.served), (5, 2));
    let share = fairness.served_per_100_ms.unwrap();
    assert!(share > 0.0 && share <= 0.4, "{share}");
    assert_eq!((fairness.answers_p5, fairness.answers_p50), (0, 0));
    assert!(fairness.answers_p95 > 0 && fairness.answers_p95 < measured.tally.ok);
    assert_eq!(
        (measured.tally.errors(), measured.outside.unanswered),
        (0, 3)
    );
}

fn intervals_add_up_to_window_and_rest(engine: EngineKind) {
    let server = Server::start(Planted::SlowMs(2));
    let (to, told) = std::sync::mpsc::channel();
    let spec = LoadSpec {
        intervals: Some(Intervals { every: MS(10), to }),
        ..windowed(100, 200, 20_000)
    };
    let measured = run(engine, &server, 2, &spec);
    drop(spec);
    let told: Vec<_> = told.iter().collect();
    let mut sum = measured.tally;
    sum.add(&measured.outside);
    let of_all = |count: fn(&crate::load::Interval) -> u64| -> u64 { told.iter().map(count).sum() };
    assert_eq!(of_all(|one| one.tally.sent), sum.sent);
    assert_eq!(of_all(|one| one.tally.ok), sum.ok);
    assert_eq!(of_all(|one| one.service.len()), sum.ok);
    assert_eq!(of_all(|one| one.tally.bytes_sent), sum.bytes_sent);
    let last = told.iter().map(|one| one.index).max();
    assert!(last >= Some(29), "{last:?}");
    for one in &told {
        assert_eq!(one.connections, 2);
        assert!(one.served as u64 <= one.tally.ok.min(2), "{one:?}");
        assert!(one.tally.ok == 0 || one.served > 0, "{one:?}");
        assert!(one.response.is_none());
    }
    // An interval has no room for more answers of a connection than their pauses leave.
    let busiest = told
        .iter()
        .filter(|one| one.index < 29)
        .map(|one| one.tally.ok)
        .max();
    assert!(busiest.unwrap() < sum.ok / 4, "{busiest:?} of {sum:?}");
}

fn more_threads_than_connections_have_one_window(engine: EngineKind) {
    let server = Server::start(Planted::Nothing);
    let generator = Generator::start(engine, &[], 3).unwrap();
    let target = Target::welcome(server.address);
    generator.open(0, &target, 1, TIMEOUT).unwrap();
    let measured = generator.run(0, &windowed(20, 100, 20_000)).unwrap();
    assert!(measured.elapsed >= MS(100), "{measured:?}");
    assert_eq!(measured.fairness.unwrap().connections, 1);
}

#[test]
fn a_specification_that_contradicts_itself_is_refused() {
    let generator = Generator::start(EngineKind::Epoll, &[], 1).unwrap();
    let refusal = |spec: LoadSpec| format!("{:#}", generator.run(0, &spec).unwrap_err());
    let words = refusal(LoadSpec {
        requests: Some(1),
        ..windowed(1, 1, 1)
    });
    assert!(words.starts_with("a window ends the run"), "{words}");
    let words = refusal(windowed(1, 0, 1));
    assert_eq!(words, "the window is empty");
}
