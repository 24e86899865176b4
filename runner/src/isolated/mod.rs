//! A contestant inside one process: the harness that its bench makes of it, driven from outside.
//!
//! The harness (`runner/isolated`) only answers, times and counts what it is told to, one line at a
//! time; what is repeated how often, in which order and why is decided by `commands/isolated`.

mod harness;
mod reply;

pub use harness::{Harness, Setup, absent_levels};
pub use reply::{Memory, Timed};

/// How many bytes the leaking control leaves behind, and with how many requests: what must be found.
pub const PLANTED_LEAK_BYTES_PER_REQUEST: f64 = 0.16;

#[cfg(test)]
mod tests;
