//! The design of an isolated run: what is timed, counted and watched for growth, and in which order.

use crate::experiments::Outline;
use crate::framework::BuildEnv;
use crate::run::Orders;
use crate::usage::{UsageError, within};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Fewer blocks than these make a run that is not worth keeping.
const KEPT_BLOCKS_MIN: u32 = 12;

/// Fewer requests of the leak test do.
const KEPT_LEAK_REQUESTS_MIN: u64 = 256_000;

/// The entry point: where in a contestant a request begins and ends, inside one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Entry {
    /// Bytes of HTTP/1.1 in, bytes out, through the framework's own connection handler.
    Bytes,
    /// A request as a value in, an answer as a value out, through router and handler.
    Call,
}

impl Entry {
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

    /// The heading of its table.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Bytes => "Bytes in, bytes out",
            Self::Call => "Router and handler alone",
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A part of an isolated run.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Time per request inside one process: bytes in, bytes out; and calls
    Time,
    /// Instructions, calls, functions and system calls per request (valgrind, strace)
    Work,
    /// Allocations per request, and what stays behind after many
    Memory,
    /// Time from start to first right answer, and memory at rest
    Start,
}

/// What is measured when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IsolatedPlan {
    /// How servers and benches are built.
    #[serde(default, skip_serializing_if = "BuildEnv::is_default")]
    pub env: BuildEnv,
    /// What is measured, in this order.
    pub parts: Vec<Part>,
    /// Blocks of the timing; each starts one fresh process per arm and entry point.
    pub blocks: u32,
    /// Rounds per block and entry point: each times every arm once, in a new order.
    pub rounds: u32,
    /// How long a slice should take; the number of its requests follows, once per arm and entry point.
    pub slice_ms: u64,
    /// Requests under the instruction counter, N; N and 2N are counted.
    pub work_requests: u64,
    /// How often each contestant's work is counted, in fresh processes.
    pub work_processes: u32,
    /// Requests of the leak test; connections and unknown paths are a sixteenth and a quarter of it.
    pub leak_requests: u64,
    /// Fresh processes of the leak test that have to agree.
    pub leak_processes: u32,
    /// How often each contestant is started to see how long it takes.
    pub starts: u32,
}

impl IsolatedPlan {
    /// Requests of a slice that are not timed: they bring caches back that the other arms took.
    pub const UNTIMED_REQUESTS: u64 = 500;

    /// How much of its work the planted control withholds, in percent of what counts.
    pub const WITHHELD_PERCENT: u64 = 2;

    /// How many of these requests the planted control withholds.
    #[must_use]
    pub fn withheld(requests: u64) -> u64 {
        requests * Self::WITHHELD_PERCENT / (100 + Self::WITHHELD_PERCENT)
    }

    /// Checks that the plan can be carried out as meant.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] that says which number is out of range, and what the range is.
    pub fn validate(&self) -> Result<(), UsageError> {
        within("blocks (BLOCKS)", &[self.blocks], 1, 10_000)?;
        within("rounds", &[self.rounds], 1, 1_000)?;
        within("slice in ms", &[self.slice_ms], 1, 10_000)?;
        within("work-requests", &[self.work_requests], 100, 1_000_000)?;
        within("work-processes", &[self.work_processes], 1, 100)?;
        within("leak-requests", &[self.leak_requests], 16_000, 1 << 40)?;
        within("leak-processes", &[self.leak_processes], 1, 100)?;
        within("starts", &[self.starts], 1, 10_000)?;
        Ok(())
    }

    /// The order in which `arms` contestants are started in one round of the start test.
    #[must_use]
    pub fn start_order(&self, seed: u64, round: u32, arms: usize) -> Vec<usize> {
        // The timing has two series per entry point; this is one more, in a family of its own.
        let series = 2 * Entry::ALL.len() as u64;
        let orders = Orders {
            seed,
            series: series + 1,
        };
        orders.order(series, u64::from(round), arms)
    }

