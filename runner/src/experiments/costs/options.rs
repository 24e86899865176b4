//! What can be asked of a run of costs.

use super::plan::CostsPlan;
use crate::environment::processors;
use crate::framework::Workspace;
use crate::run::{Design, Processors, RunOptions};
use anyhow::Result;
use clap::Args;

/// Options of `costs`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CostsOptions {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub design: DesignOptions,
}

const EXAMPLES: &str = "\
Examples:
  runner costs                                  all contestants, three cold builds of each
  runner costs NAME --blocks 1                  one build of one of them, of the baseline and of the controls

Exit status: 0 good, 1 measured with errors, 2 wrong arguments, 130 interrupted (then --resume).";

/// What makes up the plan.
#[derive(Debug, Args)]
#[group(id = "design", multiple = true, conflicts_with = "resume")]
#[command(next_help_heading = "Plan")]
pub struct DesignOptions {
    /// Blocks; each builds every arm once from nothing
    #[arg(long, default_value_t = 3)]
    pub blocks: u32,
    /// Compilers at a time; one per processor if not given
    #[arg(short, long)]
    pub jobs: Option<usize>,
    /// Requests over which the instructions of one are counted, in the first block; 0 to count nothing
    #[arg(long, default_value_t = 200)]
    pub counted_requests: u64,
}

impl CostsOptions {
    /// The design of the run.
    pub(super) fn design(
        &self,
        workspace: &Workspace,
        experiment: &'static str,
        method: u32,
    ) -> Result<Design<CostsPlan>> {
        workspace.select(&self.run.names)?;
        let allowed = processors::allowed()?;
        let plan = CostsPlan {
            blocks: self.design.blocks,
            jobs: self.design.jobs.unwrap_or(allowed.len()),
            counted_requests: self.design.counted_requests,
        };
        plan.validate()?;
        Ok(Design {
            experiment,
            method,
            // Compilers run wherever they may; servers are counted on the first processor.
            processors: Processors {
                server: allowed,
                generator: Vec::new(),
            },
            variant: None,
            is_kept: !plan.is_short(),
            plan,
        })
    }
}
