//! What became of the requests of one run: counts that always add up.

use serde::{Deserialize, Serialize};

/// How one request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The right answer.
    Ok,
    /// Framed rightly, with another status.
    BadStatus,
    /// The right status with another body.
    BadBody,
    /// No valid HTTP, a header the contract forbids, or more than was asked for.
    ProtocolError,
    /// The connection ended before the answer did.
    Reset,
    /// No complete answer within the time allowed.
    Timeout,
    /// Still open when the run was stopped.
    Unanswered,
}

/// Counts of one run. `sent` is the sum of the seven outcomes; see [`Tally::balances`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Requests handed to the kernel.
    pub sent: u64,
    /// Right answers.
    pub ok: u64,
    /// Answers with another status.
    pub bad_status: u64,
    /// Answers with another body.
    pub bad_body: u64,
    /// Answers that are no valid HTTP, break the contract's headers, or were not asked for.
    pub protocol_error: u64,
    /// Requests whose connection ended first.
    pub reset: u64,
    /// Requests without an answer in time.
    pub timeout: u64,
    /// Requests open when the run was stopped.
    pub unanswered: u64,
    /// Open loop: requests that were due and never left, for want of a free connection.
    pub unsent: u64,
    /// How long the oldest of them had been due when the run ended.
    pub unsent_age_max_ns: u64,
    /// Requests sent once more on a new connection, because the server had ended theirs.
    pub redone: u64,
    /// Connections opened again because the server had closed them; no outcome of a request.
    pub reconnects: u64,
    /// Attempts to connect that failed; no outcome of a request.
    pub connect_errors: u64,
    /// Bytes of requests accepted by the kernel.
    pub bytes_sent: u64,
    /// Bytes of answers read.
    pub bytes_received: u64,
    /// Times the thread asked the kernel for events.
    pub waits: u64,
}

impl Tally {
    pub(crate) fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Ok => &mut self.ok,
            Outcome::BadStatus => &mut self.bad_status,
            Outcome::BadBody => &mut self.bad_body,
            Outcome::ProtocolError => &mut self.protocol_error,
            Outcome::Reset => &mut self.reset,
            Outcome::Timeout => &mut self.timeout,
            Outcome::Unanswered => &mut self.unanswered,
        } += 1;
    }

    /// Requests that did not get a right answer.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.bad_status
            + self.bad_body
            + self.protocol_error
            + self.reset
            + self.timeout
            + self.unanswered
    }

    /// Whether every request sent has exactly one outcome.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.sent == self.ok + self.errors()
    }

    /// Open loop: requests that the schedule asked for.
    #[must_use]
    pub fn scheduled(&self) -> u64 {
        self.sent + self.unsent
    }

    /// What has been counted since `before`, an earlier state of the same tally.
    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            sent: self.sent - before.sent,
            // What was counted too early is taken back at the end of a run.
            ok: self.ok.saturating_sub(before.ok),
            bad_status: self.bad_status - before.bad_status,
            bad_body: self.bad_body - before.bad_body,
            protocol_error: self.protocol_error - before.protocol_error,
            reset: self.reset - before.reset,
            timeout: self.timeout - before.timeout,
            unanswered: self.unanswered - before.unanswered,
            unsent: self.unsent - before.unsent,
            unsent_age_max_ns: self.unsent_age_max_ns,
            redone: self.redone - before.redone,
            reconnects: self.reconnects - before.reconnects,
            connect_errors: self.connect_errors - before.connect_errors,
            bytes_sent: self.bytes_sent - before.bytes_sent,
            bytes_received: self.bytes_received - before.bytes_received,
            waits: self.waits - before.waits,
        }
    }

    /// Adds the counts of another thread or slice.
    pub fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.ok += other.ok;
        self.bad_status += other.bad_status;
        self.bad_body += other.bad_body;
        self.protocol_error += other.protocol_error;
        self.reset += other.reset;
        self.timeout += other.timeout;
        self.unanswered += other.unanswered;
        self.unsent += other.unsent;
        self.unsent_age_max_ns = self.unsent_age_max_ns.max(other.unsent_age_max_ns);
        self.redone += other.redone;
        self.reconnects += other.reconnects;
        self.connect_errors += other.connect_errors;
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        self.waits += other.waits;
    }
}
