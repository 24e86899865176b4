//! Whether blocks are independent of their neighbours; where they are not, runs of neighbouring
//! blocks are averaged and count as one (block multipliers: one sign for a whole run).

use super::{Units, median};
use serde::{Deserialize, Serialize};

/// Blocks per run where neighbours are alike.
const RUN: usize = 2;

/// How blocks became units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Joined {
    /// Median over all pairs of the lag-1 autocorrelation of their differences.
    pub autocorrelation: f64,
    /// Blocks per unit: 1 where they are independent.
    pub run: usize,
}

/// Lag-1 autocorrelation; 0 where values do not vary.
#[must_use]
pub fn lag_one_autocorrelation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let variance: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    if variance <= f64::EPSILON {
        return 0.0;
    }
    let next = values.iter().zip(values.iter().skip(1));
    next.map(|(one, other)| (one - mean) * (other - mean))
        .sum::<f64>()
        / variance
}

/// Units that can be taken for independent: blocks themselves, or runs of them.
///
/// The bound of 2/√n is that of a 95 % test of one pair; the median over pairs crosses it far less
/// often by chance, and does so where blocks as such are alike.
pub(super) fn join(units: Units, blocks: &[Vec<f64>]) -> (Units, Joined) {
    let mut all = Vec::new();
    for one in 0..units.arms() {
        for other in one + 1..units.arms() {
            let differences: Vec<f64> = units.differences(one, other).collect();
            all.push(lag_one_autocorrelation(&differences));
        }
    }
    let autocorrelation = median(&all).unwrap_or(0.0);
    if autocorrelation <= 2.0 / (units.len().max(1) as f64).sqrt() {
        return (
            units,
            Joined {
                autocorrelation,
                run: 1,
            },
        );
    }
    // A last block without a partner would weigh twice: the first is left out instead.
    let rows: Vec<Vec<f64>> = blocks[blocks.len() % RUN..]
        .chunks(RUN)
        .map(|run| {
            let mean = |arm: usize| run.iter().map(|row| row[arm]).sum::<f64>() / RUN as f64;
            (0..units.arms()).map(mean).collect()
        })
        .collect();
    (
        Units::new(&rows),
        Joined {
            autocorrelation,
            run: RUN,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn autocorrelation_agrees_with_its_definition() {
        assert!((lag_one_autocorrelation(&[1.0, -1.0, 1.0, -1.0]) + 0.75).abs() < 1e-12);
        assert!((lag_one_autocorrelation(&[1.0, 2.0, 3.0, 4.0]) - 0.25).abs() < 1e-12);
        assert_eq!(lag_one_autocorrelation(&[2.0, 2.0]), 0.0);
        assert_eq!(lag_one_autocorrelation(&[]), 0.0);
    }

    #[test]
    fn blocks_that_follow_their_neighbours_are_joined() {
        let blocks: Vec<Vec<f64>> = (0..25).map(|block| vec![f64::from(block), 0.0]).collect();
        let (units, joined) = join(Units::new(&blocks), &blocks);
        assert_eq!((units.len(), joined.run), (12, 2));
        assert_eq!(units.differences(0, 1).next(), Some(1.5));
    }

    #[test]
    fn blocks_that_alternate_are_left_alone() {
        let blocks: Vec<Vec<f64>> = (0..24)
            .map(|block| vec![f64::from(block % 2), 0.0])
            .collect();
        let (units, joined) = join(Units::new(&blocks), &blocks);
        assert_eq!((units.len(), joined.run), (24, 1));
    }
}
