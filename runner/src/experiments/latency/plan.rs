//! The design of a latency run: rates, windows, and the search for the highest rate. Pure.

use crate::experiments::{Link, Outline};
use crate::framework::{BuildEnv, ServerKind};
use crate::load::{Arrivals, EngineKind, Pace, Window};
use crate::report::grouped;
use crate::run::Orders;
use crate::usage::{UsageError, within};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Fewer blocks than these make a run that is not worth keeping.
const KEPT_BLOCKS_MIN: u32 = 12;

/// Searches per contestant if nothing else is asked for; fewer make a run that is not worth keeping.
pub(super) const SEARCHES: u32 = 3;

/// A percentile of a slice is ranked if at least this many of its answers lie beyond it.
pub(super) const BEYOND_MIN: f64 = 10.0;

const RATE_MAX: u64 = 100_000_000;
const TIME_MAX_MS: u64 = 600_000;

/// What is measured when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyPlan {
    /// Which program of each contestant serves.
    pub server: ServerKind,
    /// How it is built.
    pub env: BuildEnv,
    /// What lies between servers and generator.
    #[serde(default, skip_serializing_if = "Link::is_loopback")]
    pub link: Link,
    /// Connections that carry the requests.
    pub connections: usize,
    /// The rates at which all are measured.
    pub rates: Vec<RateLevel>,
    /// How arrivals are spread.
    pub arrivals: Arrivals,
    /// Blocks.
    pub blocks: u32,
    /// The objective whose highest rate is searched for, such as `p99=5ms`.
    pub objective: Option<String>,
    /// Searches per contestant, each on a fresh process.
    pub searches: u32,
    /// Load before each window, which is not counted.
    pub settling_ms: u64,
    /// What is open this long after its window is given up.
    pub rest_ms: u64,
    /// How long each arm is driven in the closed loop before its first slice; not counted.
    pub warm_up_ms: u64,
    /// An answer that takes longer is given up.
    pub timeout_ms: u64,
    /// The generator's engine.
    pub engine: EngineKind,
}

/// One rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLevel {
    /// Requests per second, by schedule.
    pub rate_per_s: u64,
    /// How long each window is counted.
    pub window_ms: u64,
    /// Rounds per block.
    pub rounds: u32,
}

impl RateLevel {
    /// The window this rate needs: long enough that [`BEYOND_MIN`] answers lie beyond the 99th percentile with room
    /// to spare, and at least half a second.
    #[must_use]
    pub(super) fn of(rate_per_s: u64) -> Self {
        const ANSWERS: u64 = 1_500;
        Self {
            rate_per_s,
            window_ms: (ANSWERS * 1000 / rate_per_s.max(1)).clamp(500, 10_000),
            rounds: 2,
        }
    }

    /// How many answers of one window lie beyond a quantile.
    #[must_use]
    pub(super) fn beyond(&self, quantile: f64) -> f64 {
        self.rate_per_s as f64 * self.window_ms as f64 / 1000.0 * (1.0 - quantile)
    }
}

impl LatencyPlan {
    /// How many connections this process has open with so many arms: if generators are elsewhere, each server still has its
    /// own.
    pub(super) fn open_at_a_time(&self, arms: usize) -> usize {
        let arms = if self.link == Link::Hosts { 1 } else { arms };
        arms * self.connections
    }

    /// Checks that the plan can be carried out as meant.
    pub(super) fn validate(&self) -> Result<(), UsageError> {
        if self.rates.is_empty() && self.objective.is_none() {
            return Err(UsageError(
                "name a rate (--rate) or an objective (--slo)".to_owned(),
            ));
        }
        for level in &self.rates {
            within("rate", &[level.rate_per_s], 1, RATE_MAX)?;
            within("window in ms", &[level.window_ms], 1, TIME_MAX_MS)?;
            within("rounds", &[level.rounds], 1, 1000)?;
        }
        within("connections (C)", &[self.connections], 1, 50_000)?;
        within("blocks (BLOCKS)", &[self.blocks], 1, 10_000)?;
        within("searches", &[self.searches], 1, 100)?;
        within("settling in ms", &[self.settling_ms], 0, TIME_MAX_MS)?;
        Ok(())
    }

