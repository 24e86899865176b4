//! Memory of live servers: what they have with no connection, with thousands of idle ones and under load, and whether
//! it comes back after the last one has been closed. Processes are watched side by side, since waiting costs nothing.

mod charts;
mod columns;
mod connections;
mod control;
mod figures;
mod life;
mod measure;
mod options;
mod page;
mod plan;
mod records;
mod remarks;
mod rows;

pub use options::MemoryOptions;
pub use plan::{MemoryPlan, Stage, Step};
pub use records::MemoryRecords;
pub use rows::StageRow;

use super::experiment::{Experiment, Outline};
use crate::analysis::Ranked;
use crate::arms::{Prepared, Variant};
use crate::framework::Workspace;
use crate::report::Page;
use crate::run::{Arm, ArmKind, Design, Job, Launch, Run, RunOptions};
use anyhow::Result;
use std::path::Path;

/// The experiment.
#[derive(Debug)]
pub struct Memory;

impl Experiment for Memory {
    const NAME: &'static str = "memory";
    const METHOD: u32 = 1;

    type Options = MemoryOptions;
    type Plan = MemoryPlan;
    type Prepared = Vec<Launch>;
    type Records = MemoryRecords;

    fn run_options(options: &MemoryOptions) -> &RunOptions {
        &options.run
    }

    fn design(workspace: &Workspace, options: &MemoryOptions) -> Result<Design<MemoryPlan>> {
        options.design(workspace, Self::NAME, Self::METHOD)
    }

    fn outline(plan: &MemoryPlan, seed: u64, contestants: &[String]) -> Outline {
        plan.outline(seed, contestants)
    }

    fn prepare(
        workspace: &Workspace,
        job: &mut Job<MemoryPlan>,
    ) -> Result<(Vec<Arm>, Vec<Launch>)> {
        let variant = Variant {
            server: job.run.plan.server,
            env: job.run.plan.env,
        };
        let mut prepared = Prepared::build(workspace, &job.names, variant)?;
        prepared.add_null("null", ArmKind::Null, &[])?;
        prepared.add_null(control::NAME, ArmKind::Planted, &control::OPTIONS)?;
        prepared.check(&job.run.processors.server)?;
        if !job.run.arms.is_empty() {
            prepared = prepared.continuing(&job.run.arms);
        }
        Ok((prepared.arms, prepared.launches))
    }

    fn measure(
        job: &mut Job<MemoryPlan>,
        launches: Vec<Launch>,
        done: &MemoryRecords,
    ) -> Result<()> {
        measure::measure(job, &launches, done)
    }

    fn read(folder: &Path) -> Result<MemoryRecords> {
        MemoryRecords::read(folder, Self::NAME, Self::METHOD)
    }

    fn run(records: &MemoryRecords) -> &Run<MemoryPlan> {
        &records.run
    }

    fn page(records: &MemoryRecords) -> Page {
        page::page(records)
    }

    /// It ranks nobody: less memory is not better if it is bought with time, and this table does not show that.
    fn rankings(_records: &MemoryRecords) -> Vec<(String, Ranked)> {
        Vec::new()
    }

    /// Nor is it on the front page.
    fn is_main(_plan: &MemoryPlan) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
