//! The two clocks of a sample: wall time, and the processor time of the whole process.

use crate::system;
use std::time::{Duration, Instant};

/// A moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    wall: Instant,
    processor: Duration,
}

/// What has passed on both clocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Elapsed {
    pub(crate) wall: Duration,
    pub(crate) processor: Duration,
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self {
            wall: Instant::now(),
            processor: system::processor_time(),
        }
    }

    /// What passed from this moment to `later`.
    pub(crate) fn until(self, later: Self) -> Elapsed {
        Elapsed {
            wall: later.wall.saturating_duration_since(self.wall),
            processor: later.processor.saturating_sub(self.processor),
        }
    }
}

impl std::ops::AddAssign for Elapsed {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.processor += other.processor;
    }
}
