//! Latency: how long a user waits, and what a request costs the server, at rates that are the same for all
//! contestants; and the highest rate at which each keeps an objective. Open loop, timed from the schedule, so a
//! stall is seen by all whom it delays.

mod charts;
mod columns;
mod delay;
mod figures;
mod measure;
mod options;
mod page;
mod plan;
mod records;
mod rows;
mod search;
mod searches;
mod tables;

pub use options::LatencyOptions;
pub use plan::LatencyPlan;
pub use records::LatencyRecords;
pub use rows::{PacedRow, ProbeRow, SearchRow};

use super::experiment::{Experiment, Outline};
use super::link::{self, Apart, Link};
use crate::analysis::Ranked;
use crate::arms::{Prepared, Variant};
use crate::environment::limits;
use crate::framework::{BuildEnv, ServerKind, Workspace};
use crate::report::Page;
use crate::run::{Arm, ArmKind, Design, Job, Launch, Run, RunOptions};
use anyhow::Result;
use std::path::Path;
use tables::Table;

/// The experiment.
#[derive(Debug)]
pub struct Latency;

impl Experiment for Latency {
    const NAME: &'static str = "latency";
    const METHOD: u32 = 1;

    type Options = LatencyOptions;
    type Plan = LatencyPlan;
    type Prepared = Vec<Launch>;
    type Records = LatencyRecords;

    fn run_options(options: &LatencyOptions) -> &RunOptions {
        &options.run
    }

    fn own_servers(options: &LatencyOptions) -> Result<Vec<Arm>> {
        options.own.read()
    }

    fn apart(options: &LatencyOptions) -> Option<Apart> {
        options.apart.read(&options.served.load)
    }

    fn design(workspace: &Workspace, options: &LatencyOptions) -> Result<Design<LatencyPlan>> {
        options.design(workspace, Self::NAME, Self::METHOD)
    }

    fn outline(plan: &LatencyPlan, seed: u64, contestants: &[String]) -> Outline {
        plan.outline(seed, contestants)
    }

    fn prepare(
        workspace: &Workspace,
        job: &mut Job<LatencyPlan>,
    ) -> Result<(Vec<Arm>, Vec<Launch>)> {
        let plan = &job.run.plan;
        let variant = Variant {
            server: plan.server,
            env: plan.env,
        };
        // A run that continues has the limit on open files of another shell.
        limits::allow_connections(plan.open_at_a_time(job.run.arms.len()))?;
        let (link, connections) = (plan.link, plan.connections);
        let network = link.network(job)?;
        job.spread(&[connections])?;
        let mut prepared = match job.own.as_slice() {
            [] => Prepared::build(workspace, &job.names, variant)?,
            own => Prepared::of_own(own)?,
        };
        prepared.add_null("null", ArmKind::Null, &[])?;
        prepared.add_null(delay::NAME, ArmKind::Planted, &delay::OPTIONS)?;
        link::place(&mut prepared.launches, &network);
        prepared.check(&job.run.processors.server)?;
        prepared.add_baseline_again(ArmKind::Twin);
        match job.run.arms.is_empty() {
            true => prepared.refuse_failed_own()?,
            false => prepared = prepared.continuing(&job.run.arms),
        }
        Ok((prepared.arms, prepared.launches))
    }

    fn measure(
        job: &mut Job<LatencyPlan>,
        launches: Vec<Launch>,
        done: &LatencyRecords,
    ) -> Result<()> {
        measure::measure(job, launches, done)
    }

    fn read(folder: &Path) -> Result<LatencyRecords> {
        LatencyRecords::read(folder, Self::NAME, Self::METHOD)
    }

    fn run(records: &LatencyRecords) -> &Run<LatencyPlan> {
        &records.run
    }

    fn page(records: &LatencyRecords) -> Page {
        page::page(records)
    }

    fn rankings(records: &LatencyRecords) -> Vec<(String, Ranked)> {
        let rates = records.run.plan.rates.iter();
        let tables = rates.flat_map(|level| {
            let table = Table::of(records, level.rate_per_s);
            let heading = table.heading();
            let measures = table.measures.into_iter();
            measures.map(move |ranked| (heading.clone(), ranked))
        });
        tables.collect()
    }

    fn variant(plan: &LatencyPlan) -> String {
        format!("{}·{}", plan.server, plan.env)
    }

    fn link(plan: &LatencyPlan) -> Link {
        plan.link
    }

    fn is_main(plan: &LatencyPlan) -> bool {
        plan.server == ServerKind::Quickstart
            && plan.env == BuildEnv::Release
            && plan.link.is_loopback()
            && !plan.rates.is_empty()
    }
}

#[cfg(test)]
mod tests;
