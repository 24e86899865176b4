//! Every pair of a table: the ratio of their figures, and whether they differ significantly.

use crate::analysis::Ranked;
use serde::Serialize;

/// What the signs of pairs come from.
pub(super) const SIGNS: &str = "Signs come from a stepwise test of all pairs, whose first step the intervals are. It separates more \
     pairs, so a sign can stand beside an interval that contains 1.";

/// All pairs by one measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pairs {
    /// By what.
    pub measure: &'static str,
    /// Whether a higher figure is better.
    pub higher_is_better: bool,
    /// What its signs and intervals come from, if not from a ranking.
    #[serde(skip)]
    pub signs: Option<&'static str>,
    /// Who took part, in the order of rows and columns below.
    pub arms: Vec<String>,
    /// Row against column; `None` on the diagonal.
    pub ratios: Vec<Vec<Option<Pair>>>,
}

/// One pair: the first one's figure relative to the second one's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pair {
    /// The ratio.
    pub ratio: f64,
    /// The lower end of its interval, jointly valid with all others of the table.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
    /// Whether the two differ significantly.
    pub differs: bool,
}

impl Pairs {
    /// The pairs of a table; `None` if there are too few blocks for any.
    #[must_use]
    pub fn of(ranked: &Ranked) -> Option<Self> {
        ranked.ranking.as_ref().ok()?;
        let arms = &ranked.measured.arms;
        let pair = |one: usize, other: usize| {
            if one == other {
                return None;
            }
            let interval = ranked.ratio(one, other)?;
            Some(Pair {
                ratio: interval.estimate,
                lower: interval.lower,
                upper: interval.upper,
                differs: ranked.differ(&arms[one], &arms[other])?,
            })
        };
        let row = |one: usize| (0..arms.len()).map(|other| pair(one, other)).collect();
        Some(Self {
            measure: ranked.measure.name,
            higher_is_better: ranked.measure.higher_is_better,
            signs: None,
            ratios: (0..arms.len()).map(row).collect(),
            arms: arms.clone(),
        })
    }

    /// A pair in a cell: a sign for who is better, the ratio, and its interval.
    pub(super) fn written(&self, row: usize, column: usize) -> String {
        let pair = self
            .ratios
            .get(row)
            .and_then(|row| row.get(column))
            .copied()
            .flatten();
        pair.map_or_else(String::new, |pair| {
            let is_better = (pair.ratio > 1.0) == self.higher_is_better;
            let sign = match (pair.differs, is_better) {
                (false, _) => "·",
                (true, true) => "▲",
                (true, false) => "▼",
            };
            format!(
                "{sign}\u{a0}{:.3} ({:.3}–{:.3})",
                pair.ratio, pair.lower, pair.upper
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_that_differs_has_its_sign_whatever_its_interval_contains() {
        let pair = |differs| Pair {
            ratio: 1.02,
            lower: 0.99,
            upper: 1.05,
            differs,
        };
        let pairs = Pairs {
            measure: "requests/s",
            higher_is_better: true,
            signs: None,
            arms: vec!["one".to_owned(), "other".to_owned()],
            ratios: vec![vec![None, Some(pair(true))], vec![Some(pair(false)), None]],
        };
        assert_eq!(pairs.written(0, 1), "▲\u{a0}1.020 (0.990–1.050)");
        assert_eq!(pairs.written(1, 0), "·\u{a0}1.020 (0.990–1.050)");
        assert_eq!(pairs.written(0, 0), "");
        assert!(SIGNS.ends_with("a sign can stand beside an interval that contains 1."));
    }
}
