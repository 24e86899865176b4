//! One run on one thread: what is left to send, what has come of it, and when to stop. No I/O.

use super::causes::{Cause, Causes};
use super::limits::Limits;
use super::pace::{Pace, Schedule};
use super::seconds::SecondHand;
use super::service_time_histogram;
use super::tally::{Outcome, Tally};
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a thread sleeps at most before it looks at deadlines again.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// The distributions of one run, in ns. They are kept from run to run and emptied in between.
#[derive(Debug, Clone)]
pub struct Times {
    /// From sending a request to reading its answer.
    pub service: Histogram<u64>,
    /// Open loop: from when a request was due to reading its answer.
    pub response: Histogram<u64>,
    /// Open loop: from when a request was due to sending it.
    pub dispatch_delay: Histogram<u64>,
    /// What a time may be off by: from the end of one wait to the beginning of the next, and the
    /// part of a wait in which answers were gathered.
    pub turn: Histogram<u64>,
}

impl Times {
    pub(super) fn new() -> Self {
        Self {
            service: service_time_histogram(),
            response: service_time_histogram(),
            dispatch_delay: service_time_histogram(),
            turn: service_time_histogram(),
        }
    }

    fn reset(&mut self) {
        self.service.reset();
        self.response.reset();
        self.dispatch_delay.reset();
        self.turn.reset();
    }

    /// Adds the values of another run.
    ///
    /// # Errors
    ///
    /// Where the bounds differ.
    pub fn add(&mut self, other: &Self) -> Result<(), hdrhistogram::AdditionError> {
        self.service.add(&other.service)?;
        self.response.add(&other.response)?;
        self.dispatch_delay.add(&other.dispatch_delay)?;
        self.turn.add(&other.turn)
    }
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// Send until nothing is left.
    Load,
    /// Open every closed connection and prove it with one answer.
    Open,
    /// Open every closed connection, as far as that can be done.
    Connect,
}

/// The state of one run on one thread.
pub(super) struct Run<'t> {
    pub(super) goal: Goal,
    /// Requests not sent yet.
    left: u64,
    /// Connections that take part.
    pub(super) connections: usize,
    /// Open loop: when they are due.
    pub(super) schedule: Option<Schedule>,
    /// Connections that are connecting or waiting.
    pub(super) busy: usize,
    /// Open loop: connections with nothing to do.
    pub(super) idle: Vec<usize>,
    /// Connections whose last attempt to connect failed, to be tried again at the next tick.
    pub(super) retries: Vec<usize>,
    pub(super) tally: Tally,
    pub(super) causes: Causes,
    times: &'t mut Times,
    clock: Instant,
    /// The time of the current batch, in ns since the run began.
    pub(super) now_ns: u64,
    /// Time spent waiting for the kernel.
    pub(super) waited_ns: u64,
    /// The time of the latest batch that brought an answer.
    answered_at_ns: u64,
    /// Since when connections have failed without a right answer in between.
    trouble_since_ns: Option<u64>,
    next_tick_ns: u64,
    deadline_ns: u64,
    pub(super) timeout_ns: u64,
    stop: Option<Arc<AtomicBool>>,
    second_hand: Option<SecondHand>,
    /// Requests were left when the time was up.
    pub(super) cut: bool,
    /// The run cannot reach its goal.
    pub(super) failed: bool,
    /// The run was stopped from outside.
    abandoned: bool,
}

impl<'t> Run<'t> {
    /// A run of thread `index` of `threads`.
    pub(super) fn load(
        limits: &Limits,
        index: usize,
        threads: usize,
        times: &'t mut Times,
    ) -> Self {
        let schedule = match limits.pace {
            Pace::Closed => None,
            Pace::Open {
                rate,
                arrivals,
                seed,
            } => Some(Schedule::new(rate, arrivals, seed, index, threads)),
        };
        times.reset();
        let second_hand = limits.seconds.clone().map(|to| SecondHand::new(to, times));
        Self {
            goal: Goal::Load,
            second_hand,
            left: limits.requests.unwrap_or(u64::MAX),
            connections: limits.connections.unwrap_or(usize::MAX),
            deadline_ns: limits.duration.map_or(u64::MAX, nanoseconds),
            stop: Some(Arc::clone(&limits.stop)),
            schedule,
            ..Self::opening(Goal::Open, limits.timeout, times)
        }
    }

    /// A run that opens connections.
    pub(super) fn opening(goal: Goal, timeout: Duration, times: &'t mut Times) -> Self {
        times.reset();
        Self {
            goal,
            left: 0,
            connections: usize::MAX,
            schedule: None,
            busy: 0,
            idle: Vec::new(),
            retries: Vec::new(),
            tally: Tally::default(),
            causes: Causes::default(),
            times,
            clock: Instant::now(),
            now_ns: 0,
            waited_ns: 0,
            answered_at_ns: 0,
            trouble_since_ns: None,
            next_tick_ns: nanoseconds(TICK),
            deadline_ns: u64::MAX,
            timeout_ns: nanoseconds(timeout),
            stop: None,
            second_hand: None,
            cut: false,
            failed: false,
            abandoned: false,
        }
    }

    /// Before a wait: when the last batch began, and when it ended.
    pub(super) fn turn_ends(&mut self) -> (u64, u64) {
        (self.now_ns, nanoseconds(self.clock.elapsed()))
    }

