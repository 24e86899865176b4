//! Two runs held against each other: per contestant, whether its ratio to the floor has changed.
//!
//! Rates of two days are rates of two machines, even on one machine. A ratio to the floor of the same
//! run is not, so that is what is compared; blocks of two runs are independent, so variances add.

use super::extract::Measure;
use super::table::{LevelAnalysis, Ranked};
use crate::record::{Records, Run};
use crate::stats::Interval;
use serde::Serialize;

/// Why two runs cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Incomparable {
    /// Their numbers mean different things.
    #[error(
        "the runs were made by methods {before} and {after}: their numbers do not mean the same; \
         measure both with one version of the runner"
    )]
    Method {
        /// The first run's.
        before: u32,
        /// The second's.
        after: u32,
    },
    /// Nothing stands in both.
    #[error("the runs have no level and contestant in common that has enough blocks in both")]
    NothingInCommon,
}

/// What has changed from one run to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What makes it weak.
    pub weaknesses: Vec<String>,
    /// One entry per level, measure and contestant in both.
    pub changes: Vec<Change>,
}

/// What has changed of one contestant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The level.
    pub connections: usize,
    /// By what.
    pub measure: Measure,
    /// Who.
    pub name: String,
    /// Its version in the first run.
    pub version_before: Option<String>,
    /// Its version in the second.
    pub version_after: Option<String>,
    /// Its ratio to the floor in the first run.
    pub before: f64,
    /// Its ratio to the floor in the second.
    pub after: f64,
    /// The second over the first.
    pub change: Interval,
    /// The interval excludes 1.
    pub is_sure: bool,
}

/// Compares two runs.
///
/// # Errors
///
/// [`Incomparable`].
pub fn compare(before: &Records, after: &Records) -> Result<Comparison, Incomparable> {
    let methods = (before.run.method, after.run.method);
    if methods.0 != methods.1 {
        return Err(Incomparable::Method {
            before: methods.0,
            after: methods.1,
        });
    }
    let mut changes = Vec::new();
    for &connections in &before.run.plan.levels {
        if !after.run.plan.levels.contains(&connections) {
            continue;
        }
        let levels = [before, after].map(|records| LevelAnalysis::of(records, connections));
        let [one, other] = &levels;
        for (one, other) in [(&one.rps, &other.rps), (&one.cpu, &other.cpu)] {
            changes.extend(changes_of(connections, one, other, &before.run, &after.run));
        }
    }
    if changes.is_empty() {
        return Err(Incomparable::NothingInCommon);
    }
    Ok(Comparison {
        weaknesses: weaknesses(&before.run, &after.run),
        changes,
    })
}

fn changes_of(
    connections: usize,
    one: &Ranked,
    other: &Ranked,
    before: &Run,
    after: &Run,
) -> Vec<Change> {
    let in_both = one.field.iter().filter_map(|&arm| {
        let name = &one.measured.arms[arm];
        let change = change(one, other, name)?;
        let standing = (one.standing(name)?, other.standing(name)?);
        Some(Change {
            connections,
            measure: one.measure,
            name: name.clone(),
            version_before: version(before, name),
            version_after: version(after, name),
            before: standing.0.ratio,
            after: standing.1.ratio,
            is_sure: !change.covers(1.0),
            change,
        })
    });
    in_both.collect()
}

/// Half-widths of independent intervals add as squares. Each is that of its own table's simultaneous
/// statement, so the changes of a table hold together at no less than 95 %.
fn change(one: &Ranked, other: &Ranked, name: &str) -> Option<Interval> {
    let log = |ranked: &Ranked| {
        let (arm, floor) = (ranked.measured.index(name)?, ranked.floor?);
        if arm == floor {
            return None;
        }
        let ranking = ranked.ranking.as_ref().ok()?;
        let pair = ranking.pair(arm, floor);
        Some((pair.mean, ranking.critical() * pair.standard_error))
    };
    let ((before, wide_before), (after, wide_after)) = (log(one)?, log(other)?);
    Some(Interval::of_log(
        after - before,
        wide_before.hypot(wide_after),
    ))
}

fn version(run: &Run, name: &str) -> Option<String> {
    run.arms
        .iter()
        .find(|arm| arm.name == name)?
        .version
        .clone()
}

fn weaknesses(before: &Run, after: &Run) -> Vec<String> {
    let floor = |run: &Run| {
        run.arms
            .iter()
            .find(|arm| arm.is_floor())
            .map(|arm| (arm.name.clone(), arm.version.clone()))
    };
    let facts = [
        (
            "processor",
            before.machine.processor == after.machine.processor,
        ),
        (
            "number of processors",
            before.machine.processors == after.machine.processors,
        ),
        (
            "choice of processors",
            before.processors == after.processors,
        ),
        ("kernel", before.machine.kernel == after.machine.kernel),
        ("compiler", before.toolchain.rustc == after.toolchain.rustc),
        (
            "variant of the servers",
            (before.plan.server, before.plan.env) == (after.plan.server, after.plan.env),
        ),
        ("generator's engine", before.engine == after.engine),
        (
            "floor or its version, which all ratios are to,",
            floor(before) == floor(after),
        ),
    ];
    let differing = facts.iter().filter(|(_, is_same)| !is_same);
    differing
        .map(|(what, _)| format!("the {what} is not the same in both runs"))
        .collect()
}
