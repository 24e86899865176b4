//! What is measured when: blocks, levels, laps, slices, and the order of the arms in each lap.
//! Pure; the same seed gives the same order on every machine.

mod isolated;
mod williams;

pub use isolated::{InProcess, IsolatedPlan};

use crate::framework::{BuildEnv, ServerKind};
use crate::usage::UsageError;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Fewer blocks, or fewer requests, than these make a run that is not worth keeping.
pub const KEPT_BLOCKS_MIN: u32 = 12;
/// See [`KEPT_BLOCKS_MIN`].
pub const KEPT_REQUESTS_MIN: u64 = 100_000;

const CONNECTIONS_MAX: usize = 50_000;
const REQUESTS_MAX: u64 = 1_000_000_000_000;
const BLOCKS_MAX: u32 = 10_000;
const LAPS_MAX: u32 = 1_000;

/// The design of a throughput run.
///
/// A *block* starts one fresh process per arm; all of them live together. At each *level* of
/// concurrency every arm is connected and warmed up, then measured in short *slices*, round robin,
/// for several *laps*. The orders of the laps are the rows of Williams squares, shuffled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which program of each contestant serves.
    pub server: ServerKind,
    /// How it is built.
    pub env: BuildEnv,
    /// Concurrency levels: connections, each with one request open at a time.
    pub levels: Vec<usize>,
    /// Requests per arm and level, over all blocks.
    pub requests: u64,
    /// Blocks; with `until`, those of the first stage.
    pub blocks: u32,
    /// How precise the run has to be, if it is not to end after `blocks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// Laps per block and level.
    pub laps: u32,
    /// A slice sends nothing more after this long.
    pub slice_limit_ms: u64,
    /// How long each arm is driven before its first slice at a level; not counted.
    pub warmup_ms: u64,
    /// An answer that takes longer is given up.
    pub timeout_ms: u64,
    /// Where the random orders come from.
    pub seed: u64,
}

/// A precision to reach: the second stage of a run adds blocks until the half-widths of all ratios to
/// the floor are expected to be small enough. It looks at variances, never at who is ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    /// Half-width of the ratio, in ppm: 20 000 for 2 %.
    pub half_width_ppm: u32,
    /// Blocks in all, whatever they still leave open.
    pub blocks_max: u32,
}

impl Plan {
    /// Checks that the plan can be carried out as meant.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] that says which number is out of range, and what the range is.
    pub fn validate(&self) -> Result<(), UsageError> {
        within("connections (C)", &self.levels, 1, CONNECTIONS_MAX)?;
        within("requests (N)", &[self.requests], 1, REQUESTS_MAX)?;
        within("blocks (BLOCKS)", &[self.blocks], 1, BLOCKS_MAX)?;
        within("laps", &[self.laps], 1, LAPS_MAX)?;
        within("slice-limit-ms", &[self.slice_limit_ms], 1, 60_000)?;
        within("warmup-ms", &[self.warmup_ms], 0, 60_000)?;
        within("timeout-ms", &[self.timeout_ms], 1, 60_000)?;
        if let Some(until) = self.until {
            within("max-blocks", &[until.blocks_max], self.blocks, BLOCKS_MAX)?;
        }
        let slices = u64::from(self.blocks) * u64::from(self.laps);
        if self.requests < slices {
            return Err(UsageError(format!(
                "{} requests cannot be spread over {} blocks of {} laps: \
                 ask for at least {slices} requests (N), or for fewer blocks (BLOCKS)",
                self.requests, self.blocks, self.laps
            )));
        }
        Ok(())
    }

    /// The requests of one slice; over all slices of an arm and level they add up exactly.
    /// `block` counts complete blocks from 0.
    #[must_use]
    pub fn share(&self, block: u32, lap: u32) -> u64 {
        let slices = u128::from(self.blocks) * u128::from(self.laps);
        let index = u128::from(block % self.blocks) * u128::from(self.laps) + u128::from(lap);
        let up_to = |slice: u128| u128::from(self.requests) * slice / slices;
        u64::try_from(up_to(index + 1) - up_to(index)).expect("a share is part of a u64")
    }

