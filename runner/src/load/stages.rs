//! What came of each stage of an open loop, by when requests were due: the stages of a run are one
//! schedule, and a backlog of one stage is not the next one's fault.

use super::drive::Run;
use super::pace::Schedule;
use super::part::PartOf;
use super::profile::Stage;
use super::tally::Outcome;
use super::times::time_histogram;
use hdrhistogram::Histogram;

/// So many of the times of a stage are taken for such as have not waited for others.
const SHORT_QUANTILE: f64 = 0.1;

/// What came of one stage.
#[derive(Debug, Clone)]
pub struct StageMeasured {
    /// The stage.
    pub stage: Stage,
    /// Requests that were due in it and have left.
    pub sent: u64,
    /// Of these, right answers,
    pub ok: u64,
    /// and others.
    pub errors: u64,
    /// Requests that were due in it and never left.
    pub unsent: u64,
    /// Requests of this stage and those before it that were due and had not left when it ended.
    pub backlog: u64,
    /// Requests of this stage and those before it that had left and were not answered when it ended.
    pub in_flight: u64,
    /// Backlog and requests in flight when it began.
    pub open_before: u64,
    /// By how much its rate is above that of the stage before, of what falls to this part of the load.
    pub rate_risen: f64,
    /// Right answers that came while it went on, whenever they were due.
    pub answered: u64,
    /// Response times of what was due in it, in ns.
    pub response: Histogram<u64>,
}

impl StageMeasured {
    fn new(stage: Stage) -> Self {
        Self {
            stage,
            sent: 0,
            ok: 0,
            errors: 0,
            unsent: 0,
            backlog: 0,
            in_flight: 0,
            open_before: 0,
            rate_risen: 0.0,
            answered: 0,
            response: time_histogram(),
        }
    }

    /// Requests that were due in it.
    #[must_use]
    pub fn due(&self) -> u64 {
        self.sent + self.unsent
    }

    /// Whether its rate was held: nearly all that was due had left when it ended (one request may just
    /// be about to), answers kept up with requests, and all were right.
    ///
    /// Answers keep up if what is open grows by less than 1 % of what was due. A higher rate has more open
    /// at a time though nobody waits longer (Little's law): so many more are granted, by short times, since
    /// the others would be long if answers did not keep up.
    #[must_use]
    pub fn is_held(&self) -> bool {
        let granted = (1.0 - super::RATE_HELD_SHARE_MIN) * self.due() as f64 + 1.0;
        let short_s = self.response.value_at_quantile(SHORT_QUANTILE) as f64 / 1e9;
        let natural = (self.rate_risen.max(0.0) * short_s).ceil();
        let grown = (self.backlog + self.in_flight).saturating_sub(self.open_before);
        self.errors == 0 && self.backlog as f64 <= granted && grown as f64 <= granted + natural
    }

    /// Adds what another thread, or another part of the load, counted of the same stage.
    ///
    /// # Errors
    ///
    /// If its histogram has other bounds.
    pub fn add(&mut self, other: &Self) -> Result<(), hdrhistogram::AdditionError> {
        self.sent += other.sent;
        self.ok += other.ok;
        self.errors += other.errors;
        self.unsent += other.unsent;
        self.backlog += other.backlog;
        self.in_flight += other.in_flight;
        self.open_before += other.open_before;
        self.answered += other.answered;
        self.response.add(&other.response)
    }
}

/// The stages of one thread's run.
#[derive(Debug, Default)]
pub(super) struct Stages {
    sums: Vec<StageMeasured>,
    /// When each ends.
    ends_ns: Vec<u64>,
    /// The one that goes on.
    present: usize,
    /// Right answers before it.
    answered_before: u64,
}

impl Stages {
    pub(super) fn new(stages: &[Stage], part: PartOf) -> Self {
        let mut ends_ns = Vec::new();
        let mut end_ns = 0;
        for stage in stages {
            end_ns += super::drive::nanoseconds(stage.duration);
            ends_ns.push(end_ns);
        }
        let mut rate_before = 0.0;
        let sums = stages.iter().map(|&stage| StageMeasured {
            rate_risen: (stage.to_rate - std::mem::replace(&mut rate_before, stage.to_rate))
                / part.of() as f64,
            ..StageMeasured::new(stage)
        });
        Self {
            sums: sums.collect(),
            ends_ns,
            present: 0,
            answered_before: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// When the one that goes on ends.
    pub(super) fn next_ns(&self) -> u64 {
        self.ends_ns.get(self.present).copied().unwrap_or(u64::MAX)
    }

    /// The one in which a request is due then.
    fn of(&mut self, due_ns: u64) -> &mut StageMeasured {
        let place = self.ends_ns.partition_point(|&end_ns| end_ns <= due_ns);
        let last = self.sums.len() - 1;
        &mut self.sums[place.min(last)]
    }

    /// How a request ended that was due then.
    #[cold]
    pub(super) fn settle(&mut self, outcome: Outcome, due_ns: u64, response_ns: u64) {
        let sum = self.of(due_ns);
        sum.sent += 1;
        match outcome {
            Outcome::Ok => sum.ok += 1,
            _ => sum.errors += 1,
        }
        if matches!(outcome, Outcome::Ok | Outcome::Timeout) {
            sum.response.saturating_record(response_ns);
        }
    }

    /// So many requests that were due then have not left, and will not.
    pub(super) fn never_left(&mut self, due_ns: u64, age_ns: u64, count: u64) {
        let sum = self.of(due_ns);
        sum.unsent += count;
        sum.response.saturating_record_n(age_ns, count);
    }

    /// What is open when the run is stopped has an outcome too.
    pub(super) fn give_up(&mut self, due_ns: u64, age_ns: u64) {
        let sum = self.of(due_ns);
        sum.sent += 1;
        sum.errors += 1;
        sum.response.saturating_record(age_ns);
    }

    /// What has been counted.
    pub(super) fn take(&mut self) -> Vec<StageMeasured> {
        std::mem::take(&mut self.sums)
    }
}

impl Run<'_> {
    /// The present stage has ended, or several have.
    pub(super) fn end_stages(&mut self) {
        while self.now_ns >= self.stages.next_ns() {
            let backlog = self.backlog_at(self.stages.next_ns()) + self.unsent_count();
            let in_flight = self.in_flight();
            let stages = &mut self.stages;
            let sum = &mut stages.sums[stages.present];
            sum.backlog = backlog;
            sum.in_flight = in_flight;
            sum.answered = self.tally.ok - stages.answered_before;
            stages.answered_before = self.tally.ok;
            stages.present += 1;
            if let Some(next) = stages.sums.get_mut(stages.present) {
                next.open_before = backlog + in_flight;
            }
        }
    }

    /// Open loop: requests that were taken for a connection and have no outcome.
    fn in_flight(&self) -> u64 {
        let taken = self.schedule.as_ref().map_or(0, Schedule::taken);
        let given_up = self.tally.unsent - self.unsent_count();
        let ended = self.tally.ok + self.tally.errors() + given_up;
        taken.saturating_sub(ended)
    }
}
