//! Effects of arms from comparisons of slices that lie close together in time, so that a machine
//! that drifts slower than a slice or two leaves them alone.
//!
//! Each slice is compared with the one right before it and the one before that. A robust regression
//! of these differences on the arms (Huber 1964, solved by iterated reweighting) gives one effect
//! per arm. A comparison weighs as much as the inverse of its distance in time: the variance of what
//! a random walk does in between.

use super::{median, solve::solve};

/// How far apart compared slices may be, in places.
const LAGS: [usize; 2] = [1, 2];

/// Residuals beyond this many robust standard deviations lose weight (Huber's k). Smaller than the
/// usual 1.345 because steps of the machine are much heavier-tailed than a normal distribution;
/// the figures behind the choice are in docs/METHODOLOGY.md.
const HUBER_K: f64 = 0.7;

const ITERATIONS: usize = 12;

/// Makes the median absolute deviation of normal values estimate their standard deviation.
const MAD_TO_SD: f64 = 1.4826;

/// Closer than this, in seconds, slices do not get more alike.
const DISTANCE_MIN_S: f64 = 0.005;

/// The logarithm of one slice's rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slice {
    /// Index of the arm.
    pub arm: usize,
    /// The middle of the slice, in seconds since the block's first.
    pub at_s: f64,
    /// Natural logarithm of what was measured.
    pub log: f64,
}

/// What a block says of its arms.
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    /// Log rate per arm; their sum is 0, since only differences mean something.
    pub of_arm: Vec<f64>,
    /// Robust standard deviation of the difference of two slices right after one another, once the
    /// arms' effects are taken away.
    pub neighbour_sd: f64,
}

/// A difference of two slices.
struct Comparison {
    one: usize,
    other: usize,
    difference: f64,
    weight: f64,
    are_next: bool,
}

/// Effects of `arms` arms from the `slices` of one block, in the order they were measured.
///
/// Nothing where comparisons do not connect all arms, as where one has no slice.
#[must_use]
pub fn effects(slices: &[Slice], arms: usize) -> Option<Effects> {
    let comparisons = compare(slices);
    if comparisons.is_empty() {
        return None;
    }
    let mut weights: Vec<f64> = comparisons.iter().map(|one| one.weight).collect();
    let mut of_arm = weighted_fit(&comparisons, &weights, arms)?;
    for _ in 1..ITERATIONS {
        let scaled: Vec<f64> = comparisons
            .iter()
            .map(|one| (residual(one, &of_arm) * one.weight.sqrt()).abs())
            .collect();
        let bound = HUBER_K * MAD_TO_SD * median(&scaled)?;
        for ((weight, one), scaled) in weights.iter_mut().zip(&comparisons).zip(&scaled) {
            // Where all residuals are 0 the fit is exact, and nothing has to lose weight.
            *weight = if *scaled > bound && bound > 0.0 {
                one.weight * bound / scaled
            } else {
                one.weight
            };
        }
        of_arm = weighted_fit(&comparisons, &weights, arms)?;
    }
    let next: Vec<f64> = comparisons
        .iter()
        .filter(|one| one.are_next)
        .map(|one| residual(one, &of_arm).abs())
        .collect();
    Some(Effects {
        of_arm,
        neighbour_sd: MAD_TO_SD * median(&next).unwrap_or(0.0),
    })
}

fn compare(slices: &[Slice]) -> Vec<Comparison> {
    let mut comparisons = Vec::with_capacity(LAGS.len() * slices.len());
    for lag in LAGS {
        for (before, after) in slices.iter().zip(slices.iter().skip(lag)) {
            if before.arm != after.arm {
                comparisons.push(Comparison {
                    one: after.arm,
                    other: before.arm,
                    difference: after.log - before.log,
                    weight: 1.0 / (after.at_s - before.at_s).max(DISTANCE_MIN_S),
                    are_next: lag == 1,
                });
            }
        }
    }
    comparisons
}

fn residual(comparison: &Comparison, of_arm: &[f64]) -> f64 {
    comparison.difference - (of_arm[comparison.one] - of_arm[comparison.other])
}

/// Least squares under the side condition that the effects sum to 0.
fn weighted_fit(comparisons: &[Comparison], weights: &[f64], arms: usize) -> Option<Vec<f64>> {
    let mean_weight = weights.iter().sum::<f64>() / weights.len() as f64;
    // Only differences are determined; this constant on all places adds the side condition.
    let mut matrix = vec![mean_weight; arms * arms];
    let mut right = vec![0.0; arms];
    for (one, weight) in comparisons.iter().zip(weights) {
        let (i, j) = (one.one, one.other);
        matrix[i * arms + i] += weight;
        matrix[j * arms + j] += weight;
        matrix[i * arms + j] -= weight;
        matrix[j * arms + i] -= weight;
        right[i] += weight * one.difference;
        right[j] -= weight * one.difference;
    }
    solve(matrix, right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Slices of these arms, evenly spaced, with `log` as a function of place and arm.
    fn slices(arms: &[usize], log: impl Fn(usize, usize) -> f64) -> Vec<Slice> {
        let of = |(place, &arm): (usize, &usize)| Slice {
            arm,
            at_s: place as f64 * 0.05,
            log: log(place, arm),
        };
        arms.iter().enumerate().map(of).collect()
    }

    const ORDER: [usize; 12] = [0, 1, 2, 1, 0, 2, 2, 0, 1, 0, 2, 1];

    #[test]
    fn exact_effects_are_found_exactly() {
        let planted = [0.3, -0.1, -0.2];
        let found = effects(&slices(&ORDER, |_, arm| planted[arm]), 3).unwrap();
        for (found, planted) in found.of_arm.iter().zip(planted) {
            assert!((found - planted).abs() < 1e-9, "{found} {planted}");
        }
        assert!(found.neighbour_sd < 1e-9);
    }

    #[test]
    fn one_jump_of_the_machine_hardly_moves_an_effect() {
        let planted = [0.3, -0.1, -0.2];
        let jump = |place: usize, arm: usize| planted[arm] + if place < 5 { 0.0 } else { 0.4 };
        let found = effects(&slices(&ORDER, jump), 3).unwrap();
        for (found, planted) in found.of_arm.iter().zip(planted) {
            assert!((found - planted).abs() < 0.01, "{found} {planted}");
        }
    }

    #[test]
    fn an_arm_without_a_slice_has_no_effect() {
        assert_eq!(effects(&slices(&[0, 1, 0, 1], |_, _| 0.0), 3), None);
        assert_eq!(effects(&[], 2), None);
    }

    proptest! {
        #[test]
        fn scale_and_names_of_arms_do_not_matter(
            logs in proptest::collection::vec(-1.0..1.0_f64, 12),
            shift in -5.0..5.0_f64,
        ) {
            let found = effects(&slices(&ORDER, |place, _| logs[place]), 3).unwrap();
            let shifted = effects(&slices(&ORDER, |place, _| logs[place] + shift), 3).unwrap();
            let renamed: Vec<usize> = ORDER.iter().map(|arm| (arm + 1) % 3).collect();
            let renamed = effects(&slices(&renamed, |place, _| logs[place]), 3).unwrap();
            for arm in 0..3 {
                prop_assert!((found.of_arm[arm] - shifted.of_arm[arm]).abs() < 1e-6);
                prop_assert!((found.of_arm[arm] - renamed.of_arm[(arm + 1) % 3]).abs() < 1e-6);
            }
        }
    }
}
