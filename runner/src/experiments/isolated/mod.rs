//! Each framework alone: timed inside one process, its work counted, its memory watched, its start timed.

mod arms;
mod charts;
mod claims;
mod columns;
mod counted;
mod figures;
mod growth;
mod harness;
mod memory;
mod options;
mod page;
mod plan;
mod processes;
mod profile;
mod profile_table;
mod records;
mod rows;
mod sound;
mod starts;
mod tables;
mod timing;
mod work;

pub use growth::{Growth, LeakControl, Watched, leak_controls};
pub use options::IsolatedOptions;
pub use plan::{Entry, IsolatedPlan, Part};
pub use records::IsolatedRecords;
pub use rows::{
    AllocationRow, AllocatorCallRow, Exercise, FunctionRow, MemoryRow, OwnerRow, SampleRow,
    StartRow, SystemCallRow, WorkRow,
};

use super::experiment::{Experiment, Outline};
use crate::analysis::Ranked;
use crate::framework::Workspace;
use crate::output::Verdict;
use crate::report::Page;
use crate::run::{Arm, Design, Job, Run, RunOptions, Warning, look_around};
use crate::usage::UsageError;
use anyhow::Result;
use arms::Executables;
use std::path::Path;
use tables::Table;

/// The experiment.
#[derive(Debug)]
pub struct Isolated;

impl Experiment for Isolated {
    const NAME: &'static str = "isolated";
    const METHOD: u32 = 1;

    type Options = IsolatedOptions;
    type Plan = IsolatedPlan;
    type Prepared = Vec<Executables>;
    type Records = IsolatedRecords;

    fn run_options(options: &IsolatedOptions) -> &RunOptions {
        &options.run
    }

    fn own_servers(options: &IsolatedOptions) -> Result<Vec<Arm>> {
        let own = options.own.read()?;
        if own.is_empty() && !options.counts.fail_if.is_empty() {
            return Err(UsageError(
                "--fail-if is about servers of your own: name them by --arm or --arms".to_owned(),
            )
            .into());
        }
        for claim in &options.counts.fail_if {
            claim.refuse_unknown(&own, &counted::MEASURES)?;
        }
        Ok(own)
    }

    fn gate(options: &IsolatedOptions, page: &Page) -> Vec<String> {
        let claims = options.counts.fail_if.iter();
        claims
            .flat_map(|claim| claim.failures(page, counted::INSTRUCTIONS))
            .collect()
    }

    fn design(workspace: &Workspace, options: &IsolatedOptions) -> Result<Design<IsolatedPlan>> {
        options.design(workspace, Self::NAME, Self::METHOD)
    }

    fn instead(workspace: &Workspace, options: &IsolatedOptions) -> Option<Result<Verdict>> {
        options.profile.then(|| profile::run(workspace, options))
    }

    fn outline(plan: &IsolatedPlan, seed: u64, contestants: &[String]) -> Outline {
        plan.outline(seed, contestants)
    }

    fn prepare(
        workspace: &Workspace,
        job: &mut Job<IsolatedPlan>,
    ) -> Result<(Vec<Arm>, Vec<Executables>)> {
        if job.run.plan.parts.contains(&Part::Work) {
            if !job.run.arms.is_empty() {
                let done = Self::read(job.folder.path())?;
                work::refuse_other_tools(job, &done.units)?;
            }
            work::enter_tools(job);
        }
        match job.own.is_empty() {
            true => arms::prepare(workspace, job),
            false => arms::prepare_own(job),
        }
    }

    /// Part after part; what an interrupted run has already is not done again.
    fn measure(
        job: &mut Job<IsolatedPlan>,
        all: Vec<Executables>,
        done: &IsolatedRecords,
    ) -> Result<()> {
        let parts = job.run.plan.parts.clone();
        if job.run.plan.is_short() {
            let blocks = job.run.plan.blocks;
            job.warn(Warning::ShortRun { blocks });
        }
        // Counts do not depend on what else the machine does.
        if parts.iter().any(|part| *part != Part::Work) {
            look_around(job)?;
        }
        for part in parts {
            match part {
                Part::Time => timing::measure(job, &all, done)?,
                Part::Work => work::measure(job, &all, done)?,
                Part::Memory => memory::measure(job, &all, done)?,
                Part::Start => starts::measure(job, &all, done)?,
            }
        }
        Ok(())
    }

    fn read(folder: &Path) -> Result<IsolatedRecords> {
        IsolatedRecords::read(folder, Self::NAME, Self::METHOD)
    }

    fn run(records: &IsolatedRecords) -> &Run<IsolatedPlan> {
        &records.run
    }

    fn page(records: &IsolatedRecords) -> Page {
        page::page(records)
    }

    fn rankings(records: &IsolatedRecords) -> Vec<(String, Ranked)> {
        let tables = Entry::ALL
            .into_iter()
            .filter_map(|entry| Table::of(records, entry));
        let rankings = tables.flat_map(|table| {
            let heading = table.entry.heading().to_owned();
            [(heading.clone(), table.cpu), (heading, table.wall)]
        });
        rankings.collect()
    }

    fn variant(plan: &IsolatedPlan) -> String {
        plan.env.to_string()
    }

    fn is_main(plan: &IsolatedPlan) -> bool {
        plan.env.is_default()
    }
}

#[cfg(test)]
mod tests;
