//! What is said of a user's own servers: how each differs from the baseline, or what would have been seen.

use super::records::ThroughputRecords;
use super::tables::Table;
use crate::report::listed;
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
    let ratios = ranked
        .field
        .iter()
        .map(|&arm| Some((name(arm), ranked.ratio(arm, baseline)?)));
    let ratios = ratios.collect::<Option<Vec<(&str, Interval)>>>()?;
    (!ratios.is_empty()).then(|| said(&ratios, name(baseline), condition))
}

/// Those that differ, a sentence each, and then all others in one.
fn said(ratios: &[(&str, Interval)], baseline: &str, condition: &str) -> String {
    let (ties, differing): (Vec<_>, Vec<_>) = ratios
        .iter()
        .partition(|(_, ratio)| ratio.lower <= 1.0 && ratio.upper >= 1.0);
    let mut sentences: Vec<String> = differing
        .iter()
        .map(|(name, ratio)| verdict(name, baseline, condition, ratio))
        .collect();
    sentences.extend(tie(&ties, baseline, condition));
    sentences.join(" ")
}

/// Servers that are not distinguishable from the baseline, and what would have been seen of each of them.
fn tie(ties: &[(&str, Interval)], baseline: &str, condition: &str) -> Option<String> {
    let names: Vec<String> = ties.iter().map(|(name, _)| format!("`{name}`")).collect();
    let verb = match ties.len() {
        0 => return None,
        1 => "is",
        _ => "are",
    };
    let half_widths = ties.iter().map(|(_, ratio)| ratio.half_width());
    Some(format!(
        "{} {verb} not distinguishable from `{baseline}` {condition}: a difference of more than {:.1}% would have been \
         seen.",
        listed(&names),
        100.0 * half_widths.fold(0.0, f64::max)
    ))
}

/// How a server differs from the baseline, whose ratio to it lies in `interval`.
fn verdict(name: &str, baseline: &str, condition: &str, interval: &Interval) -> String {
    let seen = 100.0 * interval.half_width();
    let percent = |ratio: f64| 100.0 * (ratio - 1.0).abs();
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

    fn interval(lower: f64, estimate: f64, upper: f64) -> Interval {
        Interval {
            estimate,
            lower,
            upper,
        }
    }

    fn of_all(ratios: &[(&str, Interval)]) -> String {
        said(ratios, "old", "at 64 connections")
    }

    #[test]
    fn a_difference_is_said_with_its_interval_and_what_could_be_seen() {
        assert_eq!(
            of_all(&[("new", interval(0.966, 0.979, 0.992))]),
            "`new` is 2.1% slower than `old` (0.8–3.4%) at 64 connections; the smallest difference that this run could \
             see is 1.3%."
        );
        let faster = of_all(&[("new", interval(1.01, 1.02, 1.03))]);
        assert!(faster.starts_with("`new` is 2.0% faster than `old` (1.0–3.0%)"));
    }

    #[test]
    fn without_a_difference_it_is_said_what_would_have_been_seen() {
        assert_eq!(
            of_all(&[("new", interval(0.99, 1.002, 1.014))]),
            "`new` is not distinguishable from `old` at 64 connections: a difference of more than 1.2% would have been \
             seen."
        );
    }

    #[test]
    fn those_without_a_difference_are_said_together_after_the_others() {
        let all = [
            ("a", interval(0.99, 1.0, 1.01)),
            ("b", interval(0.8, 0.9, 0.95)),
            ("c", interval(0.98, 1.0, 1.02)),
        ];
        let said = of_all(&all);
        assert!(said.starts_with("`b` is 10.0% slower"), "{said}");
        assert!(
            said.ends_with(
                "`a` and `c` are not distinguishable from `old` at 64 connections: a difference of more than 2.0% would \
                 have been seen."
            ),
            "{said}"
        );
    }
}
