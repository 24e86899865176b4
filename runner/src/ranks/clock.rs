//! The offset of the clock of one host from that of another, by asking it: the answer that was fastest has the smallest error,
//! half its round trip at most (F. Cristian, "Probabilistic clock synchronization", Distributed Computing 3, 1989). No
//! service that sets clocks is needed, and latencies are never differences between two clocks.

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// One question and its answer: clocks in ns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    /// When it was asked, by the clock that asks.
    pub(super) sent_ns: i64,
    /// What the other clock said.
    pub(super) theirs_ns: i64,
    /// When that was heard, by the clock that asks.
    pub(super) received_ns: i64,
}

/// The offset of a clock from that of the first process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// By how much it is ahead, in ns.
    pub offset_ns: i64,
    /// How long the question was on its way and back, in ns: the offset is exact to half of it.
    pub round_trip_ns: u64,
}

impl Mapping {
    /// By the fastest of these rounds; nothing if there are none.
    pub(super) fn of(rounds: impl IntoIterator<Item = Round>) -> Option<Self> {
        let fastest = rounds.into_iter().min_by_key(Round::round_trip_ns)?;
        let middle_ns = fastest.sent_ns + fastest.round_trip_ns() / 2;
        Some(Self {
            offset_ns: fastest.theirs_ns - middle_ns,
            round_trip_ns: fastest.round_trip_ns().unsigned_abs(),
        })
    }
}

impl Round {
    fn round_trip_ns(&self) -> i64 {
        self.received_ns - self.sent_ns
    }
}

/// The clock that the schedule goes by, since some moment of this host.
pub(super) fn monotonic_ns() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_offset_is_found_to_half_the_fastest_round_trip(
            offset_ns in -10_i64.pow(16)..10_i64.pow(16),
            ways_ns in prop::collection::vec((0_i64..1_000_000, 0_i64..1_000_000), 1..50),
        ) {
            let mut now_ns = 0;
            let rounds: Vec<Round> = ways_ns.iter().map(|(there_ns, back_ns)| {
                let sent_ns = now_ns;
                now_ns += there_ns + back_ns;
                Round { sent_ns, theirs_ns: sent_ns + there_ns + offset_ns, received_ns: now_ns }
            }).collect();
            let mapping = Mapping::of(rounds).unwrap();
            let fastest = ways_ns.iter().map(|(there, back)| there + back).min().unwrap();
            prop_assert_eq!(mapping.round_trip_ns, fastest as u64);
            prop_assert!((mapping.offset_ns - offset_ns).abs() <= fastest / 2 + 1, "{:?}", mapping);
        }
    }

    #[test]
    fn without_an_answer_nothing_is_known() {
        assert_eq!(Mapping::of([]), None);
    }
}
