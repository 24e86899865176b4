//! Throughput: how many requests per second each contestant answers, and how much CPU time a request costs it, in
//! a closed loop at a fixed number of connections.

mod accepts;
mod by_variant;
mod charts;
mod columns;
mod figures;
mod limit;
mod matrix;
mod measure;
mod options;
mod page;
mod plan;
mod records;
mod rows;
mod settled;
mod signatures;
mod sweep;
mod tables;

pub use accepts::{Accepts, AcceptsOptions};
pub use matrix::{Matrix, MatrixOptions};
pub use options::ThroughputOptions;
pub use plan::{Level, ThroughputPlan, Until};
pub use records::ThroughputRecords;
pub use rows::SliceRow;
pub use sweep::{Sweep, SweepOptions};
pub use tables::{CPU, RATE, Table};

use super::contestants::{Prepared, Variant};
use super::experiment::{Experiment, Outline};
use crate::analysis::Ranked;
use crate::environment::limits;
use crate::framework::{BuildEnv, ServerKind, Workspace};
use crate::report::Page;
use crate::run::{Arm, ArmKind, Design, Job, Launch, Run, RunOptions};
use anyhow::Result;
use std::path::Path;

/// The experiment.
#[derive(Debug)]
pub struct Throughput;

impl Experiment for Throughput {
    const NAME: &'static str = "throughput";
    const METHOD: u32 = 3;

    type Options = ThroughputOptions;
    type Plan = ThroughputPlan;
    type Prepared = Vec<Launch>;
    type Records = ThroughputRecords;

    fn run_options(options: &ThroughputOptions) -> &RunOptions {
        &options.run
    }

    fn design(
        workspace: &Workspace,
        options: &ThroughputOptions,
    ) -> Result<Design<ThroughputPlan>> {
        options.design(workspace, Self::NAME, Self::METHOD)
    }

    fn outline(plan: &ThroughputPlan, seed: u64, contestants: &[String]) -> Outline {
        plan.outline(seed, contestants)
    }

    fn prepare(
        workspace: &Workspace,
        job: &mut Job<ThroughputPlan>,
    ) -> Result<(Vec<Arm>, Vec<Launch>)> {
        let plan = &job.run.plan;
        let variant = Variant {
            server: plan.server,
            env: plan.env,
        };
        // A run that continues has the limit on open files of another shell.
        limits::allow_connections(
            job.run.arms.len() * plan.connections().into_iter().max().unwrap_or(0),
        )?;
        let mut prepared = Prepared::build(workspace, &job.names, variant)?;
        prepared.add_null("null", ArmKind::Null, &[])?;
        prepared.check(&job.run.processors.server)?;
        prepared.add_baseline_again(ArmKind::Twin);
        prepared.add_baseline_again(ArmKind::Planted);
        if job.run.arms.is_empty() {
            measure::fit_rounds(job, &prepared.launches)?;
        } else {
            prepared = prepared.continuing(&job.run.arms);
        }
        Ok((prepared.arms, prepared.launches))
    }

    fn measure(
        job: &mut Job<ThroughputPlan>,
        launches: Vec<Launch>,
        done: &ThroughputRecords,
    ) -> Result<()> {
        let is_short = job.run.plan.is_short();
        measure::measure::<Self>(job, launches, done, is_short)
    }

    fn read(folder: &Path) -> Result<ThroughputRecords> {
        ThroughputRecords::read(folder, Self::NAME, Self::METHOD)
    }

    fn run(records: &ThroughputRecords) -> &Run<ThroughputPlan> {
        &records.run
    }

    fn page(records: &ThroughputRecords) -> Page {
        page::page(records)
    }

    fn rankings(records: &ThroughputRecords) -> Vec<(String, Ranked)> {
        let levels = records.run.plan.connections().into_iter();
        let tables = levels.flat_map(|connections| {
            let table = Table::of(records, connections);
            let heading = table.heading();
            [(heading.clone(), table.rate), (heading, table.cpu)]
        });
        tables.collect()
    }

    fn is_main(plan: &ThroughputPlan) -> bool {
        plan.server == ServerKind::Quickstart && plan.env == BuildEnv::Release
    }
}

#[cfg(test)]
mod tests;
