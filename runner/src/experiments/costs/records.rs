//! A run of costs, read back.

use super::plan::CostsPlan;
use super::rows::{BuildRow, FactRow};
use crate::run::{Missing, Run, State, open_run};
use anyhow::{Result, ensure};
use std::collections::BTreeSet;
use std::path::Path;

/// Everything a run of costs has left.
#[derive(Debug, Clone)]
pub struct CostsRecords {
    /// `run.json`.
    pub run: Run<CostsPlan>,
    /// Builds.
    pub builds: Vec<BuildRow>,
    /// What is published.
    pub facts: Vec<FactRow>,
    /// Names of the units that were closed.
    pub units: BTreeSet<String>,
    /// What the record lacks.
    pub missing: Vec<Missing>,
}

/// The name of a build as a unit of the journal.
pub(super) fn build_unit(arm: &str, block: u32) -> String {
    format!("build {arm} {block}")
}

/// The name of the facts as a unit of the journal.
pub(super) const FACTS_UNIT: &str = "facts";

impl CostsRecords {
    /// Reads a run.
    pub(super) fn read(folder: &Path, experiment: &str, method: u32) -> Result<Self> {
        let (run, mut reader) = open_run::<CostsPlan>(folder, experiment, method)?;
        let builds: Vec<BuildRow> = reader.rows(&run.arms)?;
        for row in &builds {
            ensure!(
                row.block < run.plan.blocks,
                "{}: the plan has no block {}",
                folder.display(),
                row.block
            );
        }
        Ok(Self {
            builds,
            facts: reader.rows(&run.arms)?,
            units: reader.units().map(str::to_owned).collect(),
            missing: reader.missing(run.units),
            run,
        })
    }

    /// Builds of one arm.
    pub(super) fn of_arm<'r>(&'r self, arm: &'r str) -> impl Iterator<Item = &'r BuildRow> {
        self.builds.iter().filter(move |row| row.arm == arm)
    }

    /// Builds that a finished run has.
    pub(super) fn planned(&self) -> usize {
        let arms = self.run.arms.iter().filter(|arm| arm.takes_part());
        match self.run.state {
            State::Complete => arms.count() * self.run.plan.blocks as usize,
            State::Running | State::Interrupted => 0,
        }
    }

    /// Contestants of which a finished run has the facts.
    pub(super) fn contestants(&self) -> usize {
        let arms = self.run.arms.iter();
        let contestants = arms.filter(|arm| arm.kind.is_contestant() && arm.variant_of.is_none());
        match self.run.state {
            State::Complete => contestants.count(),
            State::Running | State::Interrupted => 0,
        }
    }
}
