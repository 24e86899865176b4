//! What came of simulated runs, counted.

use super::rates::{ErrorRates, Power, Rate};
use super::{BASELINE, EFFECTS_PERCENT, PLANTED, TWIN};
use crate::stats::{BlockValues, ControlFailure, Direction, Ranking};
use std::collections::BTreeMap;

/// A carry-over is called found if chance brings it less often than this.
const CARRY_OVER_P_MAX: f64 = 0.05;

/// Sums over runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Counts {
    false_differences: u32,
    /// Among runs that nothing speaks against.
    trusted_false_differences: u32,
    unsound: u32,
    control_failures: u32,
    untrusted: u32,
    blind_controls_found: u32,
    carry_overs_found: u32,
    covered: u32,
    /// By planted percent: others that were told from the arm, and runs in which all were.
    found: BTreeMap<u32, (u32, u32)>,
    critical: f64,
    variance: f64,
    half_width: f64,
    widening: f64,
}

impl Counts {
    /// A run of equal arms.
    pub(super) fn add_equal(&mut self, ranking: &Ranking, arms: usize) {
        let mut pairs = (0..arms).flat_map(|one| (one + 1..arms).map(move |other| (one, other)));
        let is_false = pairs.any(|(one, other)| ranking.direction(one, other).is_some());
        let is_unsound = !ranking.unsound().is_empty();
        self.false_differences += u32::from(is_false);
        self.trusted_false_differences += u32::from(is_false && !is_unsound);
        self.unsound += u32::from(is_unsound);
        self.critical += ranking.critical();
        self.widening += ranking.correlation().widening;
        let others = || (0..arms).filter(|&arm| arm != BASELINE);
        let count = (arms - 1) as f64;
        let variance = |arm| ranking.pair(BASELINE, arm).sd.powi(2);
        let half_width = |arm| ranking.ratio(BASELINE, arm).half_width();
        self.variance += others().map(variance).sum::<f64>() / count;
        self.half_width += others().map(half_width).sum::<f64>() / count;
    }

    /// The test of carry-over in a run.
    pub(super) fn add_carry_over(&mut self, values: &BlockValues, seed: u64, draws: usize) {
        let carry_over = values.carry_over.as_ref();
        let p = carry_over.and_then(|carry_over| carry_over.p_value(seed, draws));
        self.carry_overs_found += u32::from(p.is_some_and(|p| p <= CARRY_OVER_P_MAX));
    }

    /// A run of arms in groups: every rank set has to hold all ranks that its arm shares with its equals.
    pub(super) fn add_groups(&mut self, ranking: &Ranking, truth: &[f64]) {
        let all: Vec<usize> = (0..truth.len()).collect();
        let is_covered = all.iter().all(|&arm| {
            let set = ranking.rank_set(arm, &all);
            let better = truth.iter().filter(|&&other| other > truth[arm]).count();
            let worse = truth.iter().filter(|&&other| other < truth[arm]).count();
            set.best <= 1 + better && set.worst >= truth.len() - worse
        });
        self.covered += u32::from(is_covered);
    }

    /// A run in which the first arm is better by `percent`.
    pub(super) fn add_effect(&mut self, percent: u32, ranking: &Ranking, arms: usize) {
        let others = (0..arms).filter(|&arm| arm != BASELINE);
        let is_found = |&arm: &usize| ranking.direction(BASELINE, arm) == Some(Direction::Better);
        let found = others.filter(is_found).count();
        let entry = self.found.entry(percent).or_default();
        entry.0 += found as u32;
        entry.1 += u32::from(found == arms - 1);
    }

    /// A run whose controls are as they must be, and the same seen by a method that is `blind` to what
    /// is planted.
    pub(super) fn add_controls(&mut self, ranking: &Ranking, blind: &Ranking, planted: f64) {
        let fails = |ranking: &Ranking| {
            let joint = |arm| ranking.ratio_of_control(arm, BASELINE);
            let alone = ranking.ratio_alone(PLANTED, BASELINE);
            let of_planted = ControlFailure::of_planted(&joint(PLANTED), &alone, planted);
            ControlFailure::of_twin(&joint(TWIN))
                .or(of_planted)
                .is_some()
        };
        let is_failed = fails(ranking);
        self.control_failures += u32::from(is_failed);
        self.untrusted += u32::from(is_failed || !ranking.unsound().is_empty());
        self.blind_controls_found += u32::from(fails(blind));
    }

    pub(super) fn plus(mut self, other: Self) -> Self {
        self.false_differences += other.false_differences;
        self.trusted_false_differences += other.trusted_false_differences;
        self.unsound += other.unsound;
        self.control_failures += other.control_failures;
        self.untrusted += other.untrusted;
        self.blind_controls_found += other.blind_controls_found;
        self.carry_overs_found += other.carry_overs_found;
        self.covered += other.covered;
        self.critical += other.critical;
        self.variance += other.variance;
        self.half_width += other.half_width;
        self.widening += other.widening;
        for (percent, (each, all)) in other.found {
            let entry = self.found.entry(percent).or_default();
            *entry = (entry.0 + each, entry.1 + all);
        }
        self
    }

    /// The rates over `experiments` runs of `arms` arms.
    pub(super) fn rates(&self, experiments: u32, arms: usize) -> ErrorRates {
        let runs = f64::from(experiments);
        let rate = |count| Rate::of(count, experiments);
        let of_controls = |count| (PLANTED < arms).then(|| rate(count));
        let block_sd = (self.variance / runs).sqrt();
        let widening = self.widening / runs;
        let reach = (self.critical / runs, block_sd * widening);
        let power = |&percent: &u32| {
            let (each, all) = self.found.get(&percent).copied().unwrap_or_default();
            let power = Power {
                against_one: f64::from(each) / runs / (arms - 1) as f64,
                against_all: rate(all),
                blocks_needed: Power::blocks_needed(percent, reach),
            };
            (format!("{percent}%"), power)
        };
        ErrorRates {
            experiments,
            false_difference: rate(self.false_differences),
            trusted_false_difference: rate(self.trusted_false_differences),
            unsound: rate(self.unsound),
            control_failure: of_controls(self.control_failures),
            untrusted: of_controls(self.untrusted),
            blind_control_failure: of_controls(self.blind_controls_found),
            carry_over_found: rate(self.carry_overs_found),
            rank_set_coverage: rate(self.covered),
            power: EFFECTS_PERCENT.iter().map(power).collect(),
            half_width: self.half_width / runs,
            block_sd,
            widening,
        }
    }
}
