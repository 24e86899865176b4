//! The work behind one request, counted on the unmodified quickstart servers.
//!
//! Counts do not depend on time, so processes run on all processors at once.

use super::arms::Contender;
use super::job::Job;
use super::processes::on_all_processors;
use crate::interrupt;
use crate::record::{
    FunctionRow, IsolatedFolder, IsolatedRecords, OwnerRow, SystemCallRow, WorkRow,
};
use crate::server::Program;
use crate::work::tools::{self, Tool};
use crate::work::{self, Work};
use anyhow::Result;
use std::path::Path;

/// Functions that take less than this are left out of the record: instructions per request.
const KEPT_INSTRUCTIONS_MIN: f64 = 0.5;

pub(super) fn measure(
    job: &mut Job,
    contenders: &[Contender],
    done: &IsolatedRecords,
    folder: &mut IsolatedFolder,
) -> Result<()> {
    let can_count = has(job, Tool::Valgrind) && has(job, Tool::Vgdb);
    let can_trace = has(job, Tool::Strace);
    if can_count {
        count(job, contenders, done, folder)?;
    }
    if can_trace {
        trace(job, contenders, done, folder)?;
    }
    Ok(())
}

/// Says what is missing before the parts that take long and do without.
pub(super) fn announce_missing_tools() {
    for tool in [Tool::Valgrind, Tool::Vgdb, Tool::Strace] {
        if let Err(missing) = tools::find(tool) {
            eprintln!("{missing}");
        }
    }
}

/// Whether a tool is there; its version, or how to install it, becomes part of the record.
fn has(job: &mut Job, tool: Tool) -> bool {
    match tools::find(tool) {
        Ok(_) => {
            // Not every tool says its version.
            if let Ok(version) = tools::version(tool) {
                let name = format!("{tool:?}").to_lowercase();
                job.run.tools.insert(name, version);
            }
            true
        }
        Err(missing) => {
            job.run.missing.push(missing.to_string());
            false
        }
    }
}

/// One process of one contestant.
struct Count<'c> {
    name: &'c str,
    server: &'c Path,
    run: u32,
}

fn servers(contenders: &[Contender]) -> impl Iterator<Item = (&str, &Path)> {
    contenders
        .iter()
        .filter_map(|one| Some((one.name.as_str(), one.server.as_deref()?)))
}

fn count(
    job: &Job,
    contenders: &[Contender],
    done: &IsolatedRecords,
    folder: &mut IsolatedFolder,
) -> Result<()> {
    let plan = &job.run.plan;
    let is_done = |name: &str, run| {
        let mut rows = done.work.iter();
        rows.any(|row| row.arm == name && row.run == run && row.err.is_empty())
    };
    let mut tasks = Vec::new();
    for run in 0..plan.work_runs {
        for (name, server) in servers(contenders) {
            if !is_done(name, run) {
                tasks.push(Count { name, server, run });
            }
        }
    }
    eprintln!("counting the work of {} processes", tasks.len());
    let requests = plan.work_requests;
    on_all_processors(
        tasks,
        |task, processor| {
            let program = Program::new(task.server.to_owned());
            work::count(&program, processor, requests)
        },
        |task, outcome| {
            // A run that was killed may have written the split and not the row after it.
            let wants_split = task.run == 0 && !done.owners.iter().any(|one| one.arm == task.name);
            keep(&task, outcome, requests, wants_split, folder)
        },
    )
}

/// The split of the first process stands for all: they differ by a fraction of a percent.
fn keep(
    task: &Count,
    outcome: Result<Work>,
    requests: u64,
    wants_split: bool,
    folder: &mut IsolatedFolder,
) -> Result<()> {
    interrupt::check()?;
    let row = WorkRow {
        arm: task.name.to_owned(),
        run: task.run,
        requests,
        ..WorkRow::default()
    };
    let work = match outcome {
        Ok(work) => work,
        Err(error) => {
            let err = format!("{error:#}");
            eprintln!("{}: {err}", task.name);
            return folder.write_work(&WorkRow { err, ..row });
        }
    };
    eprintln!(
        "work: {}: {:.0} instructions, {:.0} calls a request",
        task.name, work.instructions_per_request, work.tcalls
    );
    if wants_split {
        let (owners, functions) = split(task.name, &work);
        folder.write_split(&owners, &functions)?;
    }
    folder.write_work(&WorkRow {
        instructions_per_request: thousandths(work.instructions_per_request),
        tcalls: thousandths(work.tcalls),
        funcs: work.funcs as u64,
        funcs_source: work.funcs_source as u64,
        ..row
    })
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

fn trace(
    job: &mut Job,
    contenders: &[Contender],
    done: &IsolatedRecords,
    folder: &mut IsolatedFolder,
) -> Result<()> {
    let is_done = |name: &str| done.system_calls.iter().any(|row| row.arm == name);
    let tasks: Vec<(&str, &Path)> = servers(contenders)
        .filter(|(name, _)| !is_done(name))
        .collect();
    eprintln!("tracing the system calls of {} servers", tasks.len());
    let requests = job.run.plan.work_requests;
    let mut failures = Vec::new();
    on_all_processors(
        tasks,
        |(_, server), processor| {
            let program = Program::new((*server).to_owned());
            work::system_calls(&program, processor, requests)
        },
        |(name, _), outcome| match outcome {
            Ok(calls) => {
                let rows = calls.into_iter().map(|call| SystemCallRow {
                    arm: name.to_owned(),
                    name: call.name,
                    calls_per_request: thousandths(call.calls_per_request),
                });
                folder.write_system_calls(&rows.collect::<Vec<_>>())
            }
            Err(error) => {
                interrupt::check()?;
                failures.push(format!("system calls of `{name}`: {error:#}"));
                Ok(())
            }
        },
    )?;
    for line in &failures {
        eprintln!("{line}");
    }
    job.run.failures.extend(failures);
    Ok(())
}

/// To three decimals: differences are over a thousand requests or so.
fn thousandths(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
