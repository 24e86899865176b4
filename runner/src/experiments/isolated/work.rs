//! The work behind one request, counted on the unmodified quickstart servers.
//!
//! Counts do not depend on time, so processes run on all processors at once.

use super::arms::Executables;
use super::plan::IsolatedPlan;
use super::processes::on_all_processors;
use super::records::IsolatedRecords;
use super::rows::{AllocatorCallRow, FunctionRow, OwnerRow, SystemCallRow, WorkRow};
use crate::interrupt;
use crate::run::{Job, Journal, changed_tools, one_line};
use crate::work::tools::{self, Tool};
use crate::work::{self, Subject, Work};
use anyhow::{Result, anyhow};
use std::collections::BTreeSet;

/// Functions that take fewer instructions per request than this are left out of the record.
const KEPT_INSTRUCTIONS_MIN: f64 = 0.5;

pub(super) fn measure(
    job: &mut Job<IsolatedPlan>,
    all: &[Executables],
    done: &IsolatedRecords,
) -> Result<()> {
    let is_there = |tool| tools::find(tool).is_ok();
    let can_count = is_there(Tool::Valgrind) && is_there(Tool::Vgdb);
    let can_trace = is_there(Tool::Strace);
    if can_count {
        count(job, all, done)?;
    }
    if can_trace {
        trace(job, all, done)?;
    }
    Ok(())
}

/// The tools that count.
const TOOLS: [Tool; 3] = [Tool::Valgrind, Tool::Vgdb, Tool::Strace];

/// Enters the versions of the tools that are there, before anything is counted, and how to get the others.
pub(super) fn enter_tools(job: &mut Job<IsolatedPlan>) {
    job.run.toolchain.tools.clear();
    for tool in TOOLS {
        match tools::find(tool) {
            Ok(_) => {
                // Not every tool says its version.
                if let Ok(version) = tools::version(tool) {
                    job.run.toolchain.tools.insert(tool.key(), version);
                }
            }
            Err(missing) => {
                crate::say!("{missing}");
                job.run.missing.push(missing.to_string());
            }
        }
    }
}

/// A run continues only with the tools that have counted so far; `units` are those that are closed.
pub(super) fn refuse_other_tools(job: &Job<IsolatedPlan>, units: &BTreeSet<String>) -> Result<()> {
    let mut counted = job.run.toolchain.tools.clone();
    counted.retain(|name, _| has_counted(name, units));
    job.refuse(&changed_tools(&counted, tools::version_by_key))
}

/// Whether any of these units was counted with this tool.
fn has_counted(name: &str, units: &BTreeSet<String>) -> bool {
    let beginning = match name == Tool::Strace.key() {
        true => "system calls ",
        false => "work ",
    };
    units.iter().any(|unit| unit.starts_with(beginning))
}

/// One process of one contestant.
struct Count<'e> {
    name: &'e str,
    /// Or why it cannot be had.
    subject: Result<Subject, String>,
    process: u32,
}

fn servers(all: &[Executables]) -> impl Iterator<Item = (&str, Result<Subject, String>)> {
    all.iter()
        .filter_map(|one| Some((one.name.as_str(), one.subject()?)))
}

/// The same, as an error of its task if it cannot be had.
fn had(subject: &Result<Subject, String>) -> Result<&Subject> {
    subject.as_ref().map_err(|why| anyhow!("{why}"))
}

/// The name of a counted process as a unit of the journal.
pub(super) fn unit(arm: &str, process: u32) -> String {
    format!("work {arm} {process}")
}

/// The name of a contestant's system calls as a unit of the journal.
pub(super) fn system_calls_unit(arm: &str) -> String {
    format!("system calls {arm}")
}

/// What was counted of another executable than the one on record is not kept.
fn refuse_others(all: &[Executables], name: &str) -> Result<()> {
    let mut own = all.iter().filter(|one| one.name == name);
    own.try_for_each(Executables::refuse_others)
}

/// The processes that have not been counted yet.
fn tasks<'e>(
    plan: &IsolatedPlan,
    all: &'e [Executables],
    done: &IsolatedRecords,
) -> Vec<Count<'e>> {
    let of_process = |process| {
        servers(all).map(move |(name, subject)| Count {
            name,
            subject,
            process,
        })
    };
    let tasks = (0..plan.work_processes).flat_map(of_process);
    tasks
        .filter(|task| !done.units.contains(&unit(task.name, task.process)))
        .collect()
}

