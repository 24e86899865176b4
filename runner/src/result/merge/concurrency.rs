//! How many runs, connections and threads there were at a time, and for how long there were any.

use super::LoadResult;

/// What went on at a time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Concurrency {
    /// For how long at least one run went on.
    pub(super) covered_s: f64,
    /// The most runs side by side.
    pub(super) runs: usize,
    /// The most connections.
    pub(super) connections: usize,
    /// The most threads.
    pub(super) threads: usize,
}

impl Concurrency {
    pub(super) fn of(results: &[&LoadResult]) -> Self {
        let span = |run: &LoadResult| {
            let from_s = run.started_unix_ms as f64 / 1e3;
            (from_s, from_s + run.duration_s)
        };
        let mut most = Self::default();
        for run in results {
            let (from_s, _) = span(run);
            let beside = || {
                let goes_on =
                    |other: &&&LoadResult| span(other).0 <= from_s && from_s < span(other).1;
                results.iter().filter(goes_on)
            };
            most.runs = most.runs.max(beside().count());
            most.connections = most
                .connections
                .max(beside().map(|other| other.asked.connections).sum());
            most.threads = most
                .threads
                .max(beside().map(|other| other.asked.threads).sum());
        }
        let mut spans: Vec<(f64, f64)> = results.iter().copied().map(span).collect();
        spans.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut until_s = f64::NEG_INFINITY;
        for (from_s, to_s) in spans {
            most.covered_s += (to_s - from_s.max(until_s)).max(0.0);
            until_s = until_s.max(to_s);
        }
        most
    }
}
