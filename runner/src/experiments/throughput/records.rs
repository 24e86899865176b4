//! A throughput run, read back.

use super::plan::ThroughputPlan;
use super::rows::{SERVICE_TIMES, SliceRow};
use crate::experiments::hosts::HostRows;
use crate::load::time_histogram;
use crate::record::HistogramTag;
use crate::run::{BlockRow, Missing, ProcessRow, Run, State, open_run};
use anyhow::{Result, ensure};
use hdrhistogram::Histogram;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Everything a throughput run has left.
#[derive(Debug, Clone)]
pub struct ThroughputRecords {
    /// `run.json`.
    pub run: Run<ThroughputPlan>,
    /// Slices of blocks that count.
    pub slices: Vec<SliceRow>,
    /// Slices of blocks that were excluded: complete, but disturbed by the machine.
    pub excluded_slices: Vec<SliceRow>,
    /// Processes of blocks that count.
    pub processes: Vec<ProcessRow>,
    /// All blocks.
    pub blocks: Vec<BlockRow>,
    /// Histograms of service times in ns, of blocks that count.
    pub service_times: BTreeMap<HistogramTag, Histogram<u64>>,
    /// What hosts say, if load came from several.
    pub(in crate::experiments) hosts: HostRows,
    /// What the record lacks.
    pub missing: Vec<Missing>,
}

impl ThroughputRecords {
    /// Reads a run.
    pub(super) fn read(folder: &Path, experiment: &str, method: u32) -> Result<Self> {
        let (run, mut reader) = open_run::<ThroughputPlan>(folder, experiment, method)?;
        let blocks: Vec<BlockRow> = reader.rows(&run.arms)?;
        let counting: BTreeSet<u32> = blocks
            .iter()
            .filter(|row| row.counts())
            .map(|row| row.block)
            .collect();
        let all: Vec<SliceRow> = reader.rows(&run.arms)?;
        for row in &all {
            let level = run.plan.level(row.connections);
            ensure!(
                level.is_some_and(|level| row.round < level.rounds),
                "{}: the plan has no round {} at {} connections",
                folder.display(),
                row.round,
                row.connections
            );
        }
        let (slices, excluded_slices) = all
            .into_iter()
            .partition(|row| counting.contains(&row.block));
        let mut processes: Vec<ProcessRow> = reader.rows(&run.arms)?;
        processes.retain(|row| counting.contains(&row.block));
        let mut service_times = reader.times(SERVICE_TIMES, &time_histogram())?;
        service_times.retain(|tag, _| counting.contains(&tag.block));
        let hosts = HostRows::read(&mut reader, (&run, run.plan.link), &counting)?;
        Ok(Self {
            hosts,
            missing: reader.missing(run.units),
            run,
            slices,
            excluded_slices,
            processes,
            blocks,
            service_times,
        })
    }

    /// Blocks that count.
    #[must_use]
    pub fn counting(&self) -> u32 {
        BlockRow::counting(&self.blocks)
    }

    /// How far a run came that was not finished.
    pub(super) fn unfinished(&self) -> String {
        let (complete, planned) = (self.counting(), self.run.plan.blocks);
        format!(
            "The run was not finished: {complete} of {planned} blocks are complete, and only they count."
        )
    }

    /// Blocks that a finished run has.
    pub(super) fn planned(&self) -> u32 {
        match self.run.state {
            State::Complete => self.run.plan.blocks,
            State::Running | State::Interrupted => 0,
        }
    }

    /// The same with the blocks of the first stage only.
    pub(super) fn first_stage(mut self) -> Self {
        let counting = self.blocks.iter().filter(|row| row.counts());
        let first = counting.take(self.run.plan.blocks as usize);
        let numbers: BTreeSet<u32> = first.map(|row| row.block).collect();
        self.slices.retain(|row| numbers.contains(&row.block));
        self
    }

    /// Which arms have processes that had to be started again, a sentence for each.
    pub(super) fn restarts(&self) -> impl Iterator<Item = String> {
        self.run.arms.iter().filter_map(|arm| {
            let own = self.processes.iter().filter(|row| row.arm == arm.name);
            let restarts = ProcessRow::restarts(own)?;
            Some(format!("`{}`: {restarts}.", arm.name))
        })
    }

    /// The slices of one arm at one concurrency.
    pub(super) fn slices_of(&self, connections: usize, arm: &str) -> Vec<&SliceRow> {
        let slices = self.slices.iter();
        slices
            .filter(|row| row.connections == connections && row.arm == arm)
            .collect()
    }
}
