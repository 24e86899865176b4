//! The mean of a few values and its interval by Student's t: for figures that vary so little from process to process
//! that a few processes say enough, and too few for the intervals of a ranking.

use super::ranking::Interval;

/// 97.5th percentiles of Student's t distribution, from one degree of freedom on.
const T_975: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// The mean of `values` with its 95 % interval, for values that are independent and roughly normal; `None` if there are
/// fewer than two.
#[must_use]
pub fn mean_interval(values: &[f64]) -> Option<Interval> {
    let freedom = values.len().checked_sub(1).filter(|&one| one > 0)?;
    let estimate = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - estimate).powi(2)).sum();
    let error = (squares / freedom as f64 / values.len() as f64).sqrt();
    // With more degrees of freedom than the table has, its last value is rather too wide.
    let half_width = T_975[freedom.min(T_975.len()) - 1] * error;
    Some(Interval {
        estimate,
        lower: estimate - half_width,
        upper: estimate + half_width,
    })
}

/// A mean of a few values with its interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Its interval; `None` if there is one value.
    pub interval: Option<Interval>,
    /// How many values there are.
    pub count: usize,
}

impl Mean {
    /// The mean of these values; `None` if there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let value = values.iter().sum::<f64>() / values.len() as f64;
        value.is_finite().then(|| Self {
            value,
            interval: mean_interval(values),
            count: values.len(),
        })
    }

    /// Half of the interval's width, as a share of the mean.
    #[must_use]
    pub fn half_width(&self) -> Option<f64> {
        let interval = self.interval?;
        (self.value > 0.0).then(|| (interval.upper - interval.lower) / 2.0 / self.value)
    }

    /// Whether the two intervals have a part in common; a mean without an interval overlaps with all others.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let ends = self.interval.zip(other.interval);
        ends.is_none_or(|(one, other)| one.lower <= other.upper && other.lower <= one.upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    #[test]
    fn three_values_by_hand() {
        // Mean 12, standard deviation 2: 4.303 * 2 / sqrt(3).
        let found = mean_interval(&[10.0, 12.0, 14.0]).unwrap();
        assert_eq!(found.estimate, 12.0);
        assert!((found.upper - 16.9687).abs() < 1e-3, "{found:?}");
        assert!((found.lower + found.upper - 24.0).abs() < 1e-9);
    }

    #[test]
    fn one_value_says_nothing_of_its_error() {
        assert_eq!(mean_interval(&[7.0]), None);
        assert_eq!(mean_interval(&[]), None);
    }

    #[test]
    fn the_interval_covers_the_truth_as_often_as_it_says() {
        let mut random = Pcg64::seed_from_u64(1);
        // The sum of twelve uniform values is nearly normal, and its mean is 6.
        let mut normal = || -> f64 { (0..12).map(|_| random.random::<f64>()).sum() };
        let covers = |_: &u32| {
            let found = mean_interval(&[normal(), normal(), normal()]).unwrap();
            found.lower <= 6.0 && 6.0 <= found.upper
        };
        let covered = (0..10_000_u32).filter(covers).count();
        assert!((9_400..=9_600).contains(&covered), "{covered}");
    }
}
