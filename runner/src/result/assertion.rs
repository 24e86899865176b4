//! Claims about a result, such as `p99<5ms`: for scripts that have to know whether it was good.

use super::LoadResult;
use std::fmt;

/// One claim: a figure, a comparison and a bound.
#[derive(Debug, Clone)]
pub struct Assertion {
    text: String,
    figure: Figure,
    comparison: Comparison,
    /// In the unit of the figure.
    bound: f64,
}

/// A figure of a result.
type Figure = fn(&LoadResult) -> Option<f64>;

/// What a bound is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// A time: the bound has a unit, the figure is in µs.
    Time,
    /// A number, with an optional suffix.
    Number,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
    Unequal,
}

/// The figures that can be claimed, by name. Times are those that JSON has as `latency_us`.
const FIGURES: [(&str, Unit, Figure); 28] = [
    ("mean", Unit::Time, |run| run.latency_us.mean),
    ("p50", Unit::Time, |run| run.latency_us.p50),
    ("p75", Unit::Time, |run| run.latency_us.p75),
    ("p90", Unit::Time, |run| run.latency_us.p90),
    ("p95", Unit::Time, |run| run.latency_us.p95),
    ("p99", Unit::Time, |run| run.latency_us.p99),
    ("p999", Unit::Time, |run| run.latency_us.p999),
    ("p9999", Unit::Time, |run| run.latency_us.p9999),
    ("max", Unit::Time, |run| run.latency_us.max),
    ("connect_p50", Unit::Time, |run| run.connect_us.p50),
    ("connect_p99", Unit::Time, |run| run.connect_us.p99),
    ("duration", Unit::Time, |run| Some(run.duration_s * 1e6)),
    ("wait_at_end", Unit::Time, |run| {
        Some(run.wait_at_end_s * 1e6)
    }),
    ("client_cpu", Unit::Time, |run| Some(run.client_cpu_s * 1e6)),
    ("rps", Unit::Number, |run| Some(run.rps)),
    ("sent", Unit::Number, |run| number(run.sent)),
    ("ok", Unit::Number, |run| number(run.ok)),
    ("unsent", Unit::Number, |run| number(run.unsent)),
    ("reconnects", Unit::Number, |run| number(run.reconnects)),
    ("errors", Unit::Number, |run| number(run.errors.sum())),
    ("bad_status", Unit::Number, |run| {
        number(run.errors.bad_status)
    }),
    ("bad_body", Unit::Number, |run| number(run.errors.bad_body)),
    ("protocol_error", Unit::Number, |run| {
        number(run.errors.protocol_error)
    }),
    ("reset", Unit::Number, |run| number(run.errors.reset)),
    ("timeout", Unit::Number, |run| number(run.errors.timeout)),
    ("connect", Unit::Number, |run| number(run.errors.connect)),
    ("unanswered", Unit::Number, |run| {
        number(run.errors.unanswered)
    }),
    ("error_share", Unit::Number, |run| {
        let share = run.errors.requests() as f64 / run.sent as f64;
        (run.sent > 0).then_some(share)
    }),
];

fn number(count: u64) -> Option<f64> {
    Some(count as f64)
}

/// Longer ones first: `<=` begins with `<`.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

