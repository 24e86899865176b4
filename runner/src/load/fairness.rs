//! Who gets the answers: how they are spread over the connections of a window.

use super::intervals::count_served;
use serde::{Deserialize, Serialize};

/// The stretch of time within which a connection ought to get something.
const STRETCH_NS: u64 = 100_000_000;

/// A stretch that came out longer than this says nothing of 100 ms: the thread was stopped in it.
const STRETCH_NS_MAX: u64 = 150_000_000;

/// How the answers of a window are spread over its connections.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fairness {
    /// Connections that took part.
    pub connections: usize,
    /// Those that got a right answer.
    pub served: usize,
    /// Mean, over the whole stretches of 100 ms in the window, of the share of the connections that
    /// got a right answer within it. Nothing for a window that has none.
    pub served_per_100_ms: Option<f64>,
    /// Right answers per connection: the 5th percentile, by nearest rank,
    pub answers_p5: u64,
    /// the median,
    pub answers_p50: u64,
    /// and the 95th percentile.
    pub answers_p95: u64,
}

/// The answers of each connection of one thread, looked at from time to time.
#[derive(Debug, Default)]
pub(super) struct Shares {
    /// Answers of each connection when the window opened.
    at_opening: Vec<u32>,
    /// When the present stretch began, and how many answers there were then.
    began_ns: u64,
    at_beginning: Vec<u32>,
    ends_at_ns: u64,
    /// Sum of the connections served over the stretches so far.
    served_sum: usize,
    stretches: usize,
}

/// What one thread knows when its window has closed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Spread {
    /// Answers of each of its connections.
    answers: Vec<u32>,
    /// Connections served in 100 ms, on average.
    served_mean: Option<f64>,
}

impl Shares {
    /// The window opens.
    pub(super) fn open(&mut self, now_ns: u64, answers: impl Iterator<Item = u32>) {
        self.at_opening = answers.collect();
        self.at_beginning.clone_from(&self.at_opening);
        self.began_ns = now_ns;
        self.ends_at_ns = now_ns + STRETCH_NS;
    }

    /// When a stretch ends.
    pub(super) fn ends_at_ns(&self) -> u64 {
        self.ends_at_ns
    }

    /// A stretch has ended, and the next one begins.
    pub(super) fn cut(&mut self, now_ns: u64, answers: impl Iterator<Item = u32>) {
        let served = count_served(&mut self.at_beginning, answers);
        if now_ns - self.began_ns <= STRETCH_NS_MAX {
            self.served_sum += served;
            self.stretches += 1;
        }
        self.began_ns = now_ns;
        // From the last end, so that being late does not add up; from now, after a stop.
        self.ends_at_ns = match self.ends_at_ns + STRETCH_NS {
            ahead if ahead > now_ns + STRETCH_NS / 2 => ahead,
            _ => now_ns + STRETCH_NS,
        };
    }

    /// The window closes.
    pub(super) fn close(self, answers: impl Iterator<Item = u32>) -> Spread {
        let pairs = self.at_opening.iter().zip(answers);
        Spread {
            // Counters start again after 2^32 answers; differences do not mind.
            answers: pairs
                .map(|(before, now)| now.wrapping_sub(*before))
                .collect(),
            served_mean: (self.stretches > 0)
                .then(|| self.served_sum as f64 / self.stretches as f64),
        }
    }
}

impl Spread {
    /// That of several threads together.
    pub(super) fn of_all(spreads: &[Self]) -> Self {
        let answers = spreads.iter().flat_map(|one| one.answers.iter().copied());
        let taking_part = spreads.iter().filter(|one| !one.answers.is_empty());
        Self {
            answers: answers.collect(),
            served_mean: taking_part.map(|one| one.served_mean).sum(),
        }
    }
}

impl Fairness {
    /// Over all threads; nothing where nobody had a connection.
    pub(super) fn of(spreads: &[Spread]) -> Option<Self> {
        let spreads = spreads.iter().filter(|spread| !spread.answers.is_empty());
        let mut answers: Vec<u32> = spreads
            .clone()
            .flat_map(|spread| spread.answers.iter().copied())
            .collect();
        answers.sort_unstable();
        let served_mean: Option<f64> = spreads.map(|spread| spread.served_mean).sum();
        let connections = answers.len();
        let rank = |percent: usize| (connections * percent).div_ceil(100).max(1) - 1;
        let answers_at = |percent| answers.get(rank(percent)).map(|&number| u64::from(number));
        Some(Self {
            connections,
            served: answers.iter().filter(|&&number| number > 0).count(),
            served_per_100_ms: served_mean.map(|mean| mean / connections as f64),
            answers_p5: answers_at(5)?,
            answers_p50: answers_at(50)?,
            answers_p95: answers_at(95)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn spread(answers: &[u32], served_mean: Option<f64>) -> Spread {
        Spread {
            answers: answers.to_vec(),
            served_mean,
        }
    }

    #[test]
    fn connections_of_all_threads_are_ranked_together() {
        let one: Vec<u32> = (1..=10).map(|number| number * 10).collect();
        let other: Vec<u32> = (11..=20).map(|number| number * 10).collect();
        let spreads = [
            spread(&one, Some(5.0)),
            spread(&[], None),
            spread(&other, Some(10.0)),
        ];
        let fairness = Fairness::of(&spreads).unwrap();
        assert_eq!((fairness.connections, fairness.served), (20, 20));
        assert_eq!(fairness.served_per_100_ms, Some(0.75));
        let answers = (
            fairness.answers_p5,
            fairness.answers_p50,
            fairness.answers_p95,
        );
        assert_eq!(answers, (10, 100, 190));
        let all = Spread::of_all(&spreads);
        assert_eq!(Fairness::of(&[all]), Some(fairness));
        assert_eq!(Fairness::of(&[]), None);
    }

    #[test]
    fn only_stretches_of_100_ms_enter_their_mean() {
        let mut shares = Shares::default();
        shares.open(7 * MS, [5, u32::MAX].into_iter());
        assert_eq!(shares.ends_at_ns(), 107 * MS);
        shares.cut(107 * MS, [6, u32::MAX].into_iter());
        // Stopped for a second: served, but not within 100 ms.
        assert_eq!(shares.ends_at_ns(), 207 * MS);
        shares.cut(1207 * MS, [7, 0].into_iter());
        assert_eq!(shares.ends_at_ns(), 1307 * MS);
        shares.cut(1308 * MS, [8, 1].into_iter());
        assert_eq!(shares.ends_at_ns(), 1407 * MS);
        let spread = shares.close([9, 2].into_iter());
        assert_eq!(
            (spread.answers, spread.served_mean),
            (vec![4, 3], Some(1.5))
        );
    }
}
