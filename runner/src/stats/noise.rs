//! A machine's noise as a model fitted to a run, and blocks made from it.
//!
//! A slice's log rate is the arm's own, plus its process's luck (normal), plus the machine's drift (a
//! first-order autoregression in time), plus noise of its own. Drift and slice noise have Student's t
//! with 4 degrees of freedom, since the steps of real machines are heavy-tailed.

use super::{Components, Slice, effects, median};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Makes the median absolute deviation of Student's t with 4 degrees of freedom estimate its
/// standard deviation: √2 / 0.7407.
const MAD_TO_SD: f64 = 1.909;

/// Blocks made to see how much a block's value varies under a model.
const TRIAL_BLOCKS: u64 = 400;

/// The model's parameters, as standard deviations of log rates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Of one process.
    pub process_sd: f64,
    /// Of the machine's drift in the long run.
    pub drift_sd: f64,
    /// How long drift lasts: its correlation falls to 1/e in this time.
    pub drift_s: f64,
    /// Of one slice.
    pub slice_sd: f64,
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
    /// Fits the model to the blocks of a run, ratios being those to the arm `floor`.
    ///
    /// The parameters come from the variogram of what the arms' effects leave; then drift and slices are
    /// scaled so that a block's value varies as much as it did in the run.
    #[must_use]
    pub fn fit(blocks: &[Vec<Slice>], arms: usize, floor: usize) -> Option<Self> {
        let measured = Components::of(blocks, arms, floor)?;
        let residuals: Vec<Vec<f64>> = blocks
            .iter()
            .map(|block| {
                let of_arm = effects(block, arms)?.of_arm;
                Some(
                    block
                        .iter()
                        .map(|slice| slice.log - of_arm[slice.arm])
                        .collect(),
                )
            })
            .collect::<Option<_>>()?;
        let slice_s = median(
            &blocks
                .iter()
                .map(|block| distance(block))
                .collect::<Vec<_>>(),
        )?;
        let variogram = Variogram::of(&residuals, slice_s)?;
        let shape = Self {
            process_sd: measured.process_sd / 2.0_f64.sqrt(),
            ..variogram.fit()
        };
        let without_process = Self {
            process_sd: 0.0,
            ..shape
        };
        let simulated = without_process.components(blocks.first()?, slice_s, arms, floor)?;
        let scale = measured.lap_sd / simulated.block_sd;
        Some(Self {
            drift_sd: shape.drift_sd * scale,
            slice_sd: shape.slice_sd * scale,
            ..shape
        })
    }

    /// The components that blocks like `block` have under this model.
    fn components(
        &self,
        block: &[Slice],
        slice_s: f64,
        arms: usize,
        floor: usize,
    ) -> Option<Components> {
        let order = block.iter().map(|slice| slice.arm).collect();
        let design = Design { order, slice_s };
        let trial: Vec<Vec<Slice>> = (0..TRIAL_BLOCKS)
            .map(|seed| self.block(&design, arms, &mut Pcg64::seed_from_u64(seed)))
            .collect();
        Components::of(&trial, arms, floor)
    }

    /// A block in which all arms are equally fast.
    pub fn block(&self, design: &Design, arms: usize, random: &mut Pcg64) -> Vec<Slice> {
        let of_process: Vec<f64> = (0..arms)
            .map(|_| self.process_sd * normal(random))
            .collect();
        let keeps = (-design.slice_s / self.drift_s).exp();
        let step_sd = self.drift_sd * (1.0 - keeps * keeps).sqrt();
        let mut drift = self.drift_sd * normal(random);
        let slices = design.order.iter().enumerate();
        slices
            .map(|(place, &arm)| {
                drift = keeps * drift + step_sd * heavy_tailed(random);
                Slice {
                    arm,
                    at_s: place as f64 * design.slice_s,
                    log: of_process[arm] + drift + self.slice_sd * heavy_tailed(random),
                }
            })
            .collect()
    }
}

/// Mean time from slice to slice.
fn distance(block: &[Slice]) -> f64 {
    match block {
        [first, .., last] => (last.at_s - first.at_s) / (block.len() - 1) as f64,
        _ => 0.0,
    }
}

/// Half the variance of differences by their distance in time: (seconds, γ).
struct Variogram(Vec<(f64, f64)>);

