//! Whether the connections of a window get alike many answers. Whether each gets one within 100 ms sees that only once
//! some wait for longer than this; how the answers are spread over connections sees it before.

use crate::experiments::throughput::rows::SliceRow;
use crate::stats::median;
use std::collections::BTreeMap;

/// Fairness has broken if the 5th percentile of answers per connection is a smaller share of the median,
const SHARE_MIN: f64 = 0.75;

/// and at least so many answers below it: of connections that are served in turn some have got one more than others
/// when a window ends.
const FEWER_MIN: f64 = 2.0;

/// Right answers per connection and window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fairness {
    /// The 5th, 50th and 95th percentile over connections; medians over blocks.
    pub(super) answers: [f64; 3],
    /// The 5th percentile as a share of the 50th, and how much lower it is; medians over blocks.
    share: f64,
    fewer: f64,
}

impl Fairness {
    /// Of the slices of one arm at one number of connections; `None` if none of them was measured.
    pub(super) fn of(slices: &[&SliceRow]) -> Option<Self> {
        let mut blocks: BTreeMap<u32, Vec<[f64; 3]>> = BTreeMap::new();
        for row in slices.iter().filter(|row| row.sent > 0) {
            let answers = [row.answers_p5, row.answers_p50, row.answers_p95];
            blocks
                .entry(row.block)
                .or_default()
                .push(answers.map(|one| one as f64));
        }
        let blocks: Vec<[f64; 3]> = blocks.values().filter_map(|rows| medians(rows)).collect();
        let over_blocks = |of: &dyn Fn(&[f64; 3]) -> f64| {
            let figures: Vec<f64> = blocks.iter().map(of).collect();
            median(&figures)
        };
        Some(Self {
            answers: medians(&blocks)?,
            share: over_blocks(&|[p5, p50, p95]| match (*p50 > 0.0, *p95 > 0.0) {
                (true, _) => p5 / p50,
                // Most connections got nothing, and others did.
                (false, true) => 0.0,
                (false, false) => 1.0,
            })?,
            fewer: over_blocks(&|[p5, p50, p95]| match *p50 > 0.0 {
                true => p50 - p5,
                false => *p95,
            })?,
        })
    }

    /// Whether some connections get markedly fewer answers than the median one.
    pub(super) fn is_broken(&self) -> bool {
        self.share < SHARE_MIN && self.fewer >= FEWER_MIN
    }

    /// Whether there are enough answers to tell.
    pub(super) fn is_told(&self) -> bool {
        let [_, p50, p95] = self.answers;
        p50.max(p95) >= FEWER_MIN
    }
}

fn medians(rows: &[[f64; 3]]) -> Option<[f64; 3]> {
    let of = |place: usize| median(&rows.iter().map(|row| row[place]).collect::<Vec<f64>>());
    Some([of(0)?, of(1)?, of(2)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fairness(blocks: &[[u64; 3]]) -> Fairness {
        let row = |(block, &[answers_p5, answers_p50, answers_p95]): (u32, &[u64; 3])| SliceRow {
            block,
            sent: 1000,
            // All of them got something within 100 ms, which used to be all that was asked.
            served_per_100_ms_ppm: 1_000_000,
            answers_p5,
            answers_p50,
            answers_p95,
            ..SliceRow::default()
        };
        let rows: Vec<SliceRow> = (0..).zip(blocks).map(row).collect();
        Fairness::of(&rows.iter().collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn fewer_answers_for_one_connection_in_twenty_break_fairness() {
        assert!(fairness(&[[16, 24, 33]]).is_broken());
        assert!(fairness(&[[4, 13, 25]]).is_broken());
        assert!(fairness(&[[0, 3, 20]]).is_broken());
        assert!(fairness(&[[0, 0, 20]]).is_broken());
    }

    #[test]
    fn connections_that_are_served_in_turn_are_fair() {
        assert!(!fairness(&[[14, 14, 15]]).is_broken());
        assert!(
            !fairness(&[[2, 3, 3]]).is_broken(),
            "an answer more or less"
        );
        assert!(
            !fairness(&[[0, 1, 2]]).is_broken(),
            "an answer more or less"
        );
        assert!(!fairness(&[[132, 136, 140]]).is_broken());
    }

    #[test]
    fn one_block_breaks_nothing() {
        let odd = [[4, 13, 25], [14, 14, 15], [14, 15, 15]];
        assert!(!fairness(&odd).is_broken());
        assert_eq!(fairness(&odd).answers, [14.0, 14.0, 15.0]);
    }

    #[test]
    fn hardly_any_answers_tell_nothing() {
        assert!(!fairness(&[[0, 1, 1]]).is_told());
        assert!(fairness(&[[2, 3, 3]]).is_told());
        assert_eq!(Fairness::of(&[]), None);
    }
}
