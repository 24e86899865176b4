//! A latency run, read back.

use super::plan::{LatencyPlan, RateLevel};
use super::rows::{PacedRow, ProbeRow, RESPONSE_TIMES, SearchRow};
use super::searches;
use crate::experiments::hosts::HostRows;
use crate::load::time_histogram;
use crate::record::HistogramTag;
use crate::run::{BlockRow, Missing, ProcessRow, Run, State, open_run};
use anyhow::{Result, ensure};
use hdrhistogram::Histogram;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Everything a latency run has left.
#[derive(Debug, Clone)]
pub struct LatencyRecords {
    /// `run.json`.
    pub run: Run<LatencyPlan>,
    /// Slices of blocks that count.
    pub slices: Vec<PacedRow>,
    /// Processes of blocks that count.
    pub processes: Vec<ProcessRow>,
    /// All blocks.
    pub blocks: Vec<BlockRow>,
    /// Histograms of response times in ns, of blocks that count.
    pub response_times: BTreeMap<HistogramTag, Histogram<u64>>,
    /// Probes of all searches.
    pub probes: Vec<ProbeRow>,
    /// What the searches have found.
    pub searches: Vec<SearchRow>,
    /// Names of the units that were closed.
    pub units: BTreeSet<String>,
    /// What hosts say, if load came from several.
    pub(in crate::experiments) hosts: HostRows,
    /// What the record lacks.
    pub missing: Vec<Missing>,
}

impl LatencyRecords {
    /// Reads a run.
    pub(super) fn read(folder: &Path, experiment: &str, method: u32) -> Result<Self> {
        let (run, mut reader) = open_run::<LatencyPlan>(folder, experiment, method)?;
        let arms = run.arms.clone();
        let blocks: Vec<BlockRow> = reader.rows(&arms)?;
        let counting = blocks.iter().filter(|row| row.counts());
        let counting: BTreeSet<u32> = counting.map(|row| row.block).collect();
        let mut slices: Vec<PacedRow> = reader.rows(&arms)?;
        for row in &slices {
            let mut rates = run.plan.rates.iter();
            let level = rates.find(|level| level.rate_per_s == row.rate_per_s);
            ensure!(
                level.is_some_and(|level| row.round < level.rounds),
                "{}: the plan has no round {} at {} requests/s",
                folder.display(),
                row.round,
                row.rate_per_s
            );
        }
        slices.retain(|row| counting.contains(&row.block));
        let mut processes: Vec<ProcessRow> = reader.rows(&arms)?;
        processes.retain(|row| counting.contains(&row.block));
        let mut response_times = reader.times(RESPONSE_TIMES, &time_histogram())?;
        response_times.retain(|tag, _| counting.contains(&tag.block));
        let hosts = HostRows::read(&mut reader, (&run, run.plan.link), &counting)?;
        Ok(Self {
            hosts,
            slices,
            processes,
            blocks,
            response_times,
            probes: reader.rows(&arms)?,
            searches: reader.rows(&arms)?,
            units: reader.units().map(str::to_owned).collect(),
            missing: reader.missing(run.units),
            run,
        })
    }

    /// Blocks that count.
    #[must_use]
    pub fn counting(&self) -> u32 {
        BlockRow::counting(&self.blocks)
    }

    /// Blocks that a finished run has.
    pub(super) fn planned(&self) -> u32 {
        match self.run.state {
            State::Complete if !self.run.plan.rates.is_empty() => self.run.plan.blocks,
            _ => 0,
        }
    }

    /// The slices of one arm at one rate.
    pub(super) fn slices_of(&self, rate_per_s: u64, arm: &str) -> Vec<&PacedRow> {
        let slices = self.slices.iter();
        slices
            .filter(|row| row.rate_per_s == rate_per_s && row.arm == arm)
            .collect()
    }

    /// The plan of a rate.
    pub(super) fn level(&self, rate_per_s: u64) -> Option<&RateLevel> {
        let mut rates = self.run.plan.rates.iter();
        rates.find(|level| level.rate_per_s == rate_per_s)
    }

    /// All response times of one arm at one rate.
    pub(super) fn times_of(&self, rate_per_s: u64, arm: &str) -> Histogram<u64> {
        let mut times = time_histogram();
        for (tag, histogram) in &self.response_times {
            if tag.arm == arm && tag.condition == rate_per_s {
                times
                    .add(histogram)
                    .expect("histograms were read with these bounds");
            }
        }
        times
    }

    /// Searches that a finished run has and this one has not.
    pub(super) fn missing_searches(&self) -> usize {
        if self.run.state != State::Complete || self.run.plan.objective.is_none() {
            return 0;
        }
        let arms = self.run.arms.iter().filter(|arm| arm.takes_part());
        let units = arms.flat_map(|arm| {
            (0..self.run.plan.searches).map(|search| searches::unit(search, &arm.name))
        });
        units.filter(|unit| !self.units.contains(unit)).count()
    }
}
