//! What a run does second by second, told while it goes on.

use super::Tally;
use super::drive::Times;
use hdrhistogram::Histogram;
use std::sync::mpsc::Sender;

const SECOND_NS: u64 = 1_000_000_000;

/// One second of one thread. The last one of a run is as long as the rest of it.
#[derive(Debug, Clone)]
pub struct Second {
    /// Seconds since the run began, from 0.
    pub index: u64,
    /// What was counted in it.
    pub tally: Tally,
    /// Service times of answers read in it, in ns.
    pub service: Histogram<u64>,
    /// Open loop: response times of answers read in it, in ns.
    pub response: Histogram<u64>,
}

/// Cuts a run into seconds: what has been counted since the last cut.
pub(super) struct SecondHand {
    to: Sender<Second>,
    index: u64,
    tally: Tally,
    service: Histogram<u64>,
    response: Histogram<u64>,
}

impl SecondHand {
    /// Begins with `times` empty.
    pub(super) fn new(to: Sender<Second>, times: &Times) -> Self {
        Self {
            to,
            index: 0,
            tally: Tally::default(),
            service: times.service.clone(),
            response: times.response.clone(),
        }
    }

    /// Tells the second that ended before `now_ns`, if one did.
    pub(super) fn move_to(&mut self, now_ns: u64, tally: &Tally, times: &Times) {
        let index = now_ns / SECOND_NS;
        if index > self.index {
            self.tell(tally, times);
            self.index = index;
        }
    }

    /// Tells what has come since the last cut.
    pub(super) fn tell(&mut self, tally: &Tally, times: &Times) {
        let second = Second {
            index: self.index,
            tally: tally.since(&self.tally),
            service: difference(&times.service, &self.service),
            response: difference(&times.response, &self.response),
        };
        self.tally = *tally;
        self.service.clone_from(&times.service);
        self.response.clone_from(&times.response);
        // Whoever listened may have lost interest; the run goes on.
        let _ = self.to.send(second);
    }
}

fn difference(now: &Histogram<u64>, before: &Histogram<u64>) -> Histogram<u64> {
    let mut difference = now.clone();
    difference
        .subtract(before)
        .expect("counts of a histogram only grow while a run is on");
    difference
}
