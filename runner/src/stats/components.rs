//! Where a run's noise came from: the standard deviations by which its design can be judged.

use super::pairs::{Pair, Pairs, centred, speeds};
use super::{BlockValues, Slice, block_values, median};
use serde::{Deserialize, Serialize};

/// Standard deviations of log ratios of two arms; 0.02 is about 2 %. Each is the median over arms, since
/// one arm may be unlike the rest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Components {
    /// Between two slices right after one another, robust: what one comparison is worth.
    pub slice_sd: f64,
    /// Within a block's value: what is left of the slices' noise after all rounds.
    pub round_sd: f64,
    /// Between fresh processes: what stays the same for as long as a process lives. 0 if less is left
    /// than the slices explain.
    pub process_sd: f64,
    /// Of a block's value: both of the above. The interval's half-width is the critical value
    /// times this over √blocks.
    pub block_sd: f64,
    /// Of a block's value, before the machine's speed is accounted for.
    pub total_sd: f64,
}

impl Components {
    /// From the slices of each block and their `values`, for ratios to the arm `baseline`; `None` if
    /// there are fewer than 4 blocks, or blocks have fewer than 2 rounds.
    ///
    /// What the first and the second half of a block's rounds have in common between blocks is the
    /// process; the rest is slices.
    #[must_use]
    pub fn of(blocks: &[Vec<Slice>], values: &BlockValues, baseline: usize) -> Option<Self> {
        let arms = values.rows.first()?.len();
        if blocks.len() < 4 {
            return None;
        }
        let split = |block: &Vec<Slice>| block.len() / (2 * arms) * arms;
        let firsts: Vec<Vec<Slice>> = blocks
            .iter()
            .map(|block| block[..split(block)].to_vec())
            .collect();
        let seconds: Vec<Vec<Slice>> = blocks
            .iter()
            .map(|block| block[split(block)..].to_vec())
            .collect();
        let (first, second) = (block_values(&firsts, arms)?, block_values(&seconds, arms)?);
        let pairs = Pairs::of(&values.rows);
        let (mut shared, mut variances, mut totals) = (Vec::new(), Vec::new(), Vec::new());
        for pair in pairs
            .all
            .iter()
            .filter(|pair| pair.one == baseline || pair.other == baseline)
        {
            let speeds = speeds(&values.rows, pair.one, pair.other);
            let of_half = |half: &BlockValues| about_speed(pair, &speeds, &half.rows);
            let fitted = if pair.slope.is_some() { 2.0 } else { 1.0 };
            let (one, other) = (of_half(&first), of_half(&second));
            let products = one.iter().zip(&other).map(|(one, other)| one * other);
            shared.push(products.sum::<f64>() / (one.len() as f64 - fitted));
            variances.push(pair.sd.powi(2));
            totals.push(pair.total_sd.powi(2));
        }
        let block = median(&variances)?;
        let process = median(&shared)?.clamp(0.0, block);
        Some(Self {
            slice_sd: median(&values.neighbour_sds)?,
            round_sd: (block - process).sqrt(),
            process_sd: process.sqrt(),
            block_sd: block.sqrt(),
            total_sd: median(&totals)?.sqrt(),
        })
    }
}

/// What a pair's log ratios leave about their mean once the speed of the machine is accounted for as in
/// the whole blocks.
fn about_speed(pair: &Pair, speeds: &[f64], rows: &[Vec<f64>]) -> Vec<f64> {
    let (_, logs) = centred(rows.iter().map(|row| row[pair.one] - row[pair.other]));
    let slope = pair.slope.map_or(0.0, |slope| slope.estimate);
    logs.iter()
        .zip(speeds)
        .map(|(log, speed)| log - slope * speed)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    /// Blocks of 4 arms with uniform noise of the process and of each slice, on a machine whose speed
    /// moves the ratio of the first arm by `slope`.
    fn blocks(process: f64, slice: f64, slope: f64) -> Vec<Vec<Slice>> {
        let mut random = Pcg64::seed_from_u64(1);
        let mut block = || {
            let speed = random.random::<f64>() - 0.5;
            let luck: Vec<f64> = (0..4)
                .map(|_| process * (random.random::<f64>() - 0.5))
                .collect();
            let arm = |place: usize| (place + place / 4) % 4;
            let mut slice = |place: usize| Slice {
                arm: arm(place),
                after: place.checked_sub(1).map(arm),
                at_s: place as f64 * 0.05,
                log: luck[arm(place)]
                    + slice * (random.random::<f64>() - 0.5)
                    + speed * (1.0 + if arm(place) == 0 { slope } else { 0.0 }),
            };
            (0..64).map(&mut slice).collect()
        };
        (0..60).map(|_| block()).collect()
    }

    fn components(blocks: &[Vec<Slice>]) -> Option<Components> {
        Components::of(blocks, &block_values(blocks, 4)?, 0)
    }

    #[test]
    fn noise_is_found_where_it_was_planted() {
        // A uniform variable of width w has the standard deviation w/√12; a difference √2 of it.
        let sd = |width: f64| width / 6.0_f64.sqrt();
        let near = |found: f64, planted: f64| (found / planted - 1.0).abs() < 0.25;
        let of_process = components(&blocks(0.1, 0.01, 0.0)).unwrap();
        assert!(near(of_process.process_sd, sd(0.1)), "{of_process:?}");
        assert!(
            of_process.round_sd < of_process.process_sd / 4.0,
            "{of_process:?}"
        );
        let of_slices = components(&blocks(0.0, 0.1, 0.0)).unwrap();
        assert!(near(of_slices.slice_sd, sd(0.1)), "{of_slices:?}");
        assert!(of_slices.process_sd < of_slices.block_sd, "{of_slices:?}");
    }

    #[test]
    fn what_the_speed_of_the_machine_explains_is_no_noise_of_a_block() {
        let found = components(&blocks(0.1, 0.01, -0.8)).unwrap();
        assert!(found.total_sd > 3.0 * found.block_sd, "{found:?}");
        assert!(
            (found.process_sd / 0.1 * 6.0_f64.sqrt() - 1.0).abs() < 0.25,
            "{found:?}"
        );
    }

    #[test]
    fn few_blocks_or_one_round_have_no_components() {
        assert_eq!(components(&blocks(0.1, 0.1, 0.0)[..3]), None);
        let round = |block: &Vec<Slice>| block[..4].to_vec();
        let single: Vec<Vec<Slice>> = blocks(0.1, 0.1, 0.0).iter().map(round).collect();
        assert_eq!(components(&single), None);
    }
}
