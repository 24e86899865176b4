//! Runs with real servers, runs that are killed, and records that are damaged.

use super::*;
use crate::fixtures::{damage, killed, programs};

fn launched(arms: &[(&str, ArmKind, &str)]) -> (Vec<Arm>, Vec<Launch>) {
    let all = arms
        .iter()
        .map(|&(name, kind, server)| programs::arm(name, kind, server));
    all.unzip()
}

/// The smallest run that there can be.
fn small(arms: Vec<Arm>, objective: Option<&str>) -> Run<LatencyPlan> {
    let plan = LatencyPlan {
        connections: 4,
        rates: vec![RateLevel {
            rate_per_s: 500,
            window_ms: 40,
            rounds: 1,
        }],
        blocks: 2,
        settling_ms: 1,
        warm_up_ms: 1,
        objective: objective.map(str::to_owned),
        ..plan()
    };
    runs::header(Latency::NAME, Latency::METHOD, plan, arms)
}

const ARMS: [(&str, ArmKind, &str); 2] = [
    ("one", ArmKind::Baseline, "answers"),
    ("twin", ArmKind::Twin, "answers"),
];

fn measured(run: &Run<LatencyPlan>, launches: Vec<Launch>) -> LatencyRecords {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let mut job = runs::begin(&path, run);
    let done = Latency::read(&path).unwrap();
    Latency::measure(&mut job, launches, &done).unwrap();
    job.finish(true).unwrap();
    Latency::read(&path).unwrap()
}

#[test]
fn requests_leave_by_schedule_and_are_timed_from_it() {
    let (arms, launches) = launched(&ARMS);
    let mut run = small(arms, None);
    // On a busy machine a server may not run for as long as the smallest window is.
    run.plan.rates[0].window_ms = 1000;
    let records = measured(&run, launches);
    assert_eq!(records.slices.len(), 4);
    for row in &records.slices {
        // At 500 requests per second no more are due than this, even if the window opened long after its time.
        let due = 500.0 * (row.elapsed_ns as f64 / 1e9 + 20.0);
        assert!(
            (row.sent + row.outside) as f64 <= due && row.ok > 0,
            "{row:?}"
        );
        assert!(row.server_cpu_ns > 0 && row.err.is_empty(), "{row:?}");
        assert!(
            row.response_time_p50_ns >= row.service_time_p50_ns,
            "{row:?}"
        );
    }
    let times: u64 = records
        .response_times
        .values()
        .map(|times| times.len())
        .sum();
    // What was due and has not left has a time as well: on a busy machine there is some.
    let due = records.slices.iter().map(|row| row.ok + row.unsent);
    assert_eq!(times, due.sum::<u64>());
}

#[test]
fn a_server_that_dies_fails_alone_in_rates_and_searches() {
    let (arms, launches) = launched(&[ARMS[0], ("bad", ArmKind::Contestant, "dies_under_load")]);
    let records = measured(&small(arms, Some("p99=1s")), launches);
    let bad = records.processes.iter().filter(|row| row.arm == "bad");
    for row in bad {
        assert!(
            row.err.is_empty() || row.err.contains("exit status: 7"),
            "{row:?}"
        );
    }
    let search = |arm: &str| records.searches.iter().find(|row| row.arm == arm).unwrap();
    assert!(search("one").highest_rate_per_s > 0 && search("one").err.is_empty());
    assert!(
        search("bad").err.contains("exit status: 7"),
        "{:?}",
        search("bad")
    );
    assert_eq!(search("bad").highest_rate_per_s, 0);
}

fn keys(records: &LatencyRecords) -> Vec<String> {
    let counting = records.blocks.iter().filter(|row| row.counts());
    let numbers: Vec<u32> = counting.map(|row| row.block).collect();
    let ordinal = |block: u32| numbers.iter().position(|&one| one == block).unwrap();
    let slices = records.slices.iter();
    let slices =
        slices.map(|row| format!("slice {} {} {}", ordinal(row.block), row.round, row.arm));
    let processes = records.processes.iter();
    let processes = processes.map(|row| format!("process {} {}", ordinal(row.block), row.arm));
    let times = records.response_times.keys();
    let times = times.map(|tag| format!("times {} {}", ordinal(tag.block), tag.arm));
    let probes = records.probes.iter();
    let probes = probes.map(|row| format!("probe {} {} {}", row.arm, row.probe, row.rate_per_s));
    let searches = records.searches.iter();
    let searches = searches.map(|row| format!("search {} {} {}", row.search, row.arm, row.probes));
    slices
        .chain(processes)
        .chain(times)
        .chain(probes)
        .chain(searches)
        .collect()
}

#[test]
fn a_run_that_is_killed_at_any_write_continues_to_the_same_rows() {
    let (arms, launches) = launched(&ARMS);
    let run = small(arms, None);
    let writes = killed::at_every_write::<Latency>(&run, || launches.clone(), keys);
    // Two slices, two processes, two histograms, a block and its closing line, twice.
    assert!(writes >= 16, "{writes}");
}

#[test]
fn a_search_that_is_killed_at_any_write_continues_to_the_same_rows() {
    let (arms, launches) = launched(&ARMS[..1]);
    // Nobody holds this: so the probes are the same each time.
    let mut run = small(arms, Some("p99=1us"));
    run.plan.blocks = 1;
    let writes = killed::at_every_write::<Latency>(&run, || launches.clone(), keys);
    // A slice, a process, a histogram, a block, fifteen probes, what the search found, and two closing lines.
    assert!(writes >= 21, "{writes}");
}

#[test]
fn a_damaged_record_is_refused_or_untrusted_or_unchanged() {
    damage::is_always_noticed::<Latency>(&searched().write());
}

#[test]
fn counts_that_no_slice_can_have_are_faults() {
    use crate::run::Row;
    let row = PacedRow {
        outside: 1,
        outside_errors: 2,
        err: "the server has ended".to_owned(),
        ..PacedRow::default()
    };
    assert!(row.fault().unwrap().contains("outside_errors is 2"));
    let row = PacedRow {
        connect_errors: u64::MAX,
        ..PacedRow::default()
    };
    assert!(row.fault().unwrap().contains("beyond"));
}

#[test]
fn only_a_row_that_says_that_its_server_failed_may_lack_its_cpu_time() {
    use crate::run::Row;
    let silent = PacedRow {
        sent: 1,
        ok: 1,
        elapsed_ns: 1,
        response_time_p50_ns: 1,
        response_time_p99_ns: 1,
        response_time_p999_ns: 1,
        response_time_max_ns: 1,
        ..PacedRow::default()
    };
    assert!(silent.fault().unwrap().contains("server_cpu_ns"));
    let err = "the server has ended".to_owned();
    assert_eq!(PacedRow { err, ..silent }.fault(), None);
}
