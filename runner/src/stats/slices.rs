//! Slices of a block, and the comparisons between them.

use super::summary::median_in;

/// Closer than this, in seconds, slices do not get more alike.
const DISTANCE_MIN_S: f64 = 0.005;

/// One slice of a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slice {
    /// Index of the arm.
    pub arm: usize,
    /// Index of the arm that was measured right before; `None` if none was, or one that takes no
    /// part in the analysis.
    pub after: Option<usize>,
    /// The middle of the slice, in seconds on any clock that the slices of a block share.
    pub at_s: f64,
    /// Natural logarithm of what was measured.
    pub log: f64,
}

/// The difference of two slices, and what it should be: the difference of their arms' effects, plus
/// the difference of what was carried over into them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Comparison {
    /// Arm of the later slice.
    pub(super) one: usize,
    /// Arm of the earlier slice.
    pub(super) other: usize,
    /// What the later slice ran after: an arm, or the number of arms if it ran after none.
    pub(super) one_after: usize,
    /// What the earlier slice ran after.
    pub(super) other_after: usize,
    /// Later less earlier log rate.
    pub(super) difference: f64,
    /// The inverse square of the distance in time. A machine whose speed is a random walk makes a
    /// difference vary as its distance d; and a stretch of time is spanned by about d comparisons of
    /// that distance, which repeat what the others say.
    pub(super) weight: f64,
    /// Whether one slice ran right after the other.
    pub(super) are_neighbours: bool,
}

/// Every slice of a block against each of the `arms` slices before it: those of one round.
pub(super) fn compare(slices: &[Slice], arms: usize) -> Vec<Comparison> {
    let mut comparisons = Vec::with_capacity(arms * slices.len());
    for (place, later) in slices.iter().enumerate() {
        for (lag, earlier) in slices[..place].iter().rev().take(arms).enumerate() {
            let distance_s = (later.at_s - earlier.at_s).max(DISTANCE_MIN_S);
            comparisons.push(Comparison {
                one: later.arm,
                other: earlier.arm,
                one_after: later.after.unwrap_or(arms),
                other_after: earlier.after.unwrap_or(arms),
                difference: later.log - earlier.log,
                weight: distance_s.powi(-2),
                are_neighbours: lag == 0,
            });
        }
    }
    comparisons
}

/// Makes the median absolute value of normal residuals estimate their standard deviation.
const MEDIAN_TO_SD: f64 = 1.4826;

/// A robust standard deviation of residuals about 0; 0 if there are none.
pub(super) fn robust_sd(residuals: impl Iterator<Item = f64>) -> f64 {
    let mut sizes: Vec<f64> = residuals.map(f64::abs).collect();
    MEDIAN_TO_SD * median_in(&mut sizes).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slice_meets_those_of_one_round_before_it() {
        let slice = |place: usize| Slice {
            arm: place % 2,
            after: place.checked_sub(1).map(|before| before % 2),
            at_s: place as f64 * 0.5,
            log: (place * place) as f64,
        };
        let slices: Vec<Slice> = (0..4).map(slice).collect();
        let found = compare(&slices, 2);
        let differences: Vec<f64> = found.iter().map(|one| one.difference).collect();
        assert_eq!(differences, [1.0, 3.0, 4.0, 5.0, 8.0]);
        let last = found[4];
        assert_eq!((last.one, last.other), (1, 1));
        assert_eq!((last.one_after, last.other_after), (0, 0));
        assert_eq!((last.weight, last.are_neighbours), (1.0, false));
        assert_eq!((found[0].other_after, found[0].weight), (2, 4.0));
    }

    #[test]
    fn what_ran_after_none_is_numbered_after_the_arms() {
        let slice = |after| Slice {
            arm: 0,
            after,
            at_s: 0.0,
            log: 0.0,
        };
        let found = compare(&[slice(Some(1)), slice(None)], 2)[0];
        assert_eq!((found.one_after, found.other_after), (2, 1));
    }

    #[test]
    fn slices_at_one_time_do_not_weigh_infinitely() {
        let slice = Slice {
            arm: 0,
            after: None,
            at_s: 1.0,
            log: 0.0,
        };
        assert_eq!(compare(&[slice, slice], 1)[0].weight, 0.005_f64.powi(-2));
    }

    #[test]
    fn a_robust_sd_ignores_a_single_wild_value() {
        assert_eq!(robust_sd([-1.0, 1.0, 500.0].into_iter()), 1.4826);
        assert_eq!(robust_sd(std::iter::empty()), 0.0);
    }
}
