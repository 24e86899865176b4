//! The controls of a sweep, over all numbers of connections together: with two slices per block at each of them, a planted
//! loss of 10% is below what one alone can show.

use crate::analysis::Untrusted;
use crate::experiments::throughput::figures::block_rates;
use crate::experiments::throughput::records::ThroughputRecords;
use crate::run::ArmKind;
use crate::stats::{Interval, mean_interval};
use std::collections::BTreeMap;

/// A control held against the baseline: the mean of its ratios at all numbers of connections.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pooled {
    is_planted: bool,
    /// The geometric mean over blocks, with its 95% interval by Student's t.
    ratio: Interval,
}

impl Pooled {
    /// Of the control of this kind; `None` if there are fewer than two blocks that have both.
    pub(super) fn of(records: &ThroughputRecords, kind: ArmKind) -> Option<Self> {
        let name = |kind| {
            let mut arms = records.run.arms.iter();
            Some(arms.find(|arm| arm.kind == kind)?.name.as_str())
        };
        let (control, baseline) = (name(kind)?, name(ArmKind::Baseline)?);
        let mut logs: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for connections in records.run.plan.connections() {
            let of = |arm| block_rates(&records.slices_of(connections, arm));
            let held_against = of(baseline);
            for (block, rate) in of(control) {
                if let Some(other) = held_against.get(&block) {
                    logs.entry(block).or_default().push((rate / other).ln());
                }
            }
        }
        let means = logs
            .values()
            .map(|all| all.iter().sum::<f64>() / all.len() as f64);
        let log = mean_interval(&means.collect::<Vec<f64>>())?;
        Some(Self {
            is_planted: kind == ArmKind::Planted,
            ratio: Interval {
                estimate: log.estimate.exp(),
                lower: log.lower.exp(),
                upper: log.upper.exp(),
            },
        })
    }

    /// Why it fails, if it does: the twin must not differ, and the planted control must be slower.
    pub(super) fn failure(self) -> Option<Untrusted> {
        let Interval { lower, upper, .. } = self.ratio;
        let is_right = match self.is_planted {
            true => upper < 1.0,
            false => (lower..=upper).contains(&1.0),
        };
        (!is_right).then(|| Untrusted::ControlFails(self.said()))
    }

    /// In words.
    pub(super) fn said(self) -> String {
        let name = match self.is_planted {
            true => "planted loss",
            false => "A/A twin",
        };
        let Interval {
            estimate,
            lower,
            upper,
        } = self.ratio;
        format!(
            "{name} over all concurrencies: {estimate:.3} ({lower:.3}–{upper:.3}) of the baseline"
        )
    }
}
