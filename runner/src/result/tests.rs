//! Results as texts, files and sums.

mod parts;

use super::*;
use crate::environment::{Interface, Machine};
use crate::load::{Causes, Offered, Pauses, Tally, Times, WorkerTime, time_histogram};
use std::time::Duration;

/// A run of 100 requests with service times of 1 to 100 ms.
fn measured() -> Measured {
    let mut service = time_histogram();
    for ms in 1..=100 {
        service.record(ms * 1_000_000).unwrap();
    }
    let empty = time_histogram;
    Measured {
        began: std::time::Instant::now(),
        tally: Tally {
            sent: 103,
            ok: 100,
            reset: 2,
            bad_status: 1,
            reconnects: 2,
            connect_errors: 3,
            bytes_sent: 4_000,
            bytes_received: 14_000,
            waits: 50,
            ..Tally::default()
        },
        causes: Causes {
            connect_errors: [(Cause::Errno(111), 3)].into(),
            reconnects: [(Cause::Ended, 2)].into(),
        },
        times: Times {
            service,
            response: empty(),
            dispatch_delay: empty(),
            lateness: empty(),
            connect: empty(),
            turn: empty(),
        },
        elapsed: Duration::from_secs(2),
        offered: Offered {
            elapsed: Duration::from_secs(2),
            tally: Tally {
                ok: 100,
                bytes_received: 14_000,
                ..Tally::default()
            },
            busy: Duration::from_secs(6),
            connecting: Duration::ZERO,
        },
        tail: Duration::ZERO,
        cpu: Duration::from_millis(500),
        workers: vec![WorkerTime {
            cpu: Duration::from_millis(500),
            waited: Duration::from_millis(1500),
            elapsed: Duration::from_secs(2),
        }],
        outside: Tally::default(),
        pauses: Pauses::default(),
        probed: None,
        statuses: [(200, 100), (500, 1)].into(),
        stages: Vec::new(),
        fairness: None,
        spread: None,
        closing: None,
        first_half_ok: 0,
        cut: false,
        early_end: None,
        complaint: Some("status is 500, not 200".to_owned()),
    }
}

fn host(name: &str) -> Host {
    Host {
        name: name.to_owned(),
        machine: Machine {
            processor: "a processor".to_owned(),
            processors: 2,
            memory_mib: 4096,
            virtualized: false,
            kernel: "6.1.0".to_owned(),
            governor: None,
            somaxconn: Some(4096),
        },
        processors_allowed: "0-1".to_owned(),
        interface: Some(Interface {
            name: "eth0".to_owned(),
            link_mbit_s: Some(10_000),
            driver: Some("e1000e".to_owned()),
            mtu_bytes: Some(1500),
        }),
    }
}

/// The sum of results that are called `result 1` and so on.
fn add(results: &[LoadResult]) -> anyhow::Result<LoadResult> {
    merge(&named(results), false)
}

fn named(results: &[LoadResult]) -> Vec<Named> {
    let each = results.iter().enumerate();
    let each = each.map(|(place, result)| Named {
        name: format!("result {}", place + 1),
        result: result.clone(),
    });
    each.collect()
}

pub(super) fn result() -> LoadResult {
    let asked = Asked {
        url: "http://127.0.0.1:8080/welcome".to_owned(),
        method: "GET".to_owned(),
        request: Some("60 bytes, 00c0ffee00c0ffee".to_owned()),
        expected: Some("the contract".to_owned()),
        engine: EngineKind::Epoll,
        connections: 4,
        threads: 1,
        rate: None,
        stages: None,
        arrivals: None,
        pipeline: 1,
        requests_per_connection: None,
        parts: None,
    };
    let measured = measured();
    let around = Around {
        started_unix_ms: 1_000_000,
        warmup_requests: 7,
        server_cpu_s: None,
        evidence: Evidence::of(&measured, Pace::Closed, 4, 1),
        host: host("one"),
        connections: 4,
    };
    LoadResult::of(asked, &measured, around).unwrap()
}

#[test]
fn the_text_says_what_happened() {
    insta::assert_snapshot!(text(&result(), true));
}

#[test]
fn the_json_reads_back_as_it_was() {
    let before = result();
    let json = serde_json::to_string(&before).unwrap();
    let after: LoadResult = serde_json::from_str(&json).unwrap();
    assert_eq!(after, before);
    assert_eq!(after.sent, after.ok + after.errors.requests());
}

/// With INSTA_UPDATE=always this writes the file.
#[test]
fn the_published_schema_is_that_of_the_code() {
    let schema = schemars::schema_for!(LoadResult);
    let current = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/load-result.schema.json"
    );
    if std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
        std::fs::write(path, &current).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), current);
}

#[test]
fn runs_one_after_another_add_up() {
    let first = result();
    let mut second = result();
    second.started_unix_ms += 5_000;
    let sum = add(&[first.clone(), second]).unwrap();
    assert_eq!((sum.runs, sum.sent, sum.ok), (2, 206, 200));
    assert_eq!(sum.warmup_requests, 14);
    assert_eq!((sum.errors.connect, sum.errors.reset), (6, 4));
    assert_eq!(sum.reconnects_by_cause["ended"], 4);
    assert_eq!((sum.duration_s, sum.rps), (4.0, 50.0));
    assert_eq!((sum.asked.connections, sum.asked.threads), (4, 1));
    assert_eq!(sum.latency_us, first.latency_us);
}

