//! Over connections: throughput, service time, fairness and CPU from one connection to thousands.

mod charts;
mod figures;
mod options;
mod page;

use super::measure;
use super::plan::ThroughputPlan;
use super::records::ThroughputRecords;
use super::tables::Table;
use crate::analysis::Ranked;
use crate::environment::limits;
use crate::experiments::{Experiment, Outline, Prepared, Variant};
use crate::framework::{BuildEnv, ServerKind, Workspace};
use crate::report::Page;
use crate::run::{Arm, ArmKind, Design, Job, Launch, Run, RunOptions};
use anyhow::Result;
pub use options::SweepOptions;
use std::path::Path;

/// The experiment.
#[derive(Debug)]
pub struct Sweep;

impl Experiment for Sweep {
    const NAME: &'static str = "sweep";
    const METHOD: u32 = super::Throughput::METHOD;

    type Options = SweepOptions;
    type Plan = ThroughputPlan;
    type Prepared = Vec<Launch>;
    type Records = ThroughputRecords;

    fn run_options(options: &SweepOptions) -> &RunOptions {
        &options.run
    }

    fn design(workspace: &Workspace, options: &SweepOptions) -> Result<Design<ThroughputPlan>> {
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
        limits::allow_connections(plan.connections().into_iter().max().unwrap_or(0))?;
        let mut prepared = Prepared::build(workspace, &job.names, variant)?;
        prepared.add_null("null", ArmKind::Null, &[])?;
        prepared.check(&job.run.processors.server)?;
        prepared.add_baseline_again(ArmKind::Twin);
        prepared.add_baseline_again(ArmKind::Planted);
        if !job.run.arms.is_empty() {
            prepared = prepared.continuing(&job.run.arms);
        }
        Ok((prepared.arms, prepared.launches))
    }

    fn measure(
        job: &mut Job<ThroughputPlan>,
        launches: Vec<Launch>,
        done: &ThroughputRecords,
    ) -> Result<()> {
        let is_short = job.run.plan.blocks < options::KEPT_BLOCKS_MIN;
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
        levels
            .map(|connections| {
                let table = Table::of(records, connections);
                (table.heading(), table.rate)
            })
            .collect()
    }

    fn is_main(plan: &ThroughputPlan) -> bool {
        plan.server == ServerKind::Quickstart && plan.env == BuildEnv::Release
    }
}
