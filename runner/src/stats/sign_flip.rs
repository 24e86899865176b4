//! Simultaneous intervals for all pairs of arms: sign-flip max-t with step-down (Romano and Wolf
//! 2005; the multipliers are Rademacher's, as in the wild bootstrap).
//!
//! A block's differences are taken about their mean, all of one block get the same random sign, and
//! the largest |t| over all pairs is what chance alone brings. Signs shared by all pairs keep the
//! pairs' correlation, so the bound is not wider than it has to be.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// How sure all statements of a table are together.
pub const CONFIDENCE: f64 = 0.95;

/// Below this many units, sign patterns cannot make a statement at 95 %: of 2^(n−1) patterns, with
/// their mirror images taken for one, 1 in 20 has to be set apart.
pub const UNITS_MIN: usize = 6;

/// Sign patterns drawn where there are too many to go through.
pub const RESAMPLES: usize = 9_999;

/// Below this share of the spread of all pairs, a pair's spread is taken for rounding.
const STANDARD_ERROR_MIN: f64 = 1e-12;

/// Log rates per unit (a block, or a run of blocks) and arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Units {
    arms: usize,
    logs: Vec<f64>,
}

impl Units {
    /// From one row per unit. Every row has one value per arm.
    ///
    /// # Panics
    ///
    /// Where rows differ in length.
    #[must_use]
    pub fn new(rows: &[Vec<f64>]) -> Self {
        let arms = rows.first().map_or(0, Vec::len);
        assert!(rows.iter().all(|row| row.len() == arms), "ragged rows");
        Self {
            arms,
            logs: rows.concat(),
        }
    }

    /// Arms.
    #[must_use]
    pub fn arms(&self) -> usize {
        self.arms
    }

    /// Units.
    #[must_use]
    pub fn len(&self) -> usize {
        self.logs.len().checked_div(self.arms).unwrap_or(0)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }

    /// Differences of two arms, unit by unit.
    pub fn differences(&self, one: usize, other: usize) -> impl Iterator<Item = f64> + '_ {
        self.logs
            .chunks(self.arms)
            .map(move |row| row[one] - row[other])
    }

    fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.logs.chunks(self.arms)
    }
}

/// What is known of one pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The first arm.
    pub one: usize,
    /// The second, of a higher index.
    pub other: usize,
    /// Mean over units of the first arm's log rate less the second's.
    pub mean: f64,
    /// Standard deviation of it over units.
    pub sd: f64,
    /// Standard error of `mean`.
    pub standard_error: f64,
    /// Chance has been ruled out, by step-down at [`CONFIDENCE`] for all pairs together.
    pub told_apart: bool,
}

/// All pairs of a table, and what one needs to judge them together.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// Every pair once, ordered by first and second arm.
    pub pairs: Vec<Pair>,
    /// Half-widths in standard errors: [`CONFIDENCE`] for all pairs at once.
    pub critical: f64,
    /// Units behind it.
    pub units: usize,
}

impl Family {
    /// Judges all pairs of arms; nothing where there are fewer than [`UNITS_MIN`] units, or a
    /// single arm.
    #[must_use]
    pub fn of(units: &Units, seed: u64, resamples: usize) -> Option<Self> {
        if units.len() < UNITS_MIN || units.arms() < 2 {
            return None;
        }
        let mut pairs = all_pairs(units);
        let flips = Flips::new(units, seed, resamples);
        let critical = flips.critical(&pairs);
        let mut bound = critical;
        // Step down: what is told apart leaves, and the rest is held against a smaller bound.
        loop {
            let mut is_new = false;
            for pair in pairs.iter_mut().filter(|pair| !pair.told_apart) {
                pair.told_apart = pair.mean.abs() > bound * pair.standard_error;
                is_new |= pair.told_apart;
            }
            if !is_new || pairs.iter().all(|pair| pair.told_apart) {
                break;
            }
            bound = flips.critical(&pairs);
        }
        Some(Self {
            pairs,
            critical,
            units: units.len(),
        })
    }

