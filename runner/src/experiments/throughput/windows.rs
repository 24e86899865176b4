//! The frame of the experiments whose slices are windows of a closed loop. They measure in the same way; they differ in
//! their arms, in the plan they have by default, and in what their pages compare.

use super::by_variant::ByVariant;
use super::measure;
use super::plan::ThroughputPlan;
use super::records::ThroughputRecords;
use super::tables::Table;
use crate::analysis::Ranked;
use crate::arms::Prepared;
use crate::environment::limits;
use crate::experiments::{Apart, Experiment, Link, LoadOptions, Outline, link};
use crate::framework::Workspace;
use crate::report::Page;
use crate::run::{Arm, ArmKind, Design, Job, Launch, Run, RunOptions};
use crate::usage::UsageError;
use anyhow::Result;
use clap::Args;
use std::fmt::Debug;
use std::path::Path;

/// The version of the method of all of them: settled load, counted in windows, with carry-over in the analysis.
const METHOD: u32 = 3;

/// The baseline, its twin, the planted control and the null server may come on top of those asked for.
const CONTROLS: usize = 4;

/// An experiment whose slices are windows of a closed loop.
pub trait Windows {
    /// Its name in records, folders and on the front page.
    const NAME: &'static str;

    /// Fewer blocks than these make a run that is not worth keeping.
    const KEPT_BLOCKS_MIN: u32;

    /// What can be asked for on the command line.
    type Options: Args + Debug;

    /// The options that all experiments have.
    fn run_options(options: &Self::Options) -> &RunOptions;

    /// Who runs where, and with which engine.
    fn load(options: &Self::Options) -> &LoadOptions;

    /// The servers of a user's own that the options name, if it measures any.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] if they cannot be measured as meant.
    fn own_servers(_options: &Self::Options) -> Result<Vec<Arm>> {
        Ok(Vec::new())
    }

    /// The generators on other hosts that the options ask for, if they do.
    fn apart(_options: &Self::Options) -> Option<Apart> {
        None
    }

    /// What of a page makes the exit status 1, as the options ask for.
    fn gate(_options: &Self::Options, _page: &Page) -> Vec<String> {
        Vec::new()
    }

    /// The plan that the options ask for.
    ///
    /// # Errors
    ///
    /// If the engine cannot be had.
    fn plan(options: &Self::Options) -> Result<ThroughputPlan>;

    /// What is shown of a run. Pure.
    fn page(records: &ThroughputRecords) -> Page;
}

impl<W: Windows> Experiment for W {
    const NAME: &'static str = W::NAME;
    const METHOD: u32 = METHOD;

    type Options = W::Options;
    type Plan = ThroughputPlan;
    type Prepared = Vec<Launch>;
    type Records = ThroughputRecords;

    fn run_options(options: &W::Options) -> &RunOptions {
        W::run_options(options)
    }

    fn own_servers(options: &W::Options) -> Result<Vec<Arm>> {
        W::own_servers(options)
    }

    fn gate(options: &W::Options, page: &Page) -> Vec<String> {
        W::gate(options, page)
    }

    fn apart(options: &W::Options) -> Option<Apart> {
        W::apart(options)
    }

    fn design(workspace: &Workspace, options: &W::Options) -> Result<Design<ThroughputPlan>> {
        let plan = W::plan(options)?;
        plan.validate()?;
        let names = &W::run_options(options).names;
        if plan.variants.is_empty() {
            workspace.refuse_without_server(names, plan.server)?;
        }
        let servers = match W::own_servers(options)?.len() {
            0 => workspace.select(names)?.len(),
            own => own,
        };
        raise_limit(&plan, servers + CONTROLS)?;
        Ok(Design {
            experiment: W::NAME,
            method: METHOD,
            is_kept: !plan.is_short(W::KEPT_BLOCKS_MIN),
            processors: W::load(options).processors(plan.link)?,
            variant: plan.label(),
            plan,
        })
    }

    fn outline(plan: &ThroughputPlan, seed: u64, contestants: &[String]) -> Outline {
        plan.outline(seed, contestants)
    }

    fn prepare(
        workspace: &Workspace,
        job: &mut Job<ThroughputPlan>,
    ) -> Result<(Vec<Arm>, Vec<Launch>)> {
        let plan = &job.run.plan;
        // A run that continues has the limit on open files of another shell.
        raise_limit(plan, job.run.arms.len())?;
        let (link, connections) = (plan.link, plan.connections());
        let network = link.network(job)?;
        job.spread(&connections)?;
        let plan = &job.run.plan;
        let mut prepared = match plan.variants.as_slice() {
            [] if !job.own.is_empty() => Prepared::of_own(&job.own)?,
            [] => Prepared::build(workspace, &job.names, plan.variant())?,
            variants => Prepared::build_each(workspace, &job.names, variants)?,
        };
        prepared.add_null("null", ArmKind::Null, &[])?;
        link::place(&mut prepared.launches, &network);
        prepared.check(&job.run.processors.server)?;
        prepared.add_modes(&plan.requests_per_connection);
        prepared.add_baseline_again(ArmKind::Twin);
        prepared.add_baseline_again(ArmKind::Planted);
        if job.run.arms.is_empty() {
            prepared.refuse_failed_own()?;
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
        let is_short = job.run.plan.is_short(W::KEPT_BLOCKS_MIN);
        measure::measure::<Self>(job, launches, done, is_short)
    }

    fn read(folder: &Path) -> Result<ThroughputRecords> {
        ThroughputRecords::read(folder, W::NAME, METHOD)
    }

    fn run(records: &ThroughputRecords) -> &Run<ThroughputPlan> {
        &records.run
    }

    fn page(records: &ThroughputRecords) -> Page {
        W::page(records)
    }

    fn rankings(records: &ThroughputRecords) -> Vec<(String, Ranked)> {
        let plan = &records.run.plan;
        let tables = plan.connections().into_iter().flat_map(|connections| {
            if !plan.labels().is_empty() {
                let level = ByVariant::of(records, connections);
                return vec![(level.heading(), level.ranked)];
            }
            let table = Table::of(records, connections);
            let heading = table.heading();
            vec![(heading.clone(), table.rate), (heading, table.cpu)]
        });
        tables.collect()
    }

    fn variant(plan: &ThroughputPlan) -> String {
        match plan.variants.is_empty() {
            true => plan.variant().to_string(),
            false => String::new(),
        }
    }

    fn link(plan: &ThroughputPlan) -> Link {
        plan.link
    }

    fn is_main(plan: &ThroughputPlan) -> bool {
        plan.label().is_none()
    }
}

/// Raises the limit on open files as far as this plan with this many arms needs. If it cannot be raised that far, the
/// run goes on with the numbers of connections that it allows, and the rows of the others say why.
///
/// # Errors
///
/// If not even the lowest number of connections is allowed, or all arms have theirs open together.
fn raise_limit(plan: &ThroughputPlan, arms: usize) -> Result<(), UsageError> {
    // Each server has its own; the process that starts them has none if generators are elsewhere.
    let arms = if plan.link == Link::Hosts { 1 } else { arms };
    let Err(too_low) = limits::allow_connections(plan.open_at_a_time(arms)) else {
        return Ok(());
    };
    let connections = plan.connections();
    let mut allowed = connections.iter().rev();
    let is_any = allowed.any(|&connections| limits::allow_connections(connections).is_ok());
    if plan.connects_per_slice && is_any {
        crate::say!("{too_low}; the rows of more connections will say so");
        return Ok(());
    }
    Err(too_low)
}