    /// The plan in words.
    pub(super) fn outline(&self, seed: u64, contestants: &[String]) -> Outline {
        let is_timed = self.parts.contains(&Part::Time);
        let is_watched = self.parts.contains(&Part::Memory);
        let mut arms = contestants.to_vec();
        let controls = [
            ("twin", is_timed),
            ("planted", is_timed),
            ("canned", is_timed || is_watched),
            ("leak", is_watched),
        ];
        let controls = controls.into_iter().filter(|(_, takes_part)| *takes_part);
        arms.extend(controls.map(|(name, _)| name.to_owned()));
        let timed_arms: Vec<String> = arms.iter().filter(|arm| *arm != "leak").cloned().collect();
        let timed = timed_arms.len() as f64 * Entry::ALL.len() as f64;
        let slices = f64::from(self.blocks * self.rounds) * timed;
        let steps = self.parts.iter().map(|part| match part {
            Part::Time => format!(
                "time: {} blocks of fresh processes, {} rounds of slices of {} ms, as bytes and as calls",
                self.blocks, self.rounds, self.slice_ms
            ),
            Part::Work => format!(
                "work: {} processes per contestant under callgrind, {} requests and twice as many; system calls",
                self.work_processes, self.work_requests
            ),
            Part::Memory => format!(
                "memory: allocations; {} processes per contestant over {} requests",
                self.leak_processes, self.leak_requests
            ),
            Part::Start => format!("start: each server {} times", self.starts),
        });
        let seconds = self.parts.iter().map(|part| match part {
            Part::Time => {
                slices * self.slice_ms as f64 / 1000.0 + f64::from(self.blocks) * timed * 0.15
            }
            Part::Work => f64::from(self.work_processes) * contestants.len() as f64 * 3.0,
            Part::Memory => f64::from(self.leak_processes) * arms.len() as f64 * 3.0,
            Part::Start => f64::from(self.starts) * contestants.len() as f64 * 0.06,
        });
        let orders = Orders {
            seed,
            series: 2 * Entry::ALL.len() as u64,
        };
        Outline {
            steps: steps.collect(),
            order: is_timed.then(|| orders.first_round(0, &timed_arms)),
            expected: Duration::from_secs_f64(seconds.sum()),
            arms,
        }
    }

    /// Bytes of environment that a process of the timing gets to carry, so that the layout of its stack is
    /// not the same in all blocks (Mytkowicz et al., ASPLOS 2009).
    #[must_use]
    pub fn padding_bytes(seed: u64, block: u32, arm: usize) -> usize {
        // Any scrambling will do: Knuth's multiplicative hash.
        let number = seed ^ (u64::from(block) << 20) ^ arm as u64;
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
            env: BuildEnv::Release,
            parts: vec![Part::Time],
            blocks: 24,
            rounds: 8,
            slice_ms: 20,
            work_requests: 1000,
            work_processes: 5,
            leak_requests: 1_024_000,
            leak_processes: 3,
            starts: 20,
        }
    }

    #[test]
    fn the_withheld_share_is_one_of_what_counts() {
        let withheld = IsolatedPlan::withheld(102_000);
        assert_eq!((withheld, 102_000 - withheld), (2_000, 100_000));
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
    fn starts_have_orders_of_their_own() {
        let orders = Orders { seed: 1, series: 4 };
        let timed: Vec<_> = (0..8).map(|number| orders.order(0, number, 10)).collect();
        let starts: Vec<_> = (0..8)
            .map(|round| plan().start_order(1, round, 10))
            .collect();
        assert_ne!(timed, starts);
    }

    #[test]
    fn padding_differs_and_stays_within_a_page() {
        let all: Vec<usize> = (0..24)
            .map(|block| IsolatedPlan::padding_bytes(1, block, 3))
            .collect();
        assert!(all.iter().all(|&bytes| bytes < 4096));
        assert!(
            all.iter().max() > Some(&(all.iter().min().unwrap() + 1024)),
            "{all:?}"
        );
    }
}
