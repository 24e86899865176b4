//! Pairs of arms: the mean log ratio of each over blocks, and how sure it is.
//!
//! The ratio of two arms is not a constant: it moves with the speed of the machine, because work in
//! user mode and work in the kernel do not speed up and slow down alike. What is estimated is the
//! ratio at the run's mean log speed, which is the mean over blocks; so a pair's log ratios are
//! regressed on the speed of the other arms only to find how much they vary about it. The estimate
//! itself is the same with and without.

use super::chance::{CHECKED_BLOCKS_MIN, STANDARD_ERROR_MIN};
use super::correlation::BlockCorrelation;

/// How a log ratio moves with the log speed of the machine: −1 for an arm whose rate is a constant,
/// against one that is as fast as the machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeedSlope {
    /// Change of the log ratio per unit of log speed.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// What is known of one pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The first arm.
    pub one: usize,
    /// The second, of a higher index.
    pub other: usize,
    /// Mean over blocks of the first arm's log rate less the second's.
    pub mean: f64,
    /// Standard deviation of a block's log ratio about its mean.
    pub total_sd: f64,
    /// Standard deviation of a block's log ratio once the speed of the machine is accounted for.
    pub sd: f64,
    /// Standard error of `mean`; it grows with the correlation of blocks.
    pub standard_error: f64,
    /// How the ratio moves with the speed of the machine; `None` if there are too few blocks to ask,
    /// or no other arm.
    pub slope: Option<SpeedSlope>,
}

impl Pair {
    /// The same seen from the other arm.
    pub(super) fn turned(self) -> Self {
        let slope = self.slope.map(|slope| SpeedSlope {
            estimate: -slope.estimate,
            ..slope
        });
        Self {
            one: self.other,
            other: self.one,
            mean: -self.mean,
            slope,
            ..self
        }
    }
}

/// All pairs of a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pairs {
    pub(super) all: Vec<Pair>,
    /// One row per block: what is left of each pair's log ratio. Each column has mean 0.
    pub(super) residuals: Vec<Vec<f64>>,
    pub(super) correlation: BlockCorrelation,
}

impl Pairs {
    /// From one row per block with a log rate per arm.
    pub(super) fn of(rows: &[Vec<f64>]) -> Self {
        let arms = rows.first().map_or(0, Vec::len);
        let pairs = (0..arms).flat_map(|one| (one + 1..arms).map(move |other| (one, other)));
        let fits: Vec<Fit> = pairs
            .map(|(one, other)| Fit::of(rows, one, other))
            .collect();
        let correlation = BlockCorrelation::of(&fits);
        let count = rows.len() as f64;
        let judged = |fit: &Fit| {
            let sd = fit.sd();
            let least = sd.max(STANDARD_ERROR_MIN) / count.sqrt();
            Pair {
                one: fit.one,
                other: fit.other,
                mean: fit.mean,
                total_sd: fit.total_sd,
                sd,
                standard_error: least * correlation.widening,
                slope: fit.slope.map(|estimate| SpeedSlope {
                    estimate,
                    standard_error: sd / sum_of_squares(&fit.speeds).sqrt(),
                }),
            }
        };
        let row = |block: usize| fits.iter().map(|fit| fit.residuals[block]).collect();
        Self {
            all: fits.iter().map(judged).collect(),
            residuals: (0..rows.len()).map(row).collect(),
            correlation,
        }
    }
}

/// The regression of one pair's log ratios on the speed of the machine.
pub(super) struct Fit {
    one: usize,
    other: usize,
    mean: f64,
    total_sd: f64,
    slope: Option<f64>,
    /// See [`speeds`].
    pub(super) speeds: Vec<f64>,
    pub(super) residuals: Vec<f64>,
}

impl Fit {
    fn of(rows: &[Vec<f64>], one: usize, other: usize) -> Self {
        let (mean, about_mean) = centred(rows.iter().map(|row| row[one] - row[other]));
        let speeds = speeds(rows, one, other);
        let squares = sum_of_squares(&speeds);
        let is_asked = rows.len() >= CHECKED_BLOCKS_MIN && squares > STANDARD_ERROR_MIN;
        let products = speeds
            .iter()
            .zip(&about_mean)
            .map(|(speed, log)| speed * log);
        let slope = is_asked.then(|| products.sum::<f64>() / squares);
        let by = slope.unwrap_or(0.0);
        let both = about_mean.iter().zip(&speeds);
        Self {
            one,
            other,
            mean,
            total_sd: (sum_of_squares(&about_mean) / (rows.len() as f64 - 1.0)).sqrt(),
            slope,
            residuals: both.map(|(log, speed)| log - by * speed).collect(),
            speeds,
        }
    }

    /// How many numbers were fitted: the mean, and the slope.
    pub(super) fn fitted(&self) -> f64 {
        1.0 + f64::from(u8::from(self.slope.is_some()))
    }

    fn sd(&self) -> f64 {
        let free = self.residuals.len() as f64 - self.fitted();
        (sum_of_squares(&self.residuals) / free).sqrt()
    }
}