    /// The order in which `arms` arms are measured in one lap: indices of arms.
    #[must_use]
    pub fn order(&self, block: u32, level: usize, lap: u32, arms: usize) -> Vec<usize> {
        let lap_number = u64::from(block) * u64::from(self.laps) + u64::from(lap);
        self.balanced_order(2 * level as u64, lap_number, arms)
    }

    /// The order in which `arms` arms are connected and warmed up at a level of a block, and at the first
    /// level started. It changes from block to block: who comes last finds memory and caches in
    /// another state, which at many connections can be seen in its rates.
    #[must_use]
    pub fn warmup_order(&self, block: u32, level: usize, arms: usize) -> Vec<usize> {
        self.balanced_order(2 * level as u64 + 1, u64::from(block), arms)
    }

    /// One of a series of orders; each level has two.
    fn balanced_order(&self, series: u64, number: u64, arms: usize) -> Vec<usize> {
        balanced_order(
            self.seed,
            2 * self.levels.len() as u64,
            series,
            number,
            arms,
        )
    }

    /// How much of its work the planted control does not count at this level, in percent of what it
    /// counts: 2 where that can be found, 5 where it takes more blocks than the run has.
    ///
    /// Fixed before the run: at a thousand connections a block's ratio varies almost twice as much
    /// as at 64, so four times the blocks would be needed (docs/METHODOLOGY.md).
    #[must_use]
    pub fn planted_percent(&self, connections: usize) -> u64 {
        const BLOCKS_MIN: u32 = 24;
        const CONNECTIONS_MAX: usize = 256;
        if self.blocks >= BLOCKS_MIN && connections <= CONNECTIONS_MAX {
            2
        } else {
            5
        }
    }

    /// Whether the run is too short to be kept among the results.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.blocks < KEPT_BLOCKS_MIN || self.requests < KEPT_REQUESTS_MIN
    }

    /// Whether this is the variant that the front page shows.
    #[must_use]
    pub fn is_main_job(&self) -> bool {
        self.server == ServerKind::Quickstart && self.env == BuildEnv::Release
    }

    /// [`Plan::slice_limit_ms`] as a duration.
    #[must_use]
    pub fn slice_limit(&self) -> Duration {
        Duration::from_millis(self.slice_limit_ms)
    }

    /// [`Plan::warmup_ms`] as a duration.
    #[must_use]
    pub fn warmup(&self) -> Duration {
        Duration::from_millis(self.warmup_ms)
    }

    /// [`Plan::timeout_ms`] as a duration.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// One order of `arms` arms. A series of orders goes through the rows of a Williams square in a random
/// order, and through one square after another, each with the arms in other roles. `seed` has `count`
/// series that do not share a square.
fn balanced_order(seed: u64, count: u64, series: u64, number: u64, arms: usize) -> Vec<usize> {
    let rows = williams::rows(arms).max(1);
    let (square, place) = (number / rows as u64, number % rows as u64);
    let square = square * count + series;
    // Neighbouring seeds give unrelated generators: `seed_from_u64` scrambles them.
    let mut random = Pcg64::seed_from_u64(seed.wrapping_add(square));
    let mut roles: Vec<usize> = (0..arms).collect();
    roles.shuffle(&mut random);
    let mut numbers: Vec<usize> = (0..rows).collect();
    numbers.shuffle(&mut random);
    let row = williams::row(arms, numbers[place as usize]);
    row.into_iter().map(|role| roles[role]).collect()
}

