//! Measures a memory run: one process after another is started, connected and loaded; then each is left alone on a
//! thread of its own that reads its memory when that is due, while the next ones are measured.

use super::life::{Life, Surroundings};
use super::plan::MemoryPlan;
use super::records::{MemoryRecords, process_unit};
use super::rows::StageRow;
use crate::environment::limits;
use crate::interrupt;
use crate::load::Generator;
use crate::run::{Job, Launch, before_blocks};
use anyhow::{Context, Result, ensure};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

/// A process that has ended: its rows, or nothing if the run was over before it had.
type Ended = Result<Option<Vec<StageRow>>>;

/// One process that is to be measured.
struct Task<'l> {
    launch: &'l Launch,
    block: u32,
}

pub(super) fn measure(
    job: &mut Job<MemoryPlan>,
    launches: &[Launch],
    done: &MemoryRecords,
) -> Result<()> {
    let plan = job.run.plan.clone();
    before_blocks(job, plan.is_short(), plan.blocks)?;
    let processors = job.run.processors.clone();
    let generator = Generator::start(plan.engine, &processors.generator, 1)?;
    raise_limit(&plan);
    let around = Surroundings {
        plan: &plan,
        generator: &generator,
        processors: &processors.server,
    };
    let tasks = tasks(&plan, job.run.seed, launches, done);
    crate::say!("watching the memory of {} processes", tasks.len());
    let is_over = AtomicBool::new(false);
    let (to, ended) = mpsc::channel();
    thread::scope(|scope| {
        let (plan, over) = (&plan, &is_over);
        let see_out = |life: Life, to: Sender<Ended>| {
            scope.spawn(move || {
                // Nobody listens if the run has failed.
                let _ = to.send(life.see_out(plan, over));
            });
        };
        let outcome = all(job, &around, &tasks, see_out, (to, ended));
        // Whoever still waits need not.
        is_over.store(true, Ordering::Relaxed);
        outcome
    })
}

/// Servers inherit the limit on open files, so it is raised before they start: as far as it goes.
fn raise_limit(plan: &MemoryPlan) {
    let mut connections = plan.connections.iter().rev();
    // If not even the fewest are allowed, the rows say so.
    let _ = connections.find(|&&one| limits::allow_connections(one).is_ok());
}

/// What is still to be measured, in the order of the seed.
fn tasks<'l>(
    plan: &MemoryPlan,
    seed: u64,
    launches: &'l [Launch],
    done: &MemoryRecords,
) -> Vec<Task<'l>> {
    let of_block = |block| {
        let order = MemoryPlan::order(seed, block, launches.len());
        order.into_iter().map(move |arm| Task {
            launch: &launches[arm],
            block,
        })
    };
    let all = (0..plan.blocks).flat_map(of_block);
    let is_left = |task: &Task| {
        !done
            .units
            .contains(&process_unit(&task.launch.name, task.block))
    };
    all.filter(is_left).collect()
}

fn all(
    job: &mut Job<MemoryPlan>,
    around: &Surroundings,
    tasks: &[Task],
    see_out: impl Fn(Life, Sender<Ended>),
    (to, ended): (Sender<Ended>, Receiver<Ended>),
) -> Result<()> {
    let mut kept = 0;
    for (place, task) in tasks.iter().enumerate() {
        interrupt::check()?;
        let (name, number) = (&task.launch.name, place + 1);
        crate::say!("process {number} of {}: {name}", tasks.len());
        see_out(Life::lead(around, task.launch, task.block)?, to.clone());
        // What has ended meanwhile is on the disk before the next one begins.
        for one in ended.try_iter() {
            kept += keep(job, one)?;
        }
    }
    drop(to);
    crate::say!("all connections are closed; waiting for what comes back");
    for one in ended {
        kept += keep(job, one)?;
    }
    interrupt::check()?;
    ensure!(
        kept == tasks.len(),
        "{kept} of {} processes were seen to their ends",
        tasks.len()
    );
    Ok(())
}

/// Enters a process that has ended; how many that were.
fn keep(job: &mut Job<MemoryPlan>, ended: Ended) -> Result<usize> {
    let Some(rows) = ended? else { return Ok(0) };
    let first = rows.first().context("a process has rows")?;
    let unit = process_unit(&first.arm, first.block);
    let journal = &mut job.folder.journal;
    journal.abandon();
    for row in &rows {
        journal.append(row)?;
    }
    journal.close(&unit)?;
    if !first.err.is_empty() {
        crate::say!("{unit}: {}", first.err);
    }
    Ok(1)
}
