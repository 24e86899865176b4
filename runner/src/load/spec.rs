//! What a run is to be: its pace, what ends it, and which part of it is counted.

use super::intervals::Interval;
use super::pace::Pace;
use super::part::PartOf;
use super::profile::Stage;
use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// How a run goes on, and when it ends: at its requests, at its time or after its window, whichever
/// is first.
#[derive(Debug, Clone)]
pub struct LoadSpec {
    /// When requests go out.
    pub pace: Pace,
    /// Open loop: how the rate goes on, in place of one rate for all of the run. It has an end of its own.
    pub stages: Arc<[Stage]>,
    /// Which part of the load this is: pace, stages and requests are those of all parts together.
    pub part: PartOf,
    /// When the run begins; at once if nothing is said.
    pub start: Option<Instant>,
    /// Exactly this many requests are sent, unless time runs out.
    pub requests: Option<u64>,
    /// After this long nothing more is sent; what is open is waited for.
    pub duration: Option<Duration>,
    /// Only a part of the run is counted. A window has an end of its own: it goes with neither
    /// `requests` nor `duration`.
    pub window: Option<Window>,
    /// Read by the first thread at both edges: of the window, or of the time in which load is offered.
    pub probe: Option<Probe>,
    /// An answer that takes longer is given up, with its connection.
    pub timeout: Duration,
    /// Only so many of the connections are driven; all where nothing is said.
    pub connections: Option<usize>,
    /// Set from outside to stop at once; open requests then count as unanswered.
    pub stop: Arc<AtomicBool>,
    /// Who is told what happens, while the run goes on.
    pub intervals: Option<Intervals>,
}

/// The counted part of a run, from a state that has settled to one that has not changed: load runs
/// through both edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Load before the window, which is not counted.
    pub settling: Duration,
    /// How long is counted. The edges are crossed with the first batch after their time.
    pub length: Duration,
    /// After the window nothing is sent, and open requests are waited for. Those that are open
    /// after this long are given up, with their connections.
    pub rest: Duration,
}

/// A clock of the caller's that is read at both edges of the window, such as the server's CPU time.
#[derive(Clone)]
pub struct Probe(Arc<dyn Fn() -> Result<Duration> + Send + Sync>);

impl Probe {
    /// A probe that calls `read`.
    pub fn new(read: impl Fn() -> Result<Duration> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// What it says now.
    ///
    /// # Errors
    ///
    /// If the clock cannot be read.
    pub fn read(&self) -> Result<Duration> {
        (self.0)()
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Probe")
    }
}

/// Who is told of each interval of a run, from its start on.
#[derive(Debug, Clone)]
pub struct Intervals {
    /// How long each is.
    pub every: Duration,
    /// Whom to tell: each thread tells its part.
    pub to: Sender<Interval>,
}

impl Intervals {
    /// Each second is told to `to`.
    #[must_use]
    pub fn seconds(to: Sender<Interval>) -> Self {
        Self {
            every: Duration::from_secs(1),
            to,
        }
    }
}

impl LoadSpec {
    /// Load at this pace on all connections, without an end of its own.
    #[must_use]
    pub fn new(pace: Pace, timeout: Duration) -> Self {
        Self {
            pace,
            stages: Arc::default(),
            part: PartOf::WHOLE,
            start: None,
            requests: None,
            duration: None,
            window: None,
            probe: None,
            timeout,
            connections: None,
            stop: Arc::default(),
            intervals: None,
        }
    }

    /// The requests that fall to this part.
    #[must_use]
    pub fn own_requests(&self) -> Option<u64> {
        self.requests.map(|all| self.part.share(all))
    }

    /// Open loop: how long the schedule is, from the first request due to when the next one after
    /// the last would be, or to the end of the time.
    #[must_use]
    pub fn scheduled(&self) -> Option<Duration> {
        let Pace::Open { rate, .. } = self.pace else {
            return None;
        };
        let for_requests = self.requests.map(|requests| {
            // A rate so low that this is not a duration has no end either.
            Duration::try_from_secs_f64(requests as f64 / rate).unwrap_or(Duration::MAX)
        });
        let for_stages = Some(self.staged()).filter(|staged| !staged.is_zero());
        let ends = for_requests.into_iter().chain(self.duration);
        ends.chain(for_stages).min()
    }

    /// How long the stages are together.
    pub(super) fn staged(&self) -> Duration {
        self.stages.iter().map(|stage| stage.duration).sum()
    }

    /// When nothing more is sent, where that is known by time.
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self.stages.is_empty() {
            true => self.duration,
            false => Some(self.staged()),
        }
    }

    /// Refuses what contradicts itself.
    pub(super) fn check(&self) -> Result<()> {
        let has_end = self.requests.is_some() || self.duration.is_some();
        ensure!(
            self.window.is_none() || !has_end,
            "a window ends the run; no number of requests and no duration goes with it"
        );
        let is_staged = !self.stages.is_empty();
        ensure!(
            !is_staged || self.pace != Pace::Closed,
            "stages are of a rate, and a closed loop has none"
        );
        ensure!(
            !is_staged || (self.window.is_none() && !has_end),
            "stages end the run; no number of requests, duration or window goes with them"
        );
        let is_counted = self.window.is_none_or(|window| !window.length.is_zero());
        ensure!(is_counted, "the window is empty");
        let every = self.intervals.as_ref().map(|told| told.every);
        ensure!(every != Some(Duration::ZERO), "the intervals are empty");
        Ok(())
    }
}