    /// After a wait that may have gathered answers for so long: the time of the batch that begins.
    pub(super) fn turn_begins(&mut self, (began_ns, ended_ns): (u64, u64), gathering: Duration) {
        self.read_clock();
        let waited_ns = self.now_ns - ended_ns;
        let gathered_ns = waited_ns.min(nanoseconds(gathering));
        let turn_ns = ended_ns - began_ns + gathered_ns;
        self.times.turn.saturating_record(turn_ns);
        self.waited_ns += waited_ns;
        self.tally.waits += 1;
    }

    /// Moves the time of the current batch on.
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

    /// Takes up to `most` further requests; how many.
    #[inline]
    pub(super) fn take_more(&mut self, most: u32) -> u32 {
        let taken = self.left.min(u64::from(most)) as u32;
        self.left -= u64::from(taken);
        taken
    }

    pub(super) fn wants_more(&self) -> bool {
        self.left > 0
    }

    /// Open loop: takes the next request if it is due by now; when it was due.
    pub(super) fn take_due(&mut self) -> Option<u64> {
        let schedule = self.schedule.as_mut()?;
        let due_ns = schedule.next_due_ns();
        if self.left == 0 || due_ns > self.now_ns || due_ns >= self.deadline_ns {
            return None;
        }
        self.left -= 1;
        Some(schedule.take())
    }

    /// How long the thread may sleep.
    pub(super) fn sleep(&self) -> Duration {
        match &self.schedule {
            // Without an idle connection only an answer makes the next request possible.
            Some(schedule) if self.left > 0 && !self.idle.is_empty() => {
                let until_due_ns = schedule.next_due_ns().saturating_sub(self.now_ns);
                TICK.min(Duration::from_nanos(until_due_ns))
            }
            _ => TICK,
        }
    }

    /// Whether something is still to come.
    pub(super) fn goes_on(&self) -> bool {
        self.busy > 0 || (self.schedule.is_some() && self.left > 0)
    }

    /// Notes when a request went out that was due at `due_at_ns`.
    pub(super) fn dispatched(&mut self, due_at_ns: u64) {
        let delay_ns = self.now_ns.saturating_sub(due_at_ns);
        self.times.dispatch_delay.saturating_record(delay_ns);
    }

    /// Counts how a request ended.
    ///
    /// Only right answers and timeouts have a time: a refusal is fast for the wrong reason, and a
    /// timeout left out would make the slowest answers invisible.
    #[inline]
    pub(super) fn settle(&mut self, outcome: Outcome, sent_at_ns: u64, due_at_ns: u64) {
        self.tally.count(outcome);
        self.answered_at_ns = self.now_ns;
        if outcome == Outcome::Ok {
            self.trouble_since_ns = None;
        }
        if matches!(outcome, Outcome::Ok | Outcome::Timeout) {
            self.times
                .service
                .saturating_record(self.now_ns - sent_at_ns);
            if self.schedule.is_some() {
                self.times
                    .response
                    .saturating_record(self.now_ns - due_at_ns);
            }
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

    /// At a tick: tells of the second that has ended, if one has.
    pub(super) fn tell_second(&mut self) {
        if let Some(hand) = &mut self.second_hand {
            hand.move_to(self.now_ns, &self.tally, self.times);
        }
    }

    /// At the end: tells of what came since the last second.
    pub(super) fn tell_rest(&mut self) {
        if let Some(hand) = &mut self.second_hand {
            hand.tell(&self.tally, self.times);
        }
    }

    /// Stops sending where the time is up.
    pub(super) fn obey_deadline(&mut self) {
        if self.now_ns >= self.deadline_ns && self.left > 0 {
            self.end_sending(self.deadline_ns);
        }
    }

    /// Counts a connection that is opened again, and why.
    pub(super) fn count_reconnect(&mut self, cause: Cause) {
        self.tally.reconnects += 1;
        *self.causes.reconnects.entry(cause).or_default() += 1;
    }

    /// Counts an attempt to connect that failed, and why.
    pub(super) fn count_connect_error(&mut self, cause: Cause) {
        self.tally.connect_errors += 1;
        *self.causes.connect_errors.entry(cause).or_default() += 1;
    }

    /// Notes that a connection could not be opened or used.
    pub(super) fn note_trouble(&mut self) {
        self.trouble_since_ns.get_or_insert(self.now_ns);
    }

    /// Whether there has been nothing but trouble for so long that there will be nothing else.
    pub(super) fn is_hopeless(&self) -> bool {
        let since_ns = self.trouble_since_ns;
        since_ns.is_some_and(|since_ns| self.now_ns > since_ns + 2 * self.timeout_ns)
    }

    /// Gives up: nothing more is sent.
    pub(super) fn fail(&mut self) {
        self.failed = true;
        self.end_sending(self.now_ns);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop
            .as_ref()
            .is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// Stops sending at once, as asked from outside.
    pub(super) fn abandon(&mut self) {
        self.abandoned = true;
        self.end_sending(self.now_ns);
    }

    /// Whether the run has ended before its requests and its time had.
    pub(super) fn ended_early(&self) -> bool {
        self.failed || self.abandoned
    }

    /// Sends nothing more; what was due before `end_ns` and never left is counted, with its age.
    fn end_sending(&mut self, end_ns: u64) {
        self.cut = self.left > 0;
        if let Some(schedule) = &mut self.schedule {
            while self.left > 0 && schedule.next_due_ns() < end_ns {
                let due_ns = schedule.take();
                self.left -= 1;
                self.tally.unsent += 1;
                self.tally.unsent_age_max_ns = self.tally.unsent_age_max_ns.max(end_ns - due_ns);
            }
        }
        self.left = 0;
    }
}

/// Whole nanoseconds; a run of 584 years would saturate.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
