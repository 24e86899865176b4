//! What came of each stage of an open loop, by when requests were due: the stages of a run are one
//! schedule, and a backlog of one stage is not the next one's fault.

use super::drive::Run;
use super::profile::Stage;
use super::tally::Outcome;
use super::times::time_histogram;
use hdrhistogram::Histogram;

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
    /// be about to), and all answers were right.
    #[must_use]
    pub fn is_held(&self) -> bool {
        let late_share = self.backlog.saturating_sub(1) as f64 / self.due().max(1) as f64;
        self.errors == 0 && late_share <= 1.0 - super::RATE_HELD_SHARE_MIN
    }

    /// Adds what another thread counted of the same stage.
    pub(super) fn add(&mut self, other: &Self) -> Result<(), hdrhistogram::AdditionError> {
        self.sent += other.sent;
        self.ok += other.ok;
        self.errors += other.errors;
        self.unsent += other.unsent;
        self.backlog += other.backlog;
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
    pub(super) fn new(stages: &[Stage]) -> Self {
        let mut ends_ns = Vec::new();
        let mut end_ns = 0;
        for stage in stages {
            end_ns += super::drive::nanoseconds(stage.duration);
            ends_ns.push(end_ns);
        }
        Self {
            sums: stages.iter().copied().map(StageMeasured::new).collect(),
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
    pub(super) fn give_up(&mut self, due_ns: u64) {
        let sum = self.of(due_ns);
        sum.sent += 1;
        sum.errors += 1;
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
            let stages = &mut self.stages;
            let sum = &mut stages.sums[stages.present];
            sum.backlog = backlog;
            sum.answered = self.tally.ok - stages.answered_before;
            stages.answered_before = self.tally.ok;
            stages.present += 1;
        }
    }
}