#[test]
fn runs_side_by_side_add_up() {
    let first = result();
    let mut second = result();
    second.started_unix_ms += 1_000;
    let sum = add(&[first, second]).unwrap();
    assert_eq!((sum.duration_s, sum.asked.connections), (3.0, 8));
}

#[test]
fn a_merged_percentile_is_that_of_all_values() {
    let fast = result();
    let mut slow = measured();
    slow.times.service = time_histogram();
    slow.times.service.record_n(500_000_000, 100).unwrap();
    let around = Around {
        started_unix_ms: 0,
        warmup_requests: 0,
        server_cpu_s: None,
        evidence: Evidence::default(),
        host: host("two"),
        connections: 4,
    };
    let slow = LoadResult::of(fast.asked.clone(), &slow, around).unwrap();
    let sum = add(&[fast, slow]).unwrap();
    assert!((sum.latency_us.p50.unwrap() / 100_000.0 - 1.0).abs() < 0.001);
    assert!((sum.latency_us.p75.unwrap() / 500_000.0 - 1.0).abs() < 0.001);
}

#[test]
fn unlike_runs_are_not_added() {
    type Change = fn(&mut LoadResult);
    let changes: [(&str, Change); 8] = [
        ("version", |run| run.version = "0.0.0".to_owned()),
        ("target", |run| {
            run.asked.url = "http://127.0.0.1:1/".to_owned()
        }),
        ("request", |run| run.asked.request = None),
        ("expected answer", |run| {
            run.asked.expected = Some("status 404".to_owned())
        }),
        ("rate", |run| run.asked.rate = Some(10.0)),
        ("pipeline", |run| run.asked.pipeline = 16),
        ("engine", |run| run.asked.engine = EngineKind::IoUring),
        ("histogram bounds", |run| run.histograms.digits = 2),
    ];
    for (what, change) in changes {
        let mut other = result();
        change(&mut other);
        let error = add(&[result(), other]).unwrap_err();
        let Some(MergeError::Unlike { name, what: of, .. }) = error.downcast_ref() else {
            panic!("{error}");
        };
        assert_eq!((name.as_str(), *of), ("result 2", what));
    }
}

#[test]
fn a_run_is_not_added_twice() {
    let mut second = result();
    second.started_unix_ms += 5_000;
    let error = add(&[result(), second.clone(), second]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "result 3 is result 2 once more; a run is added once"
    );
}

#[test]
fn a_result_that_does_not_add_up_is_refused() {
    let mut edited = result();
    edited.started_unix_ms += 5_000;
    edited.ok += 1_000;
    let error = add(&[result(), edited]).unwrap_err();
    let words = "result 2 does not add up: it has 103 requests sent, and outcomes of 1103";
    assert_eq!(error.to_string(), words);
    let mut absurd = result();
    absurd.errors.reset = u64::MAX;
    assert!(add(&[absurd]).is_err());
}

#[test]
fn requests_and_expectations_are_told_apart() {
    let welcome = Target::welcome(([127, 0, 0, 1], 80).into());
    let other = Target {
        request: [&welcome.request[..], b"x"].concat(),
        expected: Expected::Answer {
            status: 404,
            body: Some(b"hi".to_vec()),
        },
        ..welcome.clone()
    };
    assert_ne!(Asked::request_of(&welcome), Asked::request_of(&other));
    assert_eq!(
        Asked::expected_of(&welcome),
        "the contract (docs/CONTRACT.md)"
    );
    // The digest is that of FNV's own test vectors for 64 bits.
    assert_eq!(fingerprint(b"foobar"), "6 bytes, 85944171f73967e8");
    let words = "status 404, body of 2 bytes, 08ba5f07b55ec3da";
    assert_eq!(Asked::expected_of(&other), words);
}

#[test]
fn a_second_is_told_when_all_threads_have() {
    let second = |index, ok| crate::load::Interval {
        index,
        tally: Tally {
            ok,
            sent: ok,
            ..Tally::default()
        },
        service: time_histogram(),
        response: None,
        connections: 1,
        served: 1,
    };
    let mut seconds = MergedSeconds::new(2);
    assert!(seconds.take(second(0, 1)).unwrap().is_none());
    assert!(seconds.take(second(1, 2)).unwrap().is_none());
    let whole = seconds.take(second(0, 10)).unwrap().unwrap();
    assert_eq!((whole.index, whole.tally.ok), (0, 11));
    let rest = seconds.rest();
    assert_eq!((rest.len(), rest[0].tally.ok), (1, 2));
    let mut csv = Vec::new();
    SecondsWriter::new(&mut csv).write(&whole).unwrap();
    insta::assert_snapshot!(String::from_utf8(csv).unwrap());
}
