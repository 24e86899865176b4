//! Where one keep-alive connection stands: its state, and no I/O.

use super::long::LongAnswer;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// No socket.
    Closed,
    /// The queue of a socket in the file system is full: the handshake begins when there is room.
    Queueing,
    /// The handshake is under way.
    Connecting,
    /// Open, with nothing asked.
    Idle,
    /// A request is out.
    Waiting,
    /// It has been answered before all of it had left; the rest is still leaving.
    Draining,
    /// It has been answered, and what follows the answer is waited for.
    Held,
}

/// One connection. What the hot path touches fits one cache line.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) phase: Phase,
    /// An answer of this very connection has passed the strict parser.
    pub(super) proven: bool,
    /// A request is due that this connection is opened for.
    pub(super) is_laden: bool,
    /// Its last answer of the present run was right.
    pub(super) last_is_right: bool,
    /// Requests that are out: one, unless they are pipelined.
    pub(super) open: u32,
    /// Answers it has brought.
    pub(super) answers: u32,
    /// Right answers that this place has brought, over all the connections that were in it. It
    /// starts again after 2^32.
    pub(super) served: u32,
    /// When the current request was due, in ns since the run began. In a closed loop a request is
    /// due when it is sent.
    pub(super) due_at_ns: u64,
    /// When the current request was sent, or the handshake begun, in ns since the run began.
    pub(super) sent_at_ns: u64,
    /// The beginning of an answer that came in pieces.
    pub(super) partial: Partial,
}

/// The beginning of an answer that came in pieces.
#[derive(Debug)]
pub(super) enum Partial {
    /// The bytes themselves.
    Kept(Kept),
    /// What is remembered of them, where there are too many.
    Long(Box<LongAnswer>),
}

/// The beginning of an answer, and how much of it need not be looked at again: comparing all of it
/// with each piece would take time in the square.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// What has come.
    pub(super) bytes: Vec<u8>,
    /// So many bytes agree with the learned answer,
    pub(super) agreed_bytes: u32,
    /// if it is still the one of this number.
    pub(super) template: u32,
}

impl Default for Partial {
    fn default() -> Self {
        Self::Kept(Kept::default())
    }
}

impl Partial {
    /// Nothing of an answer has come.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Kept(kept) if kept.bytes.is_empty())
    }

    /// Forgets it all.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Kept(kept) => kept.clear(),
            Self::Long(_) => *self = Self::default(),
        }
    }
}

impl Kept {
    /// Forgets it all, and keeps the memory for the next answer.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.agreed_bytes = 0;
    }
}

impl Connection {
    pub(super) fn closed() -> Self {
        Self {
            phase: Phase::Closed,
            proven: false,
            is_laden: false,
            last_is_right: false,
            open: 0,
            answers: 0,
            served: 0,
            due_at_ns: 0,
            sent_at_ns: 0,
            partial: Partial::default(),
        }
    }

    /// Whether it has a request to carry, or to carry once more.
    pub(super) fn has_request(&self) -> bool {
        self.is_laden || self.open > 0
    }

    /// Forgets what the connection had earned or read.
    pub(super) fn reset(&mut self) {
        self.phase = Phase::Closed;
        self.proven = false;
        self.is_laden = false;
        self.last_is_right = false;
        self.open = 0;
        self.answers = 0;
        self.partial.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_fits_a_cache_line() {
        assert!(size_of::<Connection>() <= 64);
    }
}
