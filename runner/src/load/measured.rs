//! What a run, and the opening of connections before it, came to: over one thread or all.

use super::Tally;
use super::causes::Causes;
use super::drive::Times;
use anyhow::{Context, Result};
use std::time::Duration;

/// What one run has measured, over all threads.
#[derive(Debug)]
pub struct Measured {
    /// Outcomes and bytes.
    pub tally: Tally,
    /// Why connections failed.
    pub causes: Causes,
    /// How long things took.
    pub times: Times,
    /// From the first request sent to the last answer read; in the open loop to the end of the
    /// schedule, where that is later.
    pub elapsed: Duration,
    /// User and system time of the generator's threads.
    pub cpu: Duration,
    /// What each of the generator's threads did with its time.
    pub workers: Vec<WorkerTime>,
    /// Requests were left when the time was up.
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
}

/// What one thread of the generator did during a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerTime {
    /// User and system time.
    pub cpu: Duration,
    /// Spent waiting for the kernel to have something.
    pub waited: Duration,
    /// From the start of the run to its end on this thread.
    pub elapsed: Duration,
}

impl WorkerTime {
    /// The time in which there was nothing to do. A wait may do work too (io_uring sends and receives
    /// inside it), so CPU time has a say.
    #[must_use]
    pub fn idle(&self) -> Duration {
        self.waited.min(self.elapsed.saturating_sub(self.cpu))
    }
}
