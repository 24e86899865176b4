//! Time per request inside one process: blocks of live fresh processes, timed round robin in slices on
//! one processor, as the throughput run does it.

use super::arms::Contender;
use super::job::Job;
use crate::commands::spoilt::Watch;
use crate::environment::Counters;
use crate::interrupt;
use crate::isolated::{Harness, Setup};
use crate::plan::{InProcess, IsolatedPlan};
use crate::record::{ArmKind, BlockRow, IsolatedFolder, IsolatedRecords, SampleRow};
use anyhow::Result;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long an arm is driven before its first slice.
const WARM_UP: Duration = Duration::from_millis(100);

/// Requests of one step of the warm-up.
const WARM_UP_REQUESTS: u64 = 2_000;

pub(super) fn measure(
    job: &mut Job,
    contenders: &[Contender],
    done: &IsolatedRecords,
    folder: &mut IsolatedFolder,
) -> Result<()> {
    let mut complete = done.complete_blocks();
    let mut number = done.next_block;
    let plan = job.run.plan.clone();
    let mut timing = Timing {
        watch: Watch::new(&[job.run.processor], plan.blocks)?,
        contenders: contenders
            .iter()
            .filter(|one| one.kind != ArmKind::Leak && one.timed.is_some())
            .collect(),
        processor: job.run.processor,
        shares: shares_so_far(done),
        plan,
    };
    while complete < timing.plan.blocks {
        let row = timing.run_block(number, complete, folder)?;
        let outcome = if row.counts() {
            ""
        } else {
            ", set aside: the machine was slow"
        };
        let seconds = row.elapsed_ms as f64 / 1000.0;
        eprintln!(
            "timing, block {} of {}: {seconds:.1} s{outcome}",
            complete + 1,
            timing.plan.blocks
        );
        number += 1;
        complete += u32::from(row.counts());
    }
    Ok(())
}

/// Requests per slice that an interrupted run had settled on.
fn shares_so_far(done: &IsolatedRecords) -> BTreeMap<(InProcess, String), u64> {
    let rows = done.samples.iter().filter(|row| row.err.is_empty());
    rows.map(|row| ((row.level, row.arm.clone()), row.requests))
        .collect()
}

/// What the blocks share.
struct Timing<'c> {
    plan: IsolatedPlan,
    contenders: Vec<&'c Contender>,
    processor: usize,
    watch: Watch,
    /// Requests of a slice: settled in the first block, the same in all.
    shares: BTreeMap<(InProcess, String), u64>,
}

/// An arm of a block at a level.
struct Live<'c> {
    contender: &'c Contender,
    harness: Result<Harness>,
    requests: u64,
}

impl<'c> Timing<'c> {
    fn run_block(
        &mut self,
        block: u32,
        ordinal: u32,
        folder: &mut IsolatedFolder,
    ) -> Result<BlockRow> {
        let (started, counters) = (Instant::now(), Counters::read()?);
        for level in InProcess::ALL {
            self.run_level(block, ordinal, level, folder)?;
        }
        let during = Counters::read()?.since(&counters);
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let mut row = BlockRow {
            block,
            complete: 1,
            elapsed_ms: milliseconds(started.elapsed()),
            steal_ms: milliseconds(during.steal),
            ..BlockRow::default()
        };
        // One processor is used, so its time is what may be stolen.
        self.watch.judge(&mut row, 1);
        folder.write_block(&row)?;
        Ok(row)
    }

    fn run_level(
        &mut self,
        block: u32,
        ordinal: u32,
        level: InProcess,
        folder: &mut IsolatedFolder,
    ) -> Result<()> {
        let mut live = self.start_all(ordinal, level)?;
        let began = Instant::now();
        for lap in 0..self.plan.laps {
            self.watch.look()?;
            let order = self.plan.order(ordinal, level, lap, live.len());
            for (position, at) in order.into_iter().enumerate() {
                let started_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
                let row = SampleRow {
                    block,
                    level,
                    lap,
                    position,
                    arm: live[at].contender.name.clone(),
                    requests: 0,
                    uncounted: 0,
                    started_us,
                    wall_ns: 0,
                    cpu_ns: 0,
                    answer_bytes: 0,
                    err: String::new(),
                };
                folder.write_sample(&live[at].slice(row))?;
                interrupt::check()?;
            }
        }
        Ok(())
    }

    /// Starts and warms up all arms that have this level.
    fn start_all(&mut self, ordinal: u32, level: InProcess) -> Result<Vec<Live<'c>>> {
        let taking_part: Vec<&Contender> = self
            .contenders
            .iter()
            .copied()
            .filter(|one| one.levels.contains(&level))
            .collect();
        let mut live: Vec<Option<Live>> = taking_part.iter().map(|_| None).collect();
        for at in self.plan.warmup_order(ordinal, level, taking_part.len()) {
            interrupt::check()?;
            live[at] = Some(self.start(taking_part[at], ordinal, level, at));
        }
        Ok(live.into_iter().flatten().collect())
    }

    fn start(
        &mut self,
        contender: &'c Contender,
        ordinal: u32,
        level: InProcess,
        at: usize,
    ) -> Live<'c> {
        let setup = Setup {
            executable: contender
                .timed
                .as_deref()
                .expect("only arms that were built take part"),
            level,
            is_elsewhere: false,
            processor: self.processor,
            padding_bytes: self.plan.padding_bytes(ordinal, at),
        };
        let key = (level, contender.name.clone());
        let started = Harness::start(&setup).and_then(|mut harness| {
            let request_ns = warm_up(&mut harness)?;
            let slice_ns = self.plan.slice_ms * 1_000_000;
            let requests = *self
                .shares
                .entry(key)
                .or_insert((slice_ns / request_ns.max(1)).max(1));
            Ok((harness, requests))
        });
        match started {
            Ok((harness, requests)) => Live {
                contender,
                harness: Ok(harness),
                requests,
            },
            Err(error) => Live {
                contender,
                harness: Err(error),
                requests: 0,
            },
        }
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

impl Live<'_> {
    /// Times one slice. An arm that has failed stays failed for the rest of the block's level.
    fn slice(&mut self, row: SampleRow) -> SampleRow {
        let harness = match &mut self.harness {
            Ok(harness) => harness,
            Err(error) => {
                let err = format!("{error:#}");
                return SampleRow { err, ..row };
            }
        };
        match harness.requests(IsolatedPlan::UNTIMED_REQUESTS, self.requests) {
            Ok(timed) => SampleRow {
                requests: timed.requests,
                uncounted: match self.contender.kind {
                    ArmKind::Planted => IsolatedPlan::uncounted(timed.requests),
                    _ => 0,
                },
                wall_ns: timed.wall_ns,
                cpu_ns: timed.cpu_ns,
                answer_bytes: timed.answer_bytes.unwrap_or(0),
                ..row
            },
            Err(error) => {
                let err = format!("{error:#}");
                self.harness = Err(error);
                SampleRow { err, ..row }
            }
        }
    }
}