/// The speed of the machine in each block as a pair sees it, less its mean over blocks.
pub(super) fn speeds(rows: &[Vec<f64>], one: usize, other: usize) -> Vec<f64> {
    centred(rows.iter().map(|row| speed(row, one, other))).1
}

/// The mean log rate of all arms but these two: neither's own effect is in it. 0 if there are no others.
fn speed(row: &[f64], one: usize, other: usize) -> f64 {
    let others = row.len().saturating_sub(2).max(1) as f64;
    let sum: f64 = (0..row.len())
        .filter(|&arm| arm != one && arm != other)
        .map(|arm| row[arm])
        .sum();
    sum / others
}

/// The mean of values, and the values less it.
pub(super) fn centred(values: impl Iterator<Item = f64>) -> (f64, Vec<f64>) {
    let values: Vec<f64> = values.collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, values.iter().map(|value| value - mean).collect())
}

pub(super) fn sum_of_squares(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wobble(block: usize, arm: usize) -> f64 {
        ((block * (5 + 2 * arm) + arm) % 24) as f64 / 24.0 - 0.5
    }

    /// Blocks of four arms on a machine of this log speed, to which the first arm's ratio moves by `slope`.
    fn rows(blocks: usize, slope: f64, noise: f64) -> Vec<Vec<f64>> {
        let row = |block: usize| {
            let speed = (block as f64 * 0.7).sin();
            let moves = |arm: usize| if arm == 0 { 1.0 + slope } else { 1.0 };
            (0..4)
                .map(|arm| speed * moves(arm) + noise * wobble(block, arm))
                .collect()
        };
        (0..blocks).map(row).collect()
    }

    fn pair(rows: &[Vec<f64>], one: usize, other: usize) -> Pair {
        let pairs = Pairs::of(rows);
        let found = pairs
            .all
            .iter()
            .find(|pair| (pair.one, pair.other) == (one, other));
        *found.unwrap()
    }

    #[test]
    fn a_slope_is_found_and_takes_no_part_in_the_estimate() {
        let rows = rows(24, -0.5, 0.01);
        let found = pair(&rows, 0, 1);
        let slope = found.slope.unwrap();
        assert!(
            (slope.estimate + 0.5).abs() < 4.0 * slope.standard_error,
            "{slope:?}"
        );
        assert!(found.sd < 0.02 && found.total_sd > 0.2, "{found:?}");
        let mean = rows.iter().map(|row| row[0] - row[1]).sum::<f64>() / 24.0;
        assert!((found.mean - mean).abs() < 1e-12);
        let turned = found.turned();
        assert_eq!((turned.one, turned.mean), (1, -found.mean));
        assert_eq!(turned.slope.unwrap().estimate, -slope.estimate);
    }

    #[test]
    fn sd_and_standard_error_agree_with_their_definitions() {
        // Blocks of −1 and 1 in turn, on a machine whose speed does not vary.
        let rows: Vec<Vec<f64>> = (0..20)
            .map(|b| vec![f64::from(b % 2 * 2) - 1.0, 0.0, 0.0])
            .collect();
        let found = pair(&rows, 0, 1);
        assert_eq!(found.slope, None);
        assert!((found.sd - (20.0_f64 / 19.0).sqrt()).abs() < 1e-12);
        // Blocks that alternate are no more sure than independent ones.
        assert!((found.standard_error - found.sd / 20.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn neither_arms_luck_is_in_the_speed() {
        let steady: Vec<Vec<f64>> = rows(24, 0.0, 0.1);
        let mut lucky = steady.clone();
        lucky
            .iter_mut()
            .enumerate()
            .for_each(|(block, row)| row[2] += wobble(block, 7));
        assert_eq!(speeds(&steady, 1, 2), speeds(&lucky, 1, 2));
        assert_ne!(speeds(&steady, 0, 1), speeds(&lucky, 0, 1));
    }

    #[test]
    fn few_blocks_or_two_arms_have_no_slope() {
        assert_eq!(pair(&rows(19, -0.5, 0.01), 0, 1).slope, None);
        let two: Vec<Vec<f64>> = rows(24, -0.5, 0.01)
            .iter()
            .map(|row| row[..2].to_vec())
            .collect();
        assert_eq!(pair(&two, 0, 1).slope, None);
    }

    proptest! {
        #[test]
        fn residuals_have_mean_zero_and_nothing_of_the_speed(
            values in proptest::collection::vec(-1.0..1.0_f64, 96),
        ) {
            let rows: Vec<Vec<f64>> = values.chunks(4).map(<[f64]>::to_vec).collect();
            let pairs = Pairs::of(&rows);
            for (place, pair) in pairs.all.iter().enumerate() {
                let speeds = speeds(&rows, pair.one, pair.other);
                let residuals = pairs.residuals.iter().map(|row| row[place]);
                prop_assert!(residuals.clone().sum::<f64>().abs() < 1e-9);
                let products = residuals.zip(&speeds).map(|(one, speed)| one * speed);
                prop_assert!(products.sum::<f64>().abs() < 1e-9);
                prop_assert!(pair.sd <= pair.total_sd * (23.0_f64 / 22.0).sqrt() + 1e-12);
            }
        }
    }
}
