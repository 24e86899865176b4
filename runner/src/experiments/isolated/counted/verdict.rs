//! What is said of a server's counted work: how it differs from the baseline's, or how close counts of one binary lie.

use super::counts::{Counts, Range};
use crate::report::{grouped, rounded};

/// More servers than these are told about by the table alone.
const SERVERS_MAX: usize = 3;

/// A sentence for each server but the baseline; empty if there are many, or nothing was counted.
pub(super) fn verdicts(baseline: &Counts, others: &[&Counts]) -> String {
    if others.len() > SERVERS_MAX {
        return String::new();
    }
    let sentences = others.iter().filter_map(|one| {
        let (own, of_baseline) = (one.instructions?, baseline.instructions?);
        Some(verdict(
            (&one.arm.name, own),
            (&baseline.arm.name, of_baseline),
        ))
    });
    sentences.collect::<Vec<_>>().join(" ")
}

fn verdict((name, own): (&str, Range), (baseline, of_baseline): (&str, Range)) -> String {
    let pair = own.ratio(&of_baseline);
    let spread = own.spread().max(of_baseline.spread());
    let figures = format!(
        "{} against {}",
        grouped(rounded(own.median)),
        grouped(rounded(of_baseline.median))
    );
    let apart = format!(
        "processes of one binary lie within {:.2}% of each other",
        100.0 * spread
    );
    if !pair.differs {
        return format!(
            "`{name}` is not distinguishable from `{baseline}` by instructions per request: {figures}; {apart}."
        );
    }
    let word = if pair.ratio > 1.0 { "more" } else { "fewer" };
    format!(
        "`{name}` executes {:.2}% {word} instructions per request than `{baseline}`: {figures}; {apart}.",
        100.0 * (pair.ratio - 1.0).abs()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(least: f64, median: f64, most: f64) -> Range {
        Range {
            least,
            median,
            most,
        }
    }

    #[test]
    fn a_difference_is_said_with_both_counts_and_their_repeatability() {
        assert_eq!(
            verdict(
                ("new", range(12_600.0, 12_600.0, 12_606.3)),
                ("old", range(12_000.0, 12_000.0, 12_000.0))
            ),
            "`new` executes 5.00% more instructions per request than `old`: 12,600 against 12,000; processes of one \
             binary lie within 0.05% of each other."
        );
    }

    #[test]
    fn counts_that_overlap_claim_nothing() {
        let said = verdict(
            ("new", range(12_000.0, 12_050.0, 12_100.0)),
            ("old", range(11_990.0, 12_000.0, 12_010.0)),
        );
        assert!(
            said.starts_with("`new` is not distinguishable from `old` by instructions"),
            "{said}"
        );
    }
}
