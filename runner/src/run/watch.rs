//! Watches the machine while a block is measured: stolen time, other programs, limits, pauses, and a fixed piece of
//! work.

use super::blocks::{BlockRow, SliceEnd};
use super::disturbance::Disturbance;
use super::header::Processors;
use super::stops::Stops;
use crate::duration::millis;
use crate::environment::{Counters, Throttling, sentinel};
use crate::server::{Tree, cpu_of};
use crate::stats::median;
use anyhow::Result;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often the sentinel is timed before the first block.
const CALIBRATIONS: u32 = 25;

/// Watches block after block.
pub(super) struct Watch {
    /// The servers' processors, where the sentinel runs.
    servers: Vec<usize>,
    /// All processors that we use.
    ours: Vec<usize>,
    /// Load comes from other hosts.
    is_network: bool,
    calibrated: Duration,
    /// Blocks that may still be excluded. Once they are used up the run is untrusted anyway, and it has to end.
    left: u32,
    began: Reading,
    /// Of the current block.
    block: BlockRow,
    sentinels: Vec<Duration>,
    stops: Stops,
    /// Several generators did not begin a slice of the current block together.
    is_apart: bool,
    /// Connections that found a listen queue full in a namespace of the servers' own, so far and when the block began.
    overflows: (u64, u64),
    /// What that had seen when the block began.
    stopped_ms: u64,
}

/// What the machine said at one moment.
struct Reading {
    at: Instant,
    counters: Counters,
    throttling: Throttling,
    /// CPU time of each server's processes; that of this one has the number 0.
    own: BTreeMap<u32, Duration>,
    /// CPU time used by anybody on our processors, and the same without that of interrupts.
    busy: Duration,
    without_interrupts: Duration,
    /// Time that the hypervisor took from them.
    steal: Duration,
}

impl Watch {
    /// Calibrates on the servers' processors, while nothing runs there. No more than a third of `planned`
    /// blocks is measured again; of those that are there, `counting` count.
    pub(super) fn new(
        (used, is_network): (&Processors, bool),
        planned: u32,
        counting: u32,
        there: usize,
    ) -> Result<Self> {
        let times: Vec<Duration> = (0..CALIBRATIONS)
            .map(|_| sentinel::time(&used.server))
            .collect::<Result<_>>()?;
        let there = u32::try_from(there).unwrap_or(u32::MAX);
        let ours = used.all();
        Ok(Self {
            servers: used.server.clone(),
            began: Reading::take(&ours, &[])?,
            ours,
            is_network,
            calibrated: typical(&times),
            left: planned
                .div_ceil(3)
                .saturating_sub(there.saturating_sub(counting)),
            block: BlockRow::default(),
            sentinels: Vec::new(),
            stops: Stops::watch(),
            is_apart: false,
            overflows: (0, 0),
            stopped_ms: 0,
        })
    }

    /// A block begins.
    pub(super) fn begin_block(&mut self) -> Result<()> {
        self.block = BlockRow::default();
        self.is_apart = false;
        self.sentinels.clear();
        self.stopped_ms = self.stops.stopped_ms();
        self.overflows.1 = self.overflows.0;
        self.began = Reading::take(&self.ours, &[])?;
        Ok(())
    }

    /// Times the work once, before a round, and reads where our processes are.
    pub(super) fn begin_round(&mut self, processes: &[Tree]) -> Result<RoundWatch> {
        self.sentinels.push(sentinel::time(&self.servers)?);
        Ok(RoundWatch {
            before: Reading::take(&self.ours, processes)?,
        })
    }

    /// The round has ended; this is what came of its slices.
    pub(super) fn end_round(
        &mut self,
        round: &RoundWatch,
        processes: &[Tree],
        end: SliceEnd,
    ) -> Result<()> {
        let (before, after) = (&round.before, Reading::take(&self.ours, processes)?);
        let own: Duration = after
            .own
            .iter()
            .filter_map(|(pid, cpu)| Some(cpu.saturating_sub(*before.own.get(pid)?)))
            .sum();
        // Many kernels charge the time in which they handle packets to the process that they interrupt; others do not. If
        // processes have more than all time outside of interrupts, this one does.
        let busy = |one: fn(&Reading) -> Duration| one(&after).saturating_sub(one(before));
        let (with_interrupts, without) = (busy(|one| one.busy), busy(|one| one.without_interrupts));
        let busy = match self.is_network && own <= without {
            true => without,
            false => with_interrupts,
        };
        let first = processes.iter().flat_map(Tree::processes).next();
        if let Some(overflows) = first.and_then(Counters::listen_overflows_beside) {
            self.overflows.0 = overflows;
        }
        self.block.watched_ms += millis(after.at - before.at);
        self.block.others_cpu_ms += millis(busy.saturating_sub(own));
        self.block.throttled_periods += after.throttling.since(&before.throttling).periods;
        self.block.pause_ms += millis(end.paused);
        self.is_apart |= end.is_apart;
        Ok(())
    }

