//! Where a run's noise came from: the standard deviations by which its design can be judged.

use super::{Effects, Slice, Units, effects, median};
use serde::{Deserialize, Serialize};

/// Standard deviations of log ratios of two arms; 0.02 is about 2 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Components {
    /// Between two slices right after one another, robust: what one comparison is worth.
    pub slice_sd: f64,
    /// Within a block's value: what is left of the slices' noise after all laps.
    pub lap_sd: f64,
    /// Between fresh processes: what stays the same for as long as a process lives. 0 where less
    /// is left than the slices explain.
    pub process_sd: f64,
    /// Of a block's value: both of the above. The interval's half-width is the critical value
    /// times this over √blocks.
    pub block_sd: f64,
}

impl Components {
    /// From the slices of each block, for ratios to the arm `floor`; nothing where blocks are
    /// fewer than 2 or have fewer than 2 laps.
    ///
    /// What the first and the second half of a block's laps have in common between blocks is the
    /// process; the rest is slices. Each is the median over arms, since one arm may be unlike the rest.
    #[must_use]
    pub fn of(blocks: &[Vec<Slice>], arms: usize, floor: usize) -> Option<Self> {
        let mut halves: [Vec<Vec<f64>>; 2] = [Vec::new(), Vec::new()];
        let mut whole = Vec::new();
        let mut slice_sds = Vec::new();
        for block in blocks {
            let (first, second) = block.split_at(block.len() / (2 * arms) * arms);
            halves[0].push(effects(first, arms)?.of_arm);
            halves[1].push(effects(second, arms)?.of_arm);
            let Effects {
                of_arm,
                neighbour_sd,
            } = effects(block, arms)?;
            whole.push(of_arm);
            slice_sds.push(neighbour_sd);
        }
        if blocks.len() < 2 {
            return None;
        }
        let [first, second] = halves.map(|rows| Units::new(&rows));
        let whole = Units::new(&whole);
        let others = (0..arms).filter(|&arm| arm != floor);
        let (mut shared, mut variances) = (Vec::new(), Vec::new());
        for arm in others {
            let values = |units: &Units| units.differences(arm, floor).collect::<Vec<f64>>();
            shared.push(covariance(&values(&first), &values(&second)));
            variances.push(covariance(&values(&whole), &values(&whole)));
        }
        let block = median(&variances)?;
        let process = median(&shared)?.clamp(0.0, block);
        Some(Self {
            slice_sd: median(&slice_sds)?,
            lap_sd: (block - process).sqrt(),
            process_sd: process.sqrt(),
            block_sd: block.sqrt(),
        })
    }
}

fn covariance(one: &[f64], other: &[f64]) -> f64 {
    let count = one.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
    let (mean_one, mean_other) = (mean(one), mean(other));
    let products = one
        .iter()
        .zip(other)
        .map(|(a, b)| (a - mean_one) * (b - mean_other));
    products.sum::<f64>() / (count - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    /// Blocks of 3 arms with uniform noise of the process and of each slice.
    fn blocks(process: f64, slice: f64) -> Vec<Vec<Slice>> {
        let mut random = Pcg64::seed_from_u64(1);
        let block = |_| {
            let of_process: Vec<f64> = (0..3)
                .map(|_| process * (random.random::<f64>() - 0.5))
                .collect();
            let slice = |place: usize| Slice {
                arm: (place + place / 3) % 3,
                at_s: place as f64 * 0.05,
                log: of_process[(place + place / 3) % 3] + slice * (random.random::<f64>() - 0.5),
            };
            (0..48).map(slice).collect()
        };
        (0..60).map(block).collect()
    }

    #[test]
    fn noise_is_found_where_it_was_planted() {
        // A uniform variable of width w has the standard deviation w/√12; a difference √2 of it.
        let sd = |width: f64| width / 6.0_f64.sqrt();
        let of_process = Components::of(&blocks(0.1, 0.01), 3, 0).unwrap();
        assert!(
            (of_process.process_sd / sd(0.1) - 1.0).abs() < 0.2,
            "{of_process:?}"
        );
        assert!(
            of_process.lap_sd < of_process.process_sd / 4.0,
            "{of_process:?}"
        );
        let of_slices = Components::of(&blocks(0.0, 0.1), 3, 0).unwrap();
        assert!(
            (of_slices.slice_sd / sd(0.1) - 1.0).abs() < 0.2,
            "{of_slices:?}"
        );
        assert!(of_slices.process_sd < of_slices.block_sd, "{of_slices:?}");
    }

    #[test]
    fn one_block_or_one_lap_has_no_components() {
        assert_eq!(Components::of(&blocks(0.1, 0.1)[..1], 3, 0), None);
        let lap = |block: &Vec<Slice>| block[..3].to_vec();
        let single: Vec<Vec<Slice>> = blocks(0.1, 0.1).iter().map(lap).collect();
        assert_eq!(Components::of(&single, 3, 0), None);
    }
}
