//! What a harness answers: one JSON object a line.

use serde::Deserialize;

/// Requests that were answered rightly, and the time they took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(in crate::experiments::isolated) struct Timed {
    /// How many.
    pub requests: u64,
    /// Wall time.
    pub wall_ns: u64,
    /// CPU time of the process.
    pub cpu_ns: u64,
    /// Bytes of one answer, if the entry point is one of bytes.
    pub answer_bytes: Option<u64>,
}

/// A process at rest. Numbers of the allocator are sums since its start, and there only if it was built to
/// count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(in crate::experiments::isolated) struct Memory {
    /// Bytes allocated and not freed.
    pub live_bytes: Option<u64>,
    /// The most of them at a time.
    pub peak_live_bytes: Option<u64>,
    /// Allocations.
    pub allocations: Option<u64>,
    /// Reallocations.
    pub reallocations: Option<u64>,
    /// Bytes of both.
    pub allocated_bytes: Option<u64>,
    /// Memory resident, once the allocator has given back what it can.
    pub rss_kib: u64,
}
