//! A machine's noise as a model fitted to a run.
//!
//! A slice's log rate is the arm's own, plus its process's luck (normal), plus the machine's speed in
//! this block (a first-order autoregression over blocks), plus its drift within the block (the same in
//! time), plus noise of its own. Drift and slice noise have Student's t with 4 degrees of freedom, since
//! the steps of real machines are heavy-tailed.

mod variogram;

use super::{BlockValues, Components, Slice, block_values, median};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;
use variogram::Variogram;

/// Blocks made to see how much a block's value varies under a model.
const TRIAL_BLOCKS: usize = 100;

/// The model's parameters; standard deviations are those of log rates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Of one process.
    pub process_sd: f64,
    /// Of the machine's drift within a block, in the long run.
    pub drift_sd: f64,
    /// How long that drift lasts: its correlation falls to 1/e in this time.
    pub drift_s: f64,
    /// Of one slice.
    pub slice_sd: f64,
    /// Of the machine's speed from block to block.
    pub speed_sd: f64,
    /// Correlation of that speed with the next block's.
    pub speed_correlation: f64,
    /// Of a block's ratio of two arms, all of the above together: as measured, not fitted.
    pub block_sd: f64,
}

/// What is measured when in one block.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// The arm of each slice, in order.
    pub order: Vec<usize>,
    /// From the middle of a slice to the middle of the next.
    pub slice_s: f64,
}

impl Noise {
    /// Fits the model to the blocks of a run of `arms` arms, ratios being those to the arm `baseline`.
    ///
    /// The parameters come from the variogram of what the arms' effects leave; then drift and slices are
    /// scaled so that a block's value varies as much as it did in the run.
    #[must_use]
    pub fn fit(blocks: &[Vec<Slice>], arms: usize, baseline: usize) -> Option<Self> {
        let values = block_values(blocks, arms)?;
        let measured = Components::of(blocks, &values, baseline)?;
        let spacings: Vec<f64> = blocks.iter().map(|block| spacing_s(block)).collect();
        let slice_s = median(&spacings)?;
        let (slice_sd, drift_sd, drift_s) =
            Variogram::of(&residuals(blocks, &values), slice_s)?.fit();
        let (speed_sd, speed_correlation) = speed(&values.rows);
        let shape = Self {
            process_sd: 0.0,
            drift_sd,
            drift_s,
            slice_sd,
            speed_sd,
            speed_correlation,
            block_sd: measured.block_sd,
        };
        let order = blocks.first()?.iter().map(|slice| slice.arm).collect();
        let scale =
            measured.round_sd / shape.round_sd(&Design { order, slice_s }, arms, baseline)?;
        Some(Self {
            process_sd: measured.process_sd / 2.0_f64.sqrt(),
            drift_sd: drift_sd * scale,
            slice_sd: slice_sd * scale,
            ..shape
        })
    }

    /// The standard deviation of a block's ratio under this model without luck of processes.
    fn round_sd(&self, design: &Design, arms: usize, baseline: usize) -> Option<f64> {
        let mut random = Pcg64::seed_from_u64(0);
        let designs = vec![design.clone(); TRIAL_BLOCKS];
        let machine = self.machine(&designs, &mut random);
        let trial: Vec<Vec<Slice>> = machine
            .iter()
            .map(|machine| self.block(design, machine, |_, machine| machine, &mut random))
            .collect();
        let values = block_values(&trial, arms)?;
        Components::of(&trial, &values, baseline).map(|found| found.block_sd)
    }

    /// The log speed of the machine at each slice of each block, less its mean over the run.
    pub(super) fn machine(&self, designs: &[Design], random: &mut Pcg64) -> Vec<Vec<f64>> {
        let keeps = self.speed_correlation;
        let step_sd = self.speed_sd * (1.0 - keeps * keeps).sqrt();
        let mut speed = self.speed_sd * normal(random);
        let mut machine = Vec::with_capacity(designs.len());
        for design in designs {
            speed = keeps * speed + step_sd * normal(random);
            let drift = self.drift(design, random);
            machine.push(
                drift
                    .iter()
                    .map(|drift| speed + drift)
                    .collect::<Vec<f64>>(),
            );
        }
        let count = machine.iter().map(Vec::len).sum::<usize>().max(1);
        let mean = machine.iter().flatten().sum::<f64>() / count as f64;
        machine
            .iter_mut()
            .flatten()
            .for_each(|speed| *speed -= mean);
        machine
    }

