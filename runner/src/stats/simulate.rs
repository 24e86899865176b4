//! How often the analysis is wrong: runs made of fitted noise with known truth, through the code that
//! also judges real runs.

use super::{Design, Noise, Ranking, Units, effects};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use serde::Serialize;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::thread;

/// Planted differences, in percent.
const EFFECTS_PERCENT: [u32; 4] = [1, 2, 3, 5];

/// The distance of the three groups of equal arms by which rank sets are tried, in percent.
const GROUP_STEP_PERCENT: u32 = 3;

/// Standard normal quantile for a power of 0.8.
const Z_POWER: f64 = 0.8416;

/// What is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// Arms.
    pub arms: usize,
    /// One design per block.
    pub designs: Vec<Design>,
    /// The machine.
    pub noise: Noise,
    /// How many runs are made.
    pub experiments: u32,
    /// Sign patterns per table.
    pub resamples: usize,
    /// Where chance comes from.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ErrorRates {
    /// Runs made.
    pub experiments: u32,
    /// The share of runs of equal arms in which any two were told apart.
    pub false_difference_rate: f64,
    /// The share of runs, of arms in three groups of equals, in which every rank set holds every
    /// rank that its arm shares.
    pub rank_set_coverage: f64,
    /// By planted difference: how likely an arm that differs is told apart from a given other.
    pub power: BTreeMap<String, f64>,
    /// By planted difference: how likely it is told apart from all others at once.
    pub power_against_all: BTreeMap<String, f64>,
    /// By planted difference: blocks for a power of 0.8 against a given other.
    pub blocks_needed: BTreeMap<String, u32>,
    /// Half-width of a ratio's simultaneous interval, the mean over runs.
    pub half_width: f64,
    /// Standard deviation of a block's ratio, the root mean square over runs.
    pub block_sd: f64,
}

/// Sums over runs.
#[derive(Debug, Clone, Default)]
struct Counts {
    false_differences: u32,
    covered: u32,
    found: BTreeMap<u32, (u32, u32)>,
    critical: f64,
    variance: f64,
    half_width: f64,
}

impl Experiment {
    /// Makes all runs, on as many threads as there are processors; nothing where the design has
    /// too few blocks for any claim, or does not compare all arms.
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
        Some(self.rates(&counts.into_iter().fold(Counts::default(), Counts::plus)))
    }

    /// Every `step`th run from `first` on: results do not depend on the number of threads.
    fn count(&self, first: u32, step: u32) -> Option<Counts> {
        let mut counts = Counts::default();
        for number in (first..self.experiments).step_by(step as usize) {
            let rows = self.rows(number)?;
            let seed = self.seed.wrapping_add(u64::from(number));
            let of = |truth: &[f64]| Ranking::of(&plus(&rows, truth), seed, self.resamples).ok();
            counts.add_null(&of(&vec![0.0; self.arms])?, &rows);
            let groups = self.groups();
            counts.covered += u32::from(covers(&of(&groups)?, &groups));
            for percent in EFFECTS_PERCENT {
                let mut truth = vec![0.0; self.arms];
                truth[0] = (f64::from(percent) / 100.0).ln_1p();
                let ranking = of(&truth)?;
                let found = (1..self.arms)
                    .filter(|&other| ranking.pair(0, other).mean > 0.0)
                    .filter(|&other| ranking.pair(0, other).told_apart)
                    .count();
                let entry = counts.found.entry(percent).or_default();
                entry.0 += u32::try_from(found).ok()?;
                entry.1 += u32::from(found == self.arms - 1);
            }
        }
        Some(counts)
    }

    /// The blocks of one run of equal arms. A planted difference may be added to the effects, since
    /// the regression moves with it exactly (there is a test).
    fn rows(&self, number: u32) -> Option<Vec<Vec<f64>>> {
        let mut random = Pcg64::seed_from_u64(self.seed.wrapping_add(u64::from(number)));
        let blocks = self.designs.iter();
        blocks
            .map(|design| {
                let block = self.noise.block(design, self.arms, &mut random);
                Some(effects(&block, self.arms)?.of_arm)
            })
            .collect()
    }

    /// Three groups of equals.
    fn groups(&self) -> Vec<f64> {
        let step = (f64::from(GROUP_STEP_PERCENT) / 100.0).ln_1p();
        (0..self.arms)
            .map(|arm| step * (arm * 3 / self.arms) as f64)
            .collect()
    }

    fn rates(&self, counts: &Counts) -> ErrorRates {
        let runs = f64::from(self.experiments);
        let others = (self.arms - 1) as f64;
        let by_percent = |value: &dyn Fn(u32, u32, u32) -> f64| -> BTreeMap<String, f64> {
            let found = counts.found.iter();
            found
                .map(|(&percent, &(each, all))| (format!("{percent}%"), value(percent, each, all)))
                .collect()
        };
        let block_sd = (counts.variance / runs).sqrt();
        let reach = (counts.critical / runs + Z_POWER) * block_sd;
        let needed = |percent: u32| {
            (reach / (f64::from(percent) / 100.0).ln_1p())
                .powi(2)
                .ceil()
        };
        ErrorRates {
            experiments: self.experiments,
            false_difference_rate: f64::from(counts.false_differences) / runs,
            rank_set_coverage: f64::from(counts.covered) / runs,
            power: by_percent(&|_, each, _| f64::from(each) / runs / others),
            power_against_all: by_percent(&|_, _, all| f64::from(all) / runs),
            blocks_needed: EFFECTS_PERCENT
                .iter()
                .map(|&percent| (format!("{percent}%"), needed(percent) as u32))
                .collect(),
            half_width: counts.half_width / runs,
            block_sd,
        }
    }
}

