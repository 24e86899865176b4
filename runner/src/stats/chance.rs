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
pub const CHECKED_BLOCKS_MIN: usize = 20;

/// A spread below this is rounding.
pub(super) const STANDARD_ERROR_MIN: f64 = 1e-12;

/// The draws of one table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chance {
    columns: usize,
    draws: usize,
    /// t² of each column under each draw, column by column: bounds are asked of columns.
    squared_ts: Vec<f64>,
}

/// Draws that are made before their t² move to their columns: as many as stay in the fastest cache.
const BATCH: usize = 32;

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
        let mut chance = Self {
            columns,
            draws,
            squared_ts: vec![0.0; draws * columns],
        };
        let mut drawn = Drawn::new(columns);
        let mut batch = Vec::with_capacity(BATCH * columns);
        for first in (0..draws).step_by(BATCH) {
            batch.clear();
            for number in first..draws.min(first + BATCH) {
                drawn.add(rows, multipliers.of_draw(number));
                batch.extend(drawn.squared_ts(rows.len() as f64));
            }
            chance.set(first, &batch);
        }
        Some(chance)
    }

    /// Takes the t² of a batch of draws, of which `first` is the number of the first.
    fn set(&mut self, first: usize, batch: &[f64]) {
        for column in 0..self.columns {
            let own = &mut self.squared_ts[column * self.draws + first..];
            let of_batch = batch.iter().skip(column).step_by(self.columns);
            own.iter_mut()
                .zip(of_batch)
                .for_each(|(place, &one)| *place = one);
        }
    }

    /// What |t| of all columns that `is_in` stays below with probability `confidence`.
    pub(super) fn critical(&self, confidence: f64, is_in: impl Fn(usize) -> bool) -> f64 {
        bound(&mut self.largest(is_in), confidence)
    }

    /// The same for each column by itself, with each of these probabilities.
    pub(super) fn criticals<const N: usize>(&self, confidences: [f64; N]) -> Vec<[f64; N]> {
        let of_column = |column| {
            let mut squared_ts = self.largest(|one| one == column);
            confidences.map(|confidence| bound(&mut squared_ts, confidence))
        };
        (0..self.columns).map(of_column).collect()
    }

    /// What the largest |t| of all columns seldom exceeds.
    pub(super) fn tail(&self) -> Tail {
        let mut largest = self.largest(|_| true);
        let first = place(CONFIDENCE, largest.len());
        largest.select_nth_unstable_by(first, f64::total_cmp);
        let mut squared_ts = largest.split_off(first);
        squared_ts.sort_unstable_by(f64::total_cmp);
        Tail {
            draws: self.draws,
            squared_ts,
        }
    }

    /// How likely chance alone brings the largest |t| of all columns to `t` or beyond.
    pub(super) fn p_value(&self, t: f64) -> f64 {
        let largest = self.largest(|_| true);
        let beyond = largest.iter().filter(|&&one| one >= t * t).count();
        (beyond + 1) as f64 / (largest.len() + 1) as f64
    }

    /// The largest t² over the columns that `is_in`, per draw.
    fn largest(&self, is_in: impl Fn(usize) -> bool) -> Vec<f64> {
        let mut largest = vec![0.0_f64; self.draws];
        for column in (0..self.columns).filter(|&column| is_in(column)) {
            let own = &self.squared_ts[column * self.draws..][..self.draws];
            for (most, &one) in largest.iter_mut().zip(own) {
                *most = most.max(one);
            }
        }
        largest
    }
}

/// The draws in which the largest |t| is rare, kept after the others have gone: from them follow the bounds of one table
/// among several.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tail {
    /// All draws.
    draws: usize,
    /// The largest t² of those from the bound of [`CONFIDENCE`] on, ascending.
    squared_ts: Vec<f64>,
}

