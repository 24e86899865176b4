//! What a request asks of the allocator, and what is still there after very many of them.
//!
//! Nothing here is timed, so processes run on all processors at once.

use super::arms::Executables;
use super::harness::{Harness, Memory, Setup};
use super::plan::{Entry, IsolatedPlan};
use super::processes::on_all_processors;
use super::records::IsolatedRecords;
use super::rows::{AllocationRow, Exercise, MemoryRow};
use crate::interrupt;
use crate::run::{ArmKind, Job};
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
    job: &mut Job<IsolatedPlan>,
    all: &[Executables],
    done: &IsolatedRecords,
) -> Result<()> {
    let tasks = allocation_tasks(all, done);
    crate::say!(
        "counting allocations of {} arms and entry points",
        tasks.len()
    );
    on_all_processors(tasks, count_allocations, |task, outcome| {
        let unit = task.unit();
        task.arm.refuse_others()?;
        match outcome {
            Ok(row) => {
                job.folder.journal.append(&row)?;
                job.folder.journal.close(&unit)
            }
            Err(error) => failed(job, &unit, &error),
        }
    })?;
    let tasks = growth_tasks(&job.run.plan, all, done);
    crate::say!("watching the memory of {} processes", tasks.len());
    on_all_processors(tasks, watch, |task, outcome| {
        let unit = task.unit();
        task.arm.refuse_others()?;
        match outcome {
            Ok(rows) => {
                for row in &rows {
                    job.folder.journal.append(row)?;
                }
                job.folder.journal.close(&unit)?;
                crate::say!("{unit}: ended");
                Ok(())
            }
            Err(error) => failed(job, &unit, &error),
        }
    })
}

fn failed(job: &mut Job<IsolatedPlan>, unit: &str, error: &anyhow::Error) -> Result<()> {
    // What an interruption broke off has not failed.
    interrupt::check()?;
    job.note_failure(unit, error);
    Ok(())
}

struct Allocations<'e> {
    arm: &'e Executables,
    executable: &'e Path,
    entry: Entry,
}

impl Allocations<'_> {
    fn unit(&self) -> String {
        allocations_unit(&self.arm.name, self.entry)
    }
}

/// The name of an arm's allocations as a unit of the journal.
pub(super) fn allocations_unit(arm: &str, entry: Entry) -> String {
    format!("allocations {arm} {entry}")
}

fn allocation_tasks<'e>(all: &'e [Executables], done: &IsolatedRecords) -> Vec<Allocations<'e>> {
    let mut tasks = Vec::new();
    for arm in all.iter().filter(|one| one.kind != ArmKind::Leak) {
        let Some(executable) = arm.counting.as_deref() else {
            continue;
        };
        let entries = arm.entries.iter().map(|&entry| Allocations {
            arm,
            executable,
            entry,
        });
        tasks.extend(entries.filter(|task| !done.units.contains(&task.unit())));
    }
    tasks
}

/// The difference of 2N requests and N, so that what a connection costs cancels.
fn count_allocations(task: &Allocations, processor: usize) -> Result<AllocationRow> {
    let mut harness = Harness::start(&Setup {
        executable: task.executable,
        entry: task.entry,
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
        arm: task.arm.name.clone(),
        entry: task.entry,
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

struct Growth<'e> {
    arm: &'e Executables,
    executable: &'e Path,
    entry: Entry,
    exercise: Exercise,
    process: u32,
    repetitions: u64,
}

impl Growth<'_> {
    fn unit(&self) -> String {
        memory_unit(&self.arm.name, self.exercise, self.process)
    }
}

/// The name of a watched process as a unit of the journal.
pub(super) fn memory_unit(arm: &str, exercise: Exercise, process: u32) -> String {
    format!("memory {arm} {exercise} {process}")
}

fn growth_tasks<'e>(
    plan: &IsolatedPlan,
    all: &'e [Executables],
    done: &IsolatedRecords,
) -> Vec<Growth<'e>> {
    let mut tasks = Vec::new();
    // The twin would only show the baseline's memory again.
    for arm in all.iter().filter(|one| one.kind != ArmKind::Twin) {
        let (Some(executable), Some(entry)) = (arm.counting.as_deref(), arm.fullest_entry()) else {
            continue;
        };
        for (exercise, repetitions) in exercises(arm.kind, entry, plan.leak_requests) {
            let processes = (0..plan.leak_processes).map(|process| Growth {
                arm,
                executable,
                entry,
                exercise,
                process,
                repetitions,
            });
            tasks.extend(processes.filter(|task| !done.units.contains(&task.unit())));
        }
    }
    tasks
}

/// A leak per connection or per unknown path shows in fewer of them; calls have no connections, and the
/// controls know no other path.
pub(super) fn exercises(kind: ArmKind, entry: Entry, requests: u64) -> Vec<(Exercise, u64)> {
    let mut exercises = vec![(Exercise::Requests, requests)];
    if kind.is_contestant() {
        if entry == Entry::Bytes {
            exercises.push((Exercise::Connections, requests / 16));
        }
        exercises.push((Exercise::Elsewhere, requests / 4));
    }
    exercises
}

fn watch(task: &Growth, processor: usize) -> Result<Vec<MemoryRow>> {
    let mut harness = Harness::start(&Setup {
        executable: task.executable,
        entry: task.entry,
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
            arm: task.arm.name.clone(),
            entry: task.entry,
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
