//! Whether this process was stopped, at whatever moment of a block: by a signal, or with the whole machine.
//!
//! The generator notices stops of more than 10 ms within a slice. It is idle between slices, so a thread that only sleeps
//! notices the long ones there; it wakes four times a second, too seldom to affect what is measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long it sleeps at a time.
const SLEEP: Duration = Duration::from_millis(250);

/// A sleep that is longer by this is a stop: no scheduler lets a thread wait as long on a machine that is fit to measure.
const LATE: Duration = Duration::from_millis(100);

/// Sleeps until it is dropped.
pub(super) struct Stops {
    stopped_ms: Arc<AtomicU64>,
    /// Ends the thread by being dropped.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Stops {
    pub(super) fn watch() -> Self {
        let (end, ended) = mpsc::channel::<()>();
        let stopped_ms = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&stopped_ms);
        let thread = thread::spawn(move || {
            loop {
                let asleep = Instant::now();
                if ended.recv_timeout(SLEEP) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                seen.fetch_add(stop_in(asleep.elapsed()), Ordering::Relaxed);
            }
        });
        Self {
            stopped_ms,
            end: Some(end),
            thread: Some(thread),
        }
    }

    /// Makes it believe that there was a stop.
    #[cfg(test)]
    pub(super) fn pretend(&self, stopped_ms: u64) {
        self.stopped_ms.fetch_add(stopped_ms, Ordering::Relaxed);
    }

    /// Milliseconds since it began.
    pub(super) fn stopped_ms(&self) -> u64 {
        self.stopped_ms.load(Ordering::Relaxed)
    }
}

impl Drop for Stops {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            // It has nothing to say.
            let _ = thread.join();
        }
    }
}

/// The part of a sleep in which the process was stopped, in milliseconds.
fn stop_in(slept: Duration) -> u64 {
    let late = slept.saturating_sub(SLEEP);
    if late < LATE {
        return 0;
    }
    u64::try_from(late.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_scheduler_explains_is_a_stop() {
        assert_eq!(stop_in(Duration::from_millis(251)), 0);
        assert_eq!(stop_in(Duration::from_millis(340)), 0);
        assert_eq!(stop_in(Duration::from_millis(3_250)), 3_000);
    }

    #[test]
    fn it_ends_when_it_is_dropped() {
        let stops = Stops::watch();
        let seen = Arc::downgrade(&stops.stopped_ms);
        drop(stops);
        assert!(seen.upgrade().is_none());
    }
}
