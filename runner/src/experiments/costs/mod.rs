//! Costs of a framework before its first request: what a cold release build takes, what is compiled, how large the
//! program is, what default features add to all of that and to the work of a request; and what is published about it.

mod build;
mod charts;
mod columns;
mod controls;
mod figures;
mod measure;
mod options;
mod page;
mod plan;
mod prepare;
mod published;
mod records;
mod rows;

pub use options::CostsOptions;
pub use plan::CostsPlan;
pub use prepare::Prepared;
pub use records::CostsRecords;
pub use rows::{BuildRow, FactRow};

use super::experiment::{Experiment, Outline};
use crate::analysis::Ranked;
use crate::framework::Workspace;
use crate::report::Page;
use crate::run::{Arm, Design, Job, Run, RunOptions};
use anyhow::Result;
use std::path::Path;

/// The experiment.
#[derive(Debug)]
pub struct Costs;

impl Experiment for Costs {
    const NAME: &'static str = "costs";
    const METHOD: u32 = 1;

    type Options = CostsOptions;
    type Plan = CostsPlan;
    type Prepared = Prepared;
    type Records = CostsRecords;

    fn run_options(options: &CostsOptions) -> &RunOptions {
        &options.run
    }

    fn design(workspace: &Workspace, options: &CostsOptions) -> Result<Design<CostsPlan>> {
        options.design(workspace, Self::NAME, Self::METHOD)
    }

    fn outline(plan: &CostsPlan, _seed: u64, contestants: &[String]) -> Outline {
        plan.outline(contestants)
    }

    fn prepare(workspace: &Workspace, job: &mut Job<CostsPlan>) -> Result<(Vec<Arm>, Prepared)> {
        prepare::prepare(workspace, job)
    }

    fn measure(job: &mut Job<CostsPlan>, prepared: Prepared, done: &CostsRecords) -> Result<()> {
        measure::measure(job, &prepared, done)
    }

    fn read(folder: &Path) -> Result<CostsRecords> {
        CostsRecords::read(folder, Self::NAME, Self::METHOD)
    }

    fn run(records: &CostsRecords) -> &Run<CostsPlan> {
        &records.run
    }

    fn page(records: &CostsRecords) -> Page {
        page::page(records)
    }

    /// It ranks nobody: who is built in less time may do less.
    fn rankings(_records: &CostsRecords) -> Vec<(String, Ranked)> {
        Vec::new()
    }

    /// Nor is it on the front page.
    fn is_main(_plan: &CostsPlan) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
