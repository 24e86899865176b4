//! The work behind one request, counted on the unmodified quickstart servers.
//!
//! Counts do not depend on time, so processes run on all processors at once.

use super::arms::Executables;
use super::plan::IsolatedPlan;
use super::processes::on_all_processors;
use super::records::IsolatedRecords;
use super::rows::{FunctionRow, OwnerRow, SystemCallRow, WorkRow};
use crate::interrupt;
use crate::run::{Job, Journal, one_line};
use crate::server::Program;
use crate::work::tools::{self, Tool};
use crate::work::{self, Work};
use anyhow::Result;
use std::path::Path;

/// Functions that take fewer instructions per request than this are left out of the record.
const KEPT_INSTRUCTIONS_MIN: f64 = 0.5;

pub(super) fn measure(
    job: &mut Job<IsolatedPlan>,
    all: &[Executables],
    done: &IsolatedRecords,
) -> Result<()> {
    let can_count = has(job, Tool::Valgrind) && has(job, Tool::Vgdb);
    let can_trace = has(job, Tool::Strace);
    if can_count {
        count(job, all, done)?;
    }
    if can_trace {
        trace(job, all, done)?;
    }
    Ok(())
}

/// Reports missing tools up front, before the long parts that do not need them.
pub(super) fn announce_missing_tools() {
    for tool in [Tool::Valgrind, Tool::Vgdb, Tool::Strace] {
        if let Err(missing) = tools::find(tool) {
            crate::say!("{missing}");
        }
    }
}

