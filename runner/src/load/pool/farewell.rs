//! How a connection is ended: in order, unless there is something to lose, or ports would run out.
//!
//! Who closes first keeps the port for a minute (TIME-WAIT), and an address has some 28 000 of them. A
//! reset frees the port at once, but servers log and count it as an error. So the first connections of
//! each minute that we end are ended in order, and the rest is reset.

use super::Pool;
use crate::load::causes::Cause;
use crate::load::engine::Engine;
use std::time::{Duration, Instant};

/// Connections of a pool that may be ended in order before a minute is over.
const ORDERLY_MAX: u32 = 4_000;

/// How long Linux keeps a port in TIME-WAIT.
const PORT_KEPT: Duration = Duration::from_secs(60);

/// How many more connections may be ended in order, and since when they are counted.
#[derive(Debug)]
pub(super) struct Farewell {
    left: u32,
    since: Option<Instant>,
}

impl Farewell {
    pub(super) fn new() -> Self {
        Self {
            left: ORDERLY_MAX,
            since: None,
        }
    }

    /// Whether there is a port to spare for another one.
    fn may_be_orderly(&mut self) -> bool {
        if self.left == ORDERLY_MAX {
            self.since = Some(Instant::now());
        } else if self.left == 0 && self.since.is_some_and(|since| since.elapsed() > PORT_KEPT) {
            *self = Self::new();
            return self.may_be_orderly();
        }
        let may = self.left > 0;
        self.left -= u32::from(may);
        may
    }
}

impl<E: Engine> Pool<E> {
    /// Ends a connection in order: it has nothing under way, and the server has ended it already, or
    /// there is a port to spare.
    pub(super) fn close(&mut self, at: usize) {
        self.engine.close(at);
        self.connections[at].reset();
    }

    /// Resets a connection with what is under way on it.
    pub(super) fn abort(&mut self, at: usize) {
        self.engine.abort(at);
        self.connections[at].reset();
    }

    /// Ends a connection for this reason.
    pub(super) fn close_for(&mut self, at: usize, cause: Cause) {
        match cause {
            // The server has ended it: the port is not ours to keep.
            Cause::Ended => self.close(at),
            Cause::Announced | Cause::RequestsPerConnection => self.end_first(at),
            Cause::Unasked | Cause::Disorder | Cause::TimedOut | Cause::Errno(_) => self.abort(at),
        }
    }

    /// Ends a connection with nothing under way whose end by the server has not been seen.
    pub(super) fn end_first(&mut self, at: usize) {
        match self.farewell.may_be_orderly() {
            true => self.close(at),
            false => self.abort(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_connections_are_ended_in_order_than_there_are_ports_to_spare() {
        let mut farewell = Farewell::new();
        let orderly = (0..2 * ORDERLY_MAX).filter(|_| farewell.may_be_orderly());
        assert_eq!(orderly.count(), ORDERLY_MAX as usize);
        // After a minute the ports are free again.
        farewell.since = Instant::now().checked_sub(PORT_KEPT * 2);
        if farewell.since.is_some() {
            assert!(farewell.may_be_orderly());
        }
    }
}
