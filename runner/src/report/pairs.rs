//! Every pair of a table: the ratio of their figures, and whether they differ significantly.

use crate::analysis::Ranked;
use serde::Serialize;

/// All pairs by one measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pairs {
    /// By what.
    pub measure: &'static str,
    /// Whether a higher figure is better.
    pub higher_is_better: bool,
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