/// Whether a tool is there; its version, or how to install it, becomes part of the record.
fn has(job: &mut Job<IsolatedPlan>, tool: Tool) -> bool {
    match tools::find(tool) {
        Ok(_) => {
            // Not every tool says its version.
            if let Ok(version) = tools::version(tool) {
                let name = format!("{tool:?}").to_lowercase();
                job.run.toolchain.tools.insert(name, version);
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
struct Count<'e> {
    name: &'e str,
    server: &'e Path,
    process: u32,
}

fn servers(all: &[Executables]) -> impl Iterator<Item = (&str, &Path)> {
    all.iter()
        .filter_map(|one| Some((one.name.as_str(), one.server.as_deref()?)))
}

/// The name of a counted process as a unit of the journal.
pub(super) fn unit(arm: &str, process: u32) -> String {
    format!("work {arm} {process}")
}

/// The name of a contestant's system calls as a unit of the journal.
pub(super) fn system_calls_unit(arm: &str) -> String {
    format!("system calls {arm}")
}

fn count(job: &mut Job<IsolatedPlan>, all: &[Executables], done: &IsolatedRecords) -> Result<()> {
    let plan = job.run.plan.clone();
    let mut tasks = Vec::new();
    for process in 0..plan.work_processes {
        for (name, server) in servers(all) {
            if !done.units.contains(&unit(name, process)) {
                tasks.push(Count {
                    name,
                    server,
                    process,
                });
            }
        }
    }
    crate::say!("counting the work of {} processes", tasks.len());
    let requests = plan.work_requests;
    // An arm's split is written with the first of its processes that was counted.
    let mut split: Vec<String> = done.owners.iter().map(|row| row.arm.clone()).collect();
    on_all_processors(
        tasks,
        |task, processor| {
            let program = Program::new(task.server.to_owned());
            work::count(&program, processor, requests)
        },
        |task, outcome| {
            interrupt::check()?;
            let wants_split = !split.iter().any(|name| name == task.name);
            if outcome.is_ok() && wants_split {
                split.push(task.name.to_owned());
            }
            keep(
                &task,
                outcome,
                requests,
                wants_split,
                &mut job.folder.journal,
            )
        },
    )
}

/// Writes what was counted in a process and closes it. The split of one process stands for all: they differ by a
/// fraction of a percent.
fn keep(
    task: &Count,
    outcome: Result<Work>,
    requests: u64,
    wants_split: bool,
    journal: &mut Journal,
) -> Result<()> {
    let row = WorkRow {
        arm: task.name.to_owned(),
        process: task.process,
        requests,
        ..WorkRow::default()
    };
    let work = match outcome {
        Ok(work) => work,
        Err(error) => {
            let err = one_line(&format!("{error:#}"));
            crate::say!("{}: {err}", task.name);
            journal.append(&WorkRow { err, ..row })?;
            return journal.close(&unit(task.name, task.process));
        }
    };
    crate::say!(
        "work: {}: {:.0} instructions, {:.0} calls a request",
        task.name,
        work.instructions_per_request,
        work.tcalls
    );
    if wants_split {
        let (owners, functions) = split(task.name, &work);
        owners.iter().try_for_each(|row| journal.append(row))?;
        functions.iter().try_for_each(|row| journal.append(row))?;
    }
    journal.append(&WorkRow {
        instructions_per_request: thousandths(work.instructions_per_request),
        calls_per_request: thousandths(work.tcalls),
        funcs: work.funcs as u64,
        funcs_source: work.funcs_source as u64,
        ..row
    })?;
    journal.close(&unit(task.name, task.process))
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

fn trace(job: &mut Job<IsolatedPlan>, all: &[Executables], done: &IsolatedRecords) -> Result<()> {
    let is_done = |name: &str| done.units.contains(&system_calls_unit(name));
    let tasks: Vec<(&str, &Path)> = servers(all).filter(|(name, _)| !is_done(name)).collect();
    crate::say!("tracing the system calls of {} servers", tasks.len());
    let requests = job.run.plan.work_requests;
    on_all_processors(
        tasks,
        |(_, server), processor| {
            let program = Program::new((*server).to_owned());
            work::system_calls(&program, processor, requests)
        },
        |(name, _), outcome| {
            interrupt::check()?;
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
mod tests {
    use super::*;
    use crate::experiments::Experiment;
    use crate::experiments::isolated::{Isolated, Part};
    use crate::fixtures::runs;
    use crate::run::failpoint::Failpoint;
    use crate::run::{Arm, ArmKind};
    use crate::work::{FunctionCost, OwnerShare};

    fn counted() -> Work {
        Work {
            requests: 1000,
            instructions_per_request: 7000.25,
            tcalls: 100.0,
            funcs: 50,
            funcs_source: 90,
            owners: vec![OwnerShare {
                owner: "std".to_owned(),
                instructions_per_request: 7000.25,
                calls_per_request: 100.0,
            }],
            functions: vec![FunctionCost {
                name: "std::answer".to_owned(),
                owner: "std".to_owned(),
                calls_per_request: 100.0,
                self_instructions_per_request: 7000.25,
                instances: 1,
            }],
        }
    }

    fn keep_all(job: &mut Job<IsolatedPlan>) -> Result<()> {
        for process in 0..2 {
            let task = Count {
                name: "one",
                server: Path::new("/nowhere"),
                process,
            };
            let wants_split = process == 0;
            keep(
                &task,
                Ok(counted()),
                1000,
                wants_split,
                &mut job.folder.journal,
            )?;
        }
        Ok(())
    }

    #[test]
    fn a_process_that_was_counted_half_is_counted_again() {
        let plan = IsolatedPlan {
            parts: vec![Part::Work],
            blocks: 1,
            rounds: 1,
            slice_ms: 1,
            work_requests: 1000,
            work_processes: 2,
            leak_requests: 16_000,
            leak_processes: 1,
            starts: 1,
        };
        let arms = vec![Arm::new("one", ArmKind::Contestant)];
        let run = runs::header(Isolated::NAME, Isolated::METHOD, plan, arms);
        let parent = tempfile::tempdir().unwrap();
        for write in 0.. {
            let path = parent.path().join(write.to_string());
            let mut job = runs::begin(&path, &run);
            job.folder.journal.failpoint = Failpoint::At(write);
            let outcome = keep_all(&mut job);
            drop(job);
            let records = Isolated::read(&path).unwrap();
            let closed = records.units.len();
            // A process counts with all of its rows or not at all.
            assert_eq!(records.work.len(), closed, "write {write}");
            assert_eq!(records.owners.len(), closed.min(1), "write {write}");
            assert_eq!(records.functions.len(), closed.min(1), "write {write}");
            if outcome.is_ok() {
                // An owner, a function, and twice a row and its closing line.
                assert_eq!((write, closed), (6, 2));
                return;
            }
        }
    }
}
