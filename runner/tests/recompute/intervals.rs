//! Sections 3 to 5 of docs/ANALYSIS.md: from one value per block and arm to jointly valid intervals.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

const DRAWS: usize = 9_999;
const CONFIDENCE: f64 = 0.95;
pub(crate) const CHECKED_BLOCKS_MIN: usize = 20;

struct Pair {
    mean: f64,
    sd: f64,
    lag_one: f64,
    residuals: Vec<f64>,
}

/// Per arm: its ratio to the baseline and the half-width of its interval; nothing for the baseline.
pub(crate) fn to_baseline(
    rows: &[Vec<f64>],
    baseline: usize,
    seed: u64,
) -> Vec<Option<(f64, f64)>> {
    // Runs of fewer blocks follow simpler rules.
    assert!(rows.len() >= CHECKED_BLOCKS_MIN);
    let arms = rows[0].len();
    let mut pairs = Vec::new();
    for one in 0..arms {
        for other in one + 1..arms {
            pairs.push(pair(rows, one, other));
        }
    }
    let blocks = rows.len() as f64;
    let widening = widening(&pairs, rows.len());
    let critical = critical(&pairs, rows.len(), seed);
    let of_arm = |arm: usize| {
        let (one, other) = (arm.min(baseline), arm.max(baseline));
        let place = (0..one).map(|before| arms - 1 - before).sum::<usize>() + other - one - 1;
        let mean = if arm < baseline {
            pairs[place].mean
        } else {
            -pairs[place].mean
        };
        let standard_error = pairs[place].sd / blocks.sqrt() * widening;
        (mean.exp(), (critical * standard_error).exp() - 1.0)
    };
    (0..arms)
        .map(|arm| (arm != baseline).then(|| of_arm(arm)))
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn about_mean(values: Vec<f64>) -> Vec<f64> {
    let mean = mean(&values);
    values.into_iter().map(|value| value - mean).collect()
}

fn lag_one(values: &[f64]) -> f64 {
    let squares: f64 = values.iter().map(|value| value * value).sum();
    values.windows(2).map(|two| two[0] * two[1]).sum::<f64>() / squares
}

fn pair(rows: &[Vec<f64>], one: usize, other: usize) -> Pair {
    let (blocks, arms) = (rows.len() as f64, rows[0].len());
    let logs: Vec<f64> = rows.iter().map(|row| row[one] - row[other]).collect();
    let mean = mean(&logs);
    let logs = about_mean(logs);
    let others =
        |row: &Vec<f64>| (row.iter().sum::<f64>() - row[one] - row[other]) / (arms - 2) as f64;
    let speeds = about_mean(rows.iter().map(others).collect());
    let squares: f64 = speeds.iter().map(|speed| speed * speed).sum();
    let slope = logs
        .iter()
        .zip(&speeds)
        .map(|(log, speed)| log * speed)
        .sum::<f64>()
        / squares;
    let residuals: Vec<f64> = logs
        .iter()
        .zip(&speeds)
        .map(|(log, speed)| log - slope * speed)
        .collect();
    let squares: f64 = residuals.iter().map(|one| one * one).sum();
    let from_fit = ((blocks - 1.0) / blocks + lag_one(&speeds)) / (blocks - 2.0);
    Pair {
        mean,
        sd: (squares / (blocks - 2.0)).sqrt(),
        lag_one: (lag_one(&residuals) + from_fit) * blocks / (blocks - 6.0),
        residuals,
    }
}

fn widening(pairs: &[Pair], blocks: usize) -> f64 {
    let correlation = pairs.iter().map(|pair| pair.lag_one).sum::<f64>() / pairs.len() as f64;
    let correlation = correlation.clamp(0.0, 0.8);
    let factor = (1.0 + correlation) / (1.0 - correlation);
    let free = blocks as f64 - 2.0;
    (factor * free / (free + 1.0 - factor)).sqrt()
}

fn critical(pairs: &[Pair], blocks: usize, seed: u64) -> f64 {
    let mut random = Pcg64::seed_from_u64(seed);
    let mut largest = Vec::new();
    for _ in 0..DRAWS {
        let mut drawn = vec![0.0; blocks];
        for _ in 0..blocks {
            let bits: u64 = random.random();
            drawn[((u128::from(bits) * blocks as u128) >> 64) as usize] += 1.0;
        }
        let t = |pair: &Pair| {
            let drawn = || pair.residuals.iter().zip(&drawn);
            let mean = drawn().map(|(value, times)| value * times).sum::<f64>() / blocks as f64;
            let squares: f64 = drawn()
                .map(|(value, times)| times * (value - mean).powi(2))
                .sum();
            let sd = (squares / (blocks as f64 - 1.0)).sqrt();
            mean.abs() / (sd / (blocks as f64).sqrt())
        };
        largest.push(pairs.iter().map(t).fold(0.0, f64::max));
    }
    largest.sort_by(f64::total_cmp);
    largest[(CONFIDENCE * (DRAWS + 1) as f64).ceil() as usize - 1]
}
