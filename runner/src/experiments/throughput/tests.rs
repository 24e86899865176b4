//! A small run made by hand, the exact pages it gives, and what becomes of it when it is killed or damaged.

mod accepts;
mod claims;
mod comparing;
mod format;
mod history;
mod hostile;
mod live;
mod matrix;
mod pages;
mod planted;
mod sweep;

use super::plan::Level;
use super::rows::SERVICE_TIMES;
use super::*;
use crate::experiments::{Experiment, Link};
use crate::fixtures::runs;
use crate::framework::{BuildEnv, ServerKind};
use crate::load::{EngineKind, time_histogram};
use crate::record::HistogramTag;
use crate::report::Page;
use crate::run::{Arm, ArmKind, BlockRow, Job, Launch, ProcessRow, Run};
use std::path::{Path, PathBuf};

const BLOCKS: u32 = 8;
const ROUNDS: u32 = 4;
const CONNECTIONS: usize = 64;

fn arm(name: &str, kind: ArmKind) -> Arm {
    Arm {
        version: (kind != ArmKind::Null).then(|| "1.2.3".to_owned()),
        answer_bytes: Some(130),
        ..Arm::new(name, kind)
    }
}

fn arms() -> Vec<Arm> {
    let contestant = |name| arm(name, ArmKind::Contestant);
    let mut fast = contestant("fast");
    fast.note = Some("it has a note.".to_owned());
    let mut slow = contestant("slow");
    slow.conformance_misses = vec!["HEAD is answered with status 405".to_owned()];
    let mut absent = contestant("absent");
    absent.absent = Some("absent has no tuned server: there is nothing to tune".to_owned());
    let mut failed = contestant("failed");
    failed.err = Some("breaks the contract (answer): status is 500, not 200".to_owned());
    vec![
        absent,
        failed,
        fast,
        contestant("quick"),
        arm("base", ArmKind::Baseline),
        slow,
        arm("null", ArmKind::Null),
        arm("base-twin", ArmKind::Twin),
        arm("planted", ArmKind::Planted),
    ]
}

fn plan() -> ThroughputPlan {
    ThroughputPlan {
        server: ServerKind::Quickstart,
        env: BuildEnv::Release,
        variants: Vec::new(),
        requests_per_connection: Vec::new(),
        connects_per_slice: false,
        link: Link::Loopback,
        levels: vec![Level {
            connections: CONNECTIONS,
            settling_ms: 10,
            window_ms: 60,
            rounds: ROUNDS,
        }],
        requests: 100_000,
        blocks: BLOCKS,
        until: None,
        rest_ms: 1000,
        warm_up_ms: 150,
        timeout_ms: 2000,
        engine: EngineKind::Epoll,
    }
}

fn header() -> Run<ThroughputPlan> {
    runs::header(Throughput::NAME, Throughput::METHOD, plan(), arms())
}

/// Right answers per second planted for an arm, in every slice of a block.
fn planted_rate(arm: &str, block: u32) -> Option<u64> {
    let base = match arm {
        "fast" | "quick" => 110_000,
        "base" | "base-twin" | "planted" => 100_000,
        "slow" => 1_500,
        "null" => 200_000,
        _ => return None,
    };
    // A slow drift of the machine, which ratios within blocks do not see.
    Some(base * (100 - 5 * u64::from(block)) / 100)
}

/// Noise that is the same every time: up to 2 % either way.
fn wobbling(value: u64, place: [u64; 4]) -> u64 {
    let mixed = place.iter().fold(0x9e37_79b9_7f4a_7c15_u64, |mixed, part| {
        let mixed = (mixed ^ part).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 33)
    });
    value * (9800 + mixed % 401) / 10_000
}

fn slice(arm: &str, block: u32, round: u32, position: usize, rate: u64) -> SliceRow {
    let place = |what| [what, u64::from(block), u64::from(round), position as u64];
    let ok = wobbling(rate, place(0)) * 60 / 1000;
    let position = (position + 3 * round as usize) % arms().len();
    let mut row = SliceRow {
        block,
        connections: CONNECTIONS,
        round,
        // Each round begins with another arm.
        position,
        arm: arm.to_owned(),
        outside: 64,
        sent: ok,
        ok,
        first_half_ok: ok / 2,
        started_us: 1_000_000 * u64::from(round) + 100_000 * position as u64,
        settling_ns: 30_000_000,
        elapsed_ns: 60_000_000,
        generator_cpu_ns: 40_000_000,
        generator_idle_ns: 20_000_000,
        server_cpu_ns: wobbling(ok * 6000, place(1)),
        served: CONNECTIONS as u64,
        answers_p5: ok / 70,
        answers_p50: ok / 64,
        answers_p95: ok / 60,
        service_time_p50_us: 640,
        service_time_p99_us: 2000,
        service_time_max_us: 2001,
        ..SliceRow::default()
    };
    if arm == "planted" {
        row.withhold(plan().withheld_percent(CONNECTIONS));
    }
    row
}

