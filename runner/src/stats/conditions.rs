//! Runs made up of a machine's noise under conditions that an analysis may take for granted or not.
//!
//! In every one of them all arms are equally fast: on average over processes, at the run's mean speed
//! of the machine, and without what others carry over.

use super::Slice;
use super::noise::{Design, Noise, normal, uniform};
use clap::ValueEnum;
use rand_pcg::Pcg64;
use serde::Serialize;

/// How much the effect of a process exceeds the noise of blocks if it is what the condition is about.
const LUCK_FACTOR: f64 = 3.0;

/// How likely a process is in the rare state.
const RARE_SHARE: f64 = 0.05;

/// What is unlike the noise of an ordinary run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Nothing.
    Clean,
    /// In half of the arms the effect of a process is exponential, and three times what blocks vary by (or SEVERITY times).
    Skewed,
    /// In half of the arms one process in twenty is slower by 10 standard deviations of a block (or by
    /// SEVERITY of them).
    RareState,
    /// The effect of a process, three times what blocks vary by, follows that of the block before with the
    /// correlation 0.5 (or SEVERITY).
    Correlated,
    /// Whoever follows the last arm is 5% faster (or SEVERITY percent).
    CarryOver,
    /// In half of the arms the log rate moves with the machine's log speed by up to half more or less
    /// than that (or by up to SEVERITY more or less).
    MovingRatio,
}

impl Condition {
    /// The severity unless another is asked for; `None` if there is nothing to be severe.
    #[must_use]
    pub fn severity(self) -> Option<f64> {
        match self {
            Self::Clean => None,
            Self::Skewed => Some(3.0),
            Self::RareState => Some(10.0),
            Self::Correlated | Self::MovingRatio => Some(0.5),
            Self::CarryOver => Some(5.0),
        }
    }

    /// The largest severity that means something.
    #[must_use]
    pub fn severity_max(self) -> f64 {
        match self {
            Self::Correlated => 0.95,
            Self::MovingRatio => 2.0,
            Self::Clean | Self::Skewed | Self::RareState | Self::CarryOver => 100.0,
        }
    }

    /// The blocks of one run of `arms` arms.
    pub(super) fn blocks(
        self,
        severity: f64,
        noise: &Noise,
        designs: &[Design],
        arms: usize,
        random: &mut Pcg64,
    ) -> Vec<Vec<Slice>> {
        let machine = noise.machine(designs, random);
        let mut effect = vec![0.0; arms];
        let blocks = designs.iter().zip(&machine).enumerate();
        blocks
            .map(|(number, (design, machine))| {
                for (arm, effect) in effect.iter_mut().enumerate() {
                    let before = (number > 0).then_some(*effect);
                    *effect = self.effect(severity, noise, is_affected(arm, arms), before, random);
                }
                let moves =
                    |arm: usize, speed: f64| speed * (1.0 + self.slope(severity, arm, arms));
                let log = |arm: usize, speed: f64| effect[arm] + moves(arm, speed);
                let mut block = noise.block(design, machine, log, random);
                self.carry_over(severity, &mut block, arms);
                block
            })
            .collect()
    }

    /// The effect of a process, whose mean over processes is 0, after that of the block `before`.
    fn effect(
        self,
        severity: f64,
        noise: &Noise,
        is_affected: bool,
        before: Option<f64>,
        random: &mut Pcg64,
    ) -> f64 {
        // The ratio of two arms has the noise of both.
        let block_sd = noise.block_sd / 2.0_f64.sqrt();
        let ordinary = noise.process_sd * normal(random);
        match self {
            Self::Skewed if is_affected => severity * block_sd * (1.0 + uniform(random).ln()),
            Self::RareState if is_affected => {
                let is_slow = uniform(random) <= RARE_SHARE;
                ordinary + severity * block_sd * (RARE_SHARE - f64::from(u8::from(is_slow)))
            }
            Self::Correlated => {
                let step = LUCK_FACTOR * block_sd * normal(random);
                let new = (1.0 - severity * severity).sqrt() * step;
                before.map_or(step, |before| severity * before + new)
            }
            _ => ordinary,
        }
    }

    /// How much more than the machine an arm's log rate moves.
    fn slope(self, severity: f64, arm: usize, arms: usize) -> f64 {
        if self != Self::MovingRatio || !is_affected(arm, arms) {
            return 0.0;
        }
        // From one end to the other over the affected arms.
        let place = (arms - 1 - arm) as f64 / (arms / 2).saturating_sub(1).max(1) as f64;
        severity * (2.0 * place - 1.0)
    }

    fn carry_over(self, severity: f64, block: &mut [Slice], arms: usize) {
        let is_carried = |slice: &&mut Slice| slice.after == Some(arms - 1);
        if self == Self::CarryOver {
            for slice in block.iter_mut().filter(is_carried) {
                slice.log += (severity / 100.0).ln_1p();
            }
        }
    }
}

