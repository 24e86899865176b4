//! When the generator itself was stopped: by a signal, a paused machine, a quota of the processor's time.
//!
//! Nothing tells a thread that it was stopped. It sees that a wait has taken far longer than it asked
//! for, or that a turn of its loop has taken far longer than the processor's time it has used. Stops before a window
//! and after it are told as well: the window's requests are open then, or follow from what was.

use super::drive::Run;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// From here on it is not a delay of a scheduler that has others to serve as well.
const PAUSE_NS_MIN: u64 = 10_000_000;

/// How often and how long the threads of the generator were stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pauses {
    /// How often, for more than 10 ms each.
    pub count: u64,
    /// How long altogether.
    pub total: Duration,
    /// The longest of them.
    pub max: Duration,
}

impl Pauses {
    /// Adds what another thread has seen: the same stop counts for each thread that was stopped.
    pub(super) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    fn note(&mut self, pause_ns: u64) {
        if pause_ns <= PAUSE_NS_MIN {
            return;
        }
        let pause = Duration::from_nanos(pause_ns);
        self.count += 1;
        self.total += pause;
        self.max = self.max.max(pause);
    }
}

impl Run<'_> {
    /// The part of a wait in which the thread was stopped: it had asked to be woken long before. It
    /// is not idle time.
    #[inline]
    pub(super) fn pause_in(&mut self, waited_ns: u64, asked_ns: u64) -> u64 {
        let pause_ns = waited_ns.saturating_sub(asked_ns);
        if pause_ns <= PAUSE_NS_MIN {
            return 0;
        }
        self.off_processor_ns += pause_ns;
        self.pauses.note(pause_ns);
        pause_ns
    }

    /// Whether a turn was longer than it can have been by itself.
    #[inline]
    pub(super) fn look_into_turn(&mut self, turn_ns: u64) {
        if turn_ns > PAUSE_NS_MIN {
            self.look_into_long_turn(turn_ns);
        }
    }

    /// The part of a long turn that the thread's own CPU time does not explain.
    #[cold]
    fn look_into_long_turn(&mut self, turn_ns: u64) {
        let used_ns = self.cpu_ns();
        let off_processor_ns = self.now_ns.saturating_sub(self.waited_ns + used_ns);
        let since_last_ns = off_processor_ns.saturating_sub(self.off_processor_ns);
        self.off_processor_ns = self.off_processor_ns.max(off_processor_ns);
        self.pauses.note(since_last_ns.min(turn_ns));
    }
}
