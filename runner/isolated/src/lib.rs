//! Drives a server inside its own process, for `benches/isolated.rs` of each contestant.
//!
//! A bench says how its framework answers, at one entry point or two, and hands itself over:
//!
//! - *call*: a request of the framework's own type, made beforehand, is answered by its router.
//! - *bytes*: HTTP/1.1 bytes come in and go out through the framework's own connection handler,
//!   which accepts connections from a [`Listener`] as it would from a socket.
//!
//! [`Bench::run`] then does what the command line says: it takes commands from the runner, one
//! a line (`protocol`), or prints a line per entry point for a person. What the samples mean is the
//! runner's affair.
//!
//! In reading order: `request` what is asked, `answer` what must come, `exchange` one connection's
//! requests and answers, `connection` the stream around it, `handoff` how it reaches the server,
//! `entry` the two entry points, `drive` and `person` the two ways to run, `memory` and `system`.

mod answer;
mod bench;
mod connection;
mod drive;
mod entry;
mod exchange;
mod handoff;
mod memory;
mod person;
mod protocol;
mod request;
mod stopwatch;
mod system;

pub use bench::Bench;
pub use connection::Connection;
pub use entry::{Absent, Bytes, BytesEntry, Call, CallEntry};
pub use handoff::Listener;
pub use request::{HEADERS, request};
pub use system::Heap;
#[cfg(feature = "counting")]
pub use system::{heap, uncounted};

use std::fmt;

/// What came instead of what was expected; it ends the process with status 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
