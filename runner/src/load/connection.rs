//! Where one keep-alive connection stands: its state, and no I/O.

use rustix::fd::OwnedFd;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// No socket.
    Closed,
    /// The handshake is under way.
    Connecting,
    /// Open, with nothing asked.
    Idle,
    /// A request is out.
    Waiting,
}

/// One connection. What the hot path touches fits one cache line.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) socket: Option<OwnedFd>,
    pub(super) phase: Phase,
    /// An answer of this very connection has passed the strict parser.
    pub(super) proven: bool,
    /// Bytes of the current request that the kernel has not taken yet.
    pub(super) unsent_bytes: u32,
    /// When the current request was sent, in ns since the run began.
    pub(super) sent_at_ns: u64,
    /// The beginning of an answer that came in pieces.
    pub(super) partial: Vec<u8>,
}

impl Connection {
    pub(super) fn closed() -> Self {
        Self {
            socket: None,
            phase: Phase::Closed,
            proven: false,
            unsent_bytes: 0,
            sent_at_ns: 0,
            partial: Vec::new(),
        }
    }

    /// Closes the socket; what the connection had earned or read goes with it.
    pub(super) fn close(&mut self) {
        self.socket = None;
        self.phase = Phase::Closed;
        self.proven = false;
        self.unsent_bytes = 0;
        self.partial.clear();
    }

    /// The socket of a connection that is not closed.
    pub(super) fn socket(&self) -> &OwnedFd {
        self.socket
            .as_ref()
            .expect("only a closed connection has no socket")
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
