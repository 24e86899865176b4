//! What a request asks of the allocator, and what is still there after very many of them.
//!
//! Nothing here is timed, so processes run on all processors at once.

use super::arms::Contender;
use super::job::Job;
use super::processes::on_all_processors;
use crate::interrupt;
use crate::isolated::{Harness, Memory, Setup};
use crate::plan::InProcess;
use crate::record::{AllocationRow, ArmKind, Exercise, IsolatedFolder, IsolatedRecords, MemoryRow};
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::path::Path;

/// Requests that allocations are counted over.
const COUNTED_REQUESTS: u64 = 10_000;

/// Equally spaced looks after the first quarter, for the slope.
const SLOPE_LOOKS: u64 = 20;

/// How often the first look's requests double until the last one.
const DOUBLINGS: u32 = 10;

pub(super) fn measure(
    job: &mut Job,
    contenders: &[Contender],
    done: &IsolatedRecords,
    folder: &mut IsolatedFolder,
) -> Result<()> {
    let mut failures = Vec::new();
    let all = allocation_tasks(contenders, done);
    eprintln!("allocations of {} arms and levels", all.len());
    on_all_processors(all, count_allocations, |task, outcome| match outcome {
        Ok(row) => folder.write_allocations(&row),
        Err(error) => {
            let what = format!("allocations of `{}` ({})", task.contender.name, task.level);
            failed(&mut failures, &what, &error)
        }
    })?;
    let all = growth_tasks(job, contenders, done);
    eprintln!("memory of {} processes", all.len());
    on_all_processors(all, watch, |task, outcome| match outcome {
        Ok(rows) => {
            eprintln!("memory: {}, {} ended", task.contender.name, task.exercise);
            folder.write_memory(&rows)
        }
        Err(error) => {
            let what = format!(
                "memory of `{}` ({}, process {})",
                task.contender.name, task.exercise, task.process
            );
            failed(&mut failures, &what, &error)
        }
    })?;
    job.run.failures.extend(failures);
    Ok(())
}

fn failed(failures: &mut Vec<String>, what: &str, error: &anyhow::Error) -> Result<()> {
    interrupt::check()?;
    let line = format!("{what}: {error:#}");
    eprintln!("{line}");
    failures.push(line);
    Ok(())
}

struct Allocations<'c> {
    contender: &'c Contender,
    executable: &'c Path,
    level: InProcess,
}

fn allocation_tasks<'c>(
    contenders: &'c [Contender],
    done: &IsolatedRecords,
) -> Vec<Allocations<'c>> {
    let mut tasks = Vec::new();
    for contender in contenders.iter().filter(|one| one.kind != ArmKind::Leak) {
        let Some(executable) = contender.counting.as_deref() else {
            continue;
        };
        for &level in &contender.levels {
            let mut rows = done.allocations.iter();
            if !rows.any(|row| row.arm == contender.name && row.level == level) {
                tasks.push(Allocations {
                    contender,
                    executable,
                    level,
                });
            }
        }
    }
    tasks
}

/// The difference of 2N requests and N, so that what a connection costs cancels.
fn count_allocations(task: &Allocations, processor: usize) -> Result<AllocationRow> {
    let mut harness = Harness::start(&Setup {
        executable: task.executable,
        level: task.level,
        is_elsewhere: false,
        processor,
        padding_bytes: 0,
    })?;
    harness.requests(0, COUNTED_REQUESTS)?;
    let before = Counted::of(&harness.memory()?)?;
    harness.requests(0, COUNTED_REQUESTS)?;
    let between = Counted::of(&harness.memory()?)?;
    harness.requests(0, 2 * COUNTED_REQUESTS)?;
    let after = Counted::of(&harness.memory()?)?;
    let difference = |of: fn(&Counted) -> u64| of_one_series(of(&before), of(&between), of(&after));
    Ok(AllocationRow {
        arm: task.contender.name.clone(),
        level: task.level,
        requests: COUNTED_REQUESTS,
        allocations: difference(|one| one.allocations),
        reallocations: difference(|one| one.reallocations),
        allocated_bytes: difference(|one| one.allocated_bytes),
        peak_live_bytes: after.peak_live_bytes,
    })
}

/// What N requests take, by readings before N requests, after them, and after 2N more: a connection's own
/// share is in both steps.
fn of_one_series(before: u64, between: u64, after: u64) -> u64 {
    let (once, twice) = (between - before, after - between);
    twice.saturating_sub(once)
}