fn process(arm: &str, block: u32) -> ProcessRow {
    ProcessRow {
        block,
        connections: CONNECTIONS,
        arm: arm.to_owned(),
        attempts: 1,
        ready_us: 4000,
        warm_up_requests: 900,
        user_ms: 10,
        system_ms: 30,
        peak_rss_kib: 4096 + u64::from(block),
        threads: 2,
        ..ProcessRow::default()
    }
}

/// A written run, and the rows it has.
struct MadeUp {
    folder: tempfile::TempDir,
    rows: Vec<SliceRow>,
    blocks: Vec<BlockRow>,
    run: Run<ThroughputPlan>,
    /// The longest service times of an arm: one in how many, and how long.
    slowest: fn(&str) -> (u64, u64),
}

impl MadeUp {
    fn new() -> Self {
        let mut rows = Vec::new();
        for block in 0..BLOCKS {
            for (position, arm) in arms().iter().enumerate() {
                let Some(rate) = planted_rate(&arm.name, block) else {
                    continue;
                };
                rows.extend(
                    (0..ROUNDS).map(|round| slice(&arm.name, block, round, position, rate)),
                );
            }
        }
        let block = |block| BlockRow {
            block,
            elapsed_ms: 1000,
            ..BlockRow::default()
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            rows,
            blocks: (0..BLOCKS).map(block).collect(),
            run: header(),
            slowest: |_| (100, 2_000_000),
        }
    }

    /// One wrong answer, which is not counted and not hidden.
    fn with_a_wrong_answer(mut self) -> Self {
        let row = self.rows.iter_mut().find(|row| row.arm == "fast").unwrap();
        (row.ok, row.bad_body) = (row.ok - 1, 1);
        row.err = "body is \"Hello World?\", not \"Hello World!\"".to_owned();
        self
    }

    fn change(&mut self, arm: &str, change: impl FnMut(&mut SliceRow)) {
        self.rows
            .iter_mut()
            .filter(|row| row.arm == arm)
            .for_each(change);
    }

    /// Writes the run as a runner does, and says where.
    fn write(&self) -> PathBuf {
        let number = std::fs::read_dir(self.folder.path()).unwrap().count();
        let path = self.folder.path().join(format!("run-{number}"));
        self.write_to(&path);
        path
    }

    fn write_to(&self, path: &Path) {
        let mut job = Job::of_test(path, self.run.clone()).unwrap();
        for block in &self.blocks {
            self.write_block(&mut job, block);
        }
        // The record keeps its times: the page shows them.
        job.run.units = Some(job.folder.journal.closed());
        job.folder.write_run(&mut job.run).unwrap();
    }

    fn write_block(&self, job: &mut Job<ThroughputPlan>, block: &BlockRow) {
        let journal = &mut job.folder.journal;
        let of_block = |row: &&SliceRow| row.block == block.block;
        for row in self.rows.iter().filter(of_block) {
            journal.append(row).unwrap();
        }
        let levels = self.run.plan.connections();
        let arms = self.run.arms.iter();
        for (arm, connections) in arms.flat_map(|arm| levels.iter().map(move |&one| (arm, one))) {
            let own = self.rows.iter().filter(of_block);
            let own = own.filter(|row| row.arm == arm.name && row.connections == connections);
            let times: u64 = own.clone().map(|row| row.ok + row.timeout).sum();
            if own.count() == 0 {
                continue;
            }
            journal
                .append(&ProcessRow {
                    connections,
                    ..process(&arm.name, block.block)
                })
                .unwrap();
            let mut histogram = time_histogram();
            let (one_in, slowest_ns) = (self.slowest)(&arm.name);
            histogram.record_n(640_000, times - times / one_in).unwrap();
            histogram.record_n(slowest_ns, times / one_in).unwrap();
            let tag = HistogramTag {
                arm: arm.name.clone(),
                condition: connections as u64,
                block: block.block,
            };
            journal
                .append_times(SERVICE_TIMES, &tag, &histogram)
                .unwrap();
        }
        journal.append(block).unwrap();
        journal.close(&format!("block {}", block.block)).unwrap();
    }

    fn records(&self) -> ThroughputRecords {
        Throughput::read(&self.write()).unwrap()
    }
}
