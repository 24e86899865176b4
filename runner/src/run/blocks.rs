//! The block loop: fresh processes for all arms, all live together, measured round robin in slices, in
//! balanced orders; then all are stopped, and the block counts, or the machine has disturbed it and another one
//! takes its place.
//!
//! What a slice is, and what a process, is for the experiment to say ([`Slices`]).

use super::disturbance::Disturbance;
use super::job::Job;
use super::journal::Journal;
use super::order::Orders;
use super::progress::Progress;
use super::row::{Row, fault_of_numbers};
use super::watch::Watch;
use crate::interrupt;
use crate::server::Tree;
use anyhow::Result;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// A block's number in the records, and which of the counting ones it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Its number in the records.
    pub number: u32,
    /// How many counting blocks come before it.
    pub ordinal: u32,
}

/// Where a slice stands.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    /// The block.
    pub block: Block,
    /// Index of the condition.
    pub condition: usize,
    /// The round within block and condition, from 0.
    pub round: u32,
    /// The position within the round, from 0.
    pub position: usize,
    /// Index of the arm.
    pub arm: usize,
    /// When the first round of this condition began.
    pub began: Instant,
}

/// What an experiment does with its arms in a block. Whatever goes wrong with an arm becomes part of its rows;
/// an error ends the run.
pub trait Slices {
    /// The arms' names.
    fn arms(&self) -> Vec<String>;

    /// The conditions under which all arms are measured, one after another: numbers of connections, rates,
    /// entry points.
    fn conditions(&self) -> Vec<String>;

    /// How often each arm is measured per block under a condition.
    fn rounds(&self, condition: usize) -> u32;

    /// Starts the process of an arm.
    ///
    /// # Errors
    ///
    /// If the run cannot go on.
    fn start(&mut self, block: Block, arm: usize) -> Result<()>;

    /// Makes an arm ready for a condition: connected and warmed up.
    ///
    /// # Errors
    ///
    /// If the run cannot go on.
    fn ready(&mut self, block: Block, condition: usize, arm: usize) -> Result<()>;

    /// Measures one slice and appends its row; what of it disturbs its block.
    ///
    /// # Errors
    ///
    /// If the run cannot go on.
    fn slice(&mut self, slot: &Slot, journal: &mut Journal) -> Result<SliceEnd>;

    /// The processes that are ours and live: what they use is not used by others.
    fn processes(&self) -> Vec<Tree>;

    /// Ends a condition for an arm.
    ///
    /// # Errors
    ///
    /// If the run cannot go on.
    fn done(
        &mut self,
        block: Block,
        condition: usize,
        arm: usize,
        journal: &mut Journal,
    ) -> Result<()>;

    /// Ends the processes of all arms.
    ///
    /// # Errors
    ///
    /// If the run cannot go on.
    fn stop(&mut self, block: Block, journal: &mut Journal) -> Result<()>;
}

/// What of a slice disturbs its block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SliceEnd {
    /// For how long we were stopped in it, if that can be seen.
    pub paused: Duration,
    /// Several generators did not begin it together.
    pub is_apart: bool,
}

impl From<Duration> for SliceEnd {
    fn from(paused: Duration) -> Self {
        Self {
            paused,
            is_apart: false,
        }
    }
}

/// One block.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockRow {
    /// Its number, from 0.
    pub block: u32,
    /// How long it took.
    pub elapsed_ms: u64,
    /// Processor time the hypervisor gave to others meanwhile.
    pub steal_ms: u64,
    /// Connections that found a listen queue full meanwhile.
    pub listen_overflows: u64,
    /// How much longer a fixed piece of work took on the server's processors than before the first block, the
    /// median over rounds, in parts per million.
    pub sentinel_slowdown_ppm: u64,
    /// Time in which slices were measured.
    pub watched_ms: u64,
    /// CPU time that other programs used on our processors meanwhile.
    pub others_cpu_ms: u64,
    /// Periods in which a limit of our control group stopped us meanwhile.
    pub throttled_periods: u64,
    /// How long we were stopped meanwhile, as the slices saw it.
    pub pause_ms: u64,
    /// What has disturbed the block, if anything has.
    pub disturbed_by: Disturbance,
    /// 1 if it is excluded for that. A block may be disturbed and count all the same: once a third of the planned
    /// blocks was excluded, the run has to end.
    pub excluded: u8,
}

impl BlockRow {
    /// Whether its rows count.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.excluded == 0
    }

    /// How many of these blocks count.
    #[must_use]
    pub fn counting(rows: &[Self]) -> u32 {
        rows.iter().map(|row| u32::from(row.counts())).sum()
    }
}

impl Row for BlockRow {
    const FILE: &'static str = "blocks.csv";

    fn arm(&self) -> Option<&str> {
        None
    }

