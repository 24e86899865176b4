//! Two tables of two runs held against each other: per contestant, whether its ratio to the baseline has
//! changed.
//!
//! Rates of two days are rates of two machines, even on one machine. A ratio to the baseline of the same run is
//! not, so that is what is compared; blocks of two runs are independent, so variances add.

use super::ranked::Ranked;
use crate::stats::Interval;
use serde::Serialize;

/// What has changed of one contestant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The table, such as `64 connections`.
    pub table: String,
    /// By what.
    pub measure: &'static str,
    /// Who.
    pub name: String,
    /// Its version in the first run.
    pub version_before: Option<String>,
    /// Its version in the second.
    pub version_after: Option<String>,
    /// Its ratio to the baseline in the first run.
    pub before: f64,
    /// Its ratio to the baseline in the second.
    pub after: f64,
    /// The second over the first.
    pub change: Interval,
    /// Whether the interval excludes 1.
    pub is_significant: bool,
}

/// What has changed from one run's table to another's; the versions are for the caller to fill in.
#[must_use]
pub fn changes(table: &str, one: &Ranked, other: &Ranked) -> Vec<Change> {
    let in_both = one.field.iter().filter_map(|&arm| {
        let name = &one.measured.arms[arm];
        let change = change(one, other, name, 1)?;
        let standing = (one.standing(name)?, other.standing(name)?);
        Some(Change {
            table: table.to_owned(),
            measure: one.measure.name,
            name: name.clone(),
            version_before: None,
            version_after: None,
            before: standing.0.ratio,
            after: standing.1.ratio,
            is_significant: !change.covers(1.0),
            change,
        })
    });
    in_both.collect()
}

/// What has changed of one contestant, jointly valid at no less than 95 % with all other changes of `steps` pairs of
/// tables, this pair among them: half-widths of independent intervals add as squares, and each is that of its own
/// table's simultaneous statement. `None` if it is not in both, or there are too few blocks to be as sure as that.
pub(super) fn change(one: &Ranked, other: &Ranked, name: &str, steps: usize) -> Option<Interval> {
    let log = |ranked: &Ranked| {
        let (arm, baseline) = (ranked.measured.index(name)?, ranked.baseline?);
        let ranking = ranked.ranking.as_ref().ok()?;
        let pair = ranking.pair(arm, baseline);
        let sign = if ranked.measure.higher_is_better {
            1.0
        } else {
            -1.0
        };
        let critical = ranking.critical_among(steps)?;
        Some((sign * pair.mean, critical * pair.standard_error))
    };
    let ((before, wide_before), (after, wide_after)) = (log(one)?, log(other)?);
    Some(Interval::of_log(
        after - before,
        wide_before.hypot(wide_after),
    ))
}