/// What a counting harness says.
struct Counted {
    live_bytes: u64,
    peak_live_bytes: u64,
    allocations: u64,
    reallocations: u64,
    allocated_bytes: u64,
}

impl Counted {
    fn of(memory: &Memory) -> Result<Self> {
        let read = || {
            Some(Self {
                live_bytes: memory.live_bytes?,
                peak_live_bytes: memory.peak_live_bytes?,
                allocations: memory.allocations?,
                reallocations: memory.reallocations?,
                allocated_bytes: memory.allocated_bytes?,
            })
        };
        read().context("the bench was not built to count allocations")
    }
}

struct Growth<'c> {
    contender: &'c Contender,
    executable: &'c Path,
    level: InProcess,
    exercise: Exercise,
    process: u32,
    repetitions: u64,
}

fn growth_tasks<'c>(
    job: &Job,
    contenders: &'c [Contender],
    done: &IsolatedRecords,
) -> Vec<Growth<'c>> {
    let plan = &job.run.plan;
    let mut tasks = Vec::new();
    for contender in contenders {
        let (Some(executable), Some(level)) =
            (contender.counting.as_deref(), contender.fullest_level())
        else {
            continue;
        };
        for (exercise, repetitions) in exercises(contender.kind, level, plan.leak_requests) {
            for process in 0..plan.leak_processes {
                let mut rows = done.memory.iter();
                let is_done = rows.any(|row| {
                    row.arm == contender.name && row.exercise == exercise && row.process == process
                });
                if !is_done {
                    tasks.push(Growth {
                        contender,
                        executable,
                        level,
                        exercise,
                        process,
                        repetitions,
                    });
                }
            }
        }
    }
    tasks
}

/// A leak per connection or per unknown path shows in fewer of them; calls have no connections, and the
/// controls know no other path.
fn exercises(kind: ArmKind, level: InProcess, requests: u64) -> Vec<(Exercise, u64)> {
    let mut exercises = vec![(Exercise::Requests, requests)];
    if kind == ArmKind::Framework {
        if level == InProcess::Bytes {
            exercises.push((Exercise::Connections, requests / 16));
        }
        exercises.push((Exercise::Elsewhere, requests / 4));
    }
    exercises
}

fn watch(task: &Growth, processor: usize) -> Result<Vec<MemoryRow>> {
    let mut harness = Harness::start(&Setup {
        executable: task.executable,
        level: task.level,
        is_elsewhere: task.exercise == Exercise::Elsewhere,
        processor,
        padding_bytes: 0,
    })?;
    let mut so_far = 0;
    let mut rows = Vec::new();
    for repetitions in looks(task.repetitions) {
        match task.exercise {
            Exercise::Connections => harness.connections(repetitions - so_far)?,
            Exercise::Requests | Exercise::Elsewhere => {
                harness.requests(0, repetitions - so_far)?
            }
        };
        so_far = repetitions;
        let memory = harness.memory()?;
        rows.push(MemoryRow {
            arm: task.contender.name.clone(),
            level: task.level,
            exercise: task.exercise,
            process: task.process,
            repetitions,
            live_bytes: Counted::of(&memory)?.live_bytes,
            rss_kib: memory.rss_kib,
        });
    }
    Ok(rows)
}

/// After how many repetitions the process is looked at: ten doublings up to the last, and equally spaced
/// ones after the first quarter.
fn looks(last: u64) -> BTreeSet<u64> {
    let doublings = (0..=DOUBLINGS).map(|doubling| last >> (DOUBLINGS - doubling));
    let first = last / 4;
    let equal = (0..=SLOPE_LOOKS).map(|look| first + (last - first) * look / SLOPE_LOOKS);
    doublings.chain(equal).filter(|&look| look > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_connection_takes_cancels() {
        let (connection, request) = (7, 6);
        let once = 100 + connection + 10 * request;
        let thrice = once + connection + 20 * request;
        assert_eq!(of_one_series(100, once, thrice), 10 * request);
    }

    #[test]
    fn looks_double_and_are_equally_spaced_at_the_end() {
        let looks: Vec<u64> = looks(1_024_000).into_iter().collect();
        assert_eq!(looks[..6], [1_000, 2_000, 4_000, 8_000, 16_000, 32_000]);
        for thousand in [64, 128, 256, 512, 1_024] {
            assert!(looks.contains(&(thousand * 1000)), "{looks:?}");
        }
        assert!(looks.contains(&(256_000 + 38_400)) && looks.contains(&(256_000 + 2 * 38_400)));
        assert_eq!(looks.len(), 30);
    }
}
