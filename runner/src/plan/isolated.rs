//! The design of an isolated run: what is timed, counted and watched for growth, and in which order.

use super::{balanced_order, within};
use crate::usage::UsageError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Fewer than these make a run that is not worth keeping.
const KEPT_BLOCKS_MIN: u32 = 12;
const KEPT_LEAK_REQUESTS_MIN: u64 = 256_000;

/// Where in a contestant a request begins and ends, inside one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InProcess {
    /// Bytes of HTTP/1.1 in, bytes out, through the framework's own connection handler.
    Bytes,
    /// A request as a value in, an answer as a value out, through router and handler.
    Call,
}

impl InProcess {
    /// Both, the one that ranks first.
    pub const ALL: [Self; 2] = [Self::Bytes, Self::Call];

    /// The word for it in records and in the harness's protocol.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Call => "call",
        }
    }
}

impl fmt::Display for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The numbers of an isolated run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IsolatedPlan {
    /// Blocks of the timing; each starts one fresh process per arm and level.
    pub blocks: u32,
    /// Laps per block and level: each times every arm once, in a new order.
    pub laps: u32,
    /// How long a slice should take; the number of its requests follows, once per arm and level.
    pub slice_ms: u64,
    /// Requests under the instruction counter, N; N and 2N are counted.
    pub work_requests: u64,
    /// How often each contestant's work is counted, in fresh processes.
    pub work_runs: u32,
    /// Requests of the leak test; connections and unknown paths are a sixteenth and a quarter of it.
    pub leak_requests: u64,
    /// Fresh processes of the leak test that have to agree.
    pub leak_processes: u32,
    /// How often each contestant is started to see how long it takes.
    pub starts: u32,
    /// Where the random orders come from.
    pub seed: u64,
}

impl IsolatedPlan {
    /// Requests of a slice that are not timed: they bring caches back that the other arms took.
    pub const UNTIMED_REQUESTS: u64 = 500;

    /// How much of its work the planted control does not count, in percent of what it counts.
    pub const PLANTED_PERCENT: u64 = 2;

    /// How many of so many requests the planted control does not count.
    #[must_use]
    pub fn uncounted(requests: u64) -> u64 {
        requests * Self::PLANTED_PERCENT / (100 + Self::PLANTED_PERCENT)
    }

    /// Checks that the plan can be carried out as meant.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] that says which number is out of range, and what the range is.
    pub fn validate(&self) -> Result<(), UsageError> {
        within("blocks (BLOCKS)", &[self.blocks], 1, 10_000)?;
        within("laps", &[self.laps], 1, 1_000)?;
        within("slice-ms", &[self.slice_ms], 1, 10_000)?;
        within("work-requests", &[self.work_requests], 100, 1_000_000)?;
        within("work-runs", &[self.work_runs], 1, 100)?;
        within("leak-requests", &[self.leak_requests], 16_000, 1 << 40)?;
        within("leak-processes", &[self.leak_processes], 1, 100)?;
        within("starts", &[self.starts], 1, 10_000)?;
        Ok(())
    }

    /// The order in which `arms` arms are timed in one lap: indices of arms.
    #[must_use]
    pub fn order(&self, block: u32, level: InProcess, lap: u32, arms: usize) -> Vec<usize> {
        let number = u64::from(block) * u64::from(self.laps) + u64::from(lap);
        self.balanced(2 * level as u64, number, arms)
    }

    /// The order in which they are started and warmed up.
    #[must_use]
    pub fn warmup_order(&self, block: u32, level: InProcess, arms: usize) -> Vec<usize> {
        self.balanced(2 * level as u64 + 1, u64::from(block), arms)
    }

    /// The order in which `arms` contestants are started in one round of the start test.
    #[must_use]
    pub fn start_order(&self, round: u32, arms: usize) -> Vec<usize> {
        self.balanced(2 * InProcess::ALL.len() as u64, u64::from(round), arms)
    }

    fn balanced(&self, series: u64, number: u64, arms: usize) -> Vec<usize> {
        let count = 2 * InProcess::ALL.len() as u64 + 1;
        balanced_order(self.seed, count, series, number, arms)
    }

    /// Bytes of environment that a process of the timing gets to carry, so that the layout of its stack is
    /// not the same in all blocks (Mytkowicz et al., ASPLOS 2009).
    #[must_use]
    pub fn padding_bytes(&self, block: u32, arm: usize) -> usize {
        // Any scrambling will do: Knuth's multiplicative hash.
        let number = self.seed ^ (u64::from(block) << 20) ^ arm as u64;
        (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52) as usize
    }

    /// Whether the run is too short to be kept among the results.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.blocks < KEPT_BLOCKS_MIN || self.leak_requests < KEPT_LEAK_REQUESTS_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> IsolatedPlan {
        IsolatedPlan {
            blocks: 24,
            laps: 8,
            slice_ms: 20,
            work_requests: 1000,
            work_runs: 5,
            leak_requests: 1_024_000,
            leak_processes: 3,
            starts: 20,
            seed: 1,
        }
    }

    #[test]
    fn the_planted_share_is_one_of_what_is_counted() {
        let uncounted = IsolatedPlan::uncounted(102_000);
        assert_eq!((uncounted, 102_000 - uncounted), (2_000, 100_000));
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let mut plan = plan();
        plan.validate().unwrap();
        plan.leak_requests = 1000;
        let error = plan.validate().unwrap_err().to_string();
        assert!(error.starts_with("leak-requests: 1000 is out"), "{error}");
    }

    #[test]
    fn levels_and_starts_have_orders_of_their_own() {
        let plan = plan();
        let orders = |level| {
            (0..8)
                .map(|lap| plan.order(0, level, lap, 10))
                .collect::<Vec<_>>()
        };
        assert_ne!(orders(InProcess::Bytes), orders(InProcess::Call));
        let starts: Vec<_> = (0..8).map(|round| plan.start_order(round, 10)).collect();
        assert_ne!(orders(InProcess::Bytes), starts);
        let mut sorted = plan.order(3, InProcess::Call, 5, 10);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn padding_differs_and_stays_within_a_page() {
        let plan = plan();
        let all: Vec<usize> = (0..24).map(|block| plan.padding_bytes(block, 3)).collect();
        assert!(all.iter().all(|&bytes| bytes < 4096));
        assert!(
            all.iter().max() > Some(&(all.iter().min().unwrap() + 1024)),
            "{all:?}"
        );
    }
}
