//! Ratios of some pairs of arms, chosen before the run: jointly valid among themselves, and so narrower than those of
//! a table that compares every arm with every other.

use super::ranking::Interval;
use super::simultaneous::Evidence;

/// The ratio of the first arm of each pair to the second, from one row per block with a log rate per arm; `None` if
/// there are too few blocks for any interval.
///
/// # Panics
///
/// If a pair has an arm that the rows do not have, or one arm twice.
#[must_use]
pub fn chosen_ratios(
    rows: &[Vec<f64>],
    pairs: &[(usize, usize)],
    seed: u64,
    draws: usize,
) -> Option<Vec<Interval>> {
    Some(Evidence::of(rows, seed, draws)?.ratios(pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twelve blocks of five arms that wobble, each faster than the one before it by 5 %.
    fn rows() -> Vec<Vec<f64>> {
        let wobble = |block: usize, arm: usize| ((block * (5 + 2 * arm)) % 12) as f64 / 600.0;
        let log = |block, arm| 0.05 * arm as f64 + wobble(block, arm);
        (0..12)
            .map(|block| (0..5).map(|arm| log(block, arm)).collect())
            .collect()
    }

    fn width(pairs: &[(usize, usize)]) -> f64 {
        chosen_ratios(&rows(), pairs, 1, 999).unwrap()[0].half_width()
    }

    #[test]
    fn a_ratio_turns_round_with_its_pair() {
        let both = chosen_ratios(&rows(), &[(3, 1), (1, 3)], 1, 999).unwrap();
        assert!((both[0].estimate * both[1].estimate - 1.0).abs() < 1e-12);
        assert!((both[0].lower * both[1].upper - 1.0).abs() < 1e-12);
        assert!(both[0].estimate > 1.08 && both[0].lower > 1.0, "{both:?}");
    }

    #[test]
    fn fewer_questions_have_narrower_answers() {
        let all: Vec<(usize, usize)> = (0..5)
            .flat_map(|one| (0..5).map(move |other| (one, other)))
            .filter(|(one, other)| one != other)
            .collect();
        let mut few = all.clone();
        few.truncate(1);
        assert!(width(&few) < width(&all), "{} {}", width(&few), width(&all));
    }

    #[test]
    fn few_blocks_have_no_intervals() {
        assert_eq!(chosen_ratios(&rows()[..5], &[(0, 1)], 1, 999), None);
    }
}
