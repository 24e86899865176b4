//! Which pairs of arms differ, all statements of a table together: max-t with step-down (Romano and
//! Wolf 2005).
//!
//! The largest |t| over all pairs that chance alone brings is the bound for every pair, so that one
//! false statement anywhere in the table is as rare as [`CONFIDENCE`](super::CONFIDENCE) says. Draws
//! shared by all pairs keep the pairs' correlation, so the bound is not wider than it has to be.

use super::chance::{BLOCKS_MIN, CONFIDENCE, Chance, Tail};
use super::controls::CONTROL_CONFIDENCE;
use super::pairs::{Pair, Pairs};
use super::ranking::Interval;
use super::soundness::{self, Unsound};

/// The blocks of a table as far as they say how sure its ratios are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Evidence {
    pub(super) pairs: Pairs,
    chance: Chance,
    /// Per pair: the bound for it as the only question, asked before the run.
    pub(super) alone: Vec<f64>,
    /// Per pair: the bound for it as one of the controls of a page.
    pub(super) control: Vec<f64>,
    /// What bounds follow from if this is one table among several.
    pub(super) tail: Tail,
    pub(super) unsound: Vec<Unsound>,
    pub(super) blocks: usize,
}

impl Evidence {
    /// From one row per block with a log rate per arm; `None` if there are fewer than [`BLOCKS_MIN`]
    /// rows or fewer than two arms.
    pub(super) fn of(rows: &[Vec<f64>], seed: u64, draws: usize) -> Option<Self> {
        let arms = rows.first().map_or(0, Vec::len);
        if rows.len() < BLOCKS_MIN || arms < 2 {
            return None;
        }
        let pairs = Pairs::of(rows);
        let chance = Chance::draw(&pairs.residuals, seed, draws)?;
        let bounds = chance.criticals([CONFIDENCE, CONTROL_CONFIDENCE]);
        Some(Self {
            alone: bounds.iter().map(|[alone, _]| *alone).collect(),
            control: bounds.iter().map(|[_, control]| *control).collect(),
            unsound: soundness::judge(&pairs, arms),
            tail: chance.tail(),
            chance,
            pairs,
            blocks: rows.len(),
        })
    }

    /// Judges all pairs, each arm's log rate moved by its element of `shifts`: a difference planted in
    /// every block alike changes means and nothing else.
    pub(super) fn judge(&self, shifts: &[f64]) -> Family {
        let mut pairs = self.pairs.all.clone();
        for pair in &mut pairs {
            pair.mean += shifts[pair.one] - shifts[pair.other];
        }
        let critical = self.chance.critical(CONFIDENCE, |_| true);
        let differs = self.step_down(&pairs, critical);
        Family {
            pairs,
            differs,
            critical,
        }
    }

    /// The ratio of the first arm of each of these pairs to the second; jointly valid for them.
    pub(super) fn ratios(&self, chosen: &[(usize, usize)]) -> Vec<Interval> {
        let place = |&(one, other): &(usize, usize)| {
            let (low, high) = (one.min(other), one.max(other));
            let mut pairs = self.pairs.all.iter();
            pairs
                .position(|pair| pair.one == low && pair.other == high)
                .expect("a pair has two of the arms")
        };
        let places: Vec<usize> = chosen.iter().map(place).collect();
        let critical = self
            .chance
            .critical(CONFIDENCE, |one| places.contains(&one));
        let ratio = |(&place, &(one, other)): (&usize, &(usize, usize))| {
            let pair = &self.pairs.all[place];
            let mean = if one < other { pair.mean } else { -pair.mean };
            Interval::of_log(mean, critical * pair.standard_error)
        };
        places.iter().zip(chosen).map(ratio).collect()
    }

    /// What surely differs leaves, and the rest is held against a smaller bound.
    fn step_down(&self, pairs: &[Pair], critical: f64) -> Vec<bool> {
        let mut differs = vec![false; pairs.len()];
        let mut bound = critical;
        loop {
            let is_beyond = |pair: &Pair| pair.mean.abs() > bound * pair.standard_error;
            let now: Vec<bool> = pairs
                .iter()
                .zip(&differs)
                .map(|(pair, &is)| is || is_beyond(pair))
                .collect();
            if now == differs || now.iter().all(|&is| is) {
                return now;
            }
            differs = now;
            bound = self.chance.critical(CONFIDENCE, |one| !differs[one]);
        }
    }
}

