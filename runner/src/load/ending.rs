//! When a run stops: what ends its sending, what is waited for, and when there is no hope. No I/O.

use super::drive::{Goal, Run};
use super::measured::{EarlyEnd, WhyEarly};
use super::tally::Outcome;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl Run<'_> {
    /// Closed loop: whether every request has left. In the open loop the schedule says when all have.
    #[inline]
    pub(super) fn has_sent_all(&self) -> bool {
        self.left == 0 && self.schedule.is_none()
    }

    /// Whether something is still to come. Nobody waits for connections that nobody needs.
    pub(super) fn goes_on(&self) -> bool {
        let needed = match self.goal {
            Goal::Load if self.left == 0 => self.busy - self.unladen,
            Goal::Load | Goal::Open | Goal::Connect => self.busy,
        };
        needed > 0 || (self.schedule.is_some() && self.left > 0)
    }

    /// Whether a connection that could not be opened is tried again: for a request that is due until
    /// the time is up, otherwise as long as there is something to send.
    pub(super) fn tries_again(&self, has_request: bool) -> bool {
        match has_request {
            true => self.now_ns < self.deadline_ns,
            false => self.needs_connection(),
        }
    }

    /// Whether another connection would have something to carry. In a closed loop each of those that
    /// are being opened will take a request; in the open loop the schedule decides.
    pub(super) fn needs_connection(&self) -> bool {
        match self.schedule {
            Some(_) => self.wants_more(),
            None => self.left > self.unladen as u64,
        }
    }

    /// Stops sending where the time is up.
    pub(super) fn obey_deadline(&mut self) {
        if self.now_ns >= self.deadline_ns && self.left > 0 {
            self.end_sending(self.deadline_ns);
        }
    }

    /// Notes that a connection could not be opened or used.
    pub(super) fn note_trouble(&mut self) {
        self.trouble_since_ns.get_or_insert(self.now_ns);
    }

    /// Whether there has been nothing but trouble for so long that there will be nothing else.
    pub(super) fn is_hopeless(&self) -> bool {
        let since_ns = self.trouble_since_ns;
        since_ns.is_some_and(|since_ns| self.now_ns > since_ns.saturating_add(self.patience_ns()))
    }

    /// For how long there may be nothing but trouble.
    fn patience_ns(&self) -> u64 {
        self.timeout_ns.saturating_mul(2)
    }

    /// How the run ended before its requests and its time had, where it did.
    pub(super) fn early_end(&self, planned: Option<Duration>) -> Option<EarlyEnd> {
        let why = match self.abandoned {
            true => WhyEarly::Stopped,
            false => WhyEarly::Hopeless,
        };
        self.ended_early().then(|| EarlyEnd {
            why,
            after: Duration::from_nanos(self.now_ns),
            planned,
            patience: Duration::from_nanos(self.patience_ns()),
        })
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

    /// Sends nothing more; what was due before `end_ns` and never left is counted.
    fn end_sending(&mut self, end_ns: u64) {
        self.cut |= self.left > 0;
        if let Some(schedule) = &self.schedule
            && self.left > 0
        {
            let count = schedule.due_before(end_ns).min(self.left);
            self.tally.unsent += count;
            self.unsent = Some((schedule.clone(), count));
        }
        self.left = 0;
    }

    /// A request that was due then is given up with the run. In the open loop its age is the least that
    /// its response time would have been; in the closed loop there is nothing to hide: nobody else waited.
    pub(super) fn leaves_unanswered(&mut self, due_ns: u64) {
        self.tally.count(Outcome::Unanswered);
        let age_ns = self.now_ns.saturating_sub(due_ns);
        if self.schedule.is_some() && self.is_counting {
            self.times.response.saturating_record(age_ns);
        }
        if !self.stages.is_empty() {
            self.stages.give_up(due_ns, age_ns);
        }
    }

    /// How many requests were due when sending ended, and had not left.
    pub(super) fn unsent_count(&self) -> u64 {
        self.unsent.as_ref().map_or(0, |(_, count)| *count)
    }

    /// The run is over, and what was due and never left has been waiting until now: its age is the
    /// least that its response time would have been. Of these requests the first `counted` are told.
    pub(super) fn tell_unsent(&mut self, counted: u64) {
        let Some((mut schedule, count)) = self.unsent.take() else {
            return;
        };
        let mut left = count.min(counted);
        while left > 0 {
            let (due_ns, size) = schedule.take_group(count, left);
            self.never_left(due_ns, size);
            left -= size;
        }
    }

    /// `count` requests that were due then have not left, and will not.
    pub(super) fn never_left(&mut self, due_ns: u64, count: u64) {
        let age_ns = self.now_ns.saturating_sub(due_ns);
        self.tally.unsent_age_max_ns = self.tally.unsent_age_max_ns.max(age_ns);
        self.times.response.saturating_record_n(age_ns, count);
        if !self.stages.is_empty() {
            self.stages.never_left(due_ns, age_ns, count);
        }
    }
}
