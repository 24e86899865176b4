//! A memory run, read back.

use super::plan::{MemoryPlan, Stage, Step};
use super::rows::StageRow;
use crate::run::{Missing, Run, State, open_run};
use anyhow::{Result, ensure};
use std::collections::BTreeSet;
use std::path::Path;

/// Everything a memory run has left.
#[derive(Debug, Clone)]
pub struct MemoryRecords {
    /// `run.json`.
    pub run: Run<MemoryPlan>,
    /// Readings of processes that count.
    pub stages: Vec<StageRow>,
    /// Names of the units that were closed.
    pub units: BTreeSet<String>,
    /// What the record lacks.
    pub missing: Vec<Missing>,
}

/// The name of a process as a unit of the journal.
pub(super) fn process_unit(arm: &str, block: u32) -> String {
    format!("process {arm} {block}")
}

impl MemoryRecords {
    /// Reads a run.
    pub(super) fn read(folder: &Path, experiment: &str, method: u32) -> Result<Self> {
        let (run, mut reader) = open_run::<MemoryPlan>(folder, experiment, method)?;
        let stages: Vec<StageRow> = reader.rows(&run.arms)?;
        let steps = run.plan.steps();
        for row in &stages {
            ensure!(
                row.block < run.plan.blocks && steps.contains(&row.step()),
                "{}: the plan has no reading `{}` in block {}",
                folder.display(),
                row.step(),
                row.block
            );
        }
        Ok(Self {
            stages,
            units: reader.units().map(str::to_owned).collect(),
            missing: reader.missing(run.units),
            run,
        })
    }

    /// Readings of one process, in order.
    pub(super) fn of_process(&self, arm: &str, block: u32) -> impl Iterator<Item = &StageRow> {
        let rows = self.stages.iter();
        rows.filter(move |row| row.arm == arm && row.block == block)
    }

    /// One reading of one process, if memory was read.
    pub(super) fn reading(&self, arm: &str, block: u32, step: Step) -> Option<&StageRow> {
        let mut own = self.of_process(arm, block);
        own.find(|row| row.step() == step && row.err.is_empty())
    }

    /// Rows that a finished run has.
    pub(super) fn planned(&self) -> usize {
        let arms = self.run.arms.iter().filter(|arm| arm.takes_part());
        match self.run.state {
            State::Complete => {
                arms.count() * self.run.plan.blocks as usize * self.run.plan.steps().len()
            }
            State::Running | State::Interrupted => 0,
        }
    }

    /// Readings that were taken much later than they were due: something stopped us.
    pub(super) fn late(&self) -> usize {
        let is_late = |row: &&StageRow| {
            row.stage == Stage::Closed
                && row.wait_ms > 0
                && row.err.is_empty()
                && row.after_ms > row.wait_ms + row.wait_ms / 10 + 1000
        };
        self.stages.iter().filter(is_late).count()
    }
}