impl Counts {
    fn add_null(&mut self, ranking: &Ranking, rows: &[Vec<f64>]) {
        let units = Units::new(rows);
        let arms = units.arms();
        let pairs = (0..arms).flat_map(|one| (one + 1..arms).map(move |other| (one, other)));
        let is_false = pairs
            .into_iter()
            .any(|(one, other)| ranking.pair(one, other).told_apart);
        self.false_differences += u32::from(is_false);
        self.critical += ranking.critical();
        let others = (arms - 1) as f64;
        self.variance += (1..arms)
            .map(|arm| ranking.pair(0, arm).sd.powi(2))
            .sum::<f64>()
            / others;
        self.half_width += (1..arms)
            .map(|arm| ranking.ratio(0, arm).half_width())
            .sum::<f64>()
            / others;
    }

    fn plus(mut self, other: Self) -> Self {
        self.false_differences += other.false_differences;
        self.covered += other.covered;
        self.critical += other.critical;
        self.variance += other.variance;
        self.half_width += other.half_width;
        for (percent, (each, all)) in other.found {
            let entry = self.found.entry(percent).or_default();
            *entry = (entry.0 + each, entry.1 + all);
        }
        self
    }
}

fn plus(rows: &[Vec<f64>], truth: &[f64]) -> Vec<Vec<f64>> {
    rows.iter()
        .map(|row| row.iter().zip(truth).map(|(log, add)| log + add).collect())
        .collect()
}

/// Whether every rank set holds all ranks that its arm shares with its equals.
fn covers(ranking: &Ranking, truth: &[f64]) -> bool {
    let all: Vec<usize> = (0..truth.len()).collect();
    all.iter().all(|&arm| {
        let set = ranking.rank_set(arm, &all);
        let better = truth.iter().filter(|&&other| other > truth[arm]).count();
        let worse = truth.iter().filter(|&&other| other < truth[arm]).count();
        set.best <= 1 + better && set.worst >= truth.len() - worse
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn experiment() -> Experiment {
        let lap = |lap: usize| (0..4).map(move |place| (place * (1 + 2 * (lap % 2)) + lap) % 4);
        let design = Design {
            order: (0..8).flat_map(lap).collect(),
            slice_s: 0.05,
        };
        Experiment {
            arms: 4,
            designs: vec![design; 12],
            noise: Noise {
                process_sd: 0.005,
                drift_sd: 0.1,
                drift_s: 1.0,
                slice_sd: 0.01,
            },
            experiments: 300,
            resamples: 499,
            seed: 1,
        }
    }

    #[test]
    fn error_rates_are_those_promised_and_do_not_depend_on_threads() {
        let rates = experiment().run().unwrap();
        // 300 runs: a rate of 5 % has a standard error of 1.3 %.
        assert!(rates.false_difference_rate <= 0.10, "{rates:?}");
        assert!(rates.rank_set_coverage >= 0.90, "{rates:?}");
        assert!(rates.power["5%"] >= rates.power["1%"], "{rates:?}");
        assert!(
            rates.blocks_needed["1%"] > rates.blocks_needed["5%"],
            "{rates:?}"
        );
        let one = experiment().count(0, 1).unwrap();
        assert_eq!(experiment().rates(&one).power, rates.power);
    }

    #[test]
    fn drift_that_is_not_cancelled_would_be_seen() {
        // Arms always in the same places of a machine that only gets slower.
        let mut biased = experiment();
        for design in &mut biased.designs {
            design.order = (0..32).map(|place| place % 4).collect();
        }
        biased.noise.process_sd = 0.05;
        let wide = biased.run().unwrap();
        assert!(
            wide.half_width > 2.0 * experiment().run().unwrap().half_width,
            "{wide:?}"
        );
    }

    #[test]
    fn too_few_blocks_have_no_error_rates() {
        let mut few = experiment();
        few.designs.truncate(3);
        assert_eq!(few.run(), None);
    }
}
