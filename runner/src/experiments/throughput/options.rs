//! What can be asked of a throughput run.

use super::plan::{Level, ThroughputPlan, Until};
use crate::duration::millis;
use crate::environment::limits;
use crate::experiments::ServedOptions;
use crate::framework::Workspace;
use crate::run::{Design, RunOptions};
use crate::values::{connections, count, percent, whole_millis};
use anyhow::Result;
use clap::Args;
use std::time::Duration;

/// Options of `bench`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ThroughputOptions {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub design: DesignOptions,
    #[command(flatten, next_help_heading = "Servers and load")]
    #[allow(missing_docs)]
    pub served: ServedOptions,
}

/// The baseline, its twin, the planted control and the null server may come on top of those asked for.
const CONTROLS: usize = 4;

/// Longer than an answer waits at a thousand connections, so that none has to be given up.
pub(super) const REST_MS: u64 = 1000;

const EXAMPLES: &str = "\
Examples:
  runner bench                                  all contestants, 64 and 1,000 connections
  runner bench NAME OTHER -c 64 --blocks 12     two of them at 64 connections, fewer blocks

Exit status: 0 good, 1 measured with errors, 2 wrong arguments, 130 interrupted (then --resume).";

/// What makes up the plan.
#[derive(Debug, Args)]
#[group(id = "design", multiple = true, conflicts_with = "resume")]
#[command(next_help_heading = "Plan")]
pub struct DesignOptions {
    /// Concurrency: numbers of connections, each with one request open at a time
    #[arg(short, long, value_delimiter = ',', default_value = "64,1000", value_parser = connections)]
    pub connections: Vec<usize>,
    /// Requests to count per contestant and concurrency; fewer if a block's time is up (suffixes k, M, G)
    #[arg(short = 'n', long, default_value = "1M", value_parser = count)]
    pub requests: u64,
    /// Blocks; each starts fresh processes
    #[arg(long, default_value_t = 20)]
    pub blocks: u32,
    /// Add blocks until ratios to the baseline are this precise, such as 2%; the number follows from the variance
    /// of the first --blocks, never from who is ahead
    #[arg(long, value_parser = percent, value_name = "PERCENT")]
    pub precision: Option<u32>,
    /// With --precision: never more blocks than this
    #[arg(long, default_value_t = 64, requires = "precision")]
    pub max_blocks: u32,
    /// Rounds per block and concurrency: each measures every contestant once, in a new order; if not given, the
    /// number that suffices for --requests
    #[arg(long, conflicts_with = "requests", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: Option<u32>,
    /// Load before each window, which is not counted; by the number of connections if not given
    #[arg(long, value_parser = whole_millis)]
    pub settling: Option<Duration>,
    /// How long each window is counted; by the number of connections if not given
    #[arg(long, value_parser = whole_millis)]
    pub window: Option<Duration>,
    /// How long a contestant is driven before its first slice at a concurrency
    #[arg(long, default_value = "100ms", value_parser = whole_millis)]
    pub warm_up: Duration,
}

impl ThroughputOptions {
    /// The design of the run.
    pub(super) fn design(
        &self,
        workspace: &Workspace,
        experiment: &'static str,
        method: u32,
    ) -> Result<Design<ThroughputPlan>> {
        let plan = self.design.plan(&self.served)?;
        plan.validate()?;
        workspace.refuse_without_server(&self.run.names, plan.server)?;
        let arms = workspace.select(&self.run.names)?.len() + CONTROLS;
        let connections_max = plan.connections().into_iter().max().unwrap_or(0);
        limits::allow_connections(arms * connections_max)?;
        Ok(Design {
            experiment,
            method,
            is_kept: !plan.is_short(),
            processors: self.served.load.processors()?,
            variant: self.served.variant(),
            plan,
        })
    }
}

impl DesignOptions {
    fn plan(&self, served: &ServedOptions) -> Result<ThroughputPlan> {
        let mut connections = self.connections.clone();
        connections.sort_unstable();
        connections.dedup();
        let level = |connections| {
            let level = Level::of(connections);
            Level {
                connections,
                settling_ms: self.settling.map_or(level.settling_ms, millis),
                window_ms: self.window.map_or(level.window_ms, millis),
                rounds: self.rounds.unwrap_or(0),
            }
        };
        Ok(ThroughputPlan {
            server: served.server,
            env: served.env,
            variants: Vec::new(),
            requests_per_connection: Vec::new(),
            connects_per_slice: false,
            levels: connections.into_iter().map(level).collect(),
            requests: self.requests,
            blocks: self.blocks,
            until: self.precision.map(|half_width_ppm| Until {
                half_width_ppm,
                blocks_max: self.max_blocks,
            }),
            rest_ms: REST_MS,
            warm_up_ms: millis(self.warm_up),
            timeout_ms: millis(served.load.timeout),
            engine: served.load.engine.resolve()?,
        })
    }
}
