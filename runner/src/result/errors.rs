//! What became of the requests that did not get a right answer.

use crate::load::Tally;
use serde::{Deserialize, Serialize};

/// Requests that did not get a right answer, and connections that could not be opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Errors {
    /// Another status.
    pub bad_status: u64,
    /// Another body.
    pub bad_body: u64,
    /// No valid HTTP, or not what was asked for.
    pub protocol_error: u64,
    /// The connection ended first.
    pub reset: u64,
    /// No whole answer in time.
    pub timeout: u64,
    /// Attempts to connect that failed; no requests, so not part of `sent`.
    pub connect: u64,
    /// Open when the run was stopped.
    pub unanswered: u64,
}

impl Errors {
    /// All of them.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.requests() + self.connect
    }

    /// Those that are requests.
    #[must_use]
    pub fn requests(&self) -> u64 {
        let answers = self.bad_status + self.bad_body + self.protocol_error;
        answers + self.reset + self.timeout + self.unanswered
    }

    /// The same of counts from elsewhere, which may be of any size.
    pub(super) fn requests_wide(&self) -> u128 {
        let counts = [
            self.bad_status,
            self.bad_body,
            self.protocol_error,
            self.reset,
            self.timeout,
            self.unanswered,
        ];
        counts.into_iter().map(u128::from).sum()
    }

    pub(super) fn of(tally: &Tally) -> Self {
        Self {
            bad_status: tally.bad_status,
            bad_body: tally.bad_body,
            protocol_error: tally.protocol_error,
            reset: tally.reset,
            timeout: tally.timeout,
            connect: tally.connect_errors,
            unanswered: tally.unanswered,
        }
    }
}
