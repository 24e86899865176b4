//! The highest rate that is held: a bracket by doubling, then bisection. Pure.

use anyhow::Result;

/// Where a search begins, in requests per second.
const FIRST_RATE: f64 = 1000.0;

/// No rate above this is tried.
const RATE_MAX: f64 = 10_000_000.0;

/// The search ends when the bracket is this narrow: the higher rate per the lower one.
const PRECISION: f64 = 1.05;

/// Asks `is_held` of rising rates until one is not held, then between the two; the highest rate
/// that was held, or nothing where not even the tenth part of the first was.
pub(super) fn highest_held(mut is_held: impl FnMut(f64) -> Result<bool>) -> Result<Option<f64>> {
    let mut held = None;
    let mut failed = FIRST_RATE;
    while failed < RATE_MAX && is_held(failed)? {
        held = Some(failed);
        failed *= 2.0;
    }
    while held.is_none() && failed > FIRST_RATE / 10.0 {
        failed /= 2.0;
        if is_held(failed)? {
            held = Some(failed);
            failed *= 2.0;
        }
    }
    let Some(mut held) = held else {
        return Ok(None);
    };
    while failed / held > PRECISION {
        // Rates are compared by ratio, so the middle is the geometric one.
        let middle = (held * failed).sqrt();
        match is_held(middle)? {
            true => held = middle,
            false => failed = middle,
        }
    }
    Ok(Some(held))
}

/// A round rate at or below half of `rate`, which leaves every contestant room.
pub(super) fn comfortable(rate: f64) -> f64 {
    let half = rate / 2.0;
    let unit = 10_f64.powf(half.log10().floor());
    (half / unit).floor().max(1.0) * unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_highest_rate_is_found_to_five_percent(limit in 150.0_f64..5e6) {
            let mut probes = 0;
            let found = highest_held(|rate| { probes += 1; Ok(rate <= limit) }).unwrap().unwrap();
            prop_assert!(found <= limit && limit < found * PRECISION, "{} of {}", found, limit);
            prop_assert!(probes <= 25, "{}", probes);
        }

        #[test]
        fn a_comfortable_rate_is_round_and_leaves_room(rate in 20.0_f64..1e7) {
            let comfortable = comfortable(rate);
            prop_assert!(comfortable <= rate / 2.0 * 1.000_001 && comfortable > rate / 5.0);
        }
    }

    #[test]
    fn a_server_that_holds_nothing_has_no_highest_rate() {
        assert_eq!(highest_held(|_| Ok(false)).unwrap(), None);
        assert_eq!(comfortable(50_000.0), 20_000.0);
    }
}
