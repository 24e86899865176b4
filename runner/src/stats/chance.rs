//! What chance alone does to t statistics: the distribution of |t| for many columns of values at once,
//! if the true mean of each were 0.
//!
//! A draw takes whole blocks, so that columns keep their correlation, and one bound is made for all
//! columns: heavy tails that show in some widen all others, in which they may have stayed away by chance. From [`CHECKED_BLOCKS_MIN`] blocks
//! on it takes as many blocks as there are, with replacement (the bootstrap of t, Efron 1979): skewed
//! values make t skewed in the same way, so the bound is right for them too. With fewer blocks that
//! bound is far too wide, and a draw gives each block a random sign instead, which is right for values
//! that are symmetric about their mean.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// How sure all statements of a table are together.
pub const CONFIDENCE: f64 = 0.95;

/// Below this many blocks there is no statement at 95 %: of 2^(n−1) sign patterns, with their mirror
/// images taken for one, 1 in 20 has to be set apart.
pub const BLOCKS_MIN: usize = 6;

/// Draws, unless there are fewer sign patterns, and all of those are gone through.
pub const DRAWS: usize = 9_999;

/// From this many blocks on, the blocks themselves are asked what they are like: whether they are skewed
/// or alike in time, and how they move with the machine's speed. Fewer know too little, and asking them
/// would cost more than it gains.
pub(super) const CHECKED_BLOCKS_MIN: usize = 20;

/// A spread below this is rounding.
pub(super) const STANDARD_ERROR_MIN: f64 = 1e-12;

/// The draws of one table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chance {
    columns: usize,
    /// t² of each column under each draw, draw by draw.
    squared_ts: Vec<f64>,
}

impl Chance {
    /// From one row of values per block, each column with mean 0; `None` if there are fewer than
    /// [`BLOCKS_MIN`] rows.
    pub(super) fn draw(rows: &[Vec<f64>], seed: u64, draws: usize) -> Option<Self> {
        let columns = rows.first()?.len();
        if rows.len() < BLOCKS_MIN {
            return None;
        }
        let mut multipliers = Multipliers::new(rows.len(), seed, draws);
        let draws = multipliers.draws;
        let mut squared_ts = Vec::with_capacity(draws * columns);
        let mut sums = vec![(0.0, 0.0); columns];
        for number in 0..draws {
            sums.fill((0.0, 0.0));
            for (row, &multiplier) in rows.iter().zip(multipliers.of_draw(number)) {
                for ((sum, squares), value) in sums.iter_mut().zip(row) {
                    *sum += multiplier * value;
                    *squares += multiplier.abs() * value * value;
                }
            }
            let count = rows.len() as f64;
            squared_ts.extend(
                sums.iter()
                    .map(|&(sum, squares)| squared_t(sum, squares, count)),
            );
        }
        Some(Self {
            columns,
            squared_ts,
        })
    }

    /// What |t| of all columns that `is_in` stays below with probability `confidence`.
    pub(super) fn critical(&self, confidence: f64, is_in: impl Fn(usize) -> bool) -> f64 {
        let columns: Vec<usize> = (0..self.columns).filter(|&column| is_in(column)).collect();
        let mut largest = self.largest(&columns);
        // The observed values are one more draw: hence the + 1.
        let place = (confidence * (largest.len() + 1) as f64).ceil() as usize;
        let place = place.clamp(1, largest.len()) - 1;
        let (_, bound, _) = largest.select_nth_unstable_by(place, f64::total_cmp);
        bound.sqrt()
    }

    /// How likely chance alone brings the largest |t| of all columns to `t` or beyond.
    pub(super) fn p_value(&self, t: f64) -> f64 {
        let all: Vec<usize> = (0..self.columns).collect();
        let largest = self.largest(&all);
        let beyond = largest.iter().filter(|&&one| one >= t * t).count();
        (beyond + 1) as f64 / (largest.len() + 1) as f64
    }

    /// The largest t² over these columns, per draw.
    fn largest(&self, columns: &[usize]) -> Vec<f64> {
        let draws = self.squared_ts.chunks(self.columns);
        let largest = |draw: &[f64]| columns.iter().map(|&one| draw[one]).fold(0.0, f64::max);
        draws.map(largest).collect()
    }
}

/// t² of a mean from the sum of `count` values and the sum of their squares.
fn squared_t(sum: f64, squares: f64, count: f64) -> f64 {
    let mean = sum / count;
    let variance = (squares - count * mean * mean) / (count - 1.0);
    count * mean * mean / variance.max(STANDARD_ERROR_MIN.powi(2))
}

/// What the blocks are multiplied by: a sign, or how often a block was drawn.
struct Multipliers {
    draws: usize,
    is_exhaustive: bool,
    random: Pcg64,
    of_block: Vec<f64>,
}

impl Multipliers {
    fn new(blocks: usize, seed: u64, draws: usize) -> Self {
        // The first sign stays: a pattern and its mirror image give the same |t|.
        let free = u32::try_from(blocks - 1).unwrap_or(u32::MAX);
        let all = 2_usize.checked_pow(free).filter(|&all| all <= draws);
        let all = all.filter(|_| blocks < CHECKED_BLOCKS_MIN);
        Self {
            draws: all.unwrap_or(draws),
            is_exhaustive: all.is_some(),
            random: Pcg64::seed_from_u64(seed),
            of_block: vec![0.0; blocks],
        }
    }

