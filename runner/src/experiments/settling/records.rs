//! A settling run, read back.

use super::plan::SettlingPlan;
use super::rows::IntervalRow;
use crate::run::{BlockRow, Missing, ProcessRow, Run, State, open_run};
use anyhow::{Result, ensure};
use std::collections::BTreeSet;
use std::path::Path;

/// Everything a settling run has left.
#[derive(Debug, Clone)]
pub struct SettlingRecords {
    /// `run.json`.
    pub run: Run<SettlingPlan>,
    /// Intervals of blocks that count.
    pub intervals: Vec<IntervalRow>,
    /// Processes of blocks that count.
    pub processes: Vec<ProcessRow>,
    /// All blocks.
    pub blocks: Vec<BlockRow>,
    /// What the record lacks.
    pub missing: Vec<Missing>,
}

impl SettlingRecords {
    /// Reads a run.
    pub(super) fn read(folder: &Path, experiment: &str, method: u32) -> Result<Self> {
        let (run, mut reader) = open_run::<SettlingPlan>(folder, experiment, method)?;
        let blocks: Vec<BlockRow> = reader.rows(&run.arms)?;
        let counting = blocks.iter().filter(|row| row.counts());
        let counting: BTreeSet<u32> = counting.map(|row| row.block).collect();
        let mut intervals: Vec<IntervalRow> = reader.rows(&run.arms)?;
        for row in &intervals {
            let is_planned = run.plan.connections.contains(&row.connections)
                && row.round < run.plan.rounds
                && row.interval < run.plan.intervals();
            ensure!(
                is_planned,
                "{}: the plan has no round {} with interval {} at {} connections",
                folder.display(),
                row.round,
                row.interval,
                row.connections
            );
        }
        intervals.retain(|row| counting.contains(&row.block));
        let mut processes: Vec<ProcessRow> = reader.rows(&run.arms)?;
        processes.retain(|row| counting.contains(&row.block));
        Ok(Self {
            missing: reader.missing(run.units),
            run,
            intervals,
            processes,
            blocks,
        })
    }

    /// Why processes of an arm were not measured to the end at this concurrency, one reason for each.
    #[must_use]
    pub fn failures(&self, connections: usize, arm: &str) -> Vec<&str> {
        let own = self
            .processes
            .iter()
            .filter(|row| row.connections == connections && row.arm == arm);
        let failed = own.filter(|row| !row.err.is_empty());
        failed.map(|row| row.err.as_str()).collect()
    }

    /// Intervals of an arm at this concurrency, of processes that were measured to the end.
    pub(super) fn intervals_of(&self, connections: usize, arm: &str) -> Vec<&IntervalRow> {
        let failed = self
            .processes
            .iter()
            .filter(|row| row.connections == connections && row.arm == arm && !row.err.is_empty());
        let failed: BTreeSet<u32> = failed.map(|row| row.block).collect();
        let own = self.intervals.iter().filter(|row| {
            row.connections == connections && row.arm == arm && !failed.contains(&row.block)
        });
        own.collect()
    }

    /// Blocks that count.
    #[must_use]
    pub fn counting(&self) -> u32 {
        BlockRow::counting(&self.blocks)
    }

    /// Blocks that a finished run has.
    pub(super) fn planned(&self) -> u32 {
        match self.run.state {
            State::Complete => self.run.plan.blocks,
            State::Running | State::Interrupted => 0,
        }
    }
}
