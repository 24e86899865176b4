//! What can be asked of a memory run.

use super::plan::MemoryPlan;
use crate::duration::millis;
use crate::experiments::{Link, ServedOptions};
use crate::framework::Workspace;
use crate::run::{Design, RunOptions};
use crate::values::{connections, whole_millis};
use anyhow::Result;
use clap::Args;
use std::time::Duration;

/// Options of `memory`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct MemoryOptions {
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
  runner memory                                 all contestants with 1000 and 10000 idle connections
  runner memory NAME -c 100,1000 --after 2s --blocks 1
                                                one process of one of them, in some seconds

Exit status: 0 good, 1 measured with errors, 2 wrong arguments, 130 interrupted (then --resume).";

/// What makes up the plan.
#[derive(Debug, Args)]
#[group(id = "design", multiple = true, conflicts_with = "resume")]
#[command(next_help_heading = "Plan")]
pub struct DesignOptions {
    /// Numbers of idle connections at which memory is read
    #[arg(short, long, value_delimiter = ',', default_value = "1000,10000", value_parser = connections)]
    pub connections: Vec<usize>,
    /// Blocks; each starts fresh processes
    #[arg(long, default_value_t = 3)]
    pub blocks: u32,
    /// How long nothing is done before memory is read
    #[arg(long, default_value = "300ms", value_parser = whole_millis)]
    pub settle: Duration,
    /// How long the connections that were opened first are under load
    #[arg(long, default_value = "2s", value_parser = whole_millis)]
    pub load: Duration,
    /// How long after the last connection was closed memory is read again
    #[arg(long, value_delimiter = ',', default_value = "30s,5m", value_parser = whole_millis)]
    pub after: Vec<Duration>,
}

impl MemoryOptions {
    /// The design of the run. A limit on open files that is too low refuses nothing: it becomes part of the rows.
    pub(super) fn design(
        &self,
        workspace: &Workspace,
        experiment: &'static str,
        method: u32,
    ) -> Result<Design<MemoryPlan>> {
        let mut connections = self.design.connections.clone();
        connections.sort_unstable();
        connections.dedup();
        let mut after_ms: Vec<u64> = self.design.after.iter().copied().map(millis).collect();
        after_ms.sort_unstable();
        after_ms.dedup();
        let plan = MemoryPlan {
            server: self.served.server,
            env: self.served.env,
            connections,
            blocks: self.design.blocks,
            settle_ms: millis(self.design.settle),
            load_ms: millis(self.design.load),
            after_ms,
            timeout_ms: millis(self.served.load.timeout),
            engine: self.served.load.engine.resolve()?,
        };
        plan.validate()?;
        workspace.refuse_without_server(&self.run.names, plan.server)?;
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