impl Variogram {
    fn of(residuals: &[Vec<f64>], slice_s: f64) -> Option<Self> {
        let shortest = residuals.iter().map(Vec::len).min()?;
        let lags = (0..)
            .map(|power| 1_usize << power)
            .take_while(|&lag| lag <= shortest / 2);
        let gamma = |lag: usize| {
            let differences: Vec<f64> = residuals
                .iter()
                .flat_map(|row| {
                    row.iter()
                        .zip(&row[lag..])
                        .map(|(one, other)| (one - other).abs())
                })
                .collect();
            Some((
                lag as f64 * slice_s,
                (MAD_TO_SD * median(&differences)?).powi(2) / 2.0,
            ))
        };
        lags.map(gamma)
            .collect::<Option<Vec<_>>>()
            .filter(|points| points.len() > 1)
            .map(Self)
    }

    /// γ(h) = slice² + drift² · (1 − e^(−h/τ)), by search over τ and slice², drift² being linear;
    /// errors are relative, since γ grows by a factor of several.
    fn fit(&self) -> Noise {
        let (first_s, first) = self.0[0];
        let mut best = (f64::INFINITY, 0.0, 0.0, first_s);
        for step in 0..60 {
            let tau = first_s * 1.12_f64.powi(step);
            for share in 0..=20 {
                let slice = first * f64::from(share) / 20.0;
                let rise = |h: f64| 1.0 - (-h / tau).exp();
                let sum = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
                    self.0.iter().map(|&(h, gamma)| term(h, gamma)).sum()
                };
                let over = sum(&|h, gamma| rise(h) * (gamma - slice) / gamma.powi(2));
                let drift = (over / sum(&|h, gamma| (rise(h) / gamma).powi(2))).max(0.0);
                let error = sum(&|h, gamma| ((slice + drift * rise(h) - gamma) / gamma).powi(2));
                if error < best.0 {
                    best = (error, slice, drift, tau);
                }
            }
        }
        let (_, slice, drift, drift_s) = best;
        Noise {
            process_sd: 0.0,
            drift_sd: drift.sqrt(),
            drift_s,
            slice_sd: slice.sqrt(),
        }
    }
}

/// A standard normal number (Box and Muller 1958).
fn normal(random: &mut Pcg64) -> f64 {
    (-2.0 * uniform(random).ln()).sqrt() * (TAU * uniform(random)).cos()
}

/// Student's t with 4 degrees of freedom, scaled to standard deviation 1: a normal number over the
/// root of a mean of four squares, and χ² of 4 is −2 ln(u·v).
fn heavy_tailed(random: &mut Pcg64) -> f64 {
    let chi_squared = -2.0 * (uniform(random) * uniform(random)).ln();
    normal(random) / (chi_squared / 4.0).sqrt() / 2.0_f64.sqrt()
}

/// In (0, 1]: its logarithm is finite.
fn uniform(random: &mut Pcg64) -> f64 {
    1.0 - random.random::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARMS: usize = 6;

    fn design() -> Design {
        let lap =
            |lap: usize| (0..ARMS).map(move |place| (place * (1 + 4 * (lap % 2)) + lap) % ARMS);
        Design {
            order: (0..16).flat_map(lap).collect(),
            slice_s: 0.05,
        }
    }

    fn blocks(noise: &Noise, count: u64) -> Vec<Vec<Slice>> {
        let block = |seed| noise.block(&design(), ARMS, &mut Pcg64::seed_from_u64(1000 + seed));
        (0..count).map(block).collect()
    }

    #[test]
    fn noise_of_a_known_model_is_fitted() {
        let planted = Noise {
            process_sd: 0.02,
            drift_sd: 0.2,
            drift_s: 1.0,
            slice_sd: 0.03,
        };
        let fitted = Noise::fit(&blocks(&planted, 60), ARMS, 0).unwrap();
        let near = |found: f64, planted: f64| (0.6..1.67).contains(&(found / planted));
        assert!(
            near(fitted.drift_sd / fitted.drift_s.sqrt(), 0.2),
            "{fitted:?}"
        );
        assert!(near(fitted.process_sd, 0.02), "{fitted:?}");
        // Whatever the parts, a block's value varies as it did.
        let block_sd = |noise: &Noise| {
            Components::of(&blocks(noise, 200), ARMS, 0)
                .unwrap()
                .block_sd
        };
        assert!(
            (block_sd(&fitted) / block_sd(&planted) - 1.0).abs() < 0.2,
            "{fitted:?}"
        );
    }

    #[test]
    fn heavy_tails_have_standard_deviation_one() {
        let mut random = Pcg64::seed_from_u64(3);
        let squares: f64 = (0..200_000)
            .map(|_| heavy_tailed(&mut random).powi(2))
            .sum();
        assert!((squares / 200_000.0 - 1.0).abs() < 0.1, "{squares}");
    }

    #[test]
    fn a_run_without_blocks_has_no_noise() {
        assert_eq!(Noise::fit(&[], ARMS, 0), None);
    }
}
