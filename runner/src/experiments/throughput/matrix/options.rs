//! What can be asked of a matrix.

use super::VARIANTS;
use crate::duration::millis;
use crate::environment::limits;
use crate::experiments::LoadOptions;
use crate::experiments::throughput::options::REST_MS;
use crate::experiments::throughput::plan::{Level, ThroughputPlan};
use crate::run::{Design, RunOptions};
use crate::values::{connections, whole_millis};
use anyhow::Result;
use clap::Args;
use std::time::Duration;

/// Options of `matrix`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct MatrixOptions {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub design: MatrixDesign,
    #[command(flatten, next_help_heading = "Load")]
    #[allow(missing_docs)]
    pub load: LoadOptions,
}

const EXAMPLES: &str = "\
Examples:
  runner matrix                               quickstart and tuned, release and max, 64 and 1000 connections
  runner matrix NAME OTHER -c 1000 --blocks 8 two contestants at 1000 connections, fewer blocks

Exit status: 0 good, 1 measured with errors, 2 wrong arguments, 130 interrupted (then --resume).";

/// What makes up the plan.
#[derive(Debug, Args)]
#[group(id = "design", multiple = true, conflicts_with = "resume")]
#[command(next_help_heading = "Plan")]
pub struct MatrixDesign {
    /// Concurrency: numbers of connections, each with one request open at a time
    #[arg(short, long, value_delimiter = ',', default_value = "64,1000", value_parser = connections)]
    pub connections: Vec<usize>,
    /// Blocks; each starts fresh processes of all variants
    #[arg(long, default_value_t = 12)]
    pub blocks: u32,
    /// Rounds per block and concurrency: each measures every variant of every contestant once, in a new order
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// Load before each window, which is not counted; by the number of connections if not given
    #[arg(long, value_parser = whole_millis)]
    pub settling: Option<Duration>,
    /// How long each window is counted; by the number of connections if not given
    #[arg(long, value_parser = whole_millis)]
    pub window: Option<Duration>,
    /// How long a server is driven before its first slice at a concurrency
    #[arg(long, default_value = "100ms", value_parser = whole_millis)]
    pub warm_up: Duration,
}

/// Fewer blocks than these make a run that is not worth keeping.
pub(super) const KEPT_BLOCKS_MIN: u32 = 12;

/// Counted requests are not what sets the length of a matrix.
const ANY_REQUESTS: u64 = 1_000_000;

impl MatrixOptions {
    /// The design of the run.
    pub(super) fn design(
        &self,
        experiment: &'static str,
        method: u32,
    ) -> Result<Design<ThroughputPlan>> {
        let plan = self.plan()?;
        plan.validate()?;
        limits::allow_connections(plan.connections().into_iter().max().unwrap_or(0))?;
        Ok(Design {
            experiment,
            method,
            is_kept: plan.blocks >= KEPT_BLOCKS_MIN,
            processors: self.load.processors()?,
            variant: None,
            plan,
        })
    }

    fn plan(&self) -> Result<ThroughputPlan> {
        let mut connections = self.design.connections.clone();
        connections.sort_unstable();
        connections.dedup();
        let level = |connections| {
            let level = Level::of(connections);
            Level {
                settling_ms: self.design.settling.map_or(level.settling_ms, millis),
                window_ms: self.design.window.map_or(level.window_ms, millis),
                rounds: self.design.rounds,
                ..level
            }
        };
        let [first, ..] = VARIANTS;
        Ok(ThroughputPlan {
            server: first.server,
            env: first.env,
            variants: VARIANTS.to_vec(),
            requests_per_connection: Vec::new(),
            connects_per_slice: true,
            levels: connections.into_iter().map(level).collect(),
            requests: ANY_REQUESTS,
            blocks: self.design.blocks,
            until: None,
            rest_ms: REST_MS,
            warm_up_ms: millis(self.design.warm_up),
            timeout_ms: millis(self.load.timeout),
            engine: self.load.engine.resolve()?,
        })
    }
}
