//! When requests are due: as soon as possible, or by a schedule that does not wait for answers.
//!
//! In the open loop request `i` is due at `i / rate` after the start, whatever has happened since;
//! its response time counts from then, so that a stall is seen by every request it delayed
//! (coordinated omission: Gil Tene, "How NOT to Measure Latency").

use super::profile::Profile;
use clap::ValueEnum;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// How arrivals are spread in the open loop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Arrivals {
    /// Evenly.
    #[default]
    Uniform,
    /// As a Poisson process: independent of each other, as those of many users are.
    Poisson,
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::Uniform => "uniform",
            Self::Poisson => "poisson",
        })
    }
}

/// Millions of requests that never left are told apart in so many groups: finer than a histogram is.
const GROUPS_MAX: u64 = 100_000;

/// When the next request goes out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Closed loop: each connection sends when its last request is answered.
    Closed,
    /// Open loop: by schedule.
    Open {
        /// Requests per second, over all threads.
        rate: f64,
        /// How they are spread.
        arrivals: Arrivals,
        /// Where random arrivals come from.
        seed: u64,
    },
}

/// The due times of one thread's requests, in ns since the start of the run.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    arrivals: Arrivals,
    profile: Arc<Profile>,
    /// Requests of this thread that have been taken.
    taken: u64,
    /// Which thread this is, and of how many, so that they take turns.
    index: u64,
    threads: u64,
    /// Poisson: where in the profile's count the next request lies.
    position: f64,
    next_due_ns: u64,
    random: Pcg64,
}

impl Schedule {
    /// The schedule of thread `index` of `threads`.
    pub(super) fn new(
        profile: Profile,
        arrivals: Arrivals,
        seed: u64,
        (index, threads): (usize, usize),
    ) -> Self {
        let (index, threads) = (index as u64, threads as u64);
        let mut schedule = Self {
            arrivals,
            profile: Arc::new(profile),
            taken: 0,
            index,
            threads,
            position: 0.0,
            next_due_ns: 0,
            random: Pcg64::seed_from_u64(seed.wrapping_add(index)),
        };
        schedule.next_due_ns = schedule.due_after_taken();
        schedule
    }

    /// How many requests have been taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// When the next request is due.
    pub(super) fn next_due_ns(&self) -> u64 {
        self.next_due_ns
    }

    /// Takes the next request; when it was due.
    pub(super) fn take(&mut self) -> u64 {
        let due_ns = self.next_due_ns;
        self.taken += 1;
        self.next_due_ns = self.due_after_taken();
        due_ns
    }

    /// How many requests are due before `end_ns` and have not been taken.
    pub(super) fn due_before(&self, end_ns: u64) -> u64 {
        let mut ahead = self.clone();
        if self.arrivals == Arrivals::Uniform {
            // Nearly all at once, however many: rounding may put the last ones on either side.
            let all = self.profile.count_before(end_ns) - self.index as f64;
            let sure = (all / self.threads as f64 - 1.0).max(0.0) as u64;
            ahead.skip(sure.saturating_sub(self.taken));
        }
        while ahead.next_due_ns() < end_ns {
            ahead.take();
        }
        ahead.taken - self.taken
    }

    /// Takes the next request and those after it that are told as one where there are `all` of them:
    /// when the first is due, and how many they are.
    pub(super) fn take_group(&mut self, all: u64, left: u64) -> (u64, u64) {
        let size = match self.arrivals {
            Arrivals::Uniform => (all / GROUPS_MAX).max(1).min(left),
            Arrivals::Poisson => 1,
        };
        let due_ns = self.next_due_ns;
        match size {
            1 => drop(self.take()),
            _ => self.skip(size),
        }
        (due_ns, size)
    }

    /// Evenly spread ones can be passed over without being looked at.
    fn skip(&mut self, count: u64) {
        self.taken += count;
        self.next_due_ns = self.due_after_taken();
    }

    fn due_after_taken(&mut self) -> u64 {
        let count = match self.arrivals {
            // From the index, not from the last due time: rounding does not add up.
            Arrivals::Uniform => (self.taken * self.threads + self.index) as f64,
            Arrivals::Poisson => {
                // The inverse of the exponential distribution's cumulative function.
                let uniform: f64 = self.random.random();
                self.position += -(1.0 - uniform).ln() * self.threads as f64;
                self.position
            }
        };
        self.profile.due_ns(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniform_arrivals_follow_the_index_and_threads_take_turns() {
        let due = |index| {
            let mut schedule =
                Schedule::new(Profile::constant(1000.0), Arrivals::Uniform, 0, (index, 2));
            (0..3).map(|_| schedule.take()).collect::<Vec<_>>()
        };
        assert_eq!(due(0), [0, 2_000_000, 4_000_000]);
        assert_eq!(due(1), [1_000_000, 3_000_000, 5_000_000]);
    }

    #[test]
    fn what_is_due_is_counted_and_not_taken() {
        for arrivals in [Arrivals::Uniform, Arrivals::Poisson] {
            for rate in [1000.0, 333.3, 7.0] {
                let mut schedule = Schedule::new(Profile::constant(rate), arrivals, 3, (1, 2));
                schedule.take();
                for end_ns in [0, 1, 49_999_999, 50_000_000, 3_000_000_000] {
                    let mut walked = schedule.clone();
                    let due = schedule.due_before(end_ns);
                    for _ in 0..due {
                        assert!(walked.take() < end_ns, "{arrivals} {rate} {end_ns}");
                    }
                    assert!(walked.take() >= end_ns, "{arrivals} {rate} {end_ns}");
                }
            }
        }
    }

    #[test]
    fn a_huge_backlog_is_counted_and_told_in_groups_at_once() {
        let mut schedule = Schedule::new(Profile::constant(1e9), Arrivals::Uniform, 0, (0, 1));
        let due = schedule.due_before(3_600_000_000_000);
        assert_eq!(due, 3_600_000_000_000);
        let (mut left, mut groups) = (due, 0);
        while left > 0 {
            left -= schedule.take_group(due, left).1;
            groups += 1;
        }
        assert_eq!((groups, schedule.next_due_ns()), (100_000, due));
    }

    #[test]
    fn an_odd_rate_does_not_drift() {
        let mut schedule = Schedule::new(Profile::constant(30_000.0), Arrivals::Uniform, 0, (0, 1));
        for _ in 0..30_000 * 100 {
            schedule.take();
        }
        assert_eq!(schedule.next_due_ns(), 100_000_000_000);
    }

    #[test]
    fn poisson_arrivals_have_the_rate_and_the_spread_of_one() {
        let mut schedule = Schedule::new(Profile::constant(1000.0), Arrivals::Poisson, 7, (0, 1));
        let due: Vec<f64> = (0..100_000).map(|_| schedule.take() as f64 / 1e6).collect();
        let gaps: Vec<f64> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        assert!((variance.sqrt() - 1.0).abs() < 0.02, "{variance}");
    }
}
