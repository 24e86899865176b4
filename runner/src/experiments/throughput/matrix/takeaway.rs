//! The takeaways of a matrix: whom each variant makes faster and slower, and whose slowest requests it
//! shortens. It never says more than the intervals do.

use crate::experiments::throughput::by_variant::{ByVariant, VariantsRow};
use crate::stats::Interval;

/// A p99 is said to be shorter if even its worst block is this much shorter than the best one it is held against.
const SHORTER: f64 = 2.0;

/// A sentence on the rates at a concurrency.
pub(super) fn takeaway(level: &ByVariant) -> String {
    let condition = format!("at {}", level.heading());
    if !level.untrusted.is_empty() {
        return format!("The table {condition} is untrusted; its gains are not to be relied on.");
    }
    if let Err(too_few) = &level.ranked.ranking {
        return format!("No gains {condition}: {too_few}.");
    }
    let said: Vec<String> = (1..level.labels.len())
        .filter_map(|variant| {
            let gains = level.contestants().filter_map(|row| gain(row, variant));
            changes(&level.labels[variant], &gains.collect::<Vec<_>>())
        })
        .collect();
    if said.is_empty() {
        return format!("No contestant was measured by more than one variant {condition}.");
    }
    format!(
        "Against {} {condition}: {}.",
        level.labels[0],
        said.join("; ")
    )
}

/// Whose slowest requests each variant shortens. It compares the ranges of blocks, and so does not depend on the controls,
/// which are of rates.
pub(super) fn cuts(level: &ByVariant) -> String {
    let of = level.contestants().count();
    let said = (1..level.labels.len()).filter_map(|variant| {
        let cuts = level.contestants().filter_map(|row| cut(row, variant));
        shorter(&level.labels[variant], &cuts.collect::<Vec<_>>(), of)
    });
    let said: Vec<String> = said.collect();
    match said.is_empty() {
        true => String::new(),
        false => format!(
            "Against {}, p99 at {} falls to less than half in every block: {}.",
            level.labels[0],
            level.heading(),
            said.join("; ")
        ),
    }
}

fn gain(row: &VariantsRow, variant: usize) -> Option<(&str, Interval)> {
    Some((&row.arm.name, row.figures(variant)?.gain?))
}

/// Whom a variant makes faster or slower; `None` if it was measured of nobody.
fn changes(variant: &str, gains: &[(&str, Interval)]) -> Option<String> {
    if gains.is_empty() {
        return None;
    }
    let faster = gains.iter().filter(|(_, gain)| gain.lower > 1.0);
    let slower = gains.iter().filter(|(_, gain)| gain.upper < 1.0);
    let by_size = |one: &&(&str, Interval), other: &&(&str, Interval)| {
        one.1.estimate.total_cmp(&other.1.estimate)
    };
    let most = |(name, gain): &(&str, Interval)| {
        format!("`{name}` {:+.1}%", (gain.estimate - 1.0) * 100.0)
    };
    let count = |count: usize| format!("{count} of {}", gains.len());
    let up = faster.clone().max_by(by_size).map(|one| {
        format!(
            "faster for {} (most: {})",
            count(faster.clone().count()),
            most(one)
        )
    });
    let down = slower.clone().min_by(by_size).map(|one| {
        format!(
            "slower for {} (most: {})",
            count(slower.clone().count()),
            most(one)
        )
    });
    Some(match (up, down) {
        (None, None) => format!(
            "{variant} is not distinguishable for any of {}",
            gains.len()
        ),
        (Some(one), None) | (None, Some(one)) => format!("{variant} is significantly {one}"),
        (Some(up), Some(down)) => format!("{variant} is significantly {up} and {down}"),
    })
}

/// Before and after, in ms, if a variant shortens the p99 of a row in every block.
fn cut(row: &VariantsRow, variant: usize) -> Option<(&str, f64, f64)> {
    let (before, after) = (row.figures(0)?.p99?, row.figures(variant)?.p99?);
    let is_shorter = after.most_ms * SHORTER < before.least_ms;
    is_shorter.then_some((&row.arm.name, before.whole_ms, after.whole_ms))
}

fn shorter(variant: &str, cuts: &[(&str, f64, f64)], of: usize) -> Option<String> {
    let most = cuts
        .iter()
        .max_by(|one, other| (one.1 / one.2).total_cmp(&(other.1 / other.2)));
    let (name, before, after) = most?;
    Some(format!(
        "with {variant} for {} of {of} (most: `{name}`, {before:.1} to {after:.1} ms)",
        cuts.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(lower: f64, upper: f64) -> Interval {
        Interval {
            estimate: (lower * upper).sqrt(),
            lower,
            upper,
        }
    }

    #[test]
    fn only_significant_gains_are_counted() {
        let said = |gains: &[(&str, Interval)]| changes("tuned", gains).unwrap();
        let (up, none, down) = (
            interval(1.08, 1.12),
            interval(0.98, 1.04),
            interval(0.9, 0.95),
        );
        assert_eq!(
            said(&[("a", none)]),
            "tuned is not distinguishable for any of 1"
        );
        assert_eq!(
            said(&[("a", none), ("b", up)]),
            "tuned is significantly faster for 1 of 2 (most: `b` +10.0%)"
        );
        assert_eq!(
            said(&[("a", down), ("b", up), ("c", interval(1.2, 1.3))]),
            "tuned is significantly faster for 2 of 3 (most: `c` +24.9%) and slower for 1 of 3 (most: `a` -7.5%)"
        );
        assert_eq!(changes("tuned", &[]), None);
    }

    #[test]
    fn the_largest_cut_is_named() {
        assert_eq!(shorter("tuned", &[], 8), None);
        let cuts = [("a", 150.0, 12.0), ("b", 90.0, 30.0)];
        assert_eq!(
            shorter("tuned", &cuts, 8).unwrap(),
            "with tuned for 2 of 8 (most: `a`, 150.0 to 12.0 ms)"
        );
    }
}
