//! Whether what the intervals assume holds in a run, as far as the run itself can say.

use super::pairs::Pairs;
use super::rare_states::{self, RareState};

/// Why the claims of a table may be more often wrong than 95 % allows.
#[derive(Debug, Clone, PartialEq)]
pub enum Unsound {
    /// Processes of an arm were in a rare state; an arm in which none was seen may owe that to chance.
    RareState(RareState),
    /// Blocks follow their neighbours more closely than intervals are known to make up for.
    CorrelatedBlocks {
        /// The correlation of a block with the next.
        lag_one: f64,
    },
}

/// All that is wrong with the blocks behind these pairs of `arms` arms.
pub(super) fn judge(pairs: &Pairs, arms: usize) -> Vec<Unsound> {
    let correlated = pairs.correlation.too_high();
    let correlated = correlated.map(|lag_one| Unsound::CorrelatedBlocks { lag_one });
    let states = rare_states::find(pairs, arms);
    states
        .into_iter()
        .map(Unsound::RareState)
        .chain(correlated)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_drift_apart_are_named_and_independent_ones_are_not() {
        let judged = |log: fn(usize, usize) -> f64| {
            let row = |block: usize| (0..3).map(|arm| log(block, arm)).collect();
            judge(&Pairs::of(&(0..24).map(row).collect::<Vec<_>>()), 3)
        };
        let wobble = |block: usize, arm: usize| ((block * (5 + 2 * arm)) % 24) as f64;
        assert_eq!(judged(wobble), []);
        let waves = judged(|block, arm| (block as f64 / (2.0 + arm as f64)).sin());
        assert!(
            matches!(waves[..], [Unsound::CorrelatedBlocks { lag_one }] if lag_one > 0.6),
            "{waves:?}"
        );
    }
}
