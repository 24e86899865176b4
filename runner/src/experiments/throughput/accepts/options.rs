//! What can be asked of a run that tells accepts from requests.

use crate::duration::millis;
use crate::environment::limits;
use crate::experiments::ServedOptions;
use crate::experiments::throughput::options::REST_MS;
use crate::experiments::throughput::plan::{Level, ThroughputPlan};
use crate::framework::Workspace;
use crate::run::{Design, RunOptions};
use crate::values::{connections, whole_millis};
use anyhow::Result;
use clap::Args;
use std::time::Duration;

/// Options of `accepts`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct AcceptsOptions {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub design: AcceptsDesign,
    #[command(flatten, next_help_heading = "Servers and load")]
    #[allow(missing_docs)]
    pub served: ServedOptions,
}

const EXAMPLES: &str = "\
Examples:
  runner accepts                               all contestants, kept connections and 100, 10, 1 requests per connection
  runner accepts NAME -c 64 --blocks 8         one of them at 64 connections

Exit status: 0 good, 1 measured with errors, 2 wrong arguments, 130 interrupted (then --resume).";

/// After so many requests a connection is closed, in the arms beside the one whose connections are kept.
const REQUESTS_PER_CONNECTION: [u32; 3] = [100, 10, 1];

/// What makes up the plan.
#[derive(Debug, Args)]
#[group(id = "design", multiple = true, conflicts_with = "resume")]
#[command(next_help_heading = "Plan")]
pub struct AcceptsDesign {
    /// Concurrency: numbers of connections open at a time, each with one request open at a time
    #[arg(short, long, value_delimiter = ',', default_value = "64,1000", value_parser = connections)]
    pub connections: Vec<usize>,
    /// Blocks; each starts fresh processes for all arms
    #[arg(long, default_value_t = 8)]
    pub blocks: u32,
    /// Rounds per block and concurrency: each measures every arm once, in a new order
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// How long a server is driven before its first slice at a concurrency
    #[arg(long, default_value = "100ms", value_parser = whole_millis)]
    pub warm_up: Duration,
}

/// Fewer blocks than these make a run that is not worth keeping.
pub(super) const KEPT_BLOCKS_MIN: u32 = 8;

/// Counted requests are not what sets the length of such a run.
const ANY_REQUESTS: u64 = 1_000_000;

impl AcceptsOptions {
    /// The design of the run.
    pub(super) fn design(
        &self,
        workspace: &Workspace,
        experiment: &'static str,
        method: u32,
    ) -> Result<Design<ThroughputPlan>> {
        let plan = self.plan()?;
        plan.validate()?;
        workspace.refuse_without_server(&self.run.names, plan.server)?;
        limits::allow_connections(plan.connections().into_iter().max().unwrap_or(0))?;
        Ok(Design {
            experiment,
            method,
            is_kept: plan.blocks >= KEPT_BLOCKS_MIN,
            processors: self.served.load.processors()?,
            variant: self.served.variant(),
            plan,
        })
    }

    fn plan(&self) -> Result<ThroughputPlan> {
        let mut connections = self.design.connections.clone();
        connections.sort_unstable();
        connections.dedup();
        let level = |connections| Level {
            rounds: self.design.rounds,
            ..Level::of(connections)
        };
        Ok(ThroughputPlan {
            server: self.served.server,
            env: self.served.env,
            variants: Vec::new(),
            requests_per_connection: REQUESTS_PER_CONNECTION.to_vec(),
            connects_per_slice: true,
            levels: connections.into_iter().map(level).collect(),
            requests: ANY_REQUESTS,
            blocks: self.design.blocks,
            until: None,
            rest_ms: REST_MS,
            warm_up_ms: millis(self.design.warm_up),
            timeout_ms: millis(self.served.load.timeout),
            engine: self.served.load.engine.resolve()?,
        })
    }
}
