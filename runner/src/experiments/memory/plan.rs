//! The design of a memory run. Pure.

use crate::experiments::Outline;
use crate::framework::{BuildEnv, ServerKind};
use crate::load::EngineKind;
use crate::report::grouped;
use crate::run::Orders;
use crate::usage::{UsageError, within};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Fewer processes than these make a run that is not worth keeping: two have no interval to speak of.
const KEPT_BLOCKS_MIN: u32 = 3;

/// How long a start and the opening of 1 000 connections take, about: for the expected time only.
const START_MS: u64 = 300;
const OPENING_MS_PER_THOUSAND: u64 = 150;

/// What is measured when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryPlan {
    /// Which program of each contestant serves.
    pub server: ServerKind,
    /// How it is built.
    pub env: BuildEnv,
    /// Numbers of idle connections at which memory is read, ascending.
    pub connections: Vec<usize>,
    /// Blocks, each with a fresh process of every arm.
    pub blocks: u32,
    /// How long nothing is done before memory is read.
    pub settle_ms: u64,
    /// How long the connections that were opened first are under load.
    pub load_ms: u64,
    /// How long after the last connection was closed memory is read again, ascending.
    pub after_ms: Vec<u64>,
    /// An answer that takes longer is given up.
    pub timeout_ms: u64,
    /// The generator's engine.
    pub engine: EngineKind,
}

/// What a process has been through when its memory is read.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It has answered once; no connection is open.
    #[default]
    Started,
    /// Connections are open that have not asked anything yet.
    Unused,
    /// Each connection has had one answer.
    Idle,
    /// A part of the connections has a request open at all times.
    Loaded,
    /// All connections have been closed.
    Closed,
}

/// One reading of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// What it has been through.
    pub stage: Stage,
    /// Connections that are to be open.
    pub connections: usize,
    /// How long after the last connection was closed; 0 if it is at once, or if there are connections.
    pub wait_ms: u64,
}

impl Step {
    const fn new(stage: Stage, connections: usize, wait_ms: u64) -> Self {
        Self {
            stage,
            connections,
            wait_ms,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let connections = grouped(self.connections as u64);
        match self.stage {
            Stage::Started => f.write_str("after its start"),
            Stage::Unused => write!(f, "with {connections} unused connections"),
            Stage::Idle => write!(f, "with {connections} idle connections"),
            Stage::Loaded => f.write_str("under load"),
            Stage::Closed if self.wait_ms == 0 => f.write_str("after the last connection"),
            Stage::Closed => write!(f, "{} after the last connection", in_words(self.wait_ms)),
        }
    }
}

/// A time in the largest unit in which it is whole.
pub(super) fn in_words(ms: u64) -> String {
    match ms {
        0 => "0 s".to_owned(),
        ms if ms.is_multiple_of(60_000) => format!("{} min", ms / 60_000),
        ms if ms.is_multiple_of(1000) => format!("{} s", ms / 1000),
        ms => format!("{ms} ms"),
    }
}

impl MemoryPlan {
    /// Checks that the plan can be carried out as meant.
    pub(super) fn validate(&self) -> Result<(), UsageError> {
        let connections: Vec<u64> = self.connections.iter().map(|&one| one as u64).collect();
        // An address has some 28 000 ports for connections to one server.
        within("connections (C)", &connections, 1, 25_000)?;
        within("blocks (BLOCKS)", &[self.blocks], 1, 100)?;
        within("settle in ms", &[self.settle_ms], 1, 10_000)?;
        within("load in ms", &[self.load_ms], 1, 60_000)?;
        within("after in ms", &self.after_ms, 1, 3_600_000)?;
        Ok(())
    }

    /// Every reading of a process, in order.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = vec![Step::new(Stage::Started, 0, 0)];
        steps.extend(
            self.connections
                .first()
                .map(|&few| Step::new(Stage::Unused, few, 0)),
        );
        let idle = self.connections.iter();
        steps.extend(idle.map(|&one| Step::new(Stage::Idle, one, 0)));
        steps.push(self.loaded());
        steps.push(Step::new(Stage::Closed, 0, 0));
        let after = self.after_ms.iter();
        steps.extend(after.map(|&wait_ms| Step::new(Stage::Closed, 0, wait_ms)));
        steps
    }

    /// The reading under load.
    pub(super) fn loaded(&self) -> Step {
        Step::new(Stage::Loaded, self.most(), 0)
    }

    /// Connections that are open when there are most.
    pub(super) fn most(&self) -> usize {
        self.connections.last().copied().unwrap_or(0)
    }

    /// Connections that are opened first; these are put under load.
    pub(super) fn few(&self) -> usize {
        self.connections.first().copied().unwrap_or(0)
    }

    /// The numbers of idle connections between which the slope is taken: the last two, or 0 and the only one.
    pub(super) fn slope_between(&self) -> (usize, usize) {
        let before = self.connections.len().checked_sub(2);
        let lower = before.map_or(0, |place| self.connections[place]);
        (lower, self.most())
    }

    /// Whether the run is too short to be kept among the results.
    pub(super) fn is_short(&self) -> bool {
        self.blocks < KEPT_BLOCKS_MIN
    }

    /// [`MemoryPlan::timeout_ms`] as a duration.
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// [`MemoryPlan::settle_ms`] as a duration.
    pub(super) fn settle(&self) -> Duration {
        Duration::from_millis(self.settle_ms)
    }

    /// The order of the arms in each block.
    pub(super) fn order(seed: u64, block: u32, arms: usize) -> Vec<usize> {
        Orders { seed, series: 1 }.order(0, u64::from(block), arms)
    }

    /// The plan in words.
    pub(super) fn outline(&self, seed: u64, contestants: &[String]) -> Outline {
        let mut arms = contestants.to_vec();
        arms.extend(["null", super::control::NAME].map(str::to_owned));
        let lives = arms.len() as u64 * u64::from(self.blocks);
        let readings = self.connections.len() as u64 + 3;
        let life_ms = START_MS
            + self.most() as u64 * OPENING_MS_PER_THOUSAND / 1000
            + readings * self.settle_ms
            + self.load_ms;
        let last_ms = self.after_ms.last().copied().unwrap_or(0);
        let after: Vec<String> = self.after_ms.iter().map(|&one| in_words(one)).collect();
        Outline {
            order: Some(Orders { seed, series: 1 }.first_round(0, &arms)),
            arms,
            steps: vec![
                format!(
                    "build and check each contestant ({} {}); {} fresh processes of each arm, one at a time",
                    self.server, self.env, self.blocks
                ),
                format!(
                    "of each process: memory without connections, with {:?} idle ones, and with {} of them under load for {}",
                    self.connections,
                    self.few(),
                    in_words(self.load_ms)
                ),
                format!(
                    "close all; memory again {} later, while the next processes are measured",
                    after.join(" and ")
                ),
            ],
            expected: Duration::from_millis(lives * life_ms + last_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_the_largest_unit_in_which_it_is_whole() {
        let told = [0, 20, 30_000, 90_000, 300_000].map(in_words);
        assert_eq!(told, ["0 s", "20 ms", "30 s", "90 s", "5 min"]);
    }
}
