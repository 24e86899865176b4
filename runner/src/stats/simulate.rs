//! How often the analysis is wrong: runs made up of a machine's noise with known truth, put through the
//! code that also judges real runs.

mod counts;
mod rates;

use super::simultaneous::Evidence;
use super::{Condition, Design, Noise, Ranking, block_values};
use counts::Counts;
use rand::SeedableRng;
use rand_pcg::Pcg64;
pub use rates::{ErrorRates, Rate};
use std::num::NonZero;
use std::thread;

/// Planted differences, in percent.
const EFFECTS_PERCENT: [u32; 4] = [1, 2, 3, 5];

/// The distance of the three groups of equal arms by which rank sets are tried, in percent.
const GROUP_STEP_PERCENT: u32 = 3;

/// Which arms play the controls.
const BASELINE: usize = 0;
const TWIN: usize = 1;
const PLANTED: usize = 2;

/// What is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// How many arms a run has, controls included.
    pub arms: usize,
    /// One design per block.
    pub designs: Vec<Design>,
    /// The machine.
    pub noise: Noise,
    /// What is unlike an ordinary run.
    pub condition: Condition,
    /// How much so.
    pub severity: f64,
    /// What the planted control leaves out, in percent of what it counts.
    pub planted_percent: u64,
    /// How many runs are made.
    pub experiments: u32,
    /// Draws per table.
    pub draws: usize,
    /// Where chance comes from.
    pub seed: u64,
}

impl Experiment {
    /// Makes all runs, on as many threads as there are processors; `None` if the design has too few
    /// blocks for any claim, or does not compare all arms.
    #[must_use]
    pub fn run(&self) -> Option<ErrorRates> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get) as u32;
        let counts = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|first| scope.spawn(move || self.count(first, threads)))
                .collect();
            let counts = workers
                .into_iter()
                .map(|worker| worker.join().ok().flatten());
            counts.collect::<Option<Vec<Counts>>>()
        })?;
        let counts = counts.into_iter().fold(Counts::default(), Counts::plus);
        Some(counts.rates(self.experiments, self.arms))
    }

    /// Every `step`th run from `first` on: results do not depend on the number of threads.
    fn count(&self, first: u32, step: u32) -> Option<Counts> {
        let mut counts = Counts::default();
        for number in (first..self.experiments).step_by(step as usize) {
            self.count_run(number, &mut counts)?;
        }
        Some(counts)
    }

    /// One run of equal arms, and the same with what is planted into it: a planted difference moves the
    /// values of an arm in all blocks alike (there is a test).
    fn count_run(&self, number: u32, counts: &mut Counts) -> Option<()> {
        let seed = self.seed.wrapping_add(u64::from(number));
        let mut random = Pcg64::seed_from_u64(seed);
        let (severity, noise) = (self.severity, &self.noise);
        let blocks = self
            .condition
            .blocks(severity, noise, &self.designs, self.arms, &mut random);
        let values = block_values(&blocks, self.arms)?;
        let evidence = Evidence::of(&values.rows, seed, self.draws)?;
        let judged = |shifts: &[f64]| Ranking::of_evidence(&evidence, shifts);
        let equal = judged(&vec![0.0; self.arms]);
        counts.add_equal(&equal, self.arms);
        counts.add_carry_over(&values, seed, self.draws);
        let groups = self.groups();
        counts.add_groups(&judged(&groups), &groups);
        for percent in EFFECTS_PERCENT {
            let mut shifts = vec![0.0; self.arms];
            shifts[BASELINE] = (f64::from(percent) / 100.0).ln_1p();
            counts.add_effect(percent, &judged(&shifts), self.arms);
        }
        if PLANTED < self.arms {
            let planted = 100.0 / (100.0 + self.planted_percent as f64);
            let mut shifts = vec![0.0; self.arms];
            shifts[PLANTED] = planted.ln();
            counts.add_controls(&judged(&shifts), &equal, planted);
        }
        Some(())
    }

    /// Three groups of equals.
    fn groups(&self) -> Vec<f64> {
        let step = (f64::from(GROUP_STEP_PERCENT) / 100.0).ln_1p();
        (0..self.arms)
            .map(|arm| step * (arm * 3 / self.arms) as f64)
            .collect()
    }
}

#[cfg(test)]
mod tests;
