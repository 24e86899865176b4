//! What is said of a user's own servers: how each differs from the baseline, or what would have been seen.

use super::records::ThroughputRecords;
use super::tables::Table;
use crate::stats::Interval;

/// More servers than these are told about by their ranks.
const SERVERS_MAX: usize = 3;

/// A sentence for each server but the baseline; `None` if the run is of contestants or of many, or claims nothing.
pub(super) fn verdicts(
    records: &ThroughputRecords,
    table: &Table,
    condition: &str,
) -> Option<String> {
    let ranked = &table.rate;
    let arms = &records.run.arms;
    let is_own = arms.iter().any(|arm| arm.own.is_some());
    if !is_own || !table.untrusted.is_empty() || ranked.field.len() > SERVERS_MAX {
        return None;
    }
    let baseline = ranked.baseline?;
    let name = |arm: usize| ranked.measured.arms[arm].as_str();
    let sentences = ranked.field.iter().map(|&arm| {
        let interval = ranked.ratio(arm, baseline)?;
        Some(verdict(name(arm), name(baseline), condition, &interval))
    });
    let sentences = sentences.collect::<Option<Vec<String>>>()?;
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// How a server differs from the baseline, whose ratio to it lies in `interval`.
fn verdict(name: &str, baseline: &str, condition: &str, interval: &Interval) -> String {
    let seen = 100.0 * interval.half_width();
    let percent = |ratio: f64| 100.0 * (ratio - 1.0).abs();
    if interval.lower <= 1.0 && interval.upper >= 1.0 {
        return format!(
            "`{name}` is not distinguishable from `{baseline}` {condition}: a difference of more than {seen:.1}% would \
             have been seen."
        );
    }
    let (word, nearer, farther) = match interval.upper < 1.0 {
        true => ("slower", interval.upper, interval.lower),
        false => ("faster", interval.lower, interval.upper),
    };
    format!(
        "`{name}` is {:.1}% {word} than `{baseline}` ({:.1}–{:.1}%) {condition}; the smallest difference that this run \
         could see is {seen:.1}%.",
        percent(interval.estimate),
        percent(nearer),
        percent(farther)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lower: f64, estimate: f64, upper: f64) -> String {
        let interval = Interval {
            estimate,
            lower,
            upper,
        };
        verdict("new", "old", "at 64 connections", &interval)
    }

    #[test]
    fn a_difference_is_said_with_its_interval_and_what_could_be_seen() {
        assert_eq!(
            said(0.966, 0.979, 0.992),
            "`new` is 2.1% slower than `old` (0.8–3.4%) at 64 connections; the smallest difference that this run could \
             see is 1.3%."
        );
        assert!(said(1.01, 1.02, 1.03).starts_with("`new` is 2.0% faster than `old` (1.0–3.0%)"));
    }

    #[test]
    fn without_a_difference_it_is_said_what_would_have_been_seen() {
        assert_eq!(
            said(0.99, 1.002, 1.014),
            "`new` is not distinguishable from `old` at 64 connections: a difference of more than 1.2% would have been \
             seen."
        );
    }
}
