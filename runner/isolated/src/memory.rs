//! What the process holds, read once everything has come to rest.

use crate::Failure;
use crate::system::{self, Heap};
use std::fs;
use std::future::poll_fn;
use std::task::Poll;

/// Readings that must agree.
const EQUAL_READINGS: u32 = 3;

/// Turns that the runtime gets between two readings.
const TURNS: u32 = 64;

/// Readings after which rest is not to be expected any more.
const READINGS_MAX: u32 = 10_000;

/// One reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    /// `None` where the executable was built without counting.
    pub(crate) heap: Option<Heap>,
    /// Resident memory.
    pub(crate) rss_kib: u64,
}

impl Memory {
    /// Lets the runtime finish what it still has to do, such as dropping the tasks of connections
    /// that have ended, and then reads.
    pub(crate) async fn at_rest() -> Result<Self, Failure> {
        let mut last = live_bytes();
        let mut equal = 1;
        for _ in 0..READINGS_MAX {
            for _ in 0..TURNS {
                one_turn().await;
            }
            let now = live_bytes();
            equal = if now == last { equal + 1 } else { 1 };
            last = now;
            if equal == EQUAL_READINGS {
                return Self::read();
            }
        }
        Err(Failure::new(format!(
            "{EQUAL_READINGS} equal readings of live bytes were expected, {READINGS_MAX} readings went on changing"
        )))
    }

    fn read() -> Result<Self, Failure> {
        let heap = system::heap();
        system::trim();
        let text = fs::read_to_string("/proc/self/smaps_rollup").map_err(|error| {
            Failure::new(format!("cannot read /proc/self/smaps_rollup: {error}"))
        })?;
        let rss_kib = rss_kib(&text).ok_or_else(|| {
            Failure::new(format!("\"Rss: N kB\" was expected, this came: {text}"))
        })?;
        Ok(Self { heap, rss_kib })
    }
}

fn live_bytes() -> Option<u64> {
    system::heap().map(|heap| heap.live_bytes)
}

/// Gives way once to whatever else there is to run.
async fn one_turn() {
    let mut gave_way = false;
    poll_fn(|context| {
        if std::mem::replace(&mut gave_way, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn rss_kib(smaps_rollup: &str) -> Option<u64> {
    let line = smaps_rollup
        .lines()
        .find_map(|line| line.strip_prefix("Rss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_found() {
        let text = "5574-7ffd [rollup]\nRss:                3124 kB\nPss:                 999 kB\n";
        assert_eq!(rss_kib(text), Some(3124));
        assert_eq!(rss_kib("Pss: 1 kB\n"), None);
    }
}