/// The verdict on all pairs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Family {
    /// Every pair once, ordered by first and second arm.
    pub(super) pairs: Vec<Pair>,
    /// Per pair: whether chance has been ruled out, for all pairs together.
    pub(super) differs: Vec<bool>,
    /// Half-widths in standard errors, for all pairs at once.
    pub(super) critical: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn judged(rows: &[Vec<f64>]) -> Family {
        let zero = vec![0.0; rows[0].len()];
        Evidence::of(rows, 1, 499).unwrap().judge(&zero)
    }

    #[test]
    fn six_blocks_of_two_arms_are_judged_as_by_hand() {
        let rows: Vec<Vec<f64>> = (1..=6).map(|value| vec![f64::from(value), 0.0]).collect();
        let found = judged(&rows);
        let pair = found.pairs[0];
        assert!((pair.mean - 3.5).abs() < 1e-12);
        assert!((pair.sd - 3.5_f64.sqrt()).abs() < 1e-12);
        assert!((pair.standard_error - (3.5_f64 / 6.0).sqrt()).abs() < 1e-12);
        // The largest t of the sign patterns: see the test of `chance`.
        let (mean, variance): (f64, f64) = (1.5, (17.5 - 6.0 * 2.25) / 5.0);
        assert!((found.critical - mean / (variance / 6.0).sqrt()).abs() < 1e-9);
        // t = 3.5/0.764 = 4.58 against a bound of 4.11.
        assert_eq!((pair.slope, found.differs[0]), (None, true));
    }

    #[test]
    fn a_clear_difference_is_found_and_none_is_not() {
        let wobble = [0.01, -0.02, 0.015, -0.005, 0.02, -0.01, 0.0, 0.005];
        let rows: Vec<Vec<f64>> = wobble.iter().map(|w| vec![1.0 + w, 0.0, -w]).collect();
        assert_eq!(judged(&rows).differs, [true, true, false]);
    }

    #[test]
    fn what_differs_leaves_and_the_rest_meets_a_smaller_bound() {
        // Arm 2 is far away, so the pair (0, 1) is all that is left, and its |t| is between the
        // bounds with and without the other two pairs.
        let noise =
            |block: usize, arm: usize| ((block * (5 + 7 * arm) + arm) % 13) as f64 / 13.0 - 0.5;
        let rows: Vec<Vec<f64>> = (0..13)
            .map(|block| (0..3).map(|arm| noise(block, arm)).collect())
            .collect();
        let evidence = Evidence::of(&rows, 1, 1_999).unwrap();
        let wide = evidence.judge(&[0.0; 3]);
        let pair = wide.pairs[0];
        let alone = evidence.alone[0];
        assert!(alone < wide.critical, "{alone} {}", wide.critical);
        let between = (alone + wide.critical) / 2.0 * pair.standard_error - pair.mean;
        assert!(!evidence.judge(&[between, 0.0, 0.0]).differs[0]);
        assert!(evidence.judge(&[between, 0.0, 50.0]).differs[0]);
    }

    #[test]
    fn too_few_blocks_or_a_single_arm_say_nothing() {
        assert_eq!(Evidence::of(&vec![vec![1.0, 0.0]; 5], 1, 99), None);
        assert_eq!(Evidence::of(&vec![vec![1.0]; 9], 1, 99), None);
        assert_eq!(Evidence::of(&[], 1, 99), None);
    }

    #[test]
    fn equal_values_do_not_divide_by_zero() {
        for blocks in [8, 24] {
            let found = judged(&vec![vec![0.0, 0.0, 1.0]; blocks]);
            assert_eq!(found.differs, [false, true, true], "{blocks}");
            assert!(found.critical.is_finite());
        }
    }

    fn tables() -> impl Strategy<Value = Vec<Vec<f64>>> {
        proptest::collection::vec(proptest::collection::vec(-1.0..1.0_f64, 4), 6..15)
    }

    proptest! {
        #[test]
        fn the_order_of_arms_does_not_matter(rows in tables()) {
            let turned: Vec<Vec<f64>> =
                rows.iter().map(|row| row.iter().rev().copied().collect()).collect();
            let (found, turned) = (judged(&rows), judged(&turned));
            prop_assert!((found.critical - turned.critical).abs() < 1e-6 * found.critical);
            // The pair (0, 1) has become (3, 2).
            let (there, back) = (found.pairs[0], turned.pairs[5]);
            prop_assert!((there.mean + back.mean).abs() < 1e-9);
            prop_assert!((there.standard_error - back.standard_error).abs() < 1e-9);
        }

        #[test]
        fn units_of_measurement_do_not_matter(rows in tables(), shift in -5.0..5.0_f64) {
            let moved: Vec<Vec<f64>> =
                rows.iter().map(|row| row.iter().map(|log| log + shift).collect()).collect();
            let (found, moved) = (judged(&rows), judged(&moved));
            prop_assert!((found.critical - moved.critical).abs() < 1e-6 * found.critical);
            prop_assert!((found.pairs[2].standard_error - moved.pairs[2].standard_error).abs() < 1e-9);
        }

        #[test]
        fn a_shift_moves_means_as_if_it_had_been_measured(
            rows in tables(),
            shifts in proptest::collection::vec(-1.0..1.0_f64, 4),
        ) {
            let moved: Vec<Vec<f64>> = rows
                .iter()
                .map(|row| row.iter().zip(&shifts).map(|(log, by)| log + by).collect())
                .collect();
            let shifted = Evidence::of(&rows, 1, 199).unwrap().judge(&shifts);
            let moved = Evidence::of(&moved, 1, 199).unwrap().judge(&[0.0; 4]);
            prop_assert!((shifted.critical - moved.critical).abs() < 1e-6 * moved.critical);
            for (shifted, moved) in shifted.pairs.iter().zip(&moved.pairs) {
                prop_assert!((shifted.mean - moved.mean).abs() < 1e-9);
            }
        }

        #[test]
        fn step_down_only_adds(rows in tables()) {
            let found = judged(&rows);
            for (pair, differs) in found.pairs.iter().zip(&found.differs) {
                prop_assert!(*differs || pair.mean.abs() <= found.critical * pair.standard_error);
            }
        }
    }
}
