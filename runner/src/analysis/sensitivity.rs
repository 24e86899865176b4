//! Whether another way to analyse the same observations would rank otherwise.

use super::ranked::Ranked;
use crate::run::Arm;
use crate::stats::Slice;

/// Another way, and what it would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sensitivity {
    /// What is done differently.
    pub alternative: String,
    /// Contestants whose rank set would be another.
    pub changed: Vec<String>,
}

impl Sensitivity {
    /// Compares the rank sets of another analysis with ours; `None` if ours has none.
    #[must_use]
    pub fn against(alternative: &str, ours: &Ranked, theirs: &Ranked) -> Option<Self> {
        if ours.ranking.is_err() {
            return None;
        }
        let theirs = theirs.rank_sets();
        let ours = ours.rank_sets().into_iter();
        let changed = ours.filter(|one| !theirs.contains(one));
        Some(Self {
            alternative: alternative.to_owned(),
            changed: changed.map(|(name, _)| name.to_owned()).collect(),
        })
    }
}

/// The analysis in which a block's value is its best slice, since delays only add.
#[must_use]
pub fn with_best_slices(ranked: &Ranked, arms: &[Arm], seed: u64) -> Ranked {
    let measured = ranked.measured.clone();
    let best = |block: &Vec<Slice>| {
        let mut row = vec![f64::NEG_INFINITY; measured.arms.len()];
        for slice in block {
            row[slice.arm] = row[slice.arm].max(slice.log);
        }
        row
    };
    let rows = measured.blocks.iter().map(best).collect();
    Ranked::of_rows(measured, rows, arms, ranked.measure, ranked.margin, seed)
}
