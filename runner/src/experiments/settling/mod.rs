//! Settling: what load does in its first second. From idle, all connections begin at once; rate, 99th percentile and
//! the share of connections served are told every 10 ms. The settling and the windows of a throughput run follow
//! from it.

mod charts;
mod measure;
mod options;
mod page;
mod plan;
mod records;
mod rows;
mod traces;

pub use options::SettlingOptions;
pub use plan::SettlingPlan;
pub use records::SettlingRecords;
pub use rows::IntervalRow;
pub use traces::{Settled, Trace};

use super::experiment::{Experiment, Outline};
use crate::analysis::Ranked;
use crate::arms::{Prepared, Variant};
use crate::environment::limits;
use crate::framework::Workspace;
use crate::report::Page;
use crate::run::{Arm, Design, Job, Launch, Run, RunOptions};
use anyhow::Result;
use std::path::Path;

/// The experiment.
#[derive(Debug)]
pub struct Settling;

impl Experiment for Settling {
    const NAME: &'static str = "settling";
    const METHOD: u32 = 1;

    type Options = SettlingOptions;
    type Plan = SettlingPlan;
    type Prepared = Vec<Launch>;
    type Records = SettlingRecords;

    fn run_options(options: &SettlingOptions) -> &RunOptions {
        &options.run
    }

    fn design(workspace: &Workspace, options: &SettlingOptions) -> Result<Design<SettlingPlan>> {
        options.design(workspace, Self::NAME, Self::METHOD)
    }

    fn outline(plan: &SettlingPlan, seed: u64, contestants: &[String]) -> Outline {
        plan.outline(seed, contestants)
    }

    fn prepare(
        workspace: &Workspace,
        job: &mut Job<SettlingPlan>,
    ) -> Result<(Vec<Arm>, Vec<Launch>)> {
        let variant = Variant {
            server: job.run.plan.server,
            env: job.run.plan.env,
        };
        // A run that continues has the limit on open files of another shell.
        limits::allow_connections(
            job.run.arms.len() * job.run.plan.connections.iter().copied().max().unwrap_or(0),
        )?;
        let mut prepared = Prepared::build(workspace, &job.names, variant)?;
        prepared.check(&job.run.processors.server)?;
        if !job.run.arms.is_empty() {
            prepared = prepared.continuing(&job.run.arms);
        }
        Ok((prepared.arms, prepared.launches))
    }

    fn measure(
        job: &mut Job<SettlingPlan>,
        launches: Vec<Launch>,
        done: &SettlingRecords,
    ) -> Result<()> {
        measure::measure(job, launches, done)
    }

    fn read(folder: &Path) -> Result<SettlingRecords> {
        SettlingRecords::read(folder, Self::NAME, Self::METHOD)
    }

    fn run(records: &SettlingRecords) -> &Run<SettlingPlan> {
        &records.run
    }

    fn page(records: &SettlingRecords) -> Page {
        page::page(records)
    }

    /// It ranks nobody.
    fn rankings(_records: &SettlingRecords) -> Vec<(String, Ranked)> {
        Vec::new()
    }

    /// Nor is it on the front page: docs/METHODOLOGY.md has it.
    fn is_main(_plan: &SettlingPlan) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
