//! What a run, and the opening of connections before it, came to: over one thread or all.

use super::Tally;
use super::causes::Causes;
use super::fairness::{Fairness, Spread};
use super::pauses::Pauses;
use super::pool::Closing;
use super::stages::StageMeasured;
use super::times::Times;
use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A second, but for the precision of a histogram and of the kernel's timer.
const SYN_REPEATED_NS_MIN: u64 = 990_000_000;

/// What one run has measured, over all threads. Another process is told all of it but what only this one can use: when it
/// began by its clock, causes of failures, stages and an early end.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Outcomes and bytes of what is counted: of the window, where there is one, otherwise of the
    /// whole run. A request belongs to the window in which it ended.
    pub tally: Tally,
    /// Outcomes and bytes of the rest of the run: before the window and after it.
    pub outside: Tally,
    /// Why connections failed.
    #[serde(skip)]
    pub causes: Causes,
    /// Answers of the whole run that were framed rightly, by status.
    pub statuses: BTreeMap<u16, u64>,
    /// What came of each stage, where there are stages.
    #[serde(skip)]
    pub stages: Vec<StageMeasured>,
    /// How long things took.
    pub times: Times,
    /// When the run began.
    #[serde(skip, default = "Instant::now")]
    pub began: Instant,
    /// From one edge of the window to the other as they were crossed, on average over the threads.
    /// Without a window: from the first request sent to the last answer read; in the open loop to
    /// the end of the schedule, where that is later.
    pub elapsed: Duration,
    /// What came of the time in which load was offered: all there is to a rate.
    pub offered: Offered,
    /// How long open requests were waited for after that.
    pub tail: Duration,
    /// User and system time of the generator's threads in what is counted.
    pub cpu: Duration,
    /// What each of the generator's threads did with its time while load was offered.
    pub workers: Vec<WorkerTime>,
    /// The generator was stopped: in what is counted, and for how long.
    pub pauses: Pauses,
    /// By how much the probe has gone on from one edge of the window to the other.
    pub probed: Option<Duration>,
    /// How the answers of the window are spread over the connections.
    pub fairness: Option<Fairness>,
    /// The same by connection.
    pub(crate) spread: Option<Spread>,
    /// The server ends each connection after one answer, where it was not asked to.
    #[serde(skip)]
    pub closing: Option<Closing>,
    /// Right answers in the first half of the window, by which one sees whether load had settled.
    pub first_half_ok: u64,
    /// Requests were left when the time was up; the run ended before its window did.
    pub cut: bool,
    /// The run ended before its requests and its time did.
    #[serde(skip)]
    pub early_end: Option<EarlyEnd>,
    /// What was wrong with the first answer that was not right, or why the run gave up.
    pub complaint: Option<String>,
}

/// The end of a run that came before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlyEnd {
    /// Why it came.
    pub why: WhyEarly,
    /// When, since the run began.
    pub after: Duration,
    /// For how long load was to be offered, where that was known.
    pub planned: Option<Duration>,
    /// For how long nothing but trouble is borne.
    pub patience: Duration,
}

/// Why a run ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyEarly {
    /// It was stopped from outside.
    Stopped,
    /// Connections could not be opened or used, and no right answer came.
    Hopeless,
}

/// What came of the time in which load was offered: of the window, where there is one; otherwise from
/// the start of the run until its time was up, its schedule was over or its last request had left
/// (if most answers came after that, until the last of them).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// How long it was, on average over the threads.
    pub elapsed: Duration,
    /// What ended within it.
    pub tally: Tally,
    /// How long connections had a request open in it, all together.
    pub busy: Duration,
    /// How long they were being opened in it, likewise.
    pub connecting: Duration,
}

impl Offered {
    /// Right answers per second; none where no time has passed.
    #[must_use]
    pub fn rps(&self) -> Option<f64> {
        let elapsed_s = self.elapsed.as_secs_f64();
        (elapsed_s > 0.0).then(|| self.tally.ok as f64 / elapsed_s)
    }
}

/// What came of opening connections before a run.
#[derive(Debug, Default)]
pub struct Opening {
    /// Connections that are open.
    pub(super) opened: usize,
    /// How long that took each, in ns.
    pub(super) connect: Option<Histogram<u64>>,
    /// Attempts that failed.
    pub(super) connect_errors: u64,
    /// Why they did.
    pub(super) causes: Causes,
    /// What was wrong with the first that did.
    pub(super) complaint: Option<String>,
}

impl Opening {
    /// How many connections are open.
    #[must_use]
    pub fn opened(&self) -> usize {
        self.opened
    }

    /// What was wrong with the first that could not be opened.
    #[must_use]
    pub fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref()
    }

    /// Itself, where a connection is open.
    ///
    /// # Errors
    ///
    /// What was wrong with the first that could not be opened, if all could not.
    pub fn demand_one(self) -> Result<Self> {
        let complaint = self.complaint();
        ensure!(
            self.opened > 0,
            "{}",
            complaint.unwrap_or("no connection opens")
        );
        Ok(self)
    }

    /// Adds what another thread has opened.
    pub(super) fn add(&mut self, other: Self) -> Result<()> {
        self.opened += other.opened;
        match (&mut self.connect, other.connect) {
            (Some(sum), Some(times)) => sum
                .add(&times)
                .context("histograms of one run have one shape")?,
            (sum, times) => *sum = sum.take().or(times),
        }
        self.connect_errors += other.connect_errors;
        self.causes.add(&other.causes);
        self.complaint = self.complaint.take().or(other.complaint);
        Ok(())
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
        self.offered.tally.add(&other.offered.tally);
        self.offered.busy += other.offered.busy;
        self.offered.connecting += other.offered.connecting;
        self.tail = self.tail.max(other.tail);
        self.workers.extend(other.workers);
        self.causes.add(&other.causes);
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        for (sum, other) in self.stages.iter_mut().zip(&other.stages) {
            sum.add(other)
                .context("histograms of one run have one shape")?;
        }
        self.closing = self.closing.or(other.closing);
        self.cut |= other.cut;
        self.early_end = self.early_end.or(other.early_end);
        self.complaint = self.complaint.take().or(other.complaint);
        Ok(())
    }

    /// Counts the connections that were opened before this run, or could not be, with those of it.
    ///
    /// # Errors
    ///
    /// If histograms differ in shape.
    pub fn add_opening(&mut self, opening: Opening) -> Result<()> {
        if let Some(times) = &opening.connect {
            let sum = &mut self.times.connect;
            sum.add(times)
                .context("histograms of one run have one shape")?;
        }
        self.tally.connect_errors += opening.connect_errors;
        self.causes.add(&opening.causes);
        self.complaint = self.complaint.take().or(opening.complaint);
        Ok(())
    }

    /// Handshakes that took so long that their first packet was sent again: Linux does that after a
    /// second (RFC 6298 §2), and over the loopback interface they take microseconds otherwise.
    #[must_use]
    pub fn handshakes_repeated(&self) -> u64 {
        let connect = &self.times.connect;
        connect.count_between(SYN_REPEATED_NS_MIN, u64::MAX)
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerTime {
    /// User and system time.
    pub cpu: Duration,
    /// Spent waiting for the kernel to have something, pauses not included.
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