    /// What the block of this number came to, and whether it counts.
    pub(super) fn end_block(&mut self, number: u32) -> Result<BlockRow> {
        let during = Counters::read()?.since(&self.began.counters);
        let steal = Counters::steal_on(&self.ours)?.saturating_sub(self.began.steal);
        let time = typical(&std::mem::take(&mut self.sentinels));
        let mut row = BlockRow {
            block: number,
            elapsed_ms: millis(self.began.at.elapsed()),
            steal_ms: millis(steal),
            listen_overflows: during.listen_overflows + self.overflows.0 - self.overflows.1,
            sentinel_slowdown_ppm: slowdown_ppm(time, self.calibrated),
            // The same stop, seen within a slice, at any time, or by both.
            pause_ms: self
                .block
                .pause_ms
                .max(self.stops.stopped_ms() - self.stopped_ms),
            ..std::mem::take(&mut self.block)
        };
        row.disturbed_by = match self.is_apart {
            true => Disturbance::Apart,
            false => Disturbance::of(&row, self.ours.len()),
        };
        if row.disturbed_by != Disturbance::None && self.left > 0 {
            self.left -= 1;
            row.excluded = 1;
        }
        Ok(row)
    }
}

/// A round that is being measured.
pub(super) struct RoundWatch {
    before: Reading,
}

impl Reading {
    fn take(ours: &[usize], processes: &[Tree]) -> Result<Self> {
        // A process that has ended has no clock, and is in one reading only.
        let own = processes
            .iter()
            .filter_map(|tree| Some((tree.id(), tree.cpu().ok()?)));
        let mut own: BTreeMap<u32, Duration> = own.collect();
        own.insert(0, cpu_of(std::process::id())?);
        let [busy, without_interrupts] = Counters::busy_on(ours)?;
        Ok(Self {
            at: Instant::now(),
            counters: Counters::read()?,
            throttling: Throttling::read(),
            own,
            busy,
            without_interrupts,
            steal: Counters::steal_on(ours)?,
        })
    }
}

fn typical(times: &[Duration]) -> Duration {
    let seconds: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
    Duration::from_secs_f64(median(&seconds).unwrap_or(0.0))
}

fn slowdown_ppm(time: Duration, calibrated: Duration) -> u64 {
    let slowdown = time.as_secs_f64() / calibrated.as_secs_f64().max(1e-9) - 1.0;
    // A negative float becomes 0: faster than calibrated is not slow.
    (slowdown * 1e6) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(left: u32) -> Watch {
        let allowed = crate::environment::processors::allowed().unwrap();
        let used = Processors {
            server: vec![allowed[0]],
            generator: Vec::new(),
        };
        let mut watch = Watch::new((&used, false), 3 * left, 0, 0).unwrap();
        watch.begin_block().unwrap();
        watch
    }

    #[test]
    fn pauses_exclude_a_block_until_too_many_are() {
        let mut watch = watch(1);
        let mut judged = |pauses| {
            watch.begin_block().unwrap();
            let round = watch.begin_round(&[]).unwrap();
            watch
                .end_round(&round, &[], Duration::from_millis(pauses).into())
                .unwrap();
            watch.end_block(0).unwrap()
        };
        let paused = judged(60_000);
        assert_eq!(
            (paused.disturbed_by, paused.counts()),
            (Disturbance::Pause, false)
        );
        let again = judged(60_000);
        // None may be excluded any more, and yet it is on record.
        assert_eq!(
            (again.disturbed_by, again.counts()),
            (Disturbance::Pause, true)
        );
    }

    #[test]
    fn a_stop_between_slices_excludes_its_block_and_no_other() {
        let mut watch = watch(1);
        watch.stops.pretend(60_000);
        watch.begin_block().unwrap();
        assert_eq!(watch.end_block(0).unwrap().pause_ms, 0, "it was before");
        watch.begin_block().unwrap();
        watch.stops.pretend(60_000);
        let row = watch.end_block(0).unwrap();
        assert_eq!(
            (row.pause_ms, row.disturbed_by),
            (60_000, Disturbance::Pause)
        );
    }

    #[test]
    fn a_slice_that_generators_did_not_begin_together_excludes_its_block_and_no_other() {
        let mut watch = watch(1);
        for is_apart in [true, false] {
            watch.begin_block().unwrap();
            let round = watch.begin_round(&[]).unwrap();
            let paused = Duration::ZERO;
            let end = SliceEnd { paused, is_apart };
            watch.end_round(&round, &[], end).unwrap();
            let row = watch.end_block(0).unwrap();
            assert_eq!(row.disturbed_by == Disturbance::Apart, is_apart, "{row:?}");
        }
    }

    #[test]
    fn our_own_work_is_not_that_of_others() {
        let mut watch = watch(1);
        let round = watch.begin_round(&[]).unwrap();
        let before = cpu_of(std::process::id()).unwrap();
        let own = || cpu_of(std::process::id()).unwrap() - before;
        // Others may want the processor as well, so it is CPU time that makes this long enough.
        while own() < Duration::from_millis(200) {
            std::hint::black_box(sentinel::time(&watch.servers).unwrap());
        }
        watch.end_round(&round, &[], SliceEnd::default()).unwrap();
        let own = millis(own());
        let row = watch.end_block(0).unwrap();
        // The tests beside this one are our own as well, on whatever processor: what remains for others is less than all.
        assert!(
            row.others_cpu_ms + own.min(row.watched_ms) <= row.watched_ms + 40,
            "{row:?}, own {own} ms"
        );
    }
}
