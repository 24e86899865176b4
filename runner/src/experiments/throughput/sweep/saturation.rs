//! From how many connections on a rate is not distinguishable from the highest. What is printed has to be the same for
//! two copies of a program, so it rests on intervals over blocks and not on which median happens to be the largest.

use crate::stats::{DRAWS, chosen_ratios};
use std::collections::BTreeMap;

/// The rates of one arm: of each block, at each number of connections, in their order.
#[derive(Debug, Default)]
pub(super) struct Rates {
    levels: Vec<usize>,
    /// A row for each block that was measured at all of them.
    blocks: Vec<Vec<f64>>,
}

impl Rates {
    /// From the rate of each block at each number of connections.
    pub(super) fn of(levels: &[(usize, BTreeMap<u32, f64>)]) -> Self {
        let numbers = levels
            .first()
            .into_iter()
            .flat_map(|(_, rates)| rates.keys());
        let row = |block: &u32| {
            let rates = levels.iter().map(|(_, rates)| rates.get(block).copied());
            rates.collect::<Option<Vec<f64>>>()
        };
        Self {
            levels: levels.iter().map(|(connections, _)| *connections).collect(),
            blocks: numbers.filter_map(row).collect(),
        }
    }

    /// The least number of connections at which the rate is not significantly lower than at any other number; the
    /// intervals of all pairs of numbers are jointly valid. `None` if there are too few blocks for intervals.
    pub(super) fn saturated_from(&self, seed: u64) -> Option<usize> {
        let count = self.levels.len();
        let pairs: Vec<(usize, usize)> = (0..count)
            .flat_map(|one| (one + 1..count).map(move |other| (one, other)))
            .collect();
        let logs = self
            .blocks
            .iter()
            .map(|rates| rates.iter().map(|rate| rate.ln()).collect());
        let ratios = chosen_ratios(&logs.collect::<Vec<_>>(), &pairs, seed, DRAWS)?;
        let is_lower = |level: usize| {
            let mut all = pairs.iter().zip(&ratios);
            all.any(|(&(one, other), ratio)| {
                (one == level && ratio.upper < 1.0) || (other == level && ratio.lower > 1.0)
            })
        };
        let level = (0..count).find(|&level| !is_lower(level))?;
        Some(self.levels[level])
    }

    /// At how many connections the rate of a block was highest: the least number over blocks and the largest.
    pub(super) fn highest_at(&self) -> Option<(usize, usize)> {
        let highest = |rates: &Vec<f64>| {
            let by_rate = |one: &usize, other: &usize| rates[*one].total_cmp(&rates[*other]);
            Some(self.levels[(0..rates.len()).max_by(by_rate)?])
        };
        let all = || self.blocks.iter().filter_map(highest);
        Some((all().min()?, all().max()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCKS: u32 = 8;

    /// Rates that wobble by up to 15 % from block to block, in another way for each `copy` of a program.
    fn rates(levels: &[(usize, f64)], copy: u64) -> Rates {
        let level = |(place, &(connections, rate)): (u64, &(usize, f64))| {
            let wobbling = |block: u32| {
                let mixed = (u64::from(block) * 7 + place * 5 + copy * 3) % 11;
                (block, rate * (0.85 + 0.03 * mixed as f64))
            };
            (connections, (0..BLOCKS).map(wobbling).collect())
        };
        Rates::of(&(0..).zip(levels).map(level).collect::<Vec<_>>())
    }

    #[test]
    fn two_copies_of_a_program_saturate_at_the_same_number_of_connections() {
        let flat = [
            (1, 25_000.0),
            (8, 70_000.0),
            (64, 73_000.0),
            (200, 70_000.0),
        ];
        for copy in 0..11 {
            let rates = rates(&flat, copy);
            assert_eq!(rates.saturated_from(1), Some(8), "{rates:?}");
        }
        let (least, most) = rates(&flat, 0).highest_at().unwrap();
        assert!(least < most, "the blocks differ, and the range says so");
    }

    #[test]
    fn a_rate_that_rises_to_the_end_saturates_there() {
        let rising = [(1, 24.0), (64, 1_500.0), (512, 11_500.0), (1000, 17_000.0)];
        let rates = rates(&rising, 1);
        assert_eq!(rates.saturated_from(1), Some(1000));
        assert_eq!(rates.highest_at(), Some((1000, 1000)));
    }

    #[test]
    fn few_blocks_or_one_number_of_connections_say_nothing() {
        let mut few = rates(&[(1, 10.0), (8, 20.0)], 0);
        few.blocks.truncate(3);
        assert_eq!(few.saturated_from(1), None);
        assert_eq!(rates(&[(8, 20.0)], 0).saturated_from(1), None);
        assert_eq!(Rates::of(&[]).highest_at(), None);
    }
}
