//! Whether load had settled before the windows began: their first halves against their second ones.

use super::records::ThroughputRecords;
use crate::report::Claims;
use std::collections::BTreeMap;

/// A rate that moves by more than this from the first half of the windows to the second has not settled.
const CHANGE_MAX: f64 = 0.02;

/// In standard errors over blocks: what chance hardly brings, over some ten arms.
const ERRORS_MIN: f64 = 3.0;

/// In standard errors: how sure it has to be that a rate does not move.
const ERRORS_KNOWN: f64 = 2.0;

/// By how much the rate of an arm is higher in the second halves of its windows.
#[derive(Debug, Clone, PartialEq)]
struct Change {
    arm: String,
    /// A share: 0.02 for 2 %.
    mean: f64,
    standard_error: f64,
}

impl Change {
    /// From one (first half, second half) of right answers per block; `None` with fewer than two blocks that have
    /// answers in both.
    fn of(arm: &str, blocks: &[(u64, u64)]) -> Option<Self> {
        let have_both = blocks
            .iter()
            .filter(|(first, second)| *first > 0 && *second > 0);
        let logs: Vec<f64> = have_both
            .map(|(first, second)| (*second as f64 / *first as f64).ln())
            .collect();
        let count = logs.len() as f64;
        if count < 2.0 {
            return None;
        }
        let mean = logs.iter().sum::<f64>() / count;
        let squares: f64 = logs.iter().map(|log| (log - mean).powi(2)).sum();
        Some(Self {
            arm: arm.to_owned(),
            mean: mean.exp() - 1.0,
            standard_error: (squares / (count - 1.0) / count).sqrt(),
        })
    }

    /// Whether it moves by more than it may, beyond what chance brings.
    fn is_moving(&self) -> bool {
        self.mean.abs() - ERRORS_MIN * self.standard_error > CHANGE_MAX
    }

    /// Whether it is known to move by no more than it may.
    fn is_settled(&self) -> bool {
        self.mean.abs() + ERRORS_KNOWN * self.standard_error <= CHANGE_MAX
    }

    fn text(&self) -> String {
        format!(
            "`{}` {:+.1}% (± {:.1}% standard error)",
            self.arm,
            self.mean * 100.0,
            self.standard_error * 100.0
        )
    }
}

/// Says of a table what the halves of its windows show.
pub(super) fn claim(records: &ThroughputRecords, connections: usize, claims: &mut Claims) {
    let arms = records.run.arms.iter().map(|arm| &arm.name);
    let changes = arms.filter_map(|arm| {
        let mut blocks: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        for row in records.slices_of(connections, arm) {
            let halves = blocks.entry(row.block).or_default();
            halves.0 = halves.0.saturating_add(row.first_half_ok);
            halves.1 = halves
                .1
                .saturating_add(row.ok.saturating_sub(row.first_half_ok));
        }
        Change::of(arm, &blocks.into_values().collect::<Vec<_>>())
    });
    enter(&changes.collect::<Vec<_>>(), claims);
}

/// A rate that moves concerns every reader; that none does is a check.
fn enter(changes: &[Change], claims: &mut Claims) {
    let place = match changes.iter().any(Change::is_moving) {
        true => &mut claims.remarks,
        false => &mut claims.checks,
    };
    place.extend(said(changes));
}

/// `None` if there is nothing to say it from.
fn said(changes: &[Change]) -> Option<String> {
    let unsettled: Vec<String> = changes
        .iter()
        .filter(|one| one.is_moving())
        .map(Change::text)
        .collect();
    if !unsettled.is_empty() {
        return Some(format!(
            "Not settled: from the first half of the windows to the second the rate of {} changes; a longer \
             --settling would show another figure.",
            unsettled.join(" and of ")
        ));
    }
    let by_size = |one: &&Change, other: &&Change| one.mean.abs().total_cmp(&other.mean.abs());
    let largest = changes.iter().max_by(by_size)?;
    let known = changes.iter().filter(|one| one.is_settled()).count();
    let bound = CHANGE_MAX * 100.0;
    Some(match known == changes.len() {
        true => format!(
            "Settled: from the first half of the windows to the second no rate changes by more than {bound:.0}%; the \
             largest change is that of {}.",
            largest.text()
        ),
        false => format!(
            "No change is shown from the first half of the windows to the second, and {known} of {} rates are known to \
             change by no more than {bound:.0}%; the largest change is that of {}.",
            changes.len(),
            largest.text()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 24 blocks of 1 000 answers in the first half, wobbling by 1 %, and `more` as many in the second.
    fn change(more: f64) -> Change {
        let block = |number: u64| {
            let first = 1_000 + number % 5 * 5;
            (first, (1_000.0 * more) as u64 + number % 7 * 3)
        };
        Change::of("one", &(0..24).map(block).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_rate_that_still_rises_is_a_remark_and_one_that_stays_a_check() {
        let entered = |changes: &[Change]| {
            let mut claims = Claims::default();
            enter(changes, &mut claims);
            (claims.remarks.len(), claims.checks.len())
        };
        assert_eq!(entered(&[change(1.0), change(1.08)]), (1, 0));
        assert_eq!(entered(&[change(1.0)]), (0, 1));
        assert_eq!(entered(&[]), (0, 0));
    }

    #[test]
    fn a_rate_that_still_rises_is_named() {
        let line = said(&[change(1.0), change(1.08)]).unwrap();
        assert!(line.starts_with("Not settled: "), "{line}");
        assert!(line.contains("`one` +7.8%"), "{line}");
    }

    #[test]
    fn a_rate_that_stays_is_said_with_its_largest_change() {
        let line = said(&[change(1.0), change(1.01)]).unwrap();
        assert!(line.starts_with("Settled: "), "{line}");
        assert!(line.contains("`one` +0.9%"), "{line}");
    }

    #[test]
    fn noise_alone_is_not_a_change() {
        let noisy = Change::of("one", &[(100, 150), (150, 100), (100, 140), (140, 110)]).unwrap();
        assert!(
            noisy.mean.abs() > CHANGE_MAX && !noisy.is_moving() && !noisy.is_settled(),
            "{noisy:?}"
        );
        let line = said(&[noisy]).unwrap();
        assert!(line.contains("0 of 1 rates are known"), "{line}");
        assert_eq!(Change::of("one", &[(0, 5), (7, 9)]), None);
    }
}
