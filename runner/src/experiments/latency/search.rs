//! The highest rate that is held: a bracket by doubling, then bisection. Pure.

use anyhow::Result;

/// The rate a search begins with, in requests per second.
const FIRST_RATE: f64 = 1000.0;

/// No rate above this is tried.
const RATE_MAX: f64 = 10_000_000.0;

/// The search ends when the bracket is this narrow: the higher rate per the lower one.
const PRECISION: f64 = 1.05;

/// Asks `is_held` of rising rates until one is not held, then between the two; the highest rate that was held, or
/// `None` if not even a tenth of the first was.
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
        if is_held(middle)? {
            held = middle;
        } else {
            failed = middle;
        }
    }
    Ok(Some(held))
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
    }

    #[test]
    fn a_server_that_holds_nothing_has_no_highest_rate() {
        assert_eq!(highest_held(|_| Ok(false)).unwrap(), None);
    }
}
