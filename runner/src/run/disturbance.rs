//! Whether the machine has disturbed a block. The bounds look at the machine only, never at an arm, so that
//! excluding blocks favours nobody.

use super::blocks::{BlockRow, Excluded};
use crate::environment::sentinel;
use crate::stats::median;
use anyhow::Result;
use std::time::Duration;

/// The hypervisor may give this share of a block's processor time to others, in parts per million. A quiet
/// virtual machine loses about a thousandth.
const STEAL_MAX_PPM: u64 = 10_000;

/// The sentinel's work may take this much longer than before the first block, in parts per million.
const SLOWDOWN_MAX_PPM: u64 = 150_000;

/// How often it is timed before the first block.
const CALIBRATIONS: u32 = 25;

/// Times a fixed piece of work in each round, and judges blocks by it and by stolen time.
pub(super) struct Watch {
    processors: Vec<usize>,
    calibrated: Duration,
    /// Of the current block, one per round.
    times: Vec<Duration>,
    /// Blocks that may still be excluded. Once they are used up the run is untrusted anyway, and it has to end.
    left: u32,
}

impl Watch {
    /// Calibrates on the servers' processors, while nothing runs there. No more than a third of `planned`
    /// blocks is measured again; of those that are there, `counting` count.
    pub(super) fn new(
        processors: &[usize],
        planned: u32,
        counting: u32,
        there: usize,
    ) -> Result<Self> {
        let times: Vec<Duration> = (0..CALIBRATIONS)
            .map(|_| sentinel::time(processors))
            .collect::<Result<_>>()?;
        let excluded = u32::try_from(there)
            .unwrap_or(u32::MAX)
            .saturating_sub(counting);
        Ok(Self {
            processors: processors.to_vec(),
            calibrated: typical(&times),
            times: Vec::new(),
            left: planned.div_ceil(3).saturating_sub(excluded),
        })
    }

    /// Times the work once, between two rounds.
    pub(super) fn look(&mut self) -> Result<()> {
        self.times.push(sentinel::time(&self.processors)?);
        Ok(())
    }

    /// Enters into the row of a block that has ended whether it counts.
    pub(super) fn judge(&mut self, row: &mut BlockRow, processors: usize) {
        let time = typical(&std::mem::take(&mut self.times));
        row.sentinel_slowdown_ppm = slowdown_ppm(time, self.calibrated);
        let available_ms = (row.elapsed_ms * processors as u64).max(1);
        let excluded = if row.steal_ms * 1_000_000 / available_ms > STEAL_MAX_PPM {
            Excluded::Steal
        } else if row.sentinel_slowdown_ppm > SLOWDOWN_MAX_PPM {
            Excluded::Sentinel
        } else {
            return;
        };
        if self.left > 0 {
            self.left -= 1;
            row.excluded = excluded;
        }
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

    fn watch() -> Watch {
        Watch {
            processors: vec![0],
            calibrated: Duration::from_micros(100),
            times: vec![Duration::from_micros(105); 3],
            left: 1,
        }
    }

    fn row(steal_ms: u64) -> BlockRow {
        BlockRow {
            elapsed_ms: 10_000,
            steal_ms,
            ..BlockRow::default()
        }
    }

    #[test]
    fn a_quiet_block_counts() {
        let mut row = row(100);
        watch().judge(&mut row, 2);
        assert_eq!(
            (row.excluded, row.sentinel_slowdown_ppm / 1000),
            (Excluded::No, 50)
        );
    }

    #[test]
    fn steal_or_a_slow_sentinel_excludes_a_block_until_too_many_are() {
        let mut watch = watch();
        let mut stolen = row(300);
        watch.judge(&mut stolen, 2);
        assert_eq!(stolen.excluded, Excluded::Steal);
        watch.times = vec![Duration::from_micros(120); 3];
        let mut slow = row(0);
        watch.judge(&mut slow, 2);
        assert_eq!(slow.excluded, Excluded::No, "none may be excluded any more");
        watch.left = 1;
        watch.times = vec![Duration::from_micros(120); 3];
        watch.judge(&mut slow, 2);
        assert_eq!(slow.excluded, Excluded::Sentinel);
        assert!(!slow.counts());
    }
}
