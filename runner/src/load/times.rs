//! How long things took: the distributions of a run, and the bounds that every histogram of times has.

use super::encoded;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Times are kept from about half a microsecond to an hour, with three digits, in ns.
const LOWEST_NS: u64 = 1_000;
const HIGHEST_NS: u64 = 3_600_000_000_000;
const DIGITS: u8 = 3;

/// An empty histogram of times in nanoseconds, with the bounds every record has.
#[must_use]
pub fn time_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(LOWEST_NS, HIGHEST_NS, DIGITS)
        .expect("the bounds are constants that the histogram accepts")
}

/// The distributions of one run, in ns. They are kept from run to run and emptied in between.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Times {
    /// From sending a request to reading its answer.
    #[serde(with = "encoded")]
    pub service: Histogram<u64>,
    /// Open loop: from when a request was due to reading its answer.
    #[serde(with = "encoded")]
    pub response: Histogram<u64>,
    /// Open loop: from when a request was due to sending it.
    #[serde(with = "encoded")]
    pub dispatch_delay: Histogram<u64>,
    /// Open loop: from when a request was due and a connection free to sending it: the part of the
    /// dispatch delay that is the generator's own.
    #[serde(with = "encoded")]
    pub lateness: Histogram<u64>,
    /// From asking for a connection to having it.
    #[serde(with = "encoded")]
    pub connect: Histogram<u64>,
    /// What a time may be off by: from the end of one wait to the beginning of the next, and the
    /// part of a wait in which answers were gathered.
    #[serde(with = "encoded")]
    pub turn: Histogram<u64>,
}

impl Times {
    pub(super) fn new() -> Self {
        Self {
            service: time_histogram(),
            response: time_histogram(),
            dispatch_delay: time_histogram(),
            lateness: time_histogram(),
            connect: time_histogram(),
            turn: time_histogram(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.service.reset();
        self.response.reset();
        self.dispatch_delay.reset();
        self.lateness.reset();
        self.connect.reset();
        self.turn.reset();
    }

    /// Adds the values of another run.
    ///
    /// # Errors
    ///
    /// If the bounds differ.
    pub fn add(&mut self, other: &Self) -> Result<(), hdrhistogram::AdditionError> {
        self.service.add(&other.service)?;
        self.response.add(&other.response)?;
        self.dispatch_delay.add(&other.dispatch_delay)?;
        self.lateness.add(&other.lateness)?;
        self.connect.add(&other.connect)?;
        self.turn.add(&other.turn)
    }
}
