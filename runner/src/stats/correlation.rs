//! Whether blocks are alike in time, and how much less they then say together.
//!
//! If a block's values lean towards those of the block before, the mean over blocks varies more than
//! independent blocks would make it. Blocks are taken for a first-order autoregression, whose
//! coefficient is estimated from all pairs together, since one pair of some 24 blocks says little.

use super::chance::CHECKED_BLOCKS_MIN;
use super::pairs::{Fit, sum_of_squares};

/// Beyond this correlation the widening has not been shown to be enough.
const CORRELATION_MAX: f64 = 0.6;

/// The widening is bounded here, so that nothing is divided by zero.
const COEFFICIENT_MAX: f64 = 0.8;

/// How alike blocks are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockCorrelation {
    /// The correlation of a block with the next: the mean over all pairs of arms. `None` if there are
    /// too few blocks to ask.
    pub lag_one: Option<f64>,
    /// By how much it widens all intervals: 1 if blocks are not alike, never less.
    pub widening: f64,
}

impl BlockCorrelation {
    pub(super) fn of(fits: &[Fit]) -> Self {
        let blocks = fits.first().map_or(0, |fit| fit.residuals.len());
        if blocks < CHECKED_BLOCKS_MIN {
            return Self {
                lag_one: None,
                widening: 1.0,
            };
        }
        let sum: f64 = fits.iter().map(unbiased).sum();
        let lag_one = sum / fits.len() as f64;
        Self {
            lag_one: Some(lag_one),
            widening: widening(lag_one.clamp(0.0, COEFFICIENT_MAX), &fits[0]),
        }
    }

    /// The correlation if it is higher than the widening is known to make up for.
    pub(super) fn too_high(self) -> Option<f64> {
        self.lag_one.filter(|&lag_one| lag_one > CORRELATION_MAX)
    }
}

/// The lag-1 autocorrelation of a pair's residuals, without what the fit itself brings into it.
///
/// Residuals of independent values have the expected autocorrelation −tr(P·L)/(n − p), if P projects
/// on what was fitted and L takes a block to the next: (n − 1)/n for the mean, and the autocorrelation
/// of the speeds for the slope. A true correlation c loses another (p + 3)·c/n (Kendall 1954 for p = 1);
/// p + 4 is made up for, since luck that follows an autoregression is measured with other noise, and
/// then lasts longer than the correlation with the next block says.
fn unbiased(fit: &Fit) -> f64 {
    let (count, fitted) = (fit.residuals.len() as f64, fit.fitted());
    let of_speeds = if fitted > 1.0 {
        autocorrelation(&fit.speeds)
    } else {
        0.0
    };
    let from_fit = ((count - 1.0) / count + of_speeds) / (count - fitted);
    (autocorrelation(&fit.residuals) + from_fit) * count / (count - fitted - 4.0)
}

/// The factor on standard errors: √((1 + c)/(1 − c)), and what the sample variance loses if blocks are
/// alike.
fn widening(coefficient: f64, fit: &Fit) -> f64 {
    let factor = (1.0 + coefficient) / (1.0 - coefficient);
    let free = fit.residuals.len() as f64 - fit.fitted();
    (factor * free / (free + 1.0 - factor)).sqrt()
}

/// Lag-1 autocorrelation of values with mean 0; 0 if they do not vary.
fn autocorrelation(values: &[f64]) -> f64 {
    let next = values.iter().zip(values.iter().skip(1));
    let products: f64 = next.map(|(one, other)| one * other).sum();
    let squares = sum_of_squares(values);
    if squares > f64::EPSILON * f64::EPSILON {
        products / squares
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::pairs::Pairs;
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    #[test]
    fn autocorrelation_agrees_with_its_definition() {
        assert_eq!(autocorrelation(&[1.0, -1.0, 1.0, -1.0]), -0.75);
        assert_eq!(autocorrelation(&[-1.5, -0.5, 0.5, 1.5]), 0.25);
        assert_eq!(autocorrelation(&[0.0, 0.0]), 0.0);
        assert_eq!(autocorrelation(&[]), 0.0);
    }

    /// Runs of `blocks` blocks of 6 arms whose values follow their neighbours with this coefficient.
    fn correlation(coefficient: f64, blocks: usize, seed: u64) -> BlockCorrelation {
        let mut random = Pcg64::seed_from_u64(seed);
        let mut values = vec![0.0; 6];
        let mut rows = Vec::new();
        for _ in 0..blocks + 20 {
            for value in &mut values {
                *value = coefficient * *value + random.random::<f64>() - 0.5;
            }
            rows.push(values.clone());
        }
        Pairs::of(&rows[20..]).correlation
    }

    #[test]
    fn correlation_is_found_hardly_biased() {
        for coefficient in [0.0, 0.3, 0.5] {
            let runs = (0..200).map(|seed| correlation(coefficient, 24, seed).lag_one.unwrap());
            let mean = runs.sum::<f64>() / 200.0;
            // One run has a standard deviation of about 0.1, 200 of 0.007. What is made up for beyond
            // the bias is 0.03 at most.
            assert!((mean - coefficient).abs() < 0.06, "{coefficient}: {mean}");
        }
    }

    #[test]
    fn blocks_that_are_alike_widen_intervals_and_others_leave_them() {
        assert!(correlation(0.5, 200, 1).widening > 1.5);
        assert_eq!(correlation(-0.5, 200, 1).widening, 1.0);
        assert!(correlation(0.9, 200, 1).too_high().is_some());
    }

    #[test]
    fn few_blocks_are_not_asked() {
        let found = correlation(0.9, 19, 1);
        assert_eq!((found.lag_one, found.widening), (None, 1.0));
    }
}
