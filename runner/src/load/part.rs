//! One load that several processes drive together: which part of it this process is. Pure.
//!
//! What is counted (connections, requests) is split so that the parts add up to the whole; of a schedule, part
//! `k` of `n` takes every `n`-th due time. So the parts are the load that one process would have driven.

use std::fmt;

/// A part of a load: which one, and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartOf {
    index: usize,
    of: usize,
}

/// As many processes as anybody starts, and as many arrivals as a thread may pass over for each it takes.
const PARTS_MAX: usize = 1024;

impl PartOf {
    /// The load of one process alone.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// Part `number`, from 1, of `of`; nothing if there are not so many, or more than 1024.
    #[must_use]
    pub fn new(number: usize, of: usize) -> Option<Self> {
        let is_one = (1..=PARTS_MAX).contains(&of) && (1..=of).contains(&number);
        is_one.then(|| Self {
            index: number - 1,
            of,
        })
    }

    /// Which one, from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.index + 1
    }

    /// How many there are.
    #[must_use]
    pub fn of(&self) -> usize {
        self.of
    }

    /// Whether it is all of the load.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.of == 1
    }

    /// What falls to it of `all`: the first parts have one more if `all` does not divide.
    #[must_use]
    pub fn share(&self, all: u64) -> u64 {
        share(all, self.index, self.of)
    }

    /// The place of one of its threads among all threads of all parts, if each had so many: from 0, and of how many.
    /// Due times of the schedule are dealt by these places.
    pub(super) fn lane(&self, thread: usize, threads: usize) -> (u64, u64) {
        let (index, of) = (self.index as u64, self.of as u64);
        (index + of * thread as u64, of * threads as u64)
    }
}

impl fmt::Display for PartOf {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "part {} of {}", self.number(), self.of)
    }
}

/// The part of `all` that falls to one of `parts`; the parts add up to `all`.
pub(super) fn share(all: u64, index: usize, parts: usize) -> u64 {
    let (index, parts) = (index as u64, parts as u64);
    all / parts + u64::from(index < all % parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_parts_take_what_does_not_divide() {
        let shares = |all| [1, 2, 3].map(|number| PartOf::new(number, 3).unwrap().share(all));
        assert_eq!(shares(10), [4, 3, 3]);
        assert_eq!(shares(2), [1, 1, 0]);
        assert_eq!(PartOf::WHOLE.share(10), 10);
    }

    #[test]
    fn a_part_is_one_of_those_that_there_are() {
        for (number, of) in [(0, 3), (4, 3), (0, 0), (1, 0), (1, PARTS_MAX + 1)] {
            assert_eq!(PartOf::new(number, of), None, "{number}/{of}");
        }
        let last = PartOf::new(PARTS_MAX, PARTS_MAX).unwrap();
        assert_eq!(last.to_string(), "part 1024 of 1024");
        assert_eq!(PartOf::new(1, 1), Some(PartOf::WHOLE));
    }

    proptest! {
        #[test]
        fn shares_add_up_and_differ_by_one_at_most(all in any::<u64>(), of in 1usize..=PARTS_MAX) {
            let parts = (1..=of).map(|number| PartOf::new(number, of).unwrap());
            let shares: Vec<u64> = parts.map(|part| part.share(all)).collect();
            prop_assert_eq!(shares.iter().sum::<u64>(), all);
            prop_assert!(shares[0] - shares[of - 1] <= 1, "{:?}", shares);
            prop_assert!(shares.is_sorted_by(|one, next| one >= next), "{:?}", shares);
        }
    }
}