    /// Load by schedule at this rate.
    pub(super) fn pace(&self, rate: f64, seed: u64) -> Pace {
        Pace::Open {
            rate,
            arrivals: self.arrivals,
            seed,
        }
    }

    /// A window of this length.
    pub(super) fn window(&self, length_ms: u64) -> Window {
        Window {
            settling: Duration::from_millis(self.settling_ms),
            length: Duration::from_millis(length_ms),
            rest: Duration::from_millis(self.rest_ms),
        }
    }

    /// Whether the run is too short to be kept among the results.
    #[must_use]
    pub(super) fn is_short(&self) -> bool {
        self.has_few_blocks() || (self.objective.is_some() && self.searches < SEARCHES)
    }

    /// Whether it has too few blocks; a search has none.
    #[must_use]
    pub(super) fn has_few_blocks(&self) -> bool {
        !self.rates.is_empty() && self.blocks < KEPT_BLOCKS_MIN
    }

    /// [`LatencyPlan::timeout_ms`] as a duration.
    #[must_use]
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// The plan in words.
    pub(super) fn outline(&self, seed: u64, contestants: &[String]) -> Outline {
        let mut arms = contestants.to_vec();
        arms.extend(["null", super::delay::NAME, "twin"].map(str::to_owned));
        let orders = Orders {
            seed,
            series: 2 * self.rates.len() as u64,
        };
        let mut steps = vec![format!(
            "build and check each contestant ({} {})",
            self.server, self.env
        )];
        if !self.rates.is_empty() {
            steps.push(format!(
                "{} blocks, each with fresh processes for all arms",
                self.blocks
            ));
        }
        let mut block_ms = 0;
        for level in &self.rates {
            block_ms +=
                u64::from(level.rounds) * (level.window_ms + self.settling_ms) + self.warm_up_ms;
            steps.push(format!(
                "{} requests/s over {} connections: {} rounds of {} ms a block",
                grouped(level.rate_per_s),
                grouped(self.connections as u64),
                level.rounds,
                level.window_ms
            ));
        }
        let has_rates = !self.rates.is_empty();
        let mut seconds = 0.0;
        if has_rates {
            seconds +=
                f64::from(self.blocks) * arms.len() as f64 * (block_ms as f64 / 1000.0 + 0.1);
        }
        if let Some(objective) = &self.objective {
            steps.push(format!(
                "{} searches per contestant for the highest rate with {objective}",
                self.searches
            ));
            // About fifteen probes, some of them repeated.
            seconds += f64::from(self.searches) * arms.len() as f64 * 15.0;
        }
        Outline {
            steps,
            order: has_rates.then(|| orders.first_round(0, &arms)),
            arms,
            expected: Duration::from_secs_f64(seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_searches_are_not_worth_keeping() {
        let plan = LatencyPlan {
            rates: Vec::new(),
            objective: Some("p99=50ms".to_owned()),
            searches: SEARCHES,
            ..crate::experiments::latency::tests::plan()
        };
        assert!(!plan.is_short());
        let few = LatencyPlan {
            searches: 1,
            ..plan
        };
        assert!(few.is_short() && !few.has_few_blocks());
    }

    #[test]
    fn windows_hold_enough_answers_beyond_the_99th_percentile() {
        for rate in [200, 1_000, 20_000, 1_000_000] {
            let level = RateLevel::of(rate);
            assert!(level.beyond(0.99) >= BEYOND_MIN, "{level:?}");
        }
        assert!(RateLevel::of(1_000).beyond(0.999) < BEYOND_MIN);
        assert!(RateLevel::of(20_000).beyond(0.999) >= BEYOND_MIN);
    }
}
