//! Time per request inside one process: blocks of live fresh processes, timed round robin in slices on one
//! processor, as the throughput run does it.

use super::Isolated;
use super::arms::Executables;
use super::harness::{Harness, Setup};
use super::plan::{Entry, IsolatedPlan};
use super::records::IsolatedRecords;
use super::rows::SampleRow;
use crate::duration::micros;
use crate::experiments::Experiment as _;
use crate::interrupt;
use crate::run::{
    ArmKind, Block, Job, Journal, SliceEnd, Slices, Slot, one_line, run_blocks, summarize_blocks,
};
use crate::server::Tree;
use anyhow::{Result, anyhow};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long an arm is driven before its first slice.
const WARM_UP: Duration = Duration::from_millis(100);

/// A harness that was off its processor for less was not stopped: others had their turn.
const PAUSE_MIN: Duration = Duration::from_millis(10);

/// Requests of one step of the warm-up.
const WARM_UP_REQUESTS: u64 = 2_000;

pub(super) fn measure(
    job: &mut Job<IsolatedPlan>,
    all: &[Executables],
    done: &IsolatedRecords,
) -> Result<()> {
    let is_timed = |one: &&Executables| one.kind != ArmKind::Leak && !one.entries.is_empty();
    let plan = job.run.plan.clone();
    let mut timing = Timing {
        arms: all.iter().filter(is_timed).collect(),
        processor: job.run.processors.server[0],
        seed: job.run.seed,
        shares: shares_so_far(done),
        live: BTreeMap::new(),
        plan: plan.clone(),
    };
    let wanted = |_: &Job<IsolatedPlan>, _| Ok(plan.blocks);
    run_blocks(job, &mut timing, &done.blocks, plan.blocks, wanted)?;
    all.iter().try_for_each(Executables::refuse_others)?;
    let measured = Isolated::read(job.folder.path())?;
    summarize_blocks(job, &measured.blocks);
    Ok(())
}

/// Requests per slice that an interrupted run had settled on.
fn shares_so_far(done: &IsolatedRecords) -> BTreeMap<(Entry, String), u64> {
    let rows = done.samples.iter().filter(|row| row.err.is_empty());
    rows.map(|row| ((row.entry, row.arm.clone()), row.requests))
        .collect()
}

/// The processes of all arms, one entry point at a time.
struct Timing<'e> {
    plan: IsolatedPlan,
    arms: Vec<&'e Executables>,
    processor: usize,
    seed: u64,
    /// Requests of a slice: settled in the first block, the same in all.
    shares: BTreeMap<(Entry, String), u64>,
    /// Harnesses of the current entry point, by arm.
    live: BTreeMap<usize, Live>,
}

/// An arm of a block at an entry point.
struct Live {
    harness: Result<Harness>,
    requests: u64,
}

