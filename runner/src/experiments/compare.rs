//! Two runs of one experiment held against each other.

use super::experiment::Experiment;
use crate::analysis::{Change, Ranked, changes};
use crate::report::Comparison;
use crate::run::{Arm, ArmKind, Facts, Run};
use crate::usage::UsageError;
use anyhow::{Context, Result, bail, ensure};
use std::path::Path;

/// Compares two runs, whatever they measured.
///
/// # Errors
///
/// If they are the same run, of two experiments or methods, or have nothing in common.
pub fn compare(before: &Path, after: &Path) -> Result<Comparison> {
    let facts = (Facts::read(before)?, Facts::read(after)?);
    ensure!(
        facts.0.experiment == facts.1.experiment,
        "{} is a run of {} and {} one of {}: only runs of one experiment are compared",
        before.display(),
        facts.0.experiment,
        after.display(),
        facts.1.experiment
    );
    let canonical = |path: &Path| path.canonicalize().context("the folder was there just now");
    if canonical(before)? == canonical(after)? {
        let refusal = "both folders are the same run; name two runs to compare".to_owned();
        return Err(UsageError(refusal).into());
    }
    let kind = super::publish::kind(&facts.0.experiment)
        .with_context(|| format!("there is no experiment `{}`", facts.0.experiment))?;
    (kind.compare)(before, after).with_context(|| {
        format!(
            "cannot compare {} with {}",
            before.display(),
            after.display()
        )
    })
}

/// Compares two runs of this experiment.
pub(super) fn compare_as<E: Experiment>(before: &Path, after: &Path) -> Result<Comparison> {
    let (before, after) = (E::read(before)?, E::read(after)?);
    let runs = (E::run(&before), E::run(&after));
    if runs.0.digest == runs.1.digest {
        let refusal = "one folder is a copy of the other; name two runs to compare".to_owned();
        return Err(UsageError(refusal).into());
    }
    ensure!(
        runs.0.method == runs.1.method,
        "the runs were made by methods {} and {}: their numbers do not mean the same; measure both with one \
         version of the runner",
        runs.0.method,
        runs.1.method
    );
    let (ours, theirs) = (E::rankings(&before), E::rankings(&after));
    let changes = changes_of(&ours, &theirs, runs.0, runs.1);
    if changes.is_empty() {
        bail!("the runs have no table and contestant in common that has enough blocks in both");
    }
    let mut weaknesses = weaknesses(runs.0, runs.1);
    if E::link(&runs.0.plan) != E::link(&runs.1.plan) {
        weaknesses.push(
            "what lies between servers and generator (loopback, a veth pair, a network) is not the same in both runs"
                .to_owned(),
        );
    }
    for (run, page) in [("first", E::page(&before)), ("second", E::page(&after))] {
        for section in page.sections.iter().filter(|one| !one.untrusted.is_empty()) {
            weaknesses.push(format!("in the {run} run, `{}`", section.full_heading()));
        }
    }
    Ok(Comparison {
        weaknesses,
        changes,
    })
}

fn changes_of<P>(
    ours: &[(String, Ranked)],
    theirs: &[(String, Ranked)],
    before: &Run<P>,
    after: &Run<P>,
) -> Vec<Change> {
    let mut all = Vec::new();
    for (heading, one) in ours {
        let is_same =
            |other: &&(String, Ranked)| other.0 == *heading && other.1.measure == one.measure;
        let Some((_, other)) = theirs.iter().find(is_same) else {
            continue;
        };
        all.extend(changes(heading, one, other));
    }
    for change in &mut all {
        change.version_before = version(&before.arms, &change.name);
        change.version_after = version(&after.arms, &change.name);
    }
    all
}

fn version(arms: &[Arm], name: &str) -> Option<String> {
    arms.iter().find(|arm| arm.name == name)?.version.clone()
}

fn weaknesses<P: PartialEq>(before: &Run<P>, after: &Run<P>) -> Vec<String> {
    let baseline = |run: &Run<P>| {
        let mut arms = run.arms.iter();
        let arm = arms.find(|arm| arm.kind == ArmKind::Baseline)?;
        Some((arm.name.clone(), arm.version.clone()))
    };
    let (then, now) = (&before.machine, &after.machine);
    let facts = [
        ("processor", then.processor == now.processor),
        ("number of processors", then.processors == now.processors),
        (
            "choice of processors",
            before.processors == after.processors,
        ),
        ("kernel", then.kernel == now.kernel),
        ("compiler", before.toolchain.rustc == after.toolchain.rustc),
        (
            "environment of the servers",
            before.environment == after.environment,
        ),
        ("hosts or their processors", before.hosts == after.hosts),
        ("plan", before.plan == after.plan),
        (
            "baseline or its version",
            baseline(before) == baseline(after),
        ),
    ];
    let differing = facts.iter().filter(|(_, is_same)| !is_same);
    differing
        .map(|(what, _)| format!("the {what} is not the same in both runs"))
        .collect()
}
