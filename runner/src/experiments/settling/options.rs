//! What can be asked of a settling run.

use super::plan::SettlingPlan;
use crate::duration::millis;
use crate::environment::limits;
use crate::experiments::{Link, ServedOptions};
use crate::framework::Workspace;
use crate::run::{Design, RunOptions};
use crate::values::{connections, whole_millis};
use anyhow::Result;
use clap::Args;
use std::time::Duration;

/// Options of `settling`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SettlingOptions {
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

const EXAMPLES: &str = "\
Examples:
  runner settling                               all contestants at 64, 256 and 1,000 connections
  runner settling NAME -c 4000 --length 3s      one of them at 4000 connections, for three seconds

Exit status: 0 good, 1 measured with errors, 2 wrong arguments, 130 interrupted (then --resume).";

/// What makes up the plan.
#[derive(Debug, Args)]
#[group(id = "design", multiple = true, conflicts_with = "resume")]
#[command(next_help_heading = "Plan")]
pub struct DesignOptions {
    /// Concurrency: numbers of connections, each with one request open at a time
    #[arg(short, long, value_delimiter = ',', default_value = "64,256,1000", value_parser = connections)]
    pub connections: Vec<usize>,
    /// Blocks; each starts fresh processes
    #[arg(long, default_value_t = 12)]
    pub blocks: u32,
    /// Rounds per block and concurrency
    #[arg(long, default_value_t = 2)]
    pub rounds: u32,
    /// How long each slice is followed, from idle
    #[arg(long, default_value = "1s", value_parser = whole_millis)]
    pub length: Duration,
    /// How often it is told what has come
    #[arg(long, default_value = "10ms", value_parser = whole_millis)]
    pub interval: Duration,
}

impl SettlingOptions {
    /// The design of the run.
    pub(super) fn design(
        &self,
        workspace: &Workspace,
        experiment: &'static str,
        method: u32,
    ) -> Result<Design<SettlingPlan>> {
        let mut connections = self.design.connections.clone();
        connections.sort_unstable();
        connections.dedup();
        let plan = SettlingPlan {
            server: self.served.server,
            env: self.served.env,
            connections,
            blocks: self.design.blocks,
            rounds: self.design.rounds,
            length_ms: millis(self.design.length),
            interval_ms: millis(self.design.interval),
            warm_up_ms: 150,
            timeout_ms: millis(self.served.load.timeout),
            engine: self.served.load.engine.resolve()?,
        };
        plan.validate()?;
        workspace.refuse_without_server(&self.run.names, plan.server)?;
        let arms = workspace.with_baseline(&self.run.names)?.len();
        limits::allow_connections(arms * plan.connections.last().copied().unwrap_or(0))?;
        Ok(Design {
            experiment,
            method,
            processors: self.served.load.processors(Link::Loopback)?,
            variant: self.served.variant().unless_default(),
            is_kept: !plan.is_short(),
            plan,
        })
    }
}