fn within<T>(what: &str, values: &[T], least: T, most: T) -> Result<(), UsageError>
where
    T: PartialOrd + std::fmt::Display,
{
    for value in values {
        if *value < least || *value > most {
            return Err(UsageError(format!(
                "{what}: {value} is out of range; it goes from {least} to {most}"
            )));
        }
    }
    if values.is_empty() {
        return Err(UsageError(format!("{what}: at least one is needed")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan() -> Plan {
        Plan {
            server: ServerKind::Quickstart,
            env: BuildEnv::Release,
            levels: vec![64, 1000],
            requests: 1_000_000,
            blocks: 24,
            until: None,
            laps: 8,
            slice_limit_ms: 150,
            warmup_ms: 150,
            timeout_ms: 2000,
            seed: 1,
        }
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let refused = |change: fn(&mut Plan)| {
            let mut plan = plan();
            change(&mut plan);
            plan.validate().unwrap_err().to_string()
        };
        assert!(refused(|plan| plan.levels = vec![64, 0]).starts_with("connections (C): 0 is out"));
        assert!(refused(|plan| plan.levels.clear()).starts_with("connections (C): at least one"));
        assert!(refused(|plan| plan.requests = 0).starts_with("requests (N): 0 is out"));
        assert!(refused(|plan| plan.blocks = 0).starts_with("blocks (BLOCKS): 0 is out"));
        assert!(refused(|plan| plan.requests = 191).contains("at least 192 requests"));
        let until = |blocks_max| {
            Some(Until {
                half_width_ppm: 20_000,
                blocks_max,
            })
        };
        let error = Plan {
            until: until(12),
            ..plan()
        }
        .validate()
        .unwrap_err();
        assert!(error.to_string().contains("it goes from 24 to"), "{error}");
        plan().validate().unwrap();
    }

    #[test]
    fn the_seed_fixes_the_order() {
        assert_eq!(plan().order(3, 1, 5, 10), plan().order(3, 1, 5, 10));
        let mut other = plan();
        other.seed = 2;
        let all = |plan: &Plan| {
            (0..8)
                .map(|lap| plan.order(0, 0, lap, 10))
                .collect::<Vec<_>>()
        };
        assert_ne!(all(&plan()), all(&other));
    }

    #[test]
    fn every_square_is_balanced() {
        let plan = plan();
        // 10 arms, 8 laps: 5 blocks are 4 squares of 10 rows.
        let mut follows = [[0; 10]; 10];
        for block in 0..5 {
            for lap in 0..8 {
                let order = plan.order(block, 0, lap, 10);
                for (&before, &after) in order.iter().zip(&order[1..]) {
                    follows[before][after] += 1;
                }
            }
        }
        for (arm, row) in follows.iter().enumerate() {
            for (other, &count) in row.iter().enumerate() {
                assert_eq!(
                    count,
                    if arm == other { 0 } else { 4 },
                    "{other} after {arm}"
                );
            }
        }
    }

    #[test]
    fn every_arm_is_warmed_up_last_as_often_as_any_other() {
        let mut last = [0; 10];
        for block in 0..20 {
            last[plan().warmup_order(block, 1, 10)[9]] += 1;
        }
        assert_eq!(last, [2; 10]);
    }

    #[test]
    fn the_planted_share_is_one_the_run_can_find() {
        assert_eq!(plan().planted_percent(64), 2);
        assert_eq!(plan().planted_percent(1000), 5);
        assert_eq!(
            Plan {
                blocks: 12,
                ..plan()
            }
            .planted_percent(64),
            5
        );
    }

    proptest! {
        #[test]
        fn shares_add_up(requests in 192..10_000_000_u64, blocks in 1..24_u32, laps in 1..=8_u32) {
            let plan = Plan { requests, blocks, laps, ..plan() };
            let mut sum = 0;
            for block in 0..blocks {
                for lap in 0..laps {
                    prop_assert!(plan.share(block, lap) > 0);
                    sum += plan.share(block, lap);
                }
            }
            prop_assert_eq!(sum, requests);
        }

        #[test]
        fn an_order_names_every_arm_once(seed: u64, block in 0..100_u32, lap in 0..8_u32, arms in 0..20_usize) {
            let mut order = Plan { seed, ..plan() }.order(block, 1, lap, arms);
            order.sort_unstable();
            prop_assert_eq!(order, (0..arms).collect::<Vec<_>>());
        }
    }
}
