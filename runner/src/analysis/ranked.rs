//! One table by one measure: who differs significantly from whom, and by how much.

use super::blocks::{Measured, collect};
use super::untrusted::Untrusted;
use crate::run::{Arm, ArmKind, Measure, Observation};
use crate::stats::{
    CarryOver, Components, DRAWS, Interval, RankSet, Ranking, TooFewBlocks, Unsound, Verdict,
    block_values, kendall_w,
};

/// A table by one measure.
#[derive(Debug)]
pub struct Ranked {
    /// By what.
    pub measure: Measure,
    /// Differences smaller than this are called a tie: fixed before any run.
    pub margin: f64,
    /// The slices behind it.
    pub measured: Measured,
    /// One row per block: a logarithm per arm, higher for what is better.
    pub rows: Vec<Vec<f64>>,
    /// The claims, or why there are none.
    pub ranking: Result<Ranking, TooFewBlocks>,
    /// Who is ranked: the contestants.
    pub field: Vec<usize>,
    /// Who all others are read against.
    pub baseline: Option<usize>,
    /// How far blocks agree on the order of the contestants.
    pub kendall_w: Option<f64>,
    /// Where the noise came from.
    pub components: Option<Components>,
    /// What arms carry over into the slice after them.
    pub carry_over: Option<CarryOver>,
}

/// What is said of one arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Its figure relative to the baseline's.
    pub ratio: f64,
    /// The interval of the ratio, jointly valid with all others of the table.
    pub interval: Option<Interval>,
    /// The ranks it can have; contestants only.
    pub rank: Option<RankSet>,
    /// Against the baseline and the margin.
    pub verdict: Option<Verdict>,
}

impl Ranked {
    /// Ranks the arms of one table by one measure.
    #[must_use]
    pub fn of(
        observations: &[Observation],
        arms: &[Arm],
        measure: Measure,
        margin: f64,
        seed: u64,
    ) -> Self {
        let measured = collect(observations, arms, measure);
        let Some(values) = block_values(&measured.blocks, measured.arms.len()) else {
            return Self::of_rows(measured, Vec::new(), arms, measure, margin, seed);
        };
        let rows = values.rows.clone();
        let ranked = Self::of_rows(measured, rows, arms, measure, margin, seed);
        let blocks = &ranked.measured.blocks;
        let of = |baseline| Components::of(blocks, &values, baseline);
        Self {
            components: ranked.baseline.and_then(of),
            carry_over: values.carry_over,
            ..ranked
        }
    }

    /// Ranks arms by one logarithm per block and arm, wherever it comes from.
    pub(super) fn of_rows(
        measured: Measured,
        rows: Vec<Vec<f64>>,
        arms: &[Arm],
        measure: Measure,
        margin: f64,
        seed: u64,
    ) -> Self {
        let is = |name: &String, kind| arms.iter().any(|arm| arm.name == *name && arm.kind == kind);
        let all = 0..measured.arms.len();
        let of_kind = |arm: &usize, kind| is(&measured.arms[*arm], kind);
        let field = all.clone().filter(|arm| of_kind(arm, ArmKind::Contestant));
        let field: Vec<usize> = field.collect();
        let baseline = all.clone().find(|arm| of_kind(arm, ArmKind::Baseline));
        let of_field = |row: &Vec<f64>| field.iter().map(|&arm| row[arm]).collect();
        Self {
            measure,
            margin,
            ranking: Ranking::of(&rows, seed, DRAWS),
            kendall_w: kendall_w(&rows.iter().map(of_field).collect::<Vec<_>>()),
            components: None,
            carry_over: None,
            measured,
            rows,
            field,
            baseline,
        }
    }

    /// What is said of the arm of this name; `None` if it took no part, or the baseline did not.
    #[must_use]
    pub fn standing(&self, name: &str) -> Option<Standing> {
        let (arm, baseline) = (self.measured.index(name)?, self.baseline?);
        if self.rows.is_empty() {
            return None;
        }
        let sum: f64 = self.rows.iter().map(|row| row[arm] - row[baseline]).sum();
        let ranking = self.ranking.as_ref().ok();
        Some(Standing {
            ratio: self.figure((sum / self.rows.len() as f64).exp()),
            interval: ranking.and_then(|_| self.ratio(arm, baseline)),
            rank: ranking
                .filter(|_| self.field.contains(&arm))
                .map(|ranking| ranking.rank_set(arm, &self.field)),
            verdict: ranking.map(|ranking| ranking.verdict(arm, baseline, self.margin)),
        })
    }

    /// The ratio of two arms' figures, with its interval, jointly valid with all others of the table.
    #[must_use]
    pub fn ratio(&self, one: usize, other: usize) -> Option<Interval> {
        let ranking = self.ranking.as_ref().ok()?;
        Some(self.oriented(ranking.ratio(one, other)))
    }

    /// The same as if it were the only question asked of the run.
    #[must_use]
    pub fn ratio_alone(&self, one: usize, other: usize) -> Option<Interval> {
        let ranking = self.ranking.as_ref().ok()?;
        Some(self.oriented(ranking.ratio_alone(one, other)))
    }

    /// The same for an arm whose truth is known: good runs hardly ever miss it.
    #[must_use]
    pub fn ratio_of_control(&self, one: usize, other: usize) -> Option<Interval> {
        let ranking = self.ranking.as_ref().ok()?;
        Some(self.oriented(ranking.ratio_of_control(one, other)))
    }

    /// A ratio of how good arms are as one of their figures.
    fn figure(&self, ratio: f64) -> f64 {
        if self.measure.higher_is_better {
            ratio
        } else {
            1.0 / ratio
        }
    }

    fn oriented(&self, interval: Interval) -> Interval {
        if self.measure.higher_is_better {
            return interval;
        }
        Interval {
            estimate: 1.0 / interval.estimate,
            lower: 1.0 / interval.upper,
            upper: 1.0 / interval.lower,
        }
    }

    /// What is wrong with the blocks behind the intervals.
    #[must_use]
    pub fn unsound(&self) -> Vec<Untrusted> {
        let unsound = self.ranking.iter().flat_map(Ranking::unsound);
        let reason = |unsound: &Unsound| match unsound {
            Unsound::RareState(state) => Untrusted::RareState {
                measure: self.measure,
                arm: self.measured.arms[state.arm].clone(),
                blocks: state.blocks.len(),
                ratio: self.figure(state.log_ratio.exp()),
            },
            Unsound::CorrelatedBlocks { lag_one } => {
                Untrusted::CorrelatedBlocks(self.measure, *lag_one)
            }
        };
        unsound.map(reason).collect()
    }

    /// Whether these two differ significantly.
    #[must_use]
    pub fn differ(&self, one: &str, other: &str) -> Option<bool> {
        let (one, other) = (self.measured.index(one)?, self.measured.index(other)?);
        let ranking = self.ranking.as_ref().ok()?;
        Some(ranking.direction(one, other).is_some())
    }

    /// The rank sets of all contestants, by name.
    #[must_use]
    pub fn rank_sets(&self) -> Vec<(&str, RankSet)> {
        let Ok(ranking) = &self.ranking else {
            return Vec::new();
        };
        let field = self.field.iter().map(|&arm| {
            let name = self.measured.arms[arm].as_str();
            (name, ranking.rank_set(arm, &self.field))
        });
        field.collect()
    }
}
