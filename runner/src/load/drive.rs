//! One run: how much is left to send, what has come of it, and when to stop. No I/O.

use super::tally::{Outcome, Tally};
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a thread sleeps at most before it looks at deadlines again.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// When a closed-loop run ends: at its requests or at its time, whichever is first.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Exactly this many requests are sent, unless time runs out.
    pub requests: Option<u64>,
    /// After this long nothing more is sent; what is open is waited for.
    pub duration: Option<Duration>,
    /// An answer that takes longer is given up, with its connection.
    pub timeout: Duration,
    /// Set from outside to stop at once; open requests then count as unanswered.
    pub stop: Arc<AtomicBool>,
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// Send until nothing is left.
    Load,
    /// Open every closed connection and prove it with one answer.
    Open,
}

/// The state of one run on one thread.
pub(super) struct Run<'h> {
    pub(super) goal: Goal,
    /// Requests not sent yet.
    left: u64,
    /// Connections that are connecting or waiting.
    pub(super) busy: usize,
    /// Connections whose last attempt to connect failed, to be tried again at the next tick.
    pub(super) retries: Vec<usize>,
    pub(super) tally: Tally,
    service_time: &'h mut Histogram<u64>,
    clock: Instant,
    /// The time of the current batch, in ns since the run began.
    pub(super) now_ns: u64,
    /// The time of the latest batch that brought an answer.
    answered_at_ns: u64,
    next_tick_ns: u64,
    deadline_ns: u64,
    pub(super) timeout_ns: u64,
    stop: Option<Arc<AtomicBool>>,
    /// Requests were left when the time was up.
    pub(super) cut: bool,
    /// The run cannot reach its goal.
    pub(super) failed: bool,
}

impl<'h> Run<'h> {
    pub(super) fn load(limits: &Limits, service_time: &'h mut Histogram<u64>) -> Self {
        service_time.reset();
        Self {
            goal: Goal::Load,
            left: limits.requests.unwrap_or(u64::MAX),
            deadline_ns: limits.duration.map_or(u64::MAX, nanoseconds),
            stop: Some(Arc::clone(&limits.stop)),
            ..Self::new(limits.timeout, service_time)
        }
    }

    pub(super) fn open(timeout: Duration, service_time: &'h mut Histogram<u64>) -> Self {
        service_time.reset();
        Self::new(timeout, service_time)
    }

    fn new(timeout: Duration, service_time: &'h mut Histogram<u64>) -> Self {
        Self {
            goal: Goal::Open,
            left: 0,
            busy: 0,
            retries: Vec::new(),
            tally: Tally::default(),
            service_time,
            clock: Instant::now(),
            now_ns: 0,
            answered_at_ns: 0,
            next_tick_ns: nanoseconds(TICK),
            deadline_ns: u64::MAX,
            timeout_ns: nanoseconds(timeout),
            stop: None,
            cut: false,
            failed: false,
        }
    }

    /// The one clock read of a batch.
    pub(super) fn read_clock(&mut self) {
        self.now_ns = nanoseconds(self.clock.elapsed());
    }

    /// When the run began, and when its last answer came.
    pub(super) fn span(&self) -> (Instant, Instant) {
        let ended = self.clock + Duration::from_nanos(self.answered_at_ns);
        (self.clock, ended)
    }

    /// Takes one request from what is left.
    #[inline]
    pub(super) fn take(&mut self) -> bool {
        let some = self.left > 0;
        self.left -= u64::from(some);
        some
    }

    /// Gives back a request that never left.
    pub(super) fn give_back(&mut self) {
        self.left += 1;
    }

    pub(super) fn wants_more(&self) -> bool {
        self.left > 0
    }

    /// Counts how the request sent at `sent_at_ns` ended.
    ///
    /// Only right answers and timeouts are service times: a refusal is fast for the wrong reason,
    /// and a timeout left out would make the slowest answers invisible.
    #[inline]
    pub(super) fn settle(&mut self, outcome: Outcome, sent_at_ns: u64) {
        self.tally.count(outcome);
        self.answered_at_ns = self.now_ns;
        if matches!(outcome, Outcome::Ok | Outcome::Timeout) {
            self.service_time
                .saturating_record(self.now_ns - sent_at_ns);
        }
    }

    /// Whether it is time to look at deadlines again.
    pub(super) fn tick_is_due(&mut self) -> bool {
        let due = self.now_ns >= self.next_tick_ns;
        if due {
            self.next_tick_ns = self.now_ns + nanoseconds(TICK);
        }
        due
    }

    /// Stops sending where the time is up.
    pub(super) fn obey_deadline(&mut self) {
        if self.now_ns >= self.deadline_ns && self.left > 0 {
            self.left = 0;
            self.cut = true;
        }
    }

    /// Whether nothing has come back for so long that nothing will.
    pub(super) fn is_stalled(&self) -> bool {
        self.now_ns > self.answered_at_ns + 2 * self.timeout_ns
    }

    /// Gives up: nothing more is sent.
    pub(super) fn fail(&mut self) {
        self.failed = true;
        self.left = 0;
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop
            .as_ref()
            .is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// Stops sending at once, as asked from outside.
    pub(super) fn abandon(&mut self) {
        self.left = 0;
        self.cut = true;
    }
}

/// Whole nanoseconds; a run of 584 years would saturate.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
