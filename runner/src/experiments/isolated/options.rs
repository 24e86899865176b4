//! What can be asked of an isolated run.

use super::plan::{IsolatedPlan, Part};
use crate::environment::processors;
use crate::framework::{BuildEnv, Workspace};
use crate::run::{Design, Processors, RunOptions};
use crate::usage::UsageError;
use crate::values::{count, whole_millis};
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
    /// release: cargo's release profile; max: fat LTO, one codegen unit, abort on panic, mimalloc
    #[arg(long, value_enum, default_value_t = BuildEnv::Release)]
    pub env: BuildEnv,
    /// Parts of the run; all if not given
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "time,work,memory,start"
    )]
    pub parts: Vec<Part>,
    /// Blocks of the timing; each starts fresh processes; 24 if not given
    #[arg(long)]
    pub blocks: Option<u32>,
    /// Rounds per block and entry point: each times every contestant once, in a new order; 8 if not given
    #[arg(long)]
    pub rounds: Option<u32>,
    /// How long a timed slice should take; 20ms if not given
    #[arg(long, value_parser = whole_millis)]
    pub slice: Option<Duration>,
    /// Requests under the instruction counter: N and 2N are counted (suffixes k, M); 1k if not given
    #[arg(long, value_parser = count)]
    pub work_requests: Option<u64>,
    /// Processes of each contestant whose work is counted; 5 if not given
    #[arg(long)]
    pub work_processes: Option<u32>,
    /// Requests of the leak test (suffixes k, M); 1024k if not given
    #[arg(long, value_parser = count)]
    pub leak_requests: Option<u64>,
    /// Processes of the leak test, which have to agree; 3 if not given
    #[arg(long)]
    pub leak_processes: Option<u32>,
    /// How often each contestant is started; 20 if not given
    #[arg(long)]
    pub starts: Option<u32>,
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
        self.check_parts()?;
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
            variant: (!plan.env.is_default()).then(|| plan.env.to_string()),
            is_kept: is_whole && !plan.is_short(),
            plan,
        })
    }

    /// The plan.
    pub(super) fn plan(&self) -> IsolatedPlan {
        let design = &self.design;
        IsolatedPlan {
            env: design.env,
            parts: parts(&design.parts),
            blocks: design.blocks.unwrap_or(24),
            rounds: design.rounds.unwrap_or(8),
            slice_ms: design.slice.map_or(20, crate::duration::millis),
            work_requests: design.work_requests.unwrap_or(1000),
            work_processes: design.work_processes.unwrap_or(5),
            leak_requests: design.leak_requests.unwrap_or(1_024_000),
            leak_processes: design.leak_processes.unwrap_or(3),
            starts: design.starts.unwrap_or(20),
        }
    }

    /// Refuses an option about a part that is left out: it would have no effect.
    fn check_parts(&self) -> Result<(), UsageError> {
        let design = &self.design;
        let about = [
            ("--blocks", Part::Time, design.blocks.is_some()),
            ("--rounds", Part::Time, design.rounds.is_some()),
            ("--slice", Part::Time, design.slice.is_some()),
            (
                "--work-requests",
                Part::Work,
                design.work_requests.is_some(),
            ),
            (
                "--work-processes",
                Part::Work,
                design.work_processes.is_some(),
            ),
            (
                "--leak-requests",
                Part::Memory,
                design.leak_requests.is_some(),
            ),
            (
                "--leak-processes",
                Part::Memory,
                design.leak_processes.is_some(),
            ),
            ("--starts", Part::Start, design.starts.is_some()),
        ];
        let uses_processor = [Part::Time, Part::Start]
            .iter()
            .any(|part| design.parts.contains(part));
        if design.processor.is_some() && !uses_processor {
            return Err(UsageError(
                "--processor has no effect without the part time or start: add one to --parts, or leave the option out"
                    .to_owned(),
            ));
        }
        let idle = about
            .into_iter()
            .find(|(_, part, is_given)| *is_given && !design.parts.contains(part));
        match idle {
            None => Ok(()),
            Some((option, part, _)) => Err(UsageError(format!(
                "{option} has no effect without the part {}: add it to --parts, or leave the option out",
                part.to_possible_value()
                    .as_ref()
                    .map_or("", |one| one.get_name())
            ))),
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
