//! A planted delay: one of every so many answers is sent late, by the clock of the loop.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use rustix::time::Timespec;
use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// Which answers are late, and by how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    /// How late they are.
    pub length: Duration,
    /// One of so many answers is late, on each thread.
    pub every: NonZeroU32,
}

/// The late answers of one thread. The others do not wait for them.
pub(super) struct Late {
    delay: Delay,
    /// Answers of the present group of `every` so far, and which of them is the late one. It stands
    /// at random, so that it does not keep to one connection where these take turns.
    answered: u32,
    chosen: u32,
    random: Pcg64,
    /// When to send, and to whom; all are late by the same time, so they stay in order.
    held: VecDeque<(Instant, u64)>,
}

impl Late {
    pub(super) fn new(delay: Delay) -> Self {
        let mut late = Self {
            delay,
            answered: 0,
            chosen: 0,
            random: Pcg64::seed_from_u64(1),
            held: VecDeque::new(),
        };
        late.choose();
        late
    }

    fn choose(&mut self) {
        self.chosen = self.random.random_range(0..self.delay.every.get());
    }

    /// Counts the `answers` to one read of connection `key`, and holds them where one of them is to
    /// be late: answers on one connection do not overtake each other.
    pub(super) fn holds(&mut self, answers: usize, key: u64) -> bool {
        let mut is_late = false;
        for _ in 0..answers {
            is_late |= self.answered == self.chosen;
            self.answered += 1;
            if self.answered == self.delay.every.get() {
                self.answered = 0;
                self.choose();
            }
        }
        if is_late {
            let due_at = Instant::now() + self.delay.length;
            self.held.push_back((due_at, key));
        }
        is_late
    }

    /// How long until something is to be sent; nothing where nothing is held.
    pub(super) fn until_due(&self) -> Option<Timespec> {
        let (due_at, _) = self.held.front()?;
        let left = due_at.saturating_duration_since(Instant::now());
        Some(Timespec {
            tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        })
    }

    /// The next connection whose answer is due.
    pub(super) fn take_due(&mut self) -> Option<u64> {
        let (due_at, _) = self.held.front()?;
        if *due_at > Instant::now() {
            return None;
        }
        self.held.pop_front().map(|(_, key)| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_every_so_many_answers_is_late_however_they_are_read() {
        let delay = Delay {
            length: Duration::from_secs(3600),
            every: NonZeroU32::new(50).unwrap(),
        };
        let mut one_by_one = Late::new(delay);
        for _ in 0..20 {
            let late = (0..50).filter(|&key| one_by_one.holds(1, key)).count();
            assert_eq!(late, 1);
        }
        let places: Vec<u64> = one_by_one.held.iter().map(|(_, key)| *key).collect();
        assert!(
            places.windows(2).any(|pair| pair[0] != pair[1]),
            "{places:?}"
        );
        assert!(Late::new(delay).holds(50, 0));
        assert!(one_by_one.until_due().is_some());
        assert_eq!(one_by_one.take_due(), None);
    }
}
