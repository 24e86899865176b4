//! Processes in a rare state: a few blocks in which one arm is far from what it is in all others.
//!
//! A state that one process in twenty is in, and that slows it by many times the usual spread, may be
//! in no block of an arm that has it. Then that arm looks better than it is on average, and surely so:
//! no interval can know. What can be seen is the state in some block of another arm.

use super::chance::CHECKED_BLOCKS_MIN;
use super::median;
use super::pairs::Pairs;
use super::slices::robust_sd;

/// How many robust standard deviations away a block is unlike all others of its arm. Small enough to
/// see what would make intervals wrong, large enough to be hardly ever crossed by ordinary noise
/// (docs/ANALYSIS.md has both rates).
const DISTANCE_MIN: f64 = 12.0;

/// An arm that was in a rare state.
#[derive(Debug, Clone, PartialEq)]
pub struct RareState {
    /// The arm.
    pub arm: usize,
    /// The blocks, by their place among those analysed.
    pub blocks: Vec<usize>,
    /// The median log ratio of these blocks to the others of the arm.
    pub log_ratio: f64,
}

/// All arms that were in a rare state in some block; none if there are too few blocks to say what is
/// usual.
pub(super) fn find(pairs: &Pairs, arms: usize) -> Vec<RareState> {
    if pairs.residuals.len() < CHECKED_BLOCKS_MIN {
        return Vec::new();
    }
    (0..arms).filter_map(|arm| of_arm(pairs, arm)).collect()
}

fn of_arm(pairs: &Pairs, arm: usize) -> Option<RareState> {
    // Against the median of all others, another arm's rare state does not matter.
    let against = |row: &Vec<f64>| {
        let own = pairs.all.iter().zip(row).filter_map(|(pair, &residual)| {
            let is_second = (pair.other == arm).then_some(-residual);
            (pair.one == arm).then_some(residual).or(is_second)
        });
        median(&own.collect::<Vec<f64>>())
    };
    let values: Vec<f64> = pairs.residuals.iter().filter_map(against).collect();
    let middle = median(&values)?;
    let distances: Vec<f64> = values.iter().map(|value| value - middle).collect();
    let sd = robust_sd(distances.iter().copied());
    let is_far = |distance: f64| distance.abs() > DISTANCE_MIN * sd && sd > 0.0;
    let blocks: Vec<usize> = (0..distances.len())
        .filter(|&block| is_far(distances[block]))
        .collect();
    let far: Vec<f64> = blocks.iter().map(|&block| distances[block]).collect();
    Some(RareState {
        arm,
        log_ratio: median(&far)?,
        blocks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of 5 arms with a small wobble; arm 3 is slower by `slow` in blocks 4 and 17.
    fn states(blocks: usize, slow: f64) -> Vec<RareState> {
        let wobble = |block: usize, arm: usize| ((block * (3 + 2 * arm)) % 23) as f64 / 23.0 * 0.01;
        let row = |block: usize| {
            let of_state = |arm: usize| {
                if arm == 3 && [4, 17].contains(&block) {
                    slow
                } else {
                    0.0
                }
            };
            (0..5)
                .map(|arm| wobble(block, arm) - of_state(arm))
                .collect()
        };
        find(&Pairs::of(&(0..blocks).map(row).collect::<Vec<_>>()), 5)
    }

    #[test]
    fn a_slow_state_is_found_with_its_blocks_and_its_size() {
        let found = states(24, 0.2);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (found[0].arm, found[0].blocks.as_slice()),
            (3, &[4, 17][..])
        );
        assert!((found[0].log_ratio + 0.2).abs() < 0.02, "{found:?}");
    }

    #[test]
    fn few_blocks_do_not_say_what_is_usual() {
        assert_eq!(states(19, 0.2), []);
    }

    #[test]
    fn ordinary_spread_is_no_state() {
        assert_eq!(states(24, 0.01), []);
        assert_eq!(states(24, 0.0), []);
    }
}
