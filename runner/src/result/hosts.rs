//! Which runs a result is made of, and on which hosts: one entry for each, which stays when results are added up.

use super::LoadResult;
use crate::environment::Host;
use crate::load::Bound;
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, Hasher, RandomState};

/// One run, and the host that it was made on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HostRun {
    /// What tells this run from all others: 128 random bits.
    pub id: String,
    /// Which part of the load it drove, from 1; nothing if that was all of it.
    pub part: Option<u32>,
    /// When its first request was due, in ms since 1970: by the clock of this host, or, if there was a common start, by
    /// that of the first one.
    pub started_unix_ms: u64,
    /// How its start was that of the others, if they had a common one.
    #[serde(default)]
    pub start: Option<CommonStart>,
    /// How long load was offered, in seconds.
    pub duration_s: f64,
    /// Its connections.
    pub connections: usize,
    /// Its threads.
    pub threads: usize,
    /// Its requests.
    pub sent: u64,
    /// Its right answers.
    pub ok: u64,
    /// Its right answers per second while load was offered.
    pub rps: f64,
    /// Whose limit that was.
    pub verdict: Bound,
    /// The host.
    #[serde(flatten)]
    pub host: Host,
}

/// How a run began that was to begin together with others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CommonStart {
    /// By how much the monotonic clock of this host is ahead of that of the first one, in seconds.
    pub clock_offset_s: f64,
    /// The round trip by which that is known, in µs: it is exact to half of it.
    pub round_trip_us: f64,
    /// How long after the common start this run began, in µs.
    pub late_us: f64,
}

impl HostRun {
    /// The entry of a run that has just been made from this host.
    pub(super) fn of(run: &LoadResult, host: Host, connections: usize) -> Self {
        let parts = run.asked.parts.as_ref();
        Self {
            id: fresh_id(),
            part: parts.and_then(|parts| parts.held.first()).copied(),
            started_unix_ms: run.started_unix_ms,
            start: None,
            duration_s: run.duration_s,
            connections,
            threads: run.asked.threads,
            sent: run.sent,
            ok: run.ok,
            rps: run.rps,
            verdict: run.verdict,
            host,
        }
    }

    /// When load was offered, in seconds since 1970: from and to.
    pub(super) fn span_s(&self) -> (f64, f64) {
        let from_s = self.started_unix_ms as f64 / 1e3;
        (from_s, from_s + self.duration_s)
    }
}

/// A name that no other run has: the keys that the standard library takes from the kernel for its hash maps.
fn fresh_id() -> String {
    let half = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_runs_have_one_name() {
        let (one, other) = (fresh_id(), fresh_id());
        assert_eq!((one.len(), other.len()), (32, 32));
        assert_ne!(one, other);
    }
}
