//! What is to be done in an isolated run, and where its records go.

use crate::cli::{IsolatedOptions, Part};
use crate::commands::{now, seed_from_clock};
use crate::environment::{Machine, Toolchain, processors};
use crate::framework::Workspace;
use crate::plan::IsolatedPlan;
use crate::record::{
    ArmKind, Folder, ISOLATED_METHOD, IsolatedRecords, IsolatedRun, SCHEMA, State,
};
use crate::usage::UsageError;
use crate::warning::Warning;
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use jiff::Zoned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A run, and where its records go.
pub(super) struct Job {
    pub(super) run: IsolatedRun,
    /// The contestants asked for; all where empty.
    pub(super) names: Vec<String>,
    pub(super) parts: Vec<Part>,
    pub(super) place: PathBuf,
    pub(super) is_resumed: bool,
}

impl Job {
    /// A new run: its plan, and a place that is free.
    pub(super) fn begin(workspace: &Workspace, options: &IsolatedOptions) -> Result<Self> {
        let plan = plan(options);
        plan.validate()?;
        workspace.select(&options.names)?;
        let machine = Machine::read()?;
        let parts = parts(&options.only);
        let place = match &options.out {
            Some(place) => place.clone(),
            None => default_place(workspace, options, &plan, &machine, &parts),
        };
        Folder::refuse_existing(&place)?;
        let mut run = IsolatedRun {
            schema: SCHEMA,
            method: ISOLATED_METHOD,
            started_at: now(),
            ended_at: None,
            state: State::Running,
            command: std::env::args().skip(1).collect(),
            plan,
            processor: processor(options.processor)?,
            machine,
            toolchain: Toolchain::read(&workspace.root)?,
            tools: BTreeMap::new(),
            arms: Vec::new(),
            without: BTreeMap::new(),
            parts: words(&parts),
            missing: Vec::new(),
            failures: Vec::new(),
            warnings: Vec::new(),
        };
        if run.toolchain.uncommitted {
            run.warnings.push(Warning::UncommittedSources);
        }
        Ok(Self {
            run,
            names: options.names.clone(),
            parts,
            place,
            is_resumed: false,
        })
    }

    /// A run that was interrupted: its own plan, its own seed, its own folder.
    pub(super) fn resume(place: &Path, workspace: &Workspace) -> Result<Self> {
        let mut run = IsolatedRecords::read(place)?.run;
        if run.state == State::Complete {
            bail!(
                "{} is complete; there is nothing to go on with",
                place.display()
            );
        }
        let toolchain = Toolchain::read(&workspace.root)?;
        if run.method != ISOLATED_METHOD
            || run.machine != Machine::read()?
            || run.toolchain != toolchain
        {
            bail!(
                "{} was begun on another machine, from another revision or by another method",
                place.display()
            );
        }
        run.state = State::Running;
        run.missing.clear();
        run.failures.clear();
        let frameworks = run.arms.iter().filter(|arm| arm.kind == ArmKind::Framework);
        Ok(Self {
            names: frameworks.map(|arm| arm.name.clone()).collect(),
            parts: parts_of(&run.parts),
            run,
            place: place.to_owned(),
            is_resumed: true,
        })
    }

    /// Enters how the run has ended.
    pub(super) fn finish(&mut self, is_complete: bool) {
        self.run.state = match is_complete {
            true => State::Complete,
            false => State::Interrupted,
        };
        self.run.ended_at = Some(now());
    }
}

/// In the order in which they are worth waiting for, each once.
fn parts(asked: &[Part]) -> Vec<Part> {
    let all = Part::value_variants().iter().copied();
    all.filter(|part| asked.contains(part)).collect()
}

/// The words for parts, as `--only` takes them.
fn words(parts: &[Part]) -> Vec<String> {
    parts
        .iter()
        .filter_map(|part| Some(part.to_possible_value()?.get_name().to_owned()))
        .collect()
}

fn parts_of(words: &[String]) -> Vec<Part> {
    let parts = words.iter();
    parts
        .filter_map(|word| Part::from_str(word, true).ok())
        .collect()
}

pub(super) fn plan(options: &IsolatedOptions) -> IsolatedPlan {
    IsolatedPlan {
        blocks: options.blocks,
        laps: options.laps,
        slice_ms: options.slice_ms,
        work_requests: options.work_requests,
        work_runs: options.work_runs,
        leak_requests: options.leak_requests,
        leak_processes: options.leak_processes,
        starts: options.starts,
        seed: options.seed.unwrap_or_else(seed_from_clock),
    }
}

/// The last processor: the first one has the machine's interrupts more often.
pub(super) fn processor(chosen: Option<usize>) -> Result<usize> {
    let allowed = processors::allowed()?;
    match chosen {
        Some(one) if !allowed.contains(&one) => Err(UsageError(format!(
            "processor {one} is not among those this process may run on: {allowed:?}"
        ))
        .into()),
        Some(one) => Ok(one),
        None => allowed.last().copied().context("no processor is allowed"),
    }
}

/// Kept runs stand under results/; short ones, partial ones and those of single contestants are left
/// to target/.
fn default_place(
    workspace: &Workspace,
    options: &IsolatedOptions,
    plan: &IsolatedPlan,
    machine: &Machine,
    parts: &[Part],
) -> PathBuf {
    let name = format!("{}-isolated", machine.slug());
    let now = Zoned::now();
    let is_whole = parts.len() == Part::value_variants().len() && options.names.is_empty();
    if plan.is_short() || !is_whole {
        let second = now.strftime("%Y-%m-%d-%H%M%S");
        let runs = workspace.target.join("runs");
        runs.join(format!("{second}-{name}"))
    } else {
        let day = now.strftime("%Y-%m-%d");
        workspace.root.join("results").join(format!("{day}-{name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_done_once_in_their_order_and_read_back() {
        let asked = parts(&[Part::Start, Part::Time, Part::Start]);
        assert_eq!(asked, [Part::Time, Part::Start]);
        assert_eq!(words(&asked), ["time", "start"]);
        assert_eq!(parts_of(&words(&asked)), asked);
    }
}