    fn key(&self) -> String {
        format!("block {}", self.block)
    }

    fn fault(&self) -> Option<String> {
        let numbers = [
            self.elapsed_ms,
            self.steal_ms,
            self.listen_overflows,
            self.sentinel_slowdown_ppm,
            self.watched_ms,
            self.others_cpu_ms,
            self.throttled_periods,
            self.pause_ms,
        ];
        if let Some(fault) = fault_of_numbers(&numbers) {
            return Some(fault);
        }
        let has_cause = self.disturbed_by != Disturbance::None;
        (self.excluded > 1 || (self.excluded == 1 && !has_cause))
            .then(|| "excluded is neither 0 nor 1 with a cause".to_owned())
    }
}

/// The name of a block as a unit of the journal.
#[must_use]
pub(super) fn block_unit(number: u32) -> String {
    format!("block {number}")
}

/// Measures block after block until `wanted` of them count; it is asked again after each.
///
/// # Errors
///
/// If the run is interrupted or cannot go on. Blocks that have ended stay.
pub fn run_blocks<P: Serialize + DeserializeOwned + Clone>(
    job: &mut Job<P>,
    slices: &mut impl Slices,
    done: &[BlockRow],
    planned: u32,
    mut wanted: impl FnMut(&Job<P>, u32) -> Result<u32>,
) -> Result<()> {
    let conditions = slices.conditions();
    let mut blocks = Blocks {
        orders: Orders {
            seed: job.run.seed,
            series: 2 * conditions.len() as u64,
        },
        watch: Watch::new(
            (&job.run.processors, !job.run.hosts.is_empty()),
            planned,
            BlockRow::counting(done),
            done.len(),
        )?,
        progress: Progress::new(
            &conditions,
            (0..conditions.len())
                .map(|condition| slices.rounds(condition))
                .sum(),
            slices.arms(),
            planned,
        ),
    };
    let mut ordinal = BlockRow::counting(done);
    // Lines of a block in which the run was killed were never closed, so its number is free.
    let mut number = done.iter().map(|row| row.block + 1).max().unwrap_or(0);
    while ordinal < wanted(job, ordinal)? {
        let block = Block { number, ordinal };
        let row = blocks.run(block, slices, &mut job.folder.journal)?;
        blocks.progress.block_ended(ordinal, &row);
        number += 1;
        ordinal += u32::from(row.counts());
    }
    blocks.progress.finish();
    Ok(())
}

/// What lasts from block to block.
struct Blocks {
    orders: Orders,
    watch: Watch,
    progress: Progress,
}

impl Blocks {
    fn run(
        &mut self,
        block: Block,
        slices: &mut impl Slices,
        journal: &mut Journal,
    ) -> Result<BlockRow> {
        journal.abandon();
        self.watch.begin_block()?;
        let arms = slices.arms().len();
        for arm in self.orders.order(1, u64::from(block.ordinal), arms) {
            interrupt::check()?;
            slices.start(block, arm)?;
        }
        for condition in 0..slices.conditions().len() {
            self.run_condition(block, condition, slices, journal)?;
        }
        slices.stop(block, journal)?;
        let row = self.watch.end_block(block.number)?;
        journal.append(&row)?;
        journal.close(&block_unit(block.number))?;
        Ok(row)
    }

    fn run_condition(
        &mut self,
        block: Block,
        condition: usize,
        slices: &mut impl Slices,
        journal: &mut Journal,
    ) -> Result<()> {
        let (arms, rounds) = (slices.arms().len(), slices.rounds(condition));
        let series = 2 * condition as u64;
        for arm in self
            .orders
            .order(series + 1, u64::from(block.ordinal), arms)
        {
            interrupt::check()?;
            self.progress.warming_up(block.ordinal, condition, arm);
            slices.ready(block, condition, arm)?;
        }
        let began = Instant::now();
        for round in 0..rounds {
            let watched = self.watch.begin_round(&slices.processes())?;
            let mut end = SliceEnd::default();
            let number = u64::from(block.ordinal) * u64::from(rounds) + u64::from(round);
            let order = self.orders.order(series, number, arms);
            for (position, arm) in order.into_iter().enumerate() {
                interrupt::check()?;
                self.progress.measuring(block.ordinal, condition, arm);
                let slot = Slot {
                    block,
                    condition,
                    round,
                    position,
                    arm,
                    began,
                };
                let one = slices.slice(&slot, journal)?;
                end.paused += one.paused;
                end.is_apart |= one.is_apart;
                self.progress.slice_ended();
            }
            self.watch.end_round(&watched, &slices.processes(), end)?;
        }
        for arm in 0..arms {
            slices.done(block, condition, arm, journal)?;
        }
        Ok(())
    }
}