impl Slices for Timing<'_> {
    fn arms(&self) -> Vec<String> {
        self.arms.iter().map(|arm| arm.name.clone()).collect()
    }

    fn conditions(&self) -> Vec<String> {
        Entry::ALL.map(|entry| entry.word().to_owned()).to_vec()
    }

    fn rounds(&self, _: usize) -> u32 {
        self.plan.rounds
    }

    /// Each entry point has processes of its own, so they are started when it begins.
    fn start(&mut self, _: Block, _: usize) -> Result<()> {
        Ok(())
    }

    fn ready(&mut self, block: Block, condition: usize, arm: usize) -> Result<()> {
        let entry = Entry::ALL[condition];
        self.arms[arm].refuse_others()?;
        if self.arms[arm].entries.contains(&entry) {
            let live = self.start_harness(block, entry, arm);
            interrupt::check()?;
            self.live.insert(arm, live);
        }
        Ok(())
    }

    fn slice(&mut self, slot: &Slot, journal: &mut Journal) -> Result<SliceEnd> {
        let Some(live) = self.live.get_mut(&slot.arm) else {
            return Ok(SliceEnd::default());
        };
        let arm = self.arms[slot.arm];
        let row = SampleRow {
            block: slot.block.number,
            entry: Entry::ALL[slot.condition],
            round: slot.round,
            position: slot.position,
            arm: arm.name.clone(),
            requests: 0,
            withheld: 0,
            started_us: micros(slot.began.elapsed()),
            elapsed_ns: 0,
            server_cpu_ns: 0,
            answer_bytes: 0,
            err: String::new(),
        };
        let row = live.slice(arm.kind, row);
        interrupt::check()?;
        journal.append(&row)?;
        // A harness never waits while it is timed: what it did not use, it was not given.
        let off_ns = row.elapsed_ns.saturating_sub(row.server_cpu_ns);
        Ok(Duration::from_nanos(off_ns)
            .saturating_sub(PAUSE_MIN)
            .into())
    }

    fn processes(&self) -> Vec<Tree> {
        let live = self
            .live
            .values()
            .filter_map(|live| live.harness.as_ref().ok());
        live.map(|harness| Tree::of(harness.pid())).collect()
    }

    fn done(&mut self, _: Block, _: usize, arm: usize, _: &mut Journal) -> Result<()> {
        self.live.remove(&arm);
        Ok(())
    }

    fn stop(&mut self, _: Block, _: &mut Journal) -> Result<()> {
        Ok(())
    }
}

impl Timing<'_> {
    /// Starts a harness and warms it up.
    fn start_harness(&mut self, block: Block, entry: Entry, arm: usize) -> Live {
        let executables = self.arms[arm];
        let key = (entry, executables.name.clone());
        let started = self.set_up(block, entry, arm).and_then(|mut harness| {
            let request_ns = warm_up(&mut harness)?;
            let slice_ns = self.plan.slice_ms * 1_000_000;
            let of_slice = (slice_ns / request_ns.max(1)).max(1);
            Ok((harness, *self.shares.entry(key).or_insert(of_slice)))
        });
        match started {
            Ok((harness, requests)) => Live {
                harness: Ok(harness),
                requests,
            },
            Err(error) => Live {
                harness: Err(error),
                requests: 0,
            },
        }
    }

    fn set_up(&self, block: Block, entry: Entry, arm: usize) -> Result<Harness> {
        let bench = self.arms[arm].timed.as_deref();
        Harness::start(&Setup {
            executable: bench.ok_or_else(|| anyhow!("the bench could not be built again"))?,
            entry,
            is_elsewhere: false,
            processor: self.processor,
            padding_bytes: IsolatedPlan::padding_bytes(self.seed, block.ordinal, arm),
        })
    }
}

/// Drives a harness until it is warm; how long a request takes then.
fn warm_up(harness: &mut Harness) -> Result<u64> {
    let started = Instant::now();
    loop {
        let timed = harness.requests(0, WARM_UP_REQUESTS)?;
        if started.elapsed() >= WARM_UP {
            return Ok(timed.wall_ns / timed.requests);
        }
    }
}

impl Live {
    /// Times one slice. An arm that has failed stays failed for the rest of the entry point.
    fn slice(&mut self, kind: ArmKind, row: SampleRow) -> SampleRow {
        let failed = |error: &anyhow::Error| one_line(&format!("{error:#}"));
        let harness = match &mut self.harness {
            Ok(harness) => harness,
            Err(error) => {
                let err = failed(error);
                return SampleRow { err, ..row };
            }
        };
        match harness.requests(IsolatedPlan::UNTIMED_REQUESTS, self.requests) {
            Ok(timed) => SampleRow {
                requests: timed.requests,
                withheld: match kind {
                    ArmKind::Planted => IsolatedPlan::withheld(timed.requests),
                    _ => 0,
                },
                elapsed_ns: timed.wall_ns,
                server_cpu_ns: timed.cpu_ns,
                answer_bytes: timed.answer_bytes.unwrap_or(0),
                ..row
            },
            Err(error) => {
                let err = failed(&error);
                self.harness = Err(error);
                SampleRow { err, ..row }
            }
        }
    }
}
