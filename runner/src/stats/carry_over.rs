//! What an arm carries over into the slice after it, and whether that is more than chance.

use super::chance::Chance;

/// What arms carry over.
#[derive(Debug, Clone, PartialEq)]
pub struct CarryOver {
    /// Per arm: by how much the log rate of the slice after it differs from the mean over arms.
    pub of_arm: Vec<f64>,
    /// Per arm: the standard error of it, over blocks.
    pub standard_errors: Vec<f64>,
    /// One row per block: how far it has moved each arm's estimate, times the number of blocks.
    influence: Vec<Vec<f64>>,
}

impl CarryOver {
    /// From what is carried over, of which the first `arms` are arms, and each block's influence on it;
    /// `None` if nothing was estimated.
    pub(super) fn of(carried: &[f64], influence: &[Vec<f64>], arms: usize) -> Option<Self> {
        if carried.is_empty() {
            return None;
        }
        let about_mean = |values: &[f64]| -> Vec<f64> {
            let mean = values[..arms].iter().sum::<f64>() / arms as f64;
            values[..arms].iter().map(|value| value - mean).collect()
        };
        let influence: Vec<Vec<f64>> = influence.iter().map(|row| about_mean(row)).collect();
        let count = influence.len() as f64;
        let standard_error = |arm: usize| {
            let squares: f64 = influence.iter().map(|row| row[arm] * row[arm]).sum();
            (squares / (count - 1.0).max(1.0) / count).sqrt()
        };
        Some(Self {
            of_arm: about_mean(carried),
            standard_errors: (0..arms).map(standard_error).collect(),
            influence,
        })
    }

    /// The arm that changes the slice after it most.
    #[must_use]
    pub fn largest(&self) -> usize {
        let arms = 0..self.of_arm.len();
        let by_size = |one: &usize, other: &usize| {
            self.of_arm[*one]
                .abs()
                .total_cmp(&self.of_arm[*other].abs())
        };
        arms.max_by(by_size).unwrap_or(0)
    }

    /// How likely chance alone makes any arm look as clearly unlike the others; `None` if there are too
    /// few blocks to say.
    #[must_use]
    pub fn p_value(&self, seed: u64, draws: usize) -> Option<f64> {
        let chance = Chance::draw(&self.influence, seed, draws)?;
        let ts = self.of_arm.iter().zip(&self.standard_errors);
        let largest = ts
            .map(|(estimate, error)| (estimate / error).abs())
            .fold(0.0, f64::max);
        Some(chance.p_value(largest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Carry-over of three arms, and one unknown more, over 24 blocks that wobble about it.
    fn carry_over(carried: [f64; 4]) -> CarryOver {
        let row = |block: usize| -> Vec<f64> {
            let wobble = |arm: usize| ((block * (5 + 2 * arm)) % 24) as f64 / 24.0 - 23.0 / 48.0;
            (0..4).map(|arm| 0.1 * wobble(arm)).collect()
        };
        let influence: Vec<Vec<f64>> = (0..24).map(row).collect();
        CarryOver::of(&carried, &influence, 3).unwrap()
    }

    #[test]
    fn carry_over_is_relative_to_the_mean_over_arms() {
        let found = carry_over([0.03, 0.01, 0.02, 9.0]);
        let expected = [0.01, -0.01, 0.0];
        for (found, expected) in found.of_arm.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        assert_eq!(found.standard_errors.len(), 3);
    }

    #[test]
    fn the_test_finds_what_is_large_for_its_error_and_nothing_else() {
        let p = |largest| carry_over([largest, 0.0, 0.0, 0.0]).p_value(1, 999);
        // The standard error is about 0.005.
        assert!(p(0.0).unwrap() > 0.9);
        assert!(p(0.006).unwrap() > 0.05);
        assert_eq!(p(0.1).unwrap(), 1.0 / 1000.0);
    }

    #[test]
    fn nothing_is_said_of_what_was_not_estimated() {
        assert_eq!(CarryOver::of(&[], &[], 3), None);
        let few = CarryOver::of(&[0.1, 0.0], &vec![vec![0.0, 0.0]; 5], 2).unwrap();
        assert_eq!(few.p_value(1, 99), None);
    }
}
