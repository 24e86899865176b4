//! A service level objective such as `p99=5ms`: a quantile of the response time, and its bound.

use super::Measured;

/// Share of the schedule that has to be sent for a rate to be held.
pub const RATE_HELD_SHARE_MIN: f64 = 0.99;

/// A bound on a quantile of the response time.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    text: String,
    quantile: f64,
    bound_ns: f64,
}

impl Objective {
    /// Reads `p99=5ms`.
    ///
    /// # Errors
    ///
    /// A sentence on what is accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an objective such as p99=5ms or p50=800us");
        let (name, bound) = text.split_once('=').ok_or_else(wrong)?;
        let quantile = match name {
            "p50" => 0.5,
            "p90" => 0.9,
            "p95" => 0.95,
            "p99" => 0.99,
            "p999" => 0.999,
            _ => return Err(wrong()),
        };
        let digits = bound.trim_end_matches(|c: char| c.is_alphabetic());
        let unit_ns = match &bound[digits.len()..] {
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            _ => return Err(wrong()),
        };
        let number: f64 = digits.parse().map_err(|_| wrong())?;
        if !(number > 0.0 && number.is_finite()) {
            return Err(wrong());
        }
        Ok(Self {
            text: text.to_owned(),
            quantile,
            bound_ns: number * unit_ns,
        })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a run at a fixed rate has met it: nearly all was sent, all answers were right, and
    /// the quantile lies under the bound.
    #[must_use]
    pub fn is_met_by(&self, measured: &Measured) -> bool {
        let tally = &measured.tally;
        let sent_share = tally.sent as f64 / tally.scheduled().max(1) as f64;
        let time_ns = measured.times.response.value_at_quantile(self.quantile);
        tally.errors() + tally.connect_errors == 0
            && sent_share >= RATE_HELD_SHARE_MIN
            && time_ns as f64 <= self.bound_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_are_read_or_refused() {
        let objective = Objective::parse("p99=5ms").unwrap();
        assert_eq!((objective.quantile, objective.bound_ns), (0.99, 5e6));
        for text in [
            "",
            "p99",
            "p98=5ms",
            "p99=5",
            "p99=-1ms",
            "p99=NaNms",
            "p99<5ms",
        ] {
            assert!(Objective::parse(text).is_err(), "{text}");
        }
    }
}
