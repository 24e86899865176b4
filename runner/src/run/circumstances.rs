//! What weakens a run, as seen before and after its blocks.

use super::blocks::BlockRow;
use super::header::Processors;
use super::job::Job;
use super::warning::Warning;
use crate::environment::{Counters, quota};
use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant};

/// How long the machine is watched; the kernel counts in hundredths of a second.
const WATCH_FOR: Duration = match cfg!(test) {
    // Tests that kill a run at each of its writes begin it hundreds of times.
    true => Duration::from_millis(10),
    false => Duration::from_millis(500),
};

/// What a machine uses by itself stays below this.
const BUSY_MATTERS_PERCENT: u64 = 10;

/// The share of stolen time from which on it matters, in parts per million.
const STEAL_MATTERS_PPM: u64 = 10_000;

/// Adds what is known before the first block: shared processors, a short plan of so many blocks, a busy machine.
///
/// # Errors
///
/// If the kernel does not tell.
pub fn before_blocks<P: Serialize + DeserializeOwned + Clone>(
    job: &mut Job<P>,
    is_short: bool,
    blocks: u32,
) -> Result<()> {
    let shared = shared_processors(&job.run.processors);
    shared.into_iter().for_each(|one| job.warn(one));
    if is_short {
        job.warn(Warning::ShortRun { blocks });
    }
    look_around(job)
}

/// A warning if server and generator share processors.
fn shared_processors(processors: &Processors) -> Option<Warning> {
    let server = processors.server.iter().copied();
    let shared: Vec<usize> = server
        .filter(|one| processors.generator.contains(one))
        .collect();
    (!shared.is_empty()).then_some(Warning::SharedProcessors { processors: shared })
}

/// Watches for a moment whether anything else is running, while nothing of ours is, and adds a warning if so.
///
/// # Errors
///
/// If the kernel does not tell.
pub fn look_around<P: Serialize + DeserializeOwned + Clone>(job: &mut Job<P>) -> Result<()> {
    if let Some(processors) = quota::limit() {
        job.warn(Warning::Quota {
            processor_ms_per_s: (processors * 1000.0).round() as u64,
        });
    }
    let (before, began) = (Counters::read()?, Instant::now());
    std::thread::sleep(WATCH_FOR);
    let busy = Counters::read()?.since(&before).busy;
    let available = began.elapsed().as_secs_f64() * job.run.machine.processors as f64;
    // The kernel counts in ticks, which may add up to a little more than there was.
    let busy_share = (busy.as_secs_f64() / available).min(1.0);
    let busy_percent = (busy_share * 100.0).round() as u64;
    if busy_percent > BUSY_MATTERS_PERCENT {
        job.warn(Warning::BusyMachine { busy_percent });
    }
    // What was seen before the first block is seen by nobody who continues the run.
    job.record()
}

/// Adds the warnings that only the blocks show.
pub fn summarize_blocks<P: Serialize + DeserializeOwned + Clone>(
    job: &mut Job<P>,
    blocks: &[BlockRow],
) {
    let overflows: u64 = blocks.iter().map(|block| block.listen_overflows).sum();
    if overflows > 0 {
        job.warn(Warning::ListenOverflows { count: overflows });
    }
    let steal_ms: u64 = blocks.iter().map(|block| block.steal_ms).sum();
    let elapsed_ms: u64 = blocks.iter().map(|block| block.elapsed_ms).sum();
    let available_ms = (elapsed_ms * job.run.processors.all().len() as u64).max(1);
    let steal_ppm = steal_ms * 1_000_000 / available_ms;
    if steal_ppm > STEAL_MATTERS_PPM {
        job.warn(Warning::Steal { steal_ppm });
    }
}
