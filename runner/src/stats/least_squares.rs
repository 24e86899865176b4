//! Weighted least squares for comparisons of slices: an effect per arm in each block, and one carry-over
//! per arm that all blocks share.
//!
//! The effects of a block touch no other block, so they are eliminated block by block, and what is left
//! is one small system for the carry-over.

use super::cholesky::Cholesky;
use super::slices::Comparison;

/// How the unknowns are numbered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unknowns {
    pub(super) arms: usize,
    /// Arms by their index; and after them "none", if any slice ran after none. That is an unknown of its
    /// own, since a block's first slice may differ from all others. 0 if nothing is carried over.
    pub(super) carried: usize,
}

/// One block's equations once its effects are eliminated: effects = alone − response·carried, and
/// information·carried = score.
pub(super) struct Reduced {
    alone: Vec<f64>,
    /// Per unknown of the carry-over, one value per arm.
    response: Vec<Vec<f64>>,
    /// Row by row.
    information: Vec<f64>,
    score: Vec<f64>,
}

impl Reduced {
    /// From one block's comparisons and their weights; `None` if they do not determine its effects.
    pub(super) fn of(
        comparisons: &[Comparison],
        weights: &[f64],
        unknowns: Unknowns,
    ) -> Option<Self> {
        let Unknowns { arms, carried } = unknowns;
        let normal = Normal::of(comparisons, weights, unknowns);
        let own = Cholesky::factor(normal.own, arms)?;
        let alone = own.solve(&normal.right);
        let column = |at| {
            let own = normal.mixed.iter().skip(at).step_by(carried.max(1));
            own.copied().collect::<Vec<f64>>()
        };
        let columns: Vec<Vec<f64>> = (0..carried).map(column).collect();
        let response: Vec<Vec<f64>> = columns.iter().map(|column| own.solve(column)).collect();
        let through = |at: usize, effects: &[f64]| -> f64 {
            columns[at]
                .iter()
                .zip(effects)
                .map(|(mixed, effect)| mixed * effect)
                .sum()
        };
        let (mut information, mut score) = (normal.shared, normal.shared_right);
        for row in 0..carried {
            for at in 0..carried {
                information[row * carried + at] -= through(row, &response[at]);
            }
            score[row] -= through(row, &alone);
        }
        Some(Self {
            alone,
            response,
            information,
            score,
        })
    }

    /// The block's effects, given what is carried over. Their sum is 0.
    pub(super) fn effects(&self, carried: &[f64]) -> Vec<f64> {
        let moved = |arm: usize| {
            self.response
                .iter()
                .zip(carried)
                .map(move |(of, by)| of[arm] * by)
        };
        let alone = self.alone.iter().enumerate();
        alone
            .map(|(arm, alone)| alone - moved(arm).sum::<f64>())
            .collect()
    }

    /// What the block would still change about what is carried over: its score at `carried`.
    pub(super) fn rest(&self, carried: &[f64]) -> Vec<f64> {
        let rows = self
            .information
            .chunks(carried.len().max(1))
            .zip(&self.score);
        rows.map(|(row, score)| {
            let found: f64 = row.iter().zip(carried).map(|(of, by)| of * by).sum();
            score - found
        })
        .collect()
    }

    /// How much each arm's effect falls per unit of each unknown of the carry-over.
    pub(super) fn response(&self) -> &[Vec<f64>] {
        &self.response
    }
}

/// The information of all blocks on the carry-over; `None` if together they do not determine it.
pub(super) fn information(blocks: &[Reduced]) -> Option<Cholesky> {
    let size = blocks.first()?.score.len();
    let mut sum = total(
        blocks.iter().map(|block| block.information.as_slice()),
        size * size,
    );
    let trace: f64 = (0..size).map(|at| sum[at * size + at]).sum();
    // Only differences are determined; this constant on all places makes the sum of all 0.
    let constant = trace / (size * size).max(1) as f64;
    sum.iter_mut().for_each(|element| *element += constant);
    Cholesky::factor(sum, size)
}

/// What is carried over, by all blocks together.
pub(super) fn carried(blocks: &[Reduced]) -> Option<Vec<f64>> {
    let size = blocks.first()?.score.len();
    let score = total(blocks.iter().map(|block| block.score.as_slice()), size);
    Some(information(blocks)?.solve(&score))
}

fn total<'v>(all: impl Iterator<Item = &'v [f64]>, size: usize) -> Vec<f64> {
    let mut sums = vec![0.0; size];
    for values in all {
        sums.iter_mut()
            .zip(values)
            .for_each(|(sum, value)| *sum += value);
    }
    sums
}

/// Normal equations of one block: own·effects + mixed·carried = right, and
/// mixedᵀ·effects + shared·carried = shared_right. Matrices row by row.
struct Normal {
    own: Vec<f64>,
    right: Vec<f64>,
    mixed: Vec<f64>,
    shared: Vec<f64>,
    shared_right: Vec<f64>,
}

