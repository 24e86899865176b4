//! Verdicts, rank sets and intervals, all of one table jointly valid at 95 %.
//!
//! Rank sets are those of Mogstad, Romano, Shaikh and Wilhelm (2023): whoever is surely better pushes
//! the best possible rank down, whoever is surely worse pushes the worst possible rank up.

use super::chance::{BLOCKS_MIN, Tail};
use super::correlation::BlockCorrelation;
use super::pairs::Pair;
use super::simultaneous::{Evidence, Family};
use super::soundness::Unsound;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A ratio, or another estimate, and its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The estimate.
    pub estimate: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

impl Interval {
    /// A ratio from the mean of log ratios and the half-width around it.
    #[must_use]
    pub fn of_log(mean: f64, half_width: f64) -> Self {
        Self {
            estimate: mean.exp(),
            lower: (mean - half_width).exp(),
            upper: (mean + half_width).exp(),
        }
    }

    /// Whether a ratio lies within.
    #[must_use]
    pub fn covers(&self, ratio: f64) -> bool {
        (self.lower..=self.upper).contains(&ratio)
    }

    /// Half of the interval's width on the logarithmic scale, as a share: 0.02 for ± 2 %.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        (self.upper / self.lower).sqrt() - 1.0
    }
}

/// Which of two arms is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The first.
    Better,
    /// The second.
    Worse,
}

/// What is said of a pair, against a margin that was fixed before the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The first is faster by more than the margin.
    Faster,
    /// The first is slower by more than the margin.
    Slower,
    /// They differ by less than the margin.
    Tie,
    /// The interval does not say.
    Undecided,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Tie => "tie",
            Self::Undecided => "undecided",
        })
    }
}

/// The ranks an arm can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankSet {
    /// 1 and all who are surely better.
    pub best: usize,
    /// All but those who are surely worse.
    pub worst: usize,
}

impl fmt::Display for RankSet {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if self.best == self.worst {
            return write!(f, "{}", self.best);
        }
        write!(f, "{}–{}", self.best, self.worst)
    }
}

/// There are too few blocks for any claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{blocks} complete blocks allow no claim at 95%: {needed} are needed")]
pub struct TooFewBlocks {
    /// Those there are.
    pub blocks: usize,
    /// Those it takes.
    pub needed: usize,
}

/// All that can be said of the arms of one table.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    family: Family,
    /// Bounds of pairs as the only question, in the order of the family.
    alone: Vec<f64>,
    /// Bounds of pairs as one of the controls of a page.
    control: Vec<f64>,
    tail: Tail,
    correlation: BlockCorrelation,
    unsound: Vec<Unsound>,
    blocks: usize,
}

impl Ranking {
    /// From one row per block, in the order they were measured, with one log rate per arm: higher
    /// is better.
    ///
    /// # Errors
    ///
    /// [`TooFewBlocks`].
    pub fn of(rows: &[Vec<f64>], seed: u64, draws: usize) -> Result<Self, TooFewBlocks> {
        let too_few = TooFewBlocks {
            blocks: rows.len(),
            needed: BLOCKS_MIN,
        };
        let evidence = Evidence::of(rows, seed, draws).ok_or(too_few)?;
        Ok(Self::of_evidence(&evidence, &vec![0.0; rows[0].len()]))
    }

    /// From what was seen, each arm's log rate moved by its element of `shifts`.
    pub(super) fn of_evidence(evidence: &Evidence, shifts: &[f64]) -> Self {
        Self {
            family: evidence.judge(shifts),
            alone: evidence.alone.clone(),
            control: evidence.control.clone(),
            tail: evidence.tail.clone(),
            correlation: evidence.pairs.correlation,
            unsound: evidence.unsound.clone(),
            blocks: evidence.blocks,
        }
    }

    /// The ratio of `one` to `other` at the run's mean speed of the machine, with an interval that is
    /// jointly valid with all others.
    #[must_use]
    pub fn ratio(&self, one: usize, other: usize) -> Interval {
        self.interval(one, other, |_| self.family.critical)
    }