    /// The pair of these two arms, seen from `one`: its mean changes sign with the order.
    ///
    /// # Panics
    ///
    /// Where `one` and `other` are the same, or no arms of the family.
    #[must_use]
    pub fn pair(&self, one: usize, other: usize) -> Pair {
        let (low, high) = (one.min(other), one.max(other));
        let found = self
            .pairs
            .iter()
            .find(|pair| pair.one == low && pair.other == high);
        let pair = *found.expect("two different arms of the family");
        if one == low {
            return pair;
        }
        Pair {
            one,
            other,
            mean: -pair.mean,
            ..pair
        }
    }
}

fn all_pairs(units: &Units) -> Vec<Pair> {
    let count = units.len() as f64;
    let mut pairs = Vec::new();
    for one in 0..units.arms() {
        for other in one + 1..units.arms() {
            let mean = units.differences(one, other).sum::<f64>() / count;
            let squares: f64 = units
                .differences(one, other)
                .map(|value| (value - mean).powi(2))
                .sum();
            let sd = (squares / (count - 1.0)).sqrt();
            pairs.push(Pair {
                one,
                other,
                mean,
                sd,
                standard_error: (sd / count.sqrt()).max(STANDARD_ERROR_MIN),
                told_apart: false,
            });
        }
    }
    pairs
}

/// Sign patterns, and the sums of each arm's centred values under each of them.
struct Flips {
    arms: usize,
    units: f64,
    sums: Vec<f64>,
}

impl Flips {
    fn new(units: &Units, seed: u64, resamples: usize) -> Self {
        let count = units.len();
        let centred = centred(units);
        // The first sign stays: a pattern and its mirror image give the same |t|.
        let free = u32::try_from(count - 1).unwrap_or(u32::MAX);
        let all = 2_usize.checked_pow(free).filter(|&all| all <= resamples);
        let mut random = Pcg64::seed_from_u64(seed);
        let mut sums = vec![0.0; units.arms() * all.unwrap_or(resamples)];
        for (number, sums) in sums.chunks_mut(units.arms()).enumerate() {
            let mut bits = 0_u64;
            for (unit, row) in centred.chunks(units.arms()).enumerate() {
                let is_plus = match all {
                    Some(_) => unit == 0 || (number >> (unit - 1)) & 1 == 0,
                    None => {
                        if unit % 64 == 0 {
                            bits = random.random();
                        }
                        (bits >> (unit % 64)) & 1 == 0
                    }
                };
                let sign = if is_plus { 1.0 } else { -1.0 };
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += sign * value;
                }
            }
        }
        Self {
            arms: units.arms(),
            units: count as f64,
            sums,
        }
    }

    /// The bound that chance stays below with [`CONFIDENCE`], over pairs not yet told apart.
    fn critical(&self, pairs: &[Pair]) -> f64 {
        let left: Vec<&Pair> = pairs.iter().filter(|pair| !pair.told_apart).collect();
        let mut largest: Vec<f64> = self
            .sums
            .chunks(self.arms)
            .map(|sums| {
                left.iter()
                    .map(|pair| self.squared_t(pair, sums))
                    .fold(0.0, f64::max)
            })
            .collect();
        // The observed pattern is one more than those drawn: hence the + 1.
        let place = (CONFIDENCE * (largest.len() + 1) as f64).ceil() as usize;
        let place = place.clamp(1, largest.len()) - 1;
        let (_, bound, _) = largest.select_nth_unstable_by(place, f64::total_cmp);
        bound.sqrt()
    }

    /// t² of a pair under one pattern. Signs leave the sum of squares as it is, so the variance
    /// follows from the mean alone.
    fn squared_t(&self, pair: &Pair, sums: &[f64]) -> f64 {
        let n = self.units;
        let mean = (sums[pair.one] - sums[pair.other]) / n;
        let squares = pair.sd.powi(2) * (n - 1.0);
        let variance = (squares - n * mean.powi(2)) / (n - 1.0);
        let smallest = STANDARD_ERROR_MIN.powi(2);
        n * mean.powi(2) / variance.max(smallest)
    }
}

/// Values about each arm's mean over units.
fn centred(units: &Units) -> Vec<f64> {
    let count = units.len() as f64;
    let mut means = vec![0.0; units.arms()];
    for row in units.rows() {
        for (mean, value) in means.iter_mut().zip(row) {
            *mean += value / count;
        }
    }
    units
        .rows()
        .flat_map(|row| row.iter().zip(&means).map(|(value, mean)| value - mean))
        .collect()
}

#[cfg(test)]
mod tests;
