//! The design of a run of costs. Pure.

use super::controls;
use crate::experiments::Outline;
use crate::run::Orders;
use crate::usage::{UsageError, within};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Fewer builds of each arm than these make a run that is not worth keeping: two have no interval to speak of.
const KEPT_BLOCKS_MIN: u32 = 3;

/// How long the cold builds of an arm take on a machine of two processors, about, with default features and without: for
/// the expected time only.
const BUILDS: Duration = Duration::from_secs(80);

/// What a variant is called that has the framework's default features as well.
pub(super) const DEFAULT_FEATURES: &str = "default features";

/// What is measured when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostsPlan {
    /// Blocks, each with a cold build of every arm.
    pub blocks: u32,
    /// Compilers at a time.
    pub jobs: usize,
    /// Requests over which the work of one is counted, once per program; 0 to count nothing.
    pub counted_requests: u64,
}

impl CostsPlan {
    /// Checks that the plan can be carried out as meant.
    pub(super) fn validate(&self) -> Result<(), UsageError> {
        within("blocks (BLOCKS)", &[self.blocks], 1, 100)?;
        within("jobs", &[self.jobs], 1, 1024)?;
        within("counted requests", &[self.counted_requests], 0, 100_000)
    }

    /// Whether the run is too short to be kept among the results.
    pub(super) fn is_short(&self) -> bool {
        self.blocks < KEPT_BLOCKS_MIN
    }

    /// The order of the arms in each block.
    pub(super) fn order(seed: u64, block: u32, arms: usize) -> Vec<usize> {
        Orders { seed, series: 1 }.order(0, u64::from(block), arms)
    }

    /// The plan in words.
    pub(super) fn outline(&self, contestants: &[String]) -> Outline {
        let mut arms = contestants.to_vec();
        arms.extend(controls::NAMES.map(str::to_owned));
        let times = arms.len() as u32 * self.blocks;
        Outline {
            // It depends on who has default features.
            order: None,
            steps: vec![
                "download every crate, so that no build waits for the network".to_owned(),
                format!(
                    "{} blocks; each builds every arm once from nothing, in an order of its own, with {} compilers at a \
                     time; contestants whose framework has default features beyond their manifest's are built with them \
                     as well",
                    self.blocks, self.jobs
                ),
                format!(
                    "in the first block, count the instructions of a request over {} requests",
                    self.counted_requests
                ),
            ],
            arms,
            expected: BUILDS * times,
        }
    }
}
