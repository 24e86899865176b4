//! The counted work of a server per request, and how it compares with another one's.

use crate::experiments::isolated::records::IsolatedRecords;
use crate::experiments::isolated::rows::WorkRow;
use crate::report::Pair;
use crate::run::Arm;
use crate::stats::median;
use crate::work::is_allocation;

/// Instructions in user mode.
pub(in crate::experiments::isolated) const INSTRUCTIONS: &str = "instructions";

/// What a claim can be about, and what pairs are shown of.
pub(in crate::experiments::isolated) const MEASURES: [&str; 4] =
    [INSTRUCTIONS, "calls", "system calls", "allocations"];

/// A figure that is counted once is exact but for what time brings: a thousand requests tell hundredths.
const ROUNDING: f64 = 0.005;

/// One server.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    /// Whose.
    pub arm: Arm,
    /// Instructions per request.
    pub instructions: Option<Range>,
    /// Calls of machine functions per request.
    pub calls: Option<Range>,
    /// Functions that nine of ten requests run through.
    pub functions: Option<f64>,
    /// System calls per request.
    pub system_calls: Option<Range>,
    /// Allocations and reallocations per request.
    pub allocations: Option<Range>,
}

/// The same figure of several processes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    /// The least.
    pub least: f64,
    /// The median.
    pub median: f64,
    /// The most.
    pub most: f64,
}

impl Range {
    fn of(values: &[f64]) -> Option<Self> {
        Some(Self {
            least: values.iter().copied().reduce(f64::min)?,
            median: median(values)?,
            most: values.iter().copied().reduce(f64::max)?,
        })
    }

    /// Of a figure that was counted in one process.
    fn of_one(value: f64) -> Self {
        Self {
            least: (value - ROUNDING).max(0.0),
            median: value,
            most: value + ROUNDING,
        }
    }

    /// How much more the most is than the least, as a share.
    pub(super) fn spread(&self) -> f64 {
        self.most / self.least - 1.0
    }

    /// The ratio to another one: its bounds are those of any process of the one to any of the other.
    pub(super) fn ratio(&self, to: &Self) -> Pair {
        let (lower, upper) = (over(self.least, to.most), over(self.most, to.least));
        Pair {
            ratio: over(self.median, to.median),
            lower,
            upper,
            differs: lower > 1.0 || upper < 1.0,
        }
    }
}

/// Nothing is as much as nothing.
fn over(one: f64, other: f64) -> f64 {
    match one == other {
        true => 1.0,
        false => one / other,
    }
}

impl Counts {
    /// Of all servers of a run, in its order.
    pub(super) fn of(records: &IsolatedRecords) -> Vec<Self> {
        let arms = records.run.arms.iter();
        arms.filter(|arm| arm.kind.is_contestant())
            .map(|arm| Self::of_arm(records, arm))
            .collect()
    }

    fn of_arm(records: &IsolatedRecords, arm: &Arm) -> Self {
        let rows = records.work.iter();
        let rows: Vec<&WorkRow> = rows
            .filter(|row| row.arm == arm.name && row.err.is_empty())
            .collect();
        let all = |of: fn(&WorkRow) -> f64| rows.iter().map(|row| of(row)).collect::<Vec<f64>>();
        let traced = records.system_calls.iter();
        let traced = traced.filter(|row| row.arm == arm.name);
        let traced: Vec<f64> = traced.map(|row| row.calls_per_request).collect();
        let asked = records.allocator_calls.iter();
        let asked = asked.filter(|row| row.arm == arm.name && is_allocation(&row.called));
        let allocations: f64 = asked.map(|row| row.calls_per_request).sum();
        Self {
            arm: arm.clone(),
            instructions: Range::of(&all(|row| row.instructions_per_request)),
            calls: Range::of(&all(|row| row.calls_per_request)),
            functions: median(&all(|row| row.funcs as f64)),
            system_calls: (!traced.is_empty()).then(|| Range::of_one(traced.iter().sum())),
            allocations: (!rows.is_empty()).then(|| Range::of_one(allocations)),
        }
    }

    /// By one of the [`MEASURES`].
    pub(super) fn by(&self, measure: &str) -> Option<Range> {
        match measure {
            INSTRUCTIONS => self.instructions,
            "calls" => self.calls,
            "system calls" => self.system_calls,
            _ => self.allocations,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn servers_differ_if_every_process_of_one_lies_above_every_one_of_the_other() {
        let old = Range::of(&[100.0, 101.0, 102.0]).unwrap();
        let apart = Range::of(&[103.0, 105.0, 104.0]).unwrap().ratio(&old);
        assert!(apart.differs);
        assert_eq!(apart.ratio, 104.0 / 101.0);
        assert_eq!(apart.lower, 103.0 / 102.0);
        assert!(!Range::of(&[102.0, 105.0]).unwrap().ratio(&old).differs);
        assert!(Range::of(&[]).is_none());
    }

    #[test]
    fn what_is_counted_once_differs_by_more_than_its_rounding() {
        let ratio = |one, other| Range::of_one(one).ratio(&Range::of_one(other));
        assert!(!ratio(2.0, 2.004).differs);
        assert!(ratio(3.0, 2.0).differs);
        assert_eq!(ratio(0.0, 0.0).ratio, 1.0);
        assert!(!ratio(0.0, 0.0).differs);
        assert!(ratio(1.0, 0.0).ratio.is_infinite() && ratio(1.0, 0.0).differs);
    }

    proptest! {
        #[test]
        fn a_ratio_lies_within_its_bounds_and_turns_with_its_sides(
            one in prop::collection::vec(1.0..1e6, 1..9),
            other in prop::collection::vec(1.0..1e6, 1..9),
        ) {
            let (one, other) = (Range::of(&one).unwrap(), Range::of(&other).unwrap());
            let (there, back) = (one.ratio(&other), other.ratio(&one));
            prop_assert!(there.lower <= there.ratio && there.ratio <= there.upper);
            prop_assert_eq!(there.differs, back.differs);
            prop_assert!((there.lower * back.upper - 1.0).abs() < 1e-9);
        }
    }
}
