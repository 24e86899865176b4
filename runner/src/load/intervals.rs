//! What a run does interval by interval, told while it goes on.

use super::Tally;
use super::spec::Intervals;
use super::times::time_histogram;
use hdrhistogram::Histogram;
use std::sync::mpsc::Sender;

/// One interval of one thread. It is as long as was asked for, to a batch; the last one of a run is
/// as long as the rest of it, and one in which the thread was stopped as long as it was stopped.
#[derive(Debug, Clone)]
pub struct Interval {
    /// Intervals since the run began, from 0.
    pub index: u64,
    /// What was counted in it.
    pub tally: Tally,
    /// Service times of answers read in it, in ns.
    pub service: Histogram<u64>,
    /// Open loop: response times of answers read in it, in ns.
    pub response: Option<Histogram<u64>>,
    /// Connections of this thread.
    pub connections: usize,
    /// How many of them brought a right answer in it.
    pub served: usize,
}

/// Cuts a run into intervals: what has come since the last cut.
///
/// Times are recorded here a second time, since the difference of two histograms of some hundred
/// kilobytes, a hundred times a second, would be a load of its own.
pub(super) struct IntervalHand {
    to: Sender<Interval>,
    every_ns: u64,
    index: u64,
    tally: Tally,
    service: Histogram<u64>,
    response: Option<Histogram<u64>>,
    /// Right answers of each connection up to the last cut.
    answers: Vec<u32>,
}

impl IntervalHand {
    pub(super) fn new(told: &Intervals, every_ns: u64, is_open: bool) -> Self {
        Self {
            to: told.to.clone(),
            every_ns,
            index: 0,
            tally: Tally::default(),
            service: time_histogram(),
            response: is_open.then(time_histogram),
            answers: Vec::new(),
        }
    }

    /// When the present interval ends.
    pub(super) fn ends_at_ns(&self) -> u64 {
        (self.index + 1).saturating_mul(self.every_ns)
    }

    /// How many answers each connection has brought before the run.
    pub(super) fn begin(&mut self, answers: impl Iterator<Item = u32>) {
        self.answers = answers.collect();
    }

    #[inline]
    pub(super) fn record(&mut self, service_ns: u64, response_ns: u64) {
        self.service.saturating_record(service_ns);
        if let Some(response) = &mut self.response {
            response.saturating_record(response_ns);
        }
    }

    /// Tells the interval that has ended, and begins the one that `now_ns` lies in.
    pub(super) fn cut(&mut self, now_ns: u64, tally: &Tally, answers: impl Iterator<Item = u32>) {
        self.tell(tally, answers);
        self.index = now_ns / self.every_ns;
    }

    /// Tells what has come since the last cut.
    pub(super) fn tell(&mut self, tally: &Tally, answers: impl Iterator<Item = u32>) {
        let interval = Interval {
            index: self.index,
            tally: tally.since(&self.tally),
            service: take(&mut self.service),
            response: self.response.as_mut().map(take),
            connections: self.answers.len(),
            served: count_served(&mut self.answers, answers),
        };
        self.tally = *tally;
        // Whoever listened may have lost interest; the run goes on.
        let _ = self.to.send(interval);
    }
}

/// How many connections have brought an answer since `before`, which moves on to `now`.
pub(super) fn count_served(before: &mut [u32], now: impl Iterator<Item = u32>) -> usize {
    let mut served = 0;
    for (before, now) in before.iter_mut().zip(now) {
        served += usize::from(*before != now);
        *before = now;
    }
    served
}

/// What has been recorded, and an empty histogram in its place.
fn take(times: &mut Histogram<u64>) -> Histogram<u64> {
    std::mem::replace(times, time_histogram())
}
