//! The slope of a line through points, for which no single point matters much: the median of the slopes
//! of all pairs (Theil 1950, Sen 1968), with Sen's interval from the variance of Kendall's S.

use super::median;

/// 97.5th percentile of the standard normal distribution.
const Z_975: f64 = 1.959_963_985;

/// A slope and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// The median of the slopes of all pairs of points.
    pub estimate: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

impl Slope {
    /// Of points (x, y) with different x; `None` if there are fewer than three.
    #[must_use]
    pub fn of(points: &[(f64, f64)]) -> Option<Self> {
        if points.len() < 3 {
            return None;
        }
        let mut slopes = slopes(points);
        slopes.sort_unstable_by(f64::total_cmp);
        let (n, pairs) = (points.len() as f64, slopes.len() as f64);
        let variance = n * (n - 1.0) * (2.0 * n + 5.0) / 18.0;
        let distance = Z_975 * variance.sqrt();
        // Ranks from 1, outwards to the next whole one: the interval is rather too wide.
        let lower = ((pairs - distance) / 2.0).floor().max(1.0);
        let upper = ((pairs + distance) / 2.0 + 1.0).ceil().min(pairs);
        Some(Self {
            estimate: median(&slopes)?,
            lower: slopes[lower as usize - 1],
            upper: slopes[upper as usize - 1],
        })
    }
}

fn slopes(points: &[(f64, f64)]) -> Vec<f64> {
    let mut slopes = Vec::with_capacity(points.len() * (points.len() - 1) / 2);
    for (place, one) in points.iter().enumerate() {
        for other in &points[place + 1..] {
            if other.0 != one.0 {
                slopes.push((other.1 - one.1) / (other.0 - one.0));
            }
        }
    }
    slopes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(slope: f64) -> Vec<(f64, f64)> {
        (0..21)
            .map(|x| (f64::from(x), 7.0 + slope * f64::from(x)))
            .collect()
    }

    #[test]
    fn a_straight_line_is_found_exactly() {
        let found = Slope::of(&line(0.25)).unwrap();
        assert_eq!(
            (found.lower, found.estimate, found.upper),
            (0.25, 0.25, 0.25)
        );
    }

    #[test]
    fn one_wild_point_hardly_moves_it() {
        let mut points = line(0.25);
        points[4].1 += 1e6;
        let found = Slope::of(&points).unwrap();
        assert!((found.estimate - 0.25).abs() < 1e-9, "{found:?}");
        assert!(found.lower <= 0.25 && found.upper >= 0.25);
    }

    #[test]
    fn the_interval_takes_the_ranks_that_gilberts_formula_says() {
        // Gilbert, Statistical Methods for Environmental Pollution Monitoring (1987), §16.5, without
        // ties: n = 10, C = 1.96 × √125, so the 11th and 35th of 45 slopes, taken outwards.
        let points: Vec<(f64, f64)> = [1.0, 3.0, 2.0, 5.0, 4.0, 8.0, 6.0, 9.0, 7.0, 10.0]
            .iter()
            .enumerate()
            .map(|(x, &y)| (x as f64, y))
            .collect();
        let mut all = slopes(&points);
        all.sort_unstable_by(f64::total_cmp);
        let found = Slope::of(&points).unwrap();
        assert_eq!((found.lower, found.upper), (all[10], all[34]));
    }

    #[test]
    fn two_points_say_nothing() {
        assert_eq!(Slope::of(&line(1.0)[..2]), None);
        assert_eq!(Slope::of(&[]), None);
    }

    proptest! {
        #[test]
        fn a_tilt_adds_to_the_slope(ys in proptest::collection::vec(-1e3..1e3_f64, 3..30), tilt in -5.0..5.0_f64) {
            let points: Vec<_> = ys.iter().enumerate().map(|(x, &y)| (x as f64, y)).collect();
            let tilted: Vec<_> = points.iter().map(|&(x, y)| (x, y + tilt * x)).collect();
            let (one, other) = (Slope::of(&points).unwrap(), Slope::of(&tilted).unwrap());
            prop_assert!((one.estimate + tilt - other.estimate).abs() < 1e-6);
            prop_assert!(one.lower <= one.estimate && one.estimate <= one.upper);
        }
    }
}