fn count(job: &mut Job<IsolatedPlan>, all: &[Executables], done: &IsolatedRecords) -> Result<()> {
    let plan = job.run.plan.clone();
    let tasks = tasks(&plan, all, done);
    crate::say!("counting the work of {} processes", tasks.len());
    let requests = plan.work_requests;
    let mut counted = Counted::so_far(done, requests);
    on_all_processors(
        tasks,
        |task, processor| work::count(had(&task.subject)?, processor, requests),
        |task, outcome| {
            interrupt::check()?;
            refuse_others(all, task.name)?;
            counted.keep(&task, outcome, &mut job.folder.journal)
        },
    )
}

/// What has been counted so far.
struct Counted {
    /// Requests of a process.
    requests: u64,
    /// Arms whose split has been written: that of the first process that was counted stands for all, since they
    /// differ by a fraction of a percent.
    split: Vec<String>,
}

impl Counted {
    fn so_far(done: &IsolatedRecords, requests: u64) -> Self {
        let split = done.owners.iter().map(|row| row.arm.clone());
        Self {
            requests,
            split: split.collect(),
        }
    }

    /// Writes what was counted in a process and closes it.
    fn keep(&mut self, task: &Count, outcome: Result<Work>, journal: &mut Journal) -> Result<()> {
        let row = WorkRow {
            arm: task.name.to_owned(),
            process: task.process,
            requests: self.requests,
            ..WorkRow::default()
        };
        let row = match outcome {
            Ok(work) => {
                crate::say!(
                    "work: {}: {:.0} instructions, {:.0} calls a request",
                    task.name,
                    work.instructions_per_request,
                    work.tcalls
                );
                if !self.split.iter().any(|name| name == task.name) {
                    let (owners, functions) = split(task.name, &work);
                    owners.iter().try_for_each(|row| journal.append(row))?;
                    functions.iter().try_for_each(|row| journal.append(row))?;
                    let calls = allocator_calls(task.name, &work);
                    calls.iter().try_for_each(|row| journal.append(row))?;
                    self.split.push(task.name.to_owned());
                }
                WorkRow {
                    instructions_per_request: thousandths(work.instructions_per_request),
                    calls_per_request: thousandths(work.tcalls),
                    funcs: work.funcs as u64,
                    funcs_source: work.funcs_source as u64,
                    ..row
                }
            }
            Err(error) => {
                let err = one_line(&format!("{error:#}"));
                crate::say!("{}: {err}", task.name);
                WorkRow { err, ..row }
            }
        };
        journal.append(&row)?;
        journal.close(&unit(task.name, task.process))
    }
}

fn split(arm: &str, work: &Work) -> (Vec<OwnerRow>, Vec<FunctionRow>) {
    let owners = work.owners.iter().map(|one| OwnerRow {
        arm: arm.to_owned(),
        owner: one.owner.clone(),
        instructions_per_request: thousandths(one.instructions_per_request),
        calls_per_request: thousandths(one.calls_per_request),
    });
    let functions = work
        .functions
        .iter()
        .filter(|one| one.self_instructions_per_request >= KEPT_INSTRUCTIONS_MIN)
        .map(|one| FunctionRow {
            arm: arm.to_owned(),
            function: one.name.clone(),
            owner: one.owner.clone(),
            calls_per_request: thousandths(one.calls_per_request),
            instructions_per_request: thousandths(one.self_instructions_per_request),
        });
    (owners.collect(), functions.collect())
}

fn allocator_calls(arm: &str, work: &Work) -> Vec<AllocatorCallRow> {
    let calls = work.allocator_calls.iter().map(|one| AllocatorCallRow {
        arm: arm.to_owned(),
        function: one.function.clone(),
        owner: one.owner.clone(),
        called: one.called.clone(),
        calls_per_request: thousandths(one.calls_per_request),
    });
    calls.collect()
}

fn trace(job: &mut Job<IsolatedPlan>, all: &[Executables], done: &IsolatedRecords) -> Result<()> {
    let is_done = |name: &str| done.units.contains(&system_calls_unit(name));
    let tasks: Vec<_> = servers(all).filter(|(name, _)| !is_done(name)).collect();
    crate::say!("tracing the system calls of {} servers", tasks.len());
    let requests = job.run.plan.work_requests;
    on_all_processors(
        tasks,
        |(_, subject), processor| work::system_calls(had(subject)?, processor, requests),
        |(name, _), outcome| {
            interrupt::check()?;
            refuse_others(all, name)?;
            let calls = match outcome {
                Ok(calls) => calls,
                Err(error) => {
                    job.note_failure(&system_calls_unit(name), &error);
                    return Ok(());
                }
            };
            for call in calls {
                job.folder.journal.append(&SystemCallRow {
                    arm: name.to_owned(),
                    name: call.name,
                    calls_per_request: thousandths(call.calls_per_request),
                })?;
            }
            job.folder.journal.close(&system_calls_unit(name))
        },
    )
}

/// To three decimals: differences are over a thousand requests or so.
fn thousandths(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests;
