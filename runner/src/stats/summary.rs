//! Robust summaries: the median for what is typical, the quartiles for how far values lie apart.

/// The three quartiles of a set of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quartiles {
    /// A quarter of the values lie below.
    pub lower: f64,
    /// Half of the values lie below.
    pub median: f64,
    /// A quarter of the values lie above.
    pub upper: f64,
}

impl Quartiles {
    /// Of `values`, in any order; `None` if there is none.
    ///
    /// Between two values it interpolates linearly (Hyndman and Fan 1996, definition 7).
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        Some(Self {
            lower: quantile(&sorted, 0.25)?,
            median: quantile(&sorted, 0.5)?,
            upper: quantile(&sorted, 0.75)?,
        })
    }

    /// The distance of the outer quartiles, as a share of the median.
    #[must_use]
    pub fn relative_spread(&self) -> f64 {
        (self.upper - self.lower) / self.median
    }
}

/// The median of `values`, in any order; `None` if there is none.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    median_in(&mut values.to_vec())
}

/// The same; puts the values in another order. They are not sorted, which would take most of the time of a robust
/// regression.
pub(super) fn median_in(values: &mut [f64]) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let (below, middle, _) = values.select_nth_unstable_by(last.div_ceil(2), f64::total_cmp);
    let largest_below = below.iter().copied().max_by(f64::total_cmp);
    match largest_below.filter(|_| !last.is_multiple_of(2)) {
        Some(below) => Some(below * 0.5 + *middle * 0.5),
        None => Some(*middle),
    }
}

fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share * last as f64;
    let below = place.floor() as usize;
    let above = place.ceil() as usize;
    let weight = place - place.floor();
    Some(sorted[below] * (1.0 - weight) + sorted[above] * weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_median_is_the_quartile_in_the_middle(
            values in proptest::collection::vec(-9_i32..9, 0..20)
        ) {
            let values: Vec<f64> = values.into_iter().map(|one| f64::from(one) * 0.1).collect();
            prop_assert_eq!(median(&values), Quartiles::of(&values).map(|all| all.median));
        }
    }

    #[test]
    fn quartiles_agree_with_the_definition() {
        let quartiles = Quartiles::of(&[4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!(
            (quartiles.lower, quartiles.median, quartiles.upper),
            (1.75, 2.5, 3.25)
        );
        assert_eq!(quartiles.relative_spread(), 0.6);
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(Quartiles::of(&[]), None);
    }
}
