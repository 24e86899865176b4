//! What can be asked of an isolated run.

use super::plan::{IsolatedPlan, Part};
use crate::environment::processors;
use crate::framework::Workspace;
use crate::run::{Design, Processors, RunOptions};
use crate::usage::UsageError;
use crate::values::{count, duration};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use std::time::Duration;

/// Options of `isolated`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct IsolatedOptions {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub design: DesignOptions,
    /// Print the functions of one contestant with the most instructions per request, and record nothing
    #[arg(long, conflicts_with_all = [
        "out", "resume", "list", "seed", "allow_busy", "parts", "blocks", "rounds", "slice", "work_processes",
        "leak_requests", "leak_processes", "starts",
    ])]
    pub profile: bool,
}

const EXAMPLES: &str = "\
Examples:
  runner isolated                           all parts for all contestants
  runner isolated NAME --profile            where the instructions of one contestant are

Exit status: 0 good, 1 measured with errors, 2 wrong arguments, 130 interrupted (then --resume).";

/// What makes up the plan.
#[derive(Debug, Args)]
#[group(id = "design", multiple = true, conflicts_with = "resume")]
#[command(next_help_heading = "Plan")]
pub struct DesignOptions {
    /// Parts of the run; all if not given
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "time,work,memory,start"
    )]
    pub parts: Vec<Part>,
    /// Blocks of the timing; each starts fresh processes
    #[arg(long, default_value_t = 24)]
    pub blocks: u32,
    /// Rounds per block and entry point: each times every contestant once, in a new order
    #[arg(long, default_value_t = 8)]
    pub rounds: u32,
    /// How long a timed slice should take
    #[arg(long, default_value = "20ms", value_parser = duration)]
    pub slice: Duration,
    /// Requests under the instruction counter: N and 2N are counted (suffixes k, M)
    #[arg(long, default_value = "1k", value_parser = count)]
    pub work_requests: u64,
    /// Processes of each contestant whose work is counted
    #[arg(long, default_value_t = 5)]
    pub work_processes: u32,
    /// Requests of the leak test (suffixes k, M)
    #[arg(long, default_value = "1024k", value_parser = count)]
    pub leak_requests: u64,
    /// Processes of the leak test, which have to agree
    #[arg(long, default_value_t = 3)]
    pub leak_processes: u32,
    /// How often each contestant is started
    #[arg(long, default_value_t = 20)]
    pub starts: u32,
    /// The processor that everything timed runs on; the last allowed one if not given
    #[arg(long)]
    pub processor: Option<usize>,
}

impl IsolatedOptions {
    /// The design of the run.
    pub(super) fn design(
        &self,
        workspace: &Workspace,
        experiment: &'static str,
        method: u32,
    ) -> Result<Design<IsolatedPlan>> {
        let plan = self.plan();
        plan.validate()?;
        workspace.select(&self.run.names)?;
        let is_whole = plan.parts.len() == Part::value_variants().len();
        Ok(Design {
            experiment,
            method,
            processors: Processors {
                server: vec![self.processor()?],
                generator: Vec::new(),
            },
            variant: None,
            is_kept: is_whole && !plan.is_short(),
            plan,
        })
    }

    /// The plan.
    pub(super) fn plan(&self) -> IsolatedPlan {
        let design = &self.design;
        IsolatedPlan {
            parts: parts(&design.parts),
            blocks: design.blocks,
            rounds: design.rounds,
            slice_ms: crate::duration::millis(design.slice),
            work_requests: design.work_requests,
            work_processes: design.work_processes,
            leak_requests: design.leak_requests,
            leak_processes: design.leak_processes,
            starts: design.starts,
        }
    }

    /// The last processor: the first one has the machine's interrupts more often.
    pub(super) fn processor(&self) -> Result<usize> {
        let allowed = processors::allowed()?;
        match self.design.processor {
            Some(one) if !allowed.contains(&one) => Err(UsageError(format!(
                "processor {one} is not among those this process may run on: {allowed:?}"
            ))
            .into()),
            Some(one) => Ok(one),
            None => allowed.last().copied().context("no processor is allowed"),
        }
    }
}

/// In the order in which they are worth waiting for, each once.
fn parts(asked: &[Part]) -> Vec<Part> {
    let all = Part::value_variants().iter().copied();
    all.filter(|part| asked.contains(part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_done_once_in_their_order() {
        let asked = parts(&[Part::Start, Part::Time, Part::Start]);
        assert_eq!(asked, [Part::Time, Part::Start]);
    }
}
