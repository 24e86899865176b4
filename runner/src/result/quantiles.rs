//! A distribution of times, cut down to what is read.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// A distribution in µs, cut down to what is read. What an empty one does not have is `null`, and so
/// is what lies beyond the histogram's bound of an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[allow(missing_docs, reason = "the names are the words")]
pub struct Quantiles {
    pub mean: Option<f64>,
    pub p50: Option<f64>,
    pub p75: Option<f64>,
    pub p90: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
    pub p999: Option<f64>,
    pub p9999: Option<f64>,
    pub max: Option<f64>,
}

impl Quantiles {
    /// The quantiles of times in ns.
    #[must_use]
    pub fn of(times: &Histogram<u64>) -> Self {
        // What is longer is kept as the bound, which is then no figure of anything.
        let bound_ns = times.lowest_equivalent(times.high());
        let known = |ns: u64| !times.is_empty() && ns < bound_ns;
        let at = |quantile: f64| {
            let ns = times.value_at_quantile(quantile);
            known(ns).then_some(ns as f64 / 1e3)
        };
        Self {
            mean: known(times.max()).then(|| times.mean() / 1e3),
            p50: at(0.5),
            p75: at(0.75),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            p9999: at(0.9999),
            max: at(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::time_histogram;

    #[test]
    fn an_empty_distribution_has_no_quantiles() {
        assert_eq!(Quantiles::of(&time_histogram()), Quantiles::default());
    }

    #[test]
    fn what_lies_beyond_the_bound_is_not_told_as_the_bound() {
        let mut times = time_histogram();
        times.record_n(1_000_000, 99).unwrap();
        times.saturating_record(7_200_000_000_000);
        let quantiles = Quantiles::of(&times);
        assert!(quantiles.p50.is_some_and(|us| (us - 1000.0).abs() < 1.0));
        assert_eq!((quantiles.max, quantiles.mean), (None, None));
        let mut below = time_histogram();
        below.record(3_500_000_000_000).unwrap();
        assert!(Quantiles::of(&below).max.is_some_and(|us| us > 3.49e9));
    }
}
