//! What a run is to be: its pace, and what ends it.

use super::pace::Pace;
use super::seconds::Second;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// How a run goes on, and when it ends: at its requests or at its time, whichever is first.
#[derive(Debug, Clone)]
pub struct Limits {
    /// When requests go out.
    pub pace: Pace,
    /// Exactly this many requests are sent, unless time runs out.
    pub requests: Option<u64>,
    /// After this long nothing more is sent; what is open is waited for.
    pub duration: Option<Duration>,
    /// An answer that takes longer is given up, with its connection.
    pub timeout: Duration,
    /// Only so many of the connections are driven; all where nothing is said.
    pub connections: Option<usize>,
    /// Set from outside to stop at once; open requests then count as unanswered.
    pub stop: Arc<AtomicBool>,
    /// Where to tell of each second, while the run goes on.
    pub seconds: Option<Sender<Second>>,
}

impl Limits {
    /// Open loop: how long the schedule is, from the first request due to when the next one after
    /// the last would be, or to the end of the time.
    #[must_use]
    pub fn scheduled(&self) -> Option<Duration> {
        let Pace::Open { rate, .. } = self.pace else {
            return None;
        };
        let for_requests = self.requests.map(|requests| {
            // A rate so low that this is no duration has no end either.
            Duration::try_from_secs_f64(requests as f64 / rate).unwrap_or(Duration::MAX)
        });
        for_requests.into_iter().chain(self.duration).min()
    }
}
