//! The matrix: each contestant by server and by build, all interleaved in one run, as the original has a column for each
//! server and a table for each interpreter.

mod charts;
mod columns;
mod options;
mod page;
mod takeaway;

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
pub use options::MatrixOptions;
use std::path::Path;

/// Its columns. The first is what the others are held against.
const VARIANTS: [Variant; 4] = [
    of(ServerKind::Quickstart, BuildEnv::Release),
    of(ServerKind::Quickstart, BuildEnv::Max),
    of(ServerKind::Tuned, BuildEnv::Release),
    of(ServerKind::Tuned, BuildEnv::Max),
];

const fn of(server: ServerKind, env: BuildEnv) -> Variant {
    Variant { server, env }
}

/// The experiment.
#[derive(Debug)]
pub struct Matrix;

impl Experiment for Matrix {
    const NAME: &'static str = "matrix";
    const METHOD: u32 = super::Throughput::METHOD;

    type Options = MatrixOptions;
    type Plan = ThroughputPlan;
    type Prepared = Vec<Launch>;
    type Records = ThroughputRecords;

    fn run_options(options: &MatrixOptions) -> &RunOptions {
        &options.run
    }

    fn design(_: &Workspace, options: &MatrixOptions) -> Result<Design<ThroughputPlan>> {
        options.design(Self::NAME, Self::METHOD)
    }

    fn outline(plan: &ThroughputPlan, seed: u64, contestants: &[String]) -> Outline {
        let each = |name: &String| {
            let variants = plan.variants.iter();
            let named = variants.map(|variant| format!("{name} {variant}"));
            named.collect::<Vec<String>>()
        };
        plan.outline(seed, &contestants.iter().flat_map(each).collect::<Vec<_>>())
    }

    fn prepare(
        workspace: &Workspace,
        job: &mut Job<ThroughputPlan>,
    ) -> Result<(Vec<Arm>, Vec<Launch>)> {
        let plan = &job.run.plan;
        // A run that continues has the limit on open files of another shell.
        limits::allow_connections(plan.connections().into_iter().max().unwrap_or(0))?;
        let mut prepared = Prepared::build_each(workspace, &job.names, &plan.variants)?;
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
                let level = ByVariant::of(records, connections);
                (level.heading(), level.ranked)
            })
            .collect()
    }

    fn is_main(_: &ThroughputPlan) -> bool {
        true
    }
}
