//! How many digits of a figure have a meaning, and ratios and gains written with these.

use super::cell::Bounds;
use crate::stats::Interval;

/// As many digits after the point as an interval leaves a meaning: half of it is told with two of its own, if these are
/// within the first three.
pub(super) fn meant(lower: f64, upper: f64) -> usize {
    let half = (upper - lower) / 2.0;
    let digits = 1.0 - half.log10().floor();
    // An interval without width has all of them: a float beyond the range becomes the end of the range.
    (digits as usize).min(3)
}

/// With half of the interval, in percent: as many digits of the ratio as the interval leaves a meaning.
pub(super) fn ratio(value: f64, interval: Option<Bounds>) -> String {
    let Some(Bounds { lower, upper }) = interval else {
        return format!("{value:.3}");
    };
    let half_width = Interval {
        estimate: value,
        lower,
        upper,
    }
    .half_width();
    let digits = (-(half_width * value).log10()).ceil().clamp(3.0, 6.0) as usize;
    format!("{value:.digits$} ±{:.1}%", half_width * 100.0)
}

/// A gain in percent, with the ends of its interval.
pub(super) fn gain(ratio: f64, interval: Option<Bounds>) -> String {
    let gain = (ratio - 1.0) * 100.0;
    let Some(Bounds { lower, upper }) = interval else {
        return format!("{gain:+.1}%");
    };
    let [lower, upper] = [lower, upper].map(|end| (end - 1.0) * 100.0);
    format!("{gain:+.1}%; {lower:+.1} to {upper:+.1}")
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn half_an_interval_is_told_with_two_digits_of_its_own() {
        let digits = [0.042, 0.42, 1.63, 4.2, 16.3].map(|half| meant(100.0 - half, 100.0 + half));
        assert_eq!(digits, [3, 2, 1, 1, 0]);
        assert_eq!([meant(1.0, 1.0), meant(0.0, 1e-9)], [3, 3]);
    }
}
