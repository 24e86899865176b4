//! What a run, and the opening of connections before it, came to: over one thread or all.

use super::Tally;
use super::causes::Causes;
use super::fairness::Fairness;
use super::pauses::Pauses;
use super::times::Times;
use anyhow::{Context, Result};
use std::time::Duration;

/// What one run has measured, over all threads.
#[derive(Debug)]
pub struct Measured {
    /// Outcomes and bytes of what is counted: of the window, where there is one, otherwise of the
    /// whole run. A request belongs to the window in which it ended.
    pub tally: Tally,
    /// Outcomes and bytes of the rest of the run: before the window and after it.
    pub outside: Tally,
    /// Why connections failed.
    pub causes: Causes,
    /// How long things took.
    pub times: Times,
    /// From one edge of the window to the other as they were crossed, on average over the threads.
    /// Without a window: from the first request sent to the last answer read; in the open loop to
    /// the end of the schedule, where that is later.
    pub elapsed: Duration,
    /// User and system time of the generator's threads in what is counted.
    pub cpu: Duration,
    /// What each of the generator's threads did with its time in what is counted.
    pub workers: Vec<WorkerTime>,
    /// The generator was stopped: in what is counted, and for how long.
    pub pauses: Pauses,
    /// By how much the probe has gone on from one edge of the window to the other.
    pub probed: Option<Duration>,
    /// How the answers of the window are spread over the connections.
    pub fairness: Option<Fairness>,
    /// Right answers in the first half of the window, by which one sees whether load had settled.
    pub first_half_ok: u64,
    /// Requests were left when the time was up; the run ended before its window did.
    pub cut: bool,
    /// What was wrong with the first answer that was not right, or why the run gave up.
    pub complaint: Option<String>,
}

/// What came of opening connections before a run.
#[derive(Debug, Default)]
pub struct Opening {
    /// Connections that are open.
    pub(super) opened: usize,
    /// Attempts that failed.
    pub(super) connect_errors: u64,
    /// Why they did.
    pub(super) causes: Causes,
    /// What was wrong with the first that did.
    pub(super) complaint: Option<String>,
}

impl Opening {
    /// Adds what another thread has opened.
    pub(super) fn add(&mut self, other: Self) {
        self.opened += other.opened;
        self.connect_errors += other.connect_errors;
        self.causes.add(&other.causes);
        self.complaint = self.complaint.take().or(other.complaint);
    }
}

impl Measured {
    /// Adds what another thread measured in the same run.
    pub(super) fn add(&mut self, other: Self) -> Result<()> {
        self.tally.add(&other.tally);
        self.outside.add(&other.outside);
        self.pauses.add(&other.pauses);
        self.probed = self.probed.or(other.probed);
        self.first_half_ok += other.first_half_ok;
        self.times
            .add(&other.times)
            .context("histograms of one run have one shape")?;
        self.cpu += other.cpu;
        self.workers.extend(other.workers);
        self.causes.add(&other.causes);
        self.cut |= other.cut;
        self.complaint = self.complaint.take().or(other.complaint);
        Ok(())
    }

    /// Counts the attempts to connect that failed before this run with those that failed in it.
    pub fn add_opening(&mut self, opening: Opening) {
        self.tally.connect_errors += opening.connect_errors;
        self.causes.add(&opening.causes);
        self.complaint = self.complaint.take().or(opening.complaint);
    }

    /// How long the busiest thread had nothing to do.
    #[must_use]
    pub fn idle(&self) -> Option<Duration> {
        self.workers.iter().map(WorkerTime::idle).min()
    }

    /// How long the thread that had to wait longest for a processor had to wait for it, in the
    /// middle of its work.
    #[must_use]
    pub fn kept_waiting(&self) -> Option<Duration> {
        self.workers.iter().map(WorkerTime::kept_waiting).max()
    }
}

/// What one thread of the generator did during a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkerTime {
    /// User and system time.
    pub cpu: Duration,
    /// Spent waiting for the kernel to have something.
    pub waited: Duration,
    /// All of it: from one edge of the window to the other, or from the start of the run to its end.
    pub elapsed: Duration,
}

impl WorkerTime {
    /// The time in which there was nothing to do. A wait may do work too (io_uring sends and receives
    /// inside it), so CPU time has a say.
    #[must_use]
    pub fn idle(&self) -> Duration {
        self.waited.min(self.elapsed.saturating_sub(self.cpu))
    }
    /// The time in which it could have run and was not let.
    #[must_use]
    pub fn kept_waiting(&self) -> Duration {
        self.elapsed.saturating_sub(self.waited + self.cpu)
    }
}
