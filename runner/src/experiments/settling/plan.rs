//! The design of a settling run. Pure.

use crate::experiments::Outline;
use crate::framework::{BuildEnv, ServerKind};
use crate::load::EngineKind;
use crate::report::{grouped, listed};
use crate::run::Orders;
use crate::usage::{UsageError, within};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Fewer blocks than these make a run that is not worth keeping.
const KEPT_BLOCKS_MIN: u32 = 12;

/// What is measured when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettlingPlan {
    /// Which program of each contestant serves.
    pub server: ServerKind,
    /// How it is built.
    pub env: BuildEnv,
    /// Numbers of connections, each with one request open at a time.
    pub connections: Vec<usize>,
    /// Blocks.
    pub blocks: u32,
    /// Rounds per block and concurrency.
    pub rounds: u32,
    /// How long each slice is followed, from idle.
    pub length_ms: u64,
    /// How long each interval is.
    pub interval_ms: u64,
    /// How long each arm is driven before its first slice at a concurrency; not counted.
    pub warm_up_ms: u64,
    /// An answer that takes longer is given up.
    pub timeout_ms: u64,
    /// The generator's engine.
    pub engine: EngineKind,
}

impl SettlingPlan {
    /// Checks that the plan can be carried out as meant.
    pub(super) fn validate(&self) -> Result<(), UsageError> {
        let connections: Vec<u64> = self.connections.iter().map(|&one| one as u64).collect();
        within("connections (C)", &connections, 1, 50_000)?;
        within("blocks (BLOCKS)", &[self.blocks], 1, 10_000)?;
        within("rounds", &[self.rounds], 1, 1_000)?;
        within("interval in ms", &[self.interval_ms], 1, 1_000)?;
        within(
            "length in ms",
            &[self.length_ms],
            20 * self.interval_ms,
            60_000,
        )?;
        Ok(())
    }

    /// Whole intervals of a slice.
    #[must_use]
    pub fn intervals(&self) -> u64 {
        self.length_ms / self.interval_ms.max(1)
    }

    /// Whether the run is too short to be kept among the results.
    pub(super) fn is_short(&self) -> bool {
        self.blocks < KEPT_BLOCKS_MIN
    }

    /// [`SettlingPlan::timeout_ms`] as a duration.
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// The plan in words.
    pub(super) fn outline(&self, seed: u64, contestants: &[String]) -> Outline {
        let slices = self.rounds as usize * contestants.len() * self.connections.len();
        let block_ms = slices as u64 * self.length_ms
            + (self.warm_up_ms + 100) * (contestants.len() * self.connections.len()) as u64;
        let levels = self.connections.iter().map(|&one| grouped(one as u64));
        let orders = Orders {
            seed,
            series: 2 * self.connections.len() as u64,
        };
        Outline {
            arms: contestants.to_vec(),
            steps: vec![
                format!(
                    "build and check each contestant ({} {}); {} blocks, each with fresh processes for all arms",
                    self.server, self.env, self.blocks
                ),
                format!(
                    "at {} connections: {} slices of {} ms a block, from idle, told every {} ms",
                    listed(&levels.collect::<Vec<_>>()),
                    self.rounds,
                    self.length_ms,
                    self.interval_ms
                ),
            ],
            order: Some(orders.first_round(0, contestants)),
            expected: Duration::from_millis(block_ms * u64::from(self.blocks)),
        }
    }
}