    /// The drift at each slice of a block.
    fn drift(&self, design: &Design, random: &mut Pcg64) -> Vec<f64> {
        let keeps = (-design.slice_s / self.drift_s).exp();
        let step_sd = self.drift_sd * (1.0 - keeps * keeps).sqrt();
        let mut drift = self.drift_sd * normal(random);
        let mut next = || {
            drift = keeps * drift + step_sd * heavy_tailed(random);
            drift
        };
        design.order.iter().map(|_| next()).collect()
    }

    /// A block on a machine of these log speeds; `log` is an arm's log rate at a log speed.
    pub(super) fn block(
        &self,
        design: &Design,
        machine: &[f64],
        log: impl Fn(usize, f64) -> f64,
        random: &mut Pcg64,
    ) -> Vec<Slice> {
        let slices = design.order.iter().zip(machine).enumerate();
        slices
            .map(|(place, (&arm, &speed))| Slice {
                arm,
                after: place.checked_sub(1).map(|before| design.order[before]),
                at_s: place as f64 * design.slice_s,
                log: log(arm, speed) + self.slice_sd * heavy_tailed(random),
            })
            .collect()
    }
}

/// What slices leave once the effects of their arms and the carry-over are taken away.
fn residuals(blocks: &[Vec<Slice>], values: &BlockValues) -> Vec<Vec<f64>> {
    let carried = |slice: &Slice| {
        let of_arm = values
            .carry_over
            .as_ref()
            .map(|carry_over| &carry_over.of_arm);
        slice
            .after
            .zip(of_arm)
            .map_or(0.0, |(arm, of_arm)| of_arm[arm])
    };
    let of_block = |(block, row): (&Vec<Slice>, &Vec<f64>)| {
        block
            .iter()
            .map(|slice| slice.log - row[slice.arm] - carried(slice))
            .collect()
    };
    blocks.iter().zip(&values.rows).map(of_block).collect()
}

/// Mean time from slice to slice.
fn spacing_s(block: &[Slice]) -> f64 {
    match block {
        [first, .., last] => (last.at_s - first.at_s) / (block.len() - 1) as f64,
        _ => 0.0,
    }
}

/// Standard deviation and lag-1 correlation of the machine's speed over blocks.
fn speed(rows: &[Vec<f64>]) -> (f64, f64) {
    let count = rows.len() as f64;
    let of_block = |row: &Vec<f64>| row.iter().sum::<f64>() / row.len() as f64;
    let mean = rows.iter().map(of_block).sum::<f64>() / count;
    let speeds: Vec<f64> = rows.iter().map(|row| of_block(row) - mean).collect();
    let squares: f64 = speeds.iter().map(|speed| speed * speed).sum();
    let products: f64 = speeds
        .iter()
        .zip(&speeds[1..])
        .map(|(one, next)| one * next)
        .sum();
    let correlation = if squares > 0.0 {
        products / squares
    } else {
        0.0
    };
    (
        (squares / (count - 1.0)).sqrt(),
        correlation.clamp(0.0, 0.95),
    )
}

/// A standard normal number (Box and Muller 1958).
pub(super) fn normal(random: &mut Pcg64) -> f64 {
    (-2.0 * uniform(random).ln()).sqrt() * (TAU * uniform(random)).cos()
}

/// Student's t with 4 degrees of freedom, scaled to standard deviation 1: a normal number over the
/// root of a mean of four squares, and χ² of 4 is −2 ln(u·v).
fn heavy_tailed(random: &mut Pcg64) -> f64 {
    let chi_squared = -2.0 * (uniform(random) * uniform(random)).ln();
    normal(random) / (chi_squared / 4.0).sqrt() / 2.0_f64.sqrt()
}

/// In (0, 1]: its logarithm is finite.
pub(super) fn uniform(random: &mut Pcg64) -> f64 {
    1.0 - random.random::<f64>()
}

#[cfg(test)]
mod tests;
