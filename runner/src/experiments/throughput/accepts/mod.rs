//! What accepting a connection costs: each contestant with connections that are kept, and closed after 100, 10 and 1
//! requests, all interleaved. One request per connection is how the original measured.

mod charts;
mod columns;
mod costs;
mod options;
mod page;

use super::by_variant::ByVariant;
use super::measure;
use super::plan::ThroughputPlan;
use super::records::ThroughputRecords;
use crate::analysis::Ranked;
use crate::environment::limits;
use crate::experiments::{Experiment, Outline, Prepared, Variant};
use crate::framework::{BuildEnv, ServerKind, Workspace};
use crate::report::Page;
use crate::run::{Arm, ArmKind, Design, Job, Launch, Run, RunOptions};
use anyhow::Result;
pub use options::AcceptsOptions;
use std::path::Path;

/// The experiment.
#[derive(Debug)]
pub struct Accepts;

impl Experiment for Accepts {
    const NAME: &'static str = "accepts";
    const METHOD: u32 = super::Throughput::METHOD;

    type Options = AcceptsOptions;
    type Plan = ThroughputPlan;
    type Prepared = Vec<Launch>;
    type Records = ThroughputRecords;

    fn run_options(options: &AcceptsOptions) -> &RunOptions {
        &options.run
    }

    fn design(workspace: &Workspace, options: &AcceptsOptions) -> Result<Design<ThroughputPlan>> {
        options.design(workspace, Self::NAME, Self::METHOD)
    }

    fn outline(plan: &ThroughputPlan, seed: u64, contestants: &[String]) -> Outline {
        let labels = plan.labels();
        let each = |name: &String| {
            let named = labels.iter().map(|label| format!("{name} {label}"));
            named.collect::<Vec<String>>()
        };
        plan.outline(seed, &contestants.iter().flat_map(each).collect::<Vec<_>>())
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
        prepared.add_modes(&plan.requests_per_connection);
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
                let level = ByVariant::of(records, connections);
                (level.heading(), level.ranked)
            })
            .collect()
    }

    fn is_main(plan: &ThroughputPlan) -> bool {
        plan.server == ServerKind::Quickstart && plan.env == BuildEnv::Release
    }
}