    fn of_draw(&mut self, number: usize) -> &[f64] {
        if self.of_block.len() >= CHECKED_BLOCKS_MIN {
            self.draw_blocks();
        } else if self.is_exhaustive {
            self.set_signs(number as u64 * 2);
        } else {
            let bits = self.random.random();
            self.set_signs(bits);
        }
        &self.of_block
    }

    fn draw_blocks(&mut self) {
        self.of_block.fill(0.0);
        let blocks = self.of_block.len() as u128;
        for _ in 0..self.of_block.len() {
            // The upper half of a product with 64 random bits: from 0 to the number of blocks.
            let bits: u64 = self.random.random();
            self.of_block[((u128::from(bits) * blocks) >> 64) as usize] += 1.0;
        }
    }

    /// A block is turned if the bit of its number is set.
    fn set_signs(&mut self, bits: u64) {
        for (block, multiplier) in self.of_block.iter_mut().enumerate() {
            *multiplier = if (bits >> block) & 1 == 0 { 1.0 } else { -1.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[f64]) -> Vec<Vec<f64>> {
        values.iter().map(|&value| vec![value]).collect()
    }

    #[test]
    fn six_blocks_are_gone_through_exactly() {
        // Of 32 patterns the largest |t| is that of the sum 9 (all that is negative turned), and place
        // ceil(0.95 · 33) = 32 is the largest of all. Σ of squares 17.5.
        let found = Chance::draw(&column(&[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]), 1, DRAWS).unwrap();
        assert_eq!(found.squared_ts.len(), 32);
        let mean: f64 = 9.0 / 6.0;
        let variance = (17.5 - 6.0 * mean.powi(2)) / 5.0;
        let expected = mean / (variance / 6.0).sqrt();
        assert!((found.critical(CONFIDENCE, |_| true) - expected).abs() < 1e-12);
        // One of the 32 patterns reaches it, and the observed values are one more.
        assert!((found.p_value(expected - 1e-9) - 2.0 / 33.0).abs() < 1e-12);
        assert_eq!(found.p_value(expected + 1e-9), 1.0 / 33.0);
    }

    #[test]
    fn a_draw_of_blocks_takes_as_many_as_there_are() {
        let mut multipliers = Multipliers::new(24, 1, 10);
        for number in 0..10 {
            let drawn = multipliers.of_draw(number);
            assert_eq!(drawn.iter().sum::<f64>(), 24.0);
            assert!(drawn.iter().any(|&times| times > 1.0), "{drawn:?}");
        }
    }

    #[test]
    fn each_block_is_drawn_equally_often() {
        let mut multipliers = Multipliers::new(20, 1, 5_000);
        let mut times = [0.0; 20];
        for number in 0..5_000 {
            let drawn = multipliers.of_draw(number).iter();
            times
                .iter_mut()
                .zip(drawn)
                .for_each(|(sum, times)| *sum += times);
        }
        // 5 000 each, with a standard deviation of 70.
        assert!(
            times.iter().all(|&times| (times - 5_000.0).abs() < 400.0),
            "{times:?}"
        );
    }

    #[test]
    fn skewed_values_widen_the_bound_from_twenty_blocks_on() {
        let skewed = |blocks: usize| {
            let values: Vec<f64> = (0..blocks)
                .map(|b| if b % 10 == 0 { 9.0 } else { -1.0 })
                .collect();
            Chance::draw(&column(&values), 1, DRAWS)
                .unwrap()
                .critical(CONFIDENCE, |_| true)
        };
        assert!(
            skewed(20) > 1.5 * skewed(10),
            "{} {}",
            skewed(20),
            skewed(10)
        );
    }

    #[test]
    fn more_columns_need_a_larger_bound() {
        let row = |block: usize| {
            (0..5).map(move |at| f64::from((block * 7 + at * 11) as u32 % 23) - 11.0)
        };
        let rows: Vec<Vec<f64>> = (0..24).map(|block| row(block).collect()).collect();
        let found = Chance::draw(&rows, 1, 999).unwrap();
        assert!(
            found.critical(CONFIDENCE, |_| true) > found.critical(CONFIDENCE, |column| column == 0)
        );
    }

    #[test]
    fn the_seed_fixes_the_bound() {
        let values: Vec<f64> = (0..24)
            .map(|block| f64::from(block * 7 % 24) - 11.5)
            .collect();
        let critical = |seed| {
            Chance::draw(&column(&values), seed, 499)
                .unwrap()
                .critical(CONFIDENCE, |_| true)
        };
        assert_eq!(critical(1), critical(1));
        assert_ne!(critical(1), critical(2));
    }

    #[test]
    fn five_blocks_say_nothing() {
        assert_eq!(
            Chance::draw(&column(&[1.0, -1.0, 2.0, -2.0, 0.0]), 1, DRAWS),
            None
        );
        assert_eq!(Chance::draw(&[], 1, DRAWS), None);
    }
}