impl Normal {
    fn of(comparisons: &[Comparison], weights: &[f64], unknowns: Unknowns) -> Self {
        let Unknowns { arms, carried } = unknowns;
        let mean_weight = weights.iter().sum::<f64>() / weights.len().max(1) as f64;
        let mut normal = Self {
            // Only differences are determined; this constant makes the sum of the effects 0.
            own: vec![mean_weight; arms * arms],
            right: vec![0.0; arms],
            mixed: vec![0.0; arms * carried],
            shared: vec![0.0; carried * carried],
            shared_right: vec![0.0; carried],
        };
        for (comparison, &weight) in comparisons.iter().zip(weights) {
            normal.add(comparison, weight, unknowns);
        }
        normal
    }

    fn add(&mut self, comparison: &Comparison, weight: f64, unknowns: Unknowns) {
        let Unknowns { arms, carried } = unknowns;
        let (one, other) = (comparison.one, comparison.other);
        let (after, other_after) = (comparison.one_after, comparison.other_after);
        for (row, weight) in [(one, weight), (other, -weight)] {
            self.own[row * arms + one] += weight;
            self.own[row * arms + other] -= weight;
            self.right[row] += weight * comparison.difference;
            if carried > 0 {
                self.mixed[row * carried + after] += weight;
                self.mixed[row * carried + other_after] -= weight;
            }
        }
        if carried > 0 {
            for (row, weight) in [(after, weight), (other_after, -weight)] {
                self.shared[row * carried + after] += weight;
                self.shared[row * carried + other_after] -= weight;
                self.shared_right[row] += weight * comparison.difference;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNKNOWNS: Unknowns = Unknowns {
        arms: 2,
        carried: 2,
    };

    /// A comparison of arms 0 and 1, run after these arms.
    fn comparison(after: [usize; 2], difference: f64) -> Comparison {
        Comparison {
            one: 0,
            other: 1,
            one_after: after[0],
            other_after: after[1],
            difference,
            weight: 1.0,
            are_neighbours: true,
        }
    }

    #[test]
    fn a_block_by_hand() {
        // a₀ − a₁ + c₀ − c₁ = 5 and a₀ − a₁ + c₁ − c₀ = 1: a₀ − a₁ = 3 and c₀ − c₁ = 2.
        let block = [comparison([0, 1], 5.0), comparison([1, 0], 1.0)];
        let reduced = [Reduced::of(&block, &[1.0, 1.0], UNKNOWNS).unwrap()];
        let carried = carried(&reduced).unwrap();
        assert!(
            (carried[0] - 1.0).abs() < 1e-12 && (carried[1] + 1.0).abs() < 1e-12,
            "{carried:?}"
        );
        let effects = reduced[0].effects(&carried);
        assert!(
            (effects[0] - 1.5).abs() < 1e-12 && (effects[1] + 1.5).abs() < 1e-12,
            "{effects:?}"
        );
        assert!(
            reduced[0]
                .rest(&carried)
                .iter()
                .all(|rest| rest.abs() < 1e-12)
        );
        // With nothing carried over the effects are those of the mean difference.
        let alone = reduced[0].effects(&[0.0, 0.0]);
        assert!((alone[0] - 1.5).abs() < 1e-12, "{alone:?}");
    }

    #[test]
    fn blocks_share_what_is_carried_over_by_their_weights() {
        let block = |by: f64, weight: f64| {
            let block = [comparison([0, 1], by), comparison([1, 0], -by)];
            Reduced::of(&block, &[weight, weight], UNKNOWNS).unwrap()
        };
        // c₀ − c₁ is 4 in one block and 1 in the other, which weighs twice as much.
        let blocks = [block(4.0, 1.0), block(1.0, 2.0)];
        let carried = carried(&blocks).unwrap();
        assert!((carried[0] - carried[1] - 2.0).abs() < 1e-12, "{carried:?}");
        let rests: f64 = blocks.iter().map(|block| block.rest(&carried)[0]).sum();
        assert!(rests.abs() < 1e-12, "{rests}");
    }

    #[test]
    fn orders_that_do_not_tell_carry_over_from_effects_have_no_solution() {
        let block = [comparison([1, 0], 1.0), comparison([1, 0], 2.0)];
        let reduced = [Reduced::of(&block, &[1.0, 1.0], UNKNOWNS).unwrap()];
        assert_eq!(carried(&reduced), None);
    }

    #[test]
    fn an_arm_that_is_never_compared_has_no_effect() {
        let unknowns = Unknowns {
            arms: 3,
            carried: 0,
        };
        assert!(Reduced::of(&[comparison([0, 1], 1.0)], &[1.0], unknowns).is_none());
    }
}
