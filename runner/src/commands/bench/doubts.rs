//! What there is to doubt about a run, as seen before and after it.

use crate::environment::Counters;
use crate::record::{BlockRow, Run};
use crate::warning::Warning;
use anyhow::Result;
use std::time::Duration;

/// How long is listened for others; the kernel counts in hundredths of a second.
const LISTEN_FOR: Duration = Duration::from_millis(500);

/// What a machine uses by itself stays below this.
const BUSY_MATTERS_PERCENT: u64 = 10;

/// A share of stolen time from which on it matters, in ppm.
const STEAL_MATTERS_PPM: u64 = 10_000;

/// Doubts that can be seen before anything is measured.
pub(super) fn before(run: &mut Run) {
    let (server, generator) = (&run.processors.server, &run.processors.generator);
    let shared: Vec<usize> = server
        .iter()
        .copied()
        .filter(|one| generator.contains(one))
        .collect();
    if !shared.is_empty() {
        run.warnings
            .push(Warning::SharedProcessors { processors: shared });
    }
    if run.plan.is_short() {
        run.warnings.push(Warning::ShortRun {
            blocks: run.plan.blocks,
            requests: run.plan.requests,
        });
    }
    if run.toolchain.uncommitted {
        run.warnings.push(Warning::UncommittedSources);
    }
}

/// Looks for a moment whether anything else is running, now that nothing of ours is.
pub(super) fn listen(run: &mut Run) -> Result<()> {
    let before = Counters::read()?;
    std::thread::sleep(LISTEN_FOR);
    let busy = Counters::read()?.since(&before).busy;
    let available = LISTEN_FOR.as_secs_f64() * run.machine.processors as f64;
    let busy_percent = (busy.as_secs_f64() / available * 100.0).round() as u64;
    if busy_percent > BUSY_MATTERS_PERCENT {
        run.warnings.push(Warning::BusyMachine { busy_percent });
    }
    Ok(())
}

/// Doubts that only the blocks show.
pub(super) fn after(run: &mut Run, blocks: &[BlockRow]) {
    let overflows: u64 = blocks.iter().map(|block| block.listen_overflows).sum();
    if overflows > 0 {
        run.warnings
            .push(Warning::ListenOverflows { count: overflows });
    }
    let steal_ms: u64 = blocks.iter().map(|block| block.steal_ms).sum();
    let elapsed_ms: u64 = blocks.iter().map(|block| block.elapsed_ms).sum();
    let available_ms = (elapsed_ms * run.machine.processors as u64).max(1);
    let steal_ppm = steal_ms * 1_000_000 / available_ms;
    if steal_ppm > STEAL_MATTERS_PPM {
        run.warnings.push(Warning::Steal { steal_ppm });
    }
}
