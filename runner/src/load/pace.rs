//! When requests are due: as soon as possible, or by a schedule that does not wait for answers.
//!
//! In the open loop request `i` is due at `i / rate` after the start, whatever has happened since;
//! its response time counts from then, so that a stall is seen by every request it delayed
//! (coordinated omission: Gil Tene, "How NOT to Measure Latency").

use super::part::PartOf;
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
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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
    /// Which lane this is, and of how many: the threads of all parts take turns.
    lane: u64,
    lanes: u64,
    /// Poisson: where in the profile's count the next request lies,
    position: f64,
    /// how many arrivals of the stream lead to it, and to each one after it,
    steps: u64,
    steps_each: u64,
    /// and how much longer than those of the whole load the gaps of the stream are.
    stretch: f64,
    next_due_ns: u64,
    random: Pcg64,
}

impl Schedule {
    /// The schedule of thread `index` of `threads` in this part of the load.
    ///
    /// Even arrivals are dealt to all threads of all parts in turn. Poisson arrivals of a load in one part are a
    /// stream of its own for each thread, so that none draws for others. Parts know nothing of each other's
    /// threads: theirs are dealt from one stream, that of a single thread, and each draws those it passes over too.
    pub(super) fn new(
        profile: Profile,
        arrivals: Arrivals,
        seed: u64,
        part: PartOf,
        (index, threads): (usize, usize),
    ) -> Self {
        let (lane, lanes) = part.lane(index, threads);
        let (stream, steps, steps_each, stretch) = match part.is_whole() {
            true => (lane, 1, 1, lanes as f64),
            false => (0, lane + 1, lanes, 1.0),
        };
        let mut schedule = Self {
            arrivals,
            profile: Arc::new(profile),
            taken: 0,
            lane,
            lanes,
            position: 0.0,
            steps,
            steps_each,
            stretch,
            next_due_ns: 0,
            random: Pcg64::seed_from_u64(seed.wrapping_add(stream)),
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
            let all = self.profile.count_before(end_ns) - self.lane as f64;
            let sure = (all / self.lanes as f64 - 1.0).max(0.0) as u64;
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
            Arrivals::Uniform => (self.taken * self.lanes + self.lane) as f64,
            Arrivals::Poisson => {
                for _ in 0..std::mem::replace(&mut self.steps, self.steps_each) {
                    // The inverse of the exponential distribution's cumulative function.
                    let uniform: f64 = self.random.random();
                    self.position += -(1.0 - uniform).ln() * self.stretch;
                }
                self.position
            }
        };
        self.profile.due_ns(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::part::share;
    use crate::load::profile::Stage;
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn uniform_arrivals_follow_the_index_and_threads_take_turns() {
        let due = |index| {
            let mut schedule = Schedule::new(
                Profile::constant(1000.0),
                Arrivals::Uniform,
                0,
                PartOf::WHOLE,
                (index, 2),
            );
            (0..3).map(|_| schedule.take()).collect::<Vec<_>>()
        };
        assert_eq!(due(0), [0, 2_000_000, 4_000_000]);
        assert_eq!(due(1), [1_000_000, 3_000_000, 5_000_000]);
    }

    #[test]
    fn what_is_due_is_counted_and_not_taken() {
        for arrivals in [Arrivals::Uniform, Arrivals::Poisson] {
            for rate in [1000.0, 333.3, 7.0] {
                let mut schedule =
                    Schedule::new(Profile::constant(rate), arrivals, 3, PartOf::WHOLE, (1, 2));
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
        let mut schedule = Schedule::new(
            Profile::constant(1e9),
            Arrivals::Uniform,
            0,
            PartOf::WHOLE,
            (0, 1),
        );
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
        let mut schedule = Schedule::new(
            Profile::constant(30_000.0),
            Arrivals::Uniform,
            0,
            PartOf::WHOLE,
            (0, 1),
        );
        for _ in 0..30_000 * 100 {
            schedule.take();
        }
        assert_eq!(schedule.next_due_ns(), 100_000_000_000);
    }

    #[test]
    fn poisson_arrivals_have_the_rate_and_the_spread_of_one() {
        let mut schedule = Schedule::new(
            Profile::constant(1000.0),
            Arrivals::Poisson,
            7,
            PartOf::WHOLE,
            (0, 1),
        );
        let due: Vec<f64> = (0..100_000).map(|_| schedule.take() as f64 / 1e6).collect();
        let gaps: Vec<f64> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        assert!((variance.sqrt() - 1.0).abs() < 0.02, "{variance}");
    }

    /// The due times that fall to one thread of a part, of `all` requests.
    fn dealt(
        schedule_of: impl Fn(PartOf, (usize, usize)) -> Schedule,
        part: PartOf,
        (thread, threads): (usize, usize),
        all: u64,
    ) -> Vec<u64> {
        let own = share(part.share(all), thread, threads);
        let mut schedule = schedule_of(part, (thread, threads));
        (0..own).map(|_| schedule.take()).collect()
    }

    proptest! {
        /// Whatever the parts' threads are, nothing is due twice, nothing is missing, and nothing moves by a nanosecond.
        #[test]
        fn the_schedules_of_the_parts_are_the_one_schedule(
            threads in prop::collection::vec(1usize..4, 1..7),
            all in 0u64..400,
            seed in any::<u64>(),
            is_poisson in any::<bool>(),
            rates in prop::collection::vec((1f64..1e5, 1f64..1e5), 0..4),
        ) {
            let arrivals = if is_poisson { Arrivals::Poisson } else { Arrivals::Uniform };
            let stages = rates.iter().map(|&(from_rate, to_rate)| Stage {
                from_rate,
                to_rate,
                duration: Duration::from_millis(20),
            });
            let stages: Vec<Stage> = stages.collect();
            let schedule_of = |part, thread| {
                let profile = match stages.is_empty() {
                    true => Profile::constant(12_345.6),
                    false => Profile::of(&stages),
                };
                Schedule::new(profile, arrivals, seed, part, thread)
            };
            let one = dealt(schedule_of, PartOf::WHOLE, (0, 1), all);
            let of = threads.len();
            let mut union = Vec::new();
            for (index, &threads) in threads.iter().enumerate() {
                // A single part is the whole load, in which each thread has a stream of its own.
                let threads = if of == 1 { 1 } else { threads };
                let part = PartOf::new(index + 1, of).unwrap();
                let own = (0..threads).map(|thread| dealt(schedule_of, part, (thread, threads), all));
                let mut own: Vec<u64> = own.flatten().collect();
                own.sort_unstable();
                let every_nth: Vec<u64> = one.iter().copied().skip(index).step_by(of).collect();
                prop_assert_eq!(&own, &every_nth, "part {} of {}", index + 1, of);
                union.extend(own);
            }
            union.sort_unstable();
            prop_assert_eq!(union, one);
        }

        #[test]
        fn what_is_due_in_a_part_is_counted_too(
            number in 1usize..5, end_ns in 0u64..20_000_000, is_poisson in any::<bool>(),
        ) {
            let arrivals = if is_poisson { Arrivals::Poisson } else { Arrivals::Uniform };
            let part = PartOf::new(number, 4).unwrap();
            let schedule = Schedule::new(Profile::constant(50_000.0), arrivals, 5, part, (1, 2));
            let mut walked = schedule.clone();
            let due = (0..schedule.due_before(end_ns)).map(|_| walked.take()).max();
            prop_assert!(due.is_none_or(|last_ns| last_ns < end_ns));
            prop_assert!(walked.take() >= end_ns);
        }
    }
}