    /// The same with an interval at 95 % for this pair as the only question: for one that was asked
    /// before the run.
    #[must_use]
    pub fn ratio_alone(&self, one: usize, other: usize) -> Interval {
        self.interval(one, other, |place| self.alone[place])
    }

    /// The same with the interval that a control must not miss: jointly valid with all others of the
    /// table, and with those of the other controls of a page.
    #[must_use]
    pub fn ratio_of_control(&self, one: usize, other: usize) -> Interval {
        self.interval(one, other, |place| {
            self.family.critical.max(self.control[place])
        })
    }

    fn interval(&self, one: usize, other: usize, critical: impl Fn(usize) -> f64) -> Interval {
        let Some(place) = self.place(one, other) else {
            return Interval::of_log(0.0, 0.0);
        };
        let pair = self.pair(one, other);
        Interval::of_log(pair.mean, critical(place) * pair.standard_error)
    }

    /// Where the pair of these arms stands; `None` for an arm and itself.
    fn place(&self, one: usize, other: usize) -> Option<usize> {
        let (low, high) = (one.min(other), one.max(other));
        let mut pairs = self.family.pairs.iter();
        pairs.position(|pair| pair.one == low && pair.other == high)
    }

    /// Blocks behind each interval.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.blocks
    }

    /// Half-widths of intervals in standard errors.
    #[must_use]
    pub fn critical(&self) -> f64 {
        self.family.critical
    }

    /// The same if all intervals of so many tables, of which this is one, are to be jointly valid; `None` if there are
    /// too few blocks to be as sure as that.
    #[must_use]
    pub fn critical_among(&self, tables: usize) -> Option<f64> {
        self.tail.critical_among(tables)
    }

    /// How alike blocks are, and by how much that widens all intervals.
    #[must_use]
    pub fn correlation(&self) -> BlockCorrelation {
        self.correlation
    }

    /// Why the claims may be more often wrong than they say; empty for a sound run.
    #[must_use]
    pub fn unsound(&self) -> &[Unsound] {
        &self.unsound
    }

    /// The pair as seen from `one`: mean and slope change sign with the order.
    ///
    /// # Panics
    ///
    /// If `one` and `other` are the same, or not arms of the table.
    #[must_use]
    pub fn pair(&self, one: usize, other: usize) -> Pair {
        let place = self
            .place(one, other)
            .expect("two different arms of the table");
        let pair = self.family.pairs[place];
        if pair.one == one { pair } else { pair.turned() }
    }

    /// Which of the two is better, if chance has been ruled out.
    #[must_use]
    pub fn direction(&self, one: usize, other: usize) -> Option<Direction> {
        let place = self.place(one, other)?;
        let is_better = self.pair(one, other).mean > 0.0;
        self.family.differs[place].then_some(if is_better {
            Direction::Better
        } else {
            Direction::Worse
        })
    }

    /// What is said of a pair against `margin`, a share such as 0.02.
    #[must_use]
    pub fn verdict(&self, one: usize, other: usize, margin: f64) -> Verdict {
        let ratio = self.ratio(one, other);
        let (low, high) = (1.0 / (1.0 + margin), 1.0 + margin);
        if ratio.lower > high {
            Verdict::Faster
        } else if ratio.upper < low {
            Verdict::Slower
        } else if ratio.lower >= low && ratio.upper <= high {
            Verdict::Tie
        } else {
            Verdict::Undecided
        }
    }

    /// The ranks that `arm` can have among `field`, of which it is one.
    #[must_use]
    pub fn rank_set(&self, arm: usize, field: &[usize]) -> RankSet {
        let count = |wanted| {
            let others = field.iter();
            others
                .filter(|&&other| self.direction(arm, other) == Some(wanted))
                .count()
        };
        RankSet {
            best: 1 + count(Direction::Worse),
            worst: field.len() - count(Direction::Better),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Twelve blocks of arms with these levels and a small wobble of their own.
    fn blocks(levels: &[f64]) -> Vec<Vec<f64>> {
        let wobble = |block: usize, arm: usize| ((block * 37 + arm * 101) % 23) as f64 / 23.0 - 0.5;
        let row = |block: usize| {
            let values = levels.iter().enumerate();
            values
                .map(|(arm, level)| level + 0.004 * wobble(block, arm))
                .collect()
        };
        (0..12).map(row).collect()
    }

    #[test]
    fn who_cannot_be_told_apart_shares_a_rank_set() {
        let ranking = Ranking::of(&blocks(&[0.1, 0.0, 0.0, -0.1]), 1, 999).unwrap();
        let sets: Vec<String> = (0..4)
            .map(|arm| ranking.rank_set(arm, &[0, 1, 2, 3]).to_string())
            .collect();
        assert_eq!(sets, ["1", "2–3", "2–3", "4"]);
        assert_eq!(ranking.rank_set(3, &[1, 3]), RankSet { best: 2, worst: 2 });
        assert_eq!(ranking.direction(0, 3), Some(Direction::Better));
        assert_eq!(ranking.direction(3, 0), Some(Direction::Worse));
        assert_eq!(ranking.direction(1, 1), None);
    }

    #[test]
    fn verdicts_are_against_the_margin() {
        let ranking = Ranking::of(&blocks(&[0.1, 0.0, 0.001]), 1, 999).unwrap();
        assert_eq!(ranking.verdict(0, 1, 0.02), Verdict::Faster);
        assert_eq!(ranking.verdict(1, 0, 0.02), Verdict::Slower);
        assert_eq!(ranking.verdict(1, 2, 0.02), Verdict::Tie);
        assert_eq!(ranking.verdict(0, 1, 0.105), Verdict::Undecided);
    }

    #[test]
    fn a_question_alone_is_sharper_and_a_control_never_sharper_than_the_table() {
        let few = Ranking::of(&blocks(&[0.1, 0.0]), 1, 1_999).unwrap();
        let many = Ranking::of(&blocks(&[0.0; 9]), 1, 1_999).unwrap();
        let widths = |ranking: &Ranking| {
            let alone = ranking.ratio_alone(0, 1).half_width();
            let joint = ranking.ratio(0, 1).half_width();
            (alone, joint, ranking.ratio_of_control(0, 1).half_width())
        };
        let (alone, joint, control) = widths(&few);
        assert!(
            alone == joint && joint < control,
            "{alone} {joint} {control}"
        );
        let (alone, joint, control) = widths(&many);
        assert!(
            alone < joint && joint <= control,
            "{alone} {joint} {control}"
        );
    }

    #[test]
    fn a_table_by_itself_has_its_own_bound_and_one_among_several_a_larger_one() {
        let ranking = Ranking::of(&blocks(&[0.1, 0.0, 0.0]), 1, 1_999).unwrap();
        assert_eq!(ranking.critical_among(1), Some(ranking.critical()));
        assert!(ranking.critical_among(5).unwrap() > ranking.critical());
    }

    #[test]
    fn too_few_blocks_say_how_many_it_takes() {
        let error = Ranking::of(&blocks(&[0.0, 1.0])[..5], 1, 999).unwrap_err();
        assert_eq!((error.blocks, error.needed), (5, 6));
        assert_eq!(Ranking::of(&[], 1, 999).unwrap_err().blocks, 0);
    }

    proptest! {
        #[test]
        fn a_rank_set_is_never_empty_and_mirrors(
            levels in proptest::collection::vec(-0.01..0.01_f64, 5)
        ) {
            let all = [0, 1, 2, 3, 4];
            let ranking = Ranking::of(&blocks(&levels), 1, 199).unwrap();
            for arm in all {
                let set = ranking.rank_set(arm, &all);
                prop_assert!(1 <= set.best && set.best <= set.worst && set.worst <= 5);
                for other in all {
                    let (there, back) = (ranking.ratio(arm, other), ranking.ratio(other, arm));
                    prop_assert!((there.lower * back.upper - 1.0).abs() < 1e-9);
                }
            }
        }
    }
}