impl Assertion {
    /// Reads a claim such as `p99 < 5ms`, `errors == 0` or `rps >= 10k`.
    ///
    /// # Errors
    ///
    /// A sentence that says what can be claimed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let at = text
            .find(['<', '>', '=', '!'])
            .ok_or_else(|| format!("`{text}` compares nothing; write p99<5ms or errors==0"))?;
        let (name, rest) = (text[..at].trim(), &text[at..]);
        let (_, unit, figure) = *FIGURES
            .iter()
            .find(|(known, ..)| *known == name)
            .ok_or_else(|| format!("there is no figure `{name}`; there are {}", names()))?;
        let (sign, comparison) = *COMPARISONS
            .iter()
            .find(|(sign, _)| rest.starts_with(sign))
            .ok_or_else(|| format!("`{rest}` is not a comparison: < <= > >= == !="))?;
        let bound = read_bound(rest[sign.len()..].trim(), unit)?;
        Ok(Self {
            text: text.to_owned(),
            figure,
            comparison,
            bound,
        })
    }

    /// Whether it holds, and the figure it is about. Of a figure that a run does not have, such as a
    /// percentile of no answers, nothing holds.
    #[must_use]
    pub fn holds(&self, run: &LoadResult) -> (bool, Option<f64>) {
        let figure = (self.figure)(run);
        (figure.is_some_and(|figure| self.holds_of(figure)), figure)
    }

    fn holds_of(&self, figure: f64) -> bool {
        match self.comparison {
            Comparison::Less => figure < self.bound,
            Comparison::AtMost => figure <= self.bound,
            Comparison::Greater => figure > self.bound,
            Comparison::AtLeast => figure >= self.bound,
            // Counts are whole and exact in this type; times are compared at three digits.
            Comparison::Equal => same(figure, self.bound),
            Comparison::Unequal => !same(figure, self.bound),
        }
    }
}

impl fmt::Display for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(&self.text)
    }
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() <= f64::EPSILON * one.abs().max(other.abs())
}

fn names() -> String {
    FIGURES.map(|(name, ..)| name).join(", ")
}

fn read_bound(text: &str, unit: Unit) -> Result<f64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_alphabetic());
    let factor = match (unit, &text[digits.len()..]) {
        (Unit::Time, "us" | "µs") => 1.0,
        (Unit::Time, "ms") => 1e3,
        (Unit::Time, "s") => 1e6,
        (Unit::Time, _) => {
            return Err(format!("`{text}` is not a time: write it in us, ms or s"));
        }
        (Unit::Number, "") => 1.0,
        (Unit::Number, "k" | "K") => 1e3,
        (Unit::Number, "M" | "m") => 1e6,
        (Unit::Number, "G" | "g") => 1e9,
        (Unit::Number, _) => {
            return Err(format!("`{text}` is not a number such as 0, 10k or 0.01"));
        }
    };
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number * factor),
        _ => Err(format!("`{text}` has no number")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::result;
    use super::*;

    #[test]
    fn claims_are_held_against_the_figures() {
        let mut run = result();
        run.latency_us.p99 = Some(4_999.0);
        run.rps = 10_000.0;
        run.errors.reset = 2;
        for (claim, holds) in [
            ("p99<5ms", true),
            ("p99 <= 4999us", true),
            ("p99 < 0.004s", false),
            ("rps>=10k", true),
            ("rps > 10k", false),
            ("errors==0", false),
            ("errors == 6", true),
            ("reset != 2", false),
            ("timeout==0", true),
        ] {
            assert_eq!(
                Assertion::parse(claim).unwrap().holds(&run).0,
                holds,
                "{claim}"
            );
        }
    }

    #[test]
    fn nothing_holds_of_a_figure_that_is_not_there() {
        let mut run = result();
        run.latency_us.p99 = None;
        run.sent = 0;
        for claim in ["p99<1h", "p99>0us", "p99!=1s", "error_share<1"] {
            let claim = claim.replace("1h", "3600s");
            assert_eq!(
                Assertion::parse(&claim).unwrap().holds(&run),
                (false, None),
                "{claim}"
            );
        }
    }

    #[test]
    fn what_is_no_claim_is_refused_with_what_would_be() {
        for (claim, words) in [
            ("p99", "compares nothing"),
            ("p98<5ms", "there are mean, p50"),
            ("p99<5", "write it in us, ms or s"),
            ("p99=5ms", "is not a comparison"),
            ("errors==", "has no number"),
            ("errors==NaN", "is not a number"),
            ("rps>1x", "is not a number"),
        ] {
            let error = Assertion::parse(claim).unwrap_err();
            assert!(error.contains(words), "{claim}: {error}");
        }
    }
}
