//! A small run made by hand, the exact pages it gives, and what becomes of it when it is killed or damaged.

mod claims;
mod live;

use super::plan::RateLevel;
use super::rows::RESPONSE_TIMES;
use super::*;
use crate::experiments::Link;
use crate::fixtures::runs;
use crate::load::{Arrivals, EngineKind, time_histogram};
use crate::record::HistogramTag;
use crate::run::{BlockRow, Job, ProcessRow};
use std::path::PathBuf;

const BLOCKS: u32 = 8;
const ROUNDS: u32 = 2;
const RATE: u64 = 20_000;

/// Requests that are due in a window of half a second.
const DUE: u64 = 10_000;

fn arms() -> Vec<Arm> {
    let arm = |name, kind| Arm {
        version: Some("1.2.3".to_owned()),
        answer_bytes: Some(130),
        ..Arm::new(name, kind)
    };
    vec![
        arm("fast", ArmKind::Contestant),
        arm("late", ArmKind::Contestant),
        arm("base", ArmKind::Baseline),
        arm("null", ArmKind::Null),
        arm(delay::NAME, ArmKind::Planted),
        arm("base-twin", ArmKind::Twin),
    ]
}

pub(super) fn plan() -> LatencyPlan {
    LatencyPlan {
        server: ServerKind::Quickstart,
        env: BuildEnv::Release,
        link: Link::Loopback,
        connections: 64,
        rates: vec![RateLevel {
            rate_per_s: RATE,
            window_ms: 500,
            rounds: ROUNDS,
        }],
        arrivals: Arrivals::Uniform,
        blocks: BLOCKS,
        objective: None,
        searches: 1,
        settling_ms: 50,
        rest_ms: 1000,
        warm_up_ms: 150,
        timeout_ms: 2000,
        engine: EngineKind::Epoll,
    }
}

/// Median and 99th percentile of an arm's response time, in ns.
fn times(arm: &str) -> (u64, u64) {
    match arm {
        "fast" => (80_000, 300_000),
        "late" => (9_000_000, 20_000_000),
        "null" => (50_000, 200_000),
        delay::NAME => (50_000, 1_200_000),
        _ => (100_000, 400_000),
    }
}

/// Noise that is the same every time: up to 2 % either way.
fn wobbling(value: u64, seed: u64) -> u64 {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value * (980 + (mixed >> 32) % 41) / 1000
}

fn slice(arm: &str, block: u32, round: u32, position: usize) -> PacedRow {
    let (p50, p99) = times(arm);
    let seed =
        |of: u64| u64::from(block) * 1009 + u64::from(round) * 101 + position as u64 * 11 + of;
    let sent = if arm == "late" { 8_000 } else { DUE };
    let (p50, p99) = (wobbling(p50, seed(1)), wobbling(p99, seed(2)));
    PacedRow {
        block,
        connections: 64,
        rate_per_s: RATE,
        round,
        position: (position + 3 * round as usize) % arms().len(),
        arm: arm.to_owned(),
        unsent: DUE - sent,
        sent,
        ok: sent,
        started_us: 1000 * (100 * u64::from(round) + 10 * position as u64),
        settling_ns: 50_000_000,
        elapsed_ns: 500_000_000,
        generator_cpu_ns: 200_000_000,
        generator_idle_ns: 300_000_000,
        server_cpu_ns: wobbling(sent * 9000, seed(3)),
        response_time_p50_ns: p50,
        response_time_p99_ns: p99,
        response_time_p999_ns: 2 * p99,
        response_time_max_ns: 3 * p99,
        service_time_p50_ns: p50,
        service_time_p99_ns: p99,
        dispatch_delay_p99_ns: 20_000,
        ..PacedRow::default()
    }
}

struct MadeUp {
    folder: tempfile::TempDir,
    rows: Vec<PacedRow>,
    run: Run<LatencyPlan>,
}

impl MadeUp {
    fn new() -> Self {
        let mut rows = Vec::new();
        for block in 0..BLOCKS {
            for (position, arm) in arms().iter().enumerate() {
                rows.extend((0..ROUNDS).map(|round| slice(&arm.name, block, round, position)));
            }
        }
        Self {
            folder: tempfile::tempdir().unwrap(),
            rows,
            run: runs::header(Latency::NAME, Latency::METHOD, plan(), arms()),
        }
    }

    /// Writes the run as a runner does, and says where.
    fn write(&self) -> PathBuf {
        let number = std::fs::read_dir(self.folder.path()).unwrap().count();
        let path = self.folder.path().join(format!("run-{number}"));
        let mut job = Job::of_test(&path, self.run.clone()).unwrap();
        for block in 0..BLOCKS {
            self.write_block(&mut job, block);
        }
        if self.run.plan.objective.is_some() {
            write_searches(&mut job);
        }
        job.run.units = Some(job.folder.journal.closed());
        job.folder.write_run(&mut job.run).unwrap();
        path
    }

    fn write_block(&self, job: &mut Job<LatencyPlan>, block: u32) {
        let journal = &mut job.folder.journal;
        for arm in arms() {
            let own = |row: &&PacedRow| row.block == block && row.arm == arm.name;
            let mut histogram = time_histogram();
            for row in self.rows.iter().filter(own) {
                journal.append(row).unwrap();
                histogram
                    .record_n(row.response_time_p50_ns, row.ok - row.ok / 50)
                    .unwrap();
                histogram
                    .record_n(row.response_time_p99_ns, row.ok / 50 + row.unsent)
                    .unwrap();
            }
            let process = ProcessRow {
                block,
                connections: 64,
                rate_per_s: RATE,
                arm: arm.name.clone(),
                attempts: 1,
                ready_us: 4000,
                peak_rss_kib: 4096,
                threads: 2,
                ..ProcessRow::default()
            };
            journal.append(&process).unwrap();
            let tag = HistogramTag {
                arm: arm.name,
                condition: RATE,
                block,
            };
            journal
                .append_times(RESPONSE_TIMES, &tag, &histogram)
                .unwrap();
        }
        let row = BlockRow {
            block,
            elapsed_ms: 1000,
            ..BlockRow::default()
        };
        journal.append(&row).unwrap();
        journal.close(&format!("block {block}")).unwrap();
    }

    fn records(&self) -> LatencyRecords {
        Latency::read(&self.write()).unwrap()
    }
}

/// One search of two probes for each arm.
fn write_searches(job: &mut Job<LatencyPlan>) {
    let journal = &mut job.folder.journal;
    for (place, arm) in (1..).zip(arms()) {
        for (probe, met) in [(0, 1), (1, 0)] {
            let row = ProbeRow {
                search: 0,
                arm: arm.name.clone(),
                probe,
                rate_per_s: 10_000 * place * u64::from(probe + 1),
                unsent: 0,
                sent: 5_000,
                errors: 0,
                response_time_p50_ns: 100_000,
                response_time_p99_ns: 1_000_000,
                met,
            };
            journal.append(&row).unwrap();
        }
        let row = SearchRow {
            search: 0,
            arm: arm.name.clone(),
            probes: 2,
            highest_rate_per_s: 10_000 * place,
            err: String::new(),
        };
        journal.append(&row).unwrap();
        journal.close(&searches::unit(0, &arm.name)).unwrap();
    }
}

fn searched() -> MadeUp {
    let mut run = MadeUp::new();
    run.run.plan.objective = Some("p99=5ms".to_owned());
    run
}
