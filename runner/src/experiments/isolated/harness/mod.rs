//! A contestant inside one process: the harness that its bench makes of it, driven from outside.
//!
//! The harness (`runner/isolated`) only answers, times and counts what it is told to, one line at a time; what is
//! repeated how often, in which order and why is decided by the experiment.

mod process;
mod reply;

pub(super) use process::{Harness, Setup, absent_entries};
pub(super) use reply::Memory;

/// Bytes that the leaking control leaves behind with each request: 16 with every hundredth.
pub(super) const PLANTED_LEAK_BYTES_PER_REQUEST: f64 = 0.16;

#[cfg(test)]
mod tests;
