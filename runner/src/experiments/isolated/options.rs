//! What can be asked of an isolated run.

use super::plan::{IsolatedPlan, Part};
use crate::arms::OwnOptions;
use crate::environment::processors;
use crate::experiments::claim::Claim;
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
    pub counts: CountOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub design: DesignOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub own: OwnOptions,
    /// Print the functions of one contestant with the most instructions per request, and record nothing
    #[arg(long, conflicts_with_all = [
        "out", "resume", "list", "seed", "allow_busy", "alone", "parts", "blocks", "rounds", "slice", "work_processes",
        "leak_requests", "leak_processes", "starts", "arms", "arms_file", "fail_if",
    ])]
    pub profile: bool,
}

const EXAMPLES: &str = "\
Examples:
  runner isolated                           all parts for all contestants
  runner isolated NAME --profile            where the instructions of one contestant are
  runner isolated --arm old='./old --port {port}' --arm new='./new --port {port}' --fail-if 'new>1.01'
                                            count the work of two servers of your own (docs/YOUR-SERVERS.md)

Exit status: 0 good, 1 measured with errors, 2 wrong arguments, 130 interrupted (then --resume).";

/// How work is counted.
#[derive(Debug, Args)]
#[group(id = "counts", multiple = true, conflicts_with = "resume")]
#[command(next_help_heading = "Plan")]
pub struct CountOptions {
    /// Requests under the instruction counter: N and 2N are counted (suffixes k, M); 1k if not given
    #[arg(long, value_parser = count)]
    pub work_requests: Option<u64>,
    /// Processes of each server whose work is counted; 5 if not given
    #[arg(long)]
    pub work_processes: Option<u32>,
    /// Exit with status 1 if so much more or less than this ratio to the baseline is counted, in all processes of both, such
    /// as new>1.01 for instructions, or new:allocations>1; measures: instructions, calls, system-calls, allocations. For
    /// servers of your own; may be repeated
    #[arg(long, value_name = "NAME[:MEASURE]>RATIO", value_parser = Claim::parse)]
    pub fail_if: Vec<Claim>,
}

/// What is measured of contestants alone.
#[derive(Debug, Args)]
#[group(id = "of_contestants", multiple = true, conflicts_with = "resume")]
#[command(next_help_heading = "Plan")]
pub struct DesignOptions {
    /// release: cargo's release profile; max: fat LTO, one codegen unit, abort on panic, mimalloc
    #[arg(long, value_enum, default_value_t = BuildEnv::Release)]
    pub env: BuildEnv,
    /// Not for this experiment: it measures the quickstart servers
    #[arg(long, hide = true)]
    pub server: Option<String>,
    /// Parts of the run; all if not given
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        conflicts_with_all = ["arms", "arms_file"],
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
        let (design, counts) = (&self.design, &self.counts);
        IsolatedPlan {
            env: design.env,
            // Only what needs no source of a server is measured of one that comes by its command.
            parts: match self.own.is_given() {
                true => vec![Part::Work],
                false => parts(&design.parts),
            },
            blocks: design.blocks.unwrap_or(24),
            rounds: design.rounds.unwrap_or(8),
            slice_ms: design.slice.map_or(20, crate::duration::millis),
            work_requests: counts.work_requests.unwrap_or(1000),
            work_processes: counts.work_processes.unwrap_or(5),
            leak_requests: design.leak_requests.unwrap_or(1_024_000),
            leak_processes: design.leak_processes.unwrap_or(3),
            starts: design.starts.unwrap_or(20),
        }
    }

    /// Refuses an option about a part that is left out: it would have no effect.
    fn check_parts(&self) -> Result<(), UsageError> {
        let design = &self.design;
        if design.server.is_some() {
            return Err(UsageError(
                "isolated measures the quickstart servers alone; leave --server out".to_owned(),
            ));
        }
        let is_own = self.own.is_given();
        let counts = |part: &Part| match is_own {
            true => *part == Part::Work,
            false => design.parts.contains(part),
        };
        let mut idle = self.given().filter(|(_, parts)| !parts.iter().any(counts));
        match idle.next() {
            None => Ok(()),
            Some((option, _)) if is_own => Err(UsageError(format!(
                "{option} is about contestants: of servers of your own only the work is counted; leave it out"
            ))),
            Some((option, parts)) => {
                let names = parts.iter().filter_map(Part::to_possible_value);
                let names: Vec<String> = names.map(|one| one.get_name().to_owned()).collect();
                Err(UsageError(format!(
                    "{option} has no effect without the part {}: add it to --parts, or leave the option out",
                    names.join(" or ")
                )))
            }
        }
    }

    /// The options that are given and are about certain parts.
    fn given(&self) -> impl Iterator<Item = (&'static str, &'static [Part])> {
        const TIME: &[Part] = &[Part::Time];
        const WORK: &[Part] = &[Part::Work];
        const MEMORY: &[Part] = &[Part::Memory];
        let (design, counts) = (&self.design, &self.counts);
        let about = [
            ("--blocks", TIME, design.blocks.is_some()),
            ("--rounds", TIME, design.rounds.is_some()),
            ("--slice", TIME, design.slice.is_some()),
            ("--work-requests", WORK, counts.work_requests.is_some()),
            ("--work-processes", WORK, counts.work_processes.is_some()),
            ("--leak-requests", MEMORY, design.leak_requests.is_some()),
            ("--leak-processes", MEMORY, design.leak_processes.is_some()),
            ("--starts", &[Part::Start], design.starts.is_some()),
            (
                "--processor",
                &[Part::Time, Part::Start],
                design.processor.is_some(),
            ),
        ];
        let given = about.into_iter().filter(|(.., is_given)| *is_given);
        given.map(|(option, parts, _)| (option, parts))
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