/// Half of the arms, the last ones: the controls are among the first.
fn is_affected(arm: usize, arms: usize) -> bool {
    arm >= arms - arms / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    const ARMS: usize = 6;

    fn noise() -> Noise {
        Noise {
            process_sd: 0.01,
            drift_sd: 0.0,
            drift_s: 1.0,
            slice_sd: 0.0,
            speed_sd: 0.1,
            speed_correlation: 0.5,
            block_sd: 0.02,
        }
    }

    /// Log rates of each arm over 4 000 blocks of one round, in the order of the arms.
    fn logs(condition: Condition, severity: f64) -> Vec<Vec<f64>> {
        let design = Design {
            order: (0..ARMS).collect(),
            slice_s: 0.1,
        };
        let mut random = Pcg64::seed_from_u64(1);
        let designs = vec![design; 4_000];
        let blocks = condition.blocks(severity, &noise(), &designs, ARMS, &mut random);
        let arm = |arm: usize| blocks.iter().map(|block| block[arm].log).collect();
        (0..ARMS).map(arm).collect()
    }

    /// Central moments of the differences of two arms: standard deviation and skewness.
    fn moments(logs: &[Vec<f64>], one: usize, other: usize) -> (f64, f64, f64) {
        let both = logs[one].iter().zip(&logs[other]);
        let differences: Vec<f64> = both.map(|(one, other)| one - other).collect();
        let mean = |power: i32, about: f64| {
            let powers = differences.iter().map(|value| (value - about).powi(power));
            powers.sum::<f64>() / differences.len() as f64
        };
        let middle = mean(1, 0.0);
        let sd = mean(2, middle).sqrt();
        (middle, sd, mean(3, middle) / sd.powi(3))
    }

    #[test]
    fn all_arms_are_equally_fast_under_every_condition() {
        for &condition in Condition::value_variants() {
            let severity = condition.severity().unwrap_or(0.0);
            let logs = logs(condition, severity);
            for arm in 0..ARMS - 1 {
                let (mean, sd, _) = moments(&logs, arm, arm + 1);
                // What follows the last arm of a block is in no block of one round.
                let bound = 6.0 * sd / (4_000.0_f64 / 4.0).sqrt();
                assert!(mean.abs() < bound, "{condition:?} {arm}: {mean} {bound}");
            }
        }
    }

    #[test]
    fn half_of_the_arms_are_affected() {
        let (_, _, skew) = moments(&logs(Condition::Skewed, 3.0), 5, 0);
        assert!(skew < -1.5, "{skew}");
        let (_, _, clean) = moments(&logs(Condition::Skewed, 3.0), 1, 0);
        assert!(clean.abs() < 0.2, "{clean}");
        let (_, wide, _) = moments(&logs(Condition::RareState, 10.0), 5, 0);
        let (_, narrow, _) = moments(&logs(Condition::RareState, 10.0), 1, 0);
        assert!(wide > 1.5 * narrow, "{wide} {narrow}");
    }

    #[test]
    fn effect_follows_that_of_the_block_before() {
        let logs = logs(Condition::Correlated, 0.5);
        let differences: Vec<f64> = logs[0].iter().zip(&logs[1]).map(|(a, b)| a - b).collect();
        let squares: f64 = differences.iter().map(|value| value * value).sum();
        let next = differences.iter().zip(&differences[1..]);
        let correlation = next.map(|(one, next)| one * next).sum::<f64>() / squares;
        assert!((correlation - 0.5).abs() < 0.1, "{correlation}");
    }

    #[test]
    fn a_ratio_moves_with_the_machine_by_the_slope_planted() {
        let logs = logs(Condition::MovingRatio, 0.5);
        // The last arm moves half less than the machine, the first as the machine.
        let (speed, ratio): (Vec<f64>, Vec<f64>) = logs[0]
            .iter()
            .zip(&logs[5])
            .map(|(machine, own)| (*machine, own - machine))
            .unzip();
        let products: f64 = speed
            .iter()
            .zip(&ratio)
            .map(|(one, other)| one * other)
            .sum();
        let slope = products / speed.iter().map(|one| one * one).sum::<f64>();
        assert!((slope + 0.5).abs() < 0.05, "{slope}");
    }

    #[test]
    fn whoever_follows_the_last_arm_is_faster() {
        let design = Design {
            order: vec![5, 0, 5, 1, 2],
            slice_s: 0.1,
        };
        let still = Noise {
            process_sd: 0.0,
            speed_sd: 0.0,
            ..noise()
        };
        let mut random = Pcg64::seed_from_u64(1);
        let blocks = Condition::CarryOver.blocks(5.0, &still, &[design], ARMS, &mut random);
        let ratios: Vec<f64> = blocks[0]
            .iter()
            .map(|slice| (slice.log.exp() * 1e6).round() / 1e6)
            .collect();
        assert_eq!(ratios, [1.0, 1.05, 1.0, 1.05, 1.0]);
    }
}
