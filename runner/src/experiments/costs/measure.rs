//! Measures costs: one cold build after another, and in the first block the work of a request of what was built.

use super::build::{self, Built};
use super::controls::ADDED_PERCENT;
use super::plan::CostsPlan;
use super::prepare::{Prepared, Source};
use super::records::{CostsRecords, FACTS_UNIT, build_unit};
use super::rows::BuildRow;
use crate::duration::nanos;
use crate::framework::BuildError;
use crate::interrupt;
use crate::run::{ArmKind, Job, before_blocks, one_line};
use crate::work::tools::{self, Tool};
use crate::work::{self, Subject};
use anyhow::{Context, Result};

pub(super) fn measure(
    job: &mut Job<CostsPlan>,
    prepared: &Prepared,
    done: &CostsRecords,
) -> Result<()> {
    let plan = job.run.plan.clone();
    before_blocks(job, plan.is_short(), plan.blocks)?;
    if !done.units.contains(FACTS_UNIT) {
        let journal = &mut job.folder.journal;
        prepared
            .facts
            .iter()
            .try_for_each(|row| journal.append(row))?;
        journal.close(FACTS_UNIT)?;
    }
    let counts = can_count(&plan);
    let outcome = build_all(job, prepared, done, counts);
    build::clear(prepared)?;
    outcome
}

fn build_all(
    job: &mut Job<CostsPlan>,
    prepared: &Prepared,
    done: &CostsRecords,
    counts: bool,
) -> Result<()> {
    let tasks = tasks(job, prepared, done)?;
    let of = tasks.len();
    for (place, (block, source)) in tasks.into_iter().enumerate() {
        interrupt::check()?;
        let name = &source.name;
        crate::say!("build {} of {of}: {name}", place + 1);
        let row = build(job, prepared, source, block, counts)?;
        if !row.err.is_empty() {
            crate::say!("{name}: {}", row.err);
        }
        let journal = &mut job.folder.journal;
        journal.append(&row)?;
        journal.close(&build_unit(name, block))?;
    }
    Ok(())
}

/// Whether work is to be counted, and can be.
fn can_count(plan: &CostsPlan) -> bool {
    let is_there = |tool| tools::find(tool).is_ok();
    plan.counted_requests > 0 && is_there(Tool::Valgrind) && is_there(Tool::Vgdb)
}

/// What is still to be built, in the order of the seed.
fn tasks<'p>(
    job: &Job<CostsPlan>,
    prepared: &'p Prepared,
    done: &CostsRecords,
) -> Result<Vec<(u32, &'p Source)>> {
    let arms = job.run.arms.iter().filter(|arm| arm.takes_part());
    let source = |name: &String| {
        let found = prepared.sources.iter().find(|one| one.name == *name);
        found.with_context(|| format!("`{name}` took part when the run began, and has gone"))
    };
    let sources: Vec<&Source> = arms.map(|arm| source(&arm.name)).collect::<Result<_>>()?;
    let mut tasks = Vec::new();
    for block in 0..job.run.plan.blocks {
        for place in CostsPlan::order(job.run.seed, block, sources.len()) {
            let source = sources[place];
            if !done.units.contains(&build_unit(&source.name, block)) {
                tasks.push((block, source));
            }
        }
    }
    Ok(tasks)
}

/// Builds and counts; a build that fails is a row with a reason.
fn build(
    job: &Job<CostsPlan>,
    prepared: &Prepared,
    source: &Source,
    block: u32,
    counts: bool,
) -> Result<BuildRow> {
    let plan = &job.run.plan;
    let mut row = BuildRow {
        block,
        arm: source.name.clone(),
        ..BuildRow::default()
    };
    match build::cold(prepared, source, plan.jobs) {
        Ok(built) => {
            enter(&mut row, source, &built);
            if counts && block == 0 && source.kind.is_contestant() {
                count(&mut row, &built, job.run.processors.server[0], plan)?;
            }
        }
        Err(BuildError::Other(error)) => return Err(error),
        Err(failed) => row.err = one_line(&failed.to_string()),
    }
    Ok(row)
}

fn enter(row: &mut BuildRow, source: &Source, built: &Built) {
    row.cpu_ns = nanos(built.cpu);
    if source.kind == ArmKind::Planted {
        row.cpu_ns += row.cpu_ns * ADDED_PERCENT / 100;
    }
    row.wall_ns = nanos(built.wall);
    row.crates = built.crates as u64;
    row.size_bytes = built.size_bytes;
}

fn count(row: &mut BuildRow, built: &Built, processor: usize, plan: &CostsPlan) -> Result<()> {
    let subject = Subject::contestant(built.program.clone());
    let counted = work::count(&subject, processor, plan.counted_requests);
    interrupt::check()?;
    match counted {
        Ok(work) => {
            row.instructions_per_request = (work.instructions_per_request * 1000.0).round() as u64;
        }
        Err(error) => row.not_counted = one_line(&format!("{error:#}")),
    }
    Ok(())
}
