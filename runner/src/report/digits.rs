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

/// An interval that is wider than this on either side is written with its ends: few read ±200% as a third to three times.
pub(super) const HALF_WIDTH_MAX: f64 = 0.5;

/// With half of the interval, in percent, or with its ends: as many digits of the ratio as the interval leaves a meaning.
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
    if half_width > HALF_WIDTH_MAX {
        let [value, lower, upper] = [value, lower, upper].map(two_digits);
        return format!("{value} ({lower}–{upper})");
    }
    let digits = (-(half_width * value).log10()).ceil().clamp(3.0, 6.0) as usize;
    format!("{value:.digits$} ±{:.1}%", half_width * 100.0)
}

/// With two significant digits, which is all that a wide interval leaves a meaning.
fn two_digits(value: f64) -> String {
    let digits = (1.0 - value.abs().log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.digits$}")
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
    use super::{meant, ratio};
    use crate::report::cell::Bounds;

    #[test]
    fn a_wide_interval_is_written_with_its_ends() {
        let said = |value: f64, factor: f64| {
            let interval = Bounds {
                lower: value / factor,
                upper: value * factor,
            };
            ratio(value, Some(interval))
        };
        assert_eq!(said(0.907, 24.0), "0.91 (0.038–22)");
        assert_eq!(said(4.127, 5.8), "4.1 (0.71–24)");
        assert_eq!(said(0.943, 1.026), "0.943 ±2.6%");
    }

    #[test]
    fn half_an_interval_is_told_with_two_digits_of_its_own() {
        let digits = [0.042, 0.42, 1.63, 4.2, 16.3].map(|half| meant(100.0 - half, 100.0 + half));
        assert_eq!(digits, [3, 2, 1, 1, 0]);
        assert_eq!([meant(1.0, 1.0), meant(0.0, 1e-9)], [3, 3]);
    }
}