impl Tail {
    /// The bound of a table whose statements hold with those of `tables` in all, itself among them, with [`CONFIDENCE`]
    /// (Bonferroni); `None` if there are too few draws to know one that is so seldom exceeded.
    pub(super) fn critical_among(&self, tables: usize) -> Option<f64> {
        let confidence = 1.0 - (1.0 - CONFIDENCE) / tables.max(1) as f64;
        let is_known = confidence * (self.draws + 1) as f64 <= self.draws as f64;
        let place = place(confidence, self.draws) - place(CONFIDENCE, self.draws);
        let squared_t = self.squared_ts.get(place).filter(|_| is_known);
        squared_t.map(|squared_t| squared_t.sqrt())
    }
}

/// Where the value stands, among so many in ascending order, that this share of them stays below.
fn place(confidence: f64, values: usize) -> usize {
    // The observed values are one more draw: hence the + 1.
    let place = (confidence * (values + 1) as f64).ceil() as usize;
    place.clamp(1, values) - 1
}

/// The root of what this share of the values stays below; puts them in another order.
fn bound(values: &mut [f64], confidence: f64) -> f64 {
    let place = place(confidence, values.len());
    let (_, bound, _) = values.select_nth_unstable_by(place, f64::total_cmp);
    bound.sqrt()
}

/// The sums of one draw, column by column.
struct Drawn {
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Drawn {
    fn new(columns: usize) -> Self {
        Self {
            sums: vec![0.0; columns],
            squares: vec![0.0; columns],
        }
    }

    /// Begins anew with all blocks, each as often as it was drawn.
    fn add(&mut self, rows: &[Vec<f64>], multipliers: &[f64]) {
        self.sums.fill(0.0);
        self.squares.fill(0.0);
        let drawn = rows.iter().zip(multipliers);
        // A third of the blocks are in no draw.
        for (row, &multiplier) in drawn.filter(|(_, multiplier)| **multiplier != 0.0) {
            let times = multiplier.abs();
            let sums = self.sums.iter_mut().zip(&mut self.squares);
            for ((sum, squares), value) in sums.zip(row) {
                *sum += multiplier * value;
                *squares += times * value * value;
            }
        }
    }

    fn squared_ts(&self, count: f64) -> impl Iterator<Item = f64> {
        let sums = self.sums.iter().zip(&self.squares);
        sums.map(move |(&sum, &squares)| squared_t(sum, squares, count))
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
    fn columns_by_themselves_have_the_bounds_that_each_is_asked_for() {
        let row = |block: usize| (0..3).map(move |at| ((block * (7 + at) + at) % 23) as f64 - 11.0);
        for blocks in [8, 24] {
            let rows: Vec<Vec<f64>> = (0..blocks).map(|block| row(block).collect()).collect();
            // Not a whole number of batches.
            let found = Chance::draw(&rows, 1, 999).unwrap();
            for (column, bounds) in found.criticals([0.9, 0.99]).into_iter().enumerate() {
                let alone: Vec<Vec<f64>> = rows.iter().map(|row| vec![row[column]]).collect();
                let alone = Chance::draw(&alone, 1, 999).unwrap();
                let expected = [0.9, 0.99].map(|share| alone.critical(share, |_| true));
                assert_eq!(bounds, expected, "{blocks} blocks, column {column}");
            }
        }
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
    fn a_table_among_several_has_the_bound_of_its_share_of_the_error() {
        let row = |block: usize| (0..3).map(move |at| ((block * (7 + at) + at) % 23) as f64 - 11.0);
        let rows: Vec<Vec<f64>> = (0..24).map(|block| row(block).collect()).collect();
        let found = Chance::draw(&rows, 1, 999).unwrap();
        for (tables, confidence) in [(1, CONFIDENCE), (2, 0.975), (5, 0.99), (50, 0.999)] {
            let expected = found.critical(confidence, |_| true);
            assert_eq!(found.tail().critical_among(tables), Some(expected));
        }
        // One in a thousand draws is the rarest that 999 know of.
        assert_eq!(found.tail().critical_among(51), None);
        // 32 patterns of signs know 1 in 33, and not 1 in 40.
        let six = column(&[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]);
        let tail = Chance::draw(&six, 1, DRAWS).unwrap().tail();
        assert!(tail.critical_among(1).is_some() && tail.critical_among(2).is_none());
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
