//! Answers that come before all of the request has left, which is legal (RFC 9112 §9.3): a handler may
//! not care for a body, or refuse it.
//!
//! Such an answer counts as any other. What is left of the request still has to leave before another
//! one can: it would be read as a part of the body.

use super::Pool;
use crate::load::causes::Cause;
use crate::load::connection::Phase;
use crate::load::drive::Run;
use crate::load::engine::{Engine, Event};
use anyhow::Result;

impl<E: Engine> Pool<E> {
    /// The connection has been answered and goes on sending.
    #[cold]
    pub(super) fn drain(&mut self, at: usize, run: &mut Run) -> Result<()> {
        self.connections[at].phase = Phase::Draining;
        run.unladen += 1;
        Ok(())
    }

    /// A connection that goes on sending has an event.
    #[cold]
    pub(super) fn on_draining(&mut self, at: usize, event: &Event, run: &mut Run) -> Result<()> {
        run.unladen -= 1;
        match event {
            Event::Sent => self.proceed(at, run),
            Event::Received { .. } => {
                self.on_unasked(at, run);
                self.reopen(at, Cause::Unasked, run)
            }
            Event::Ended | Event::Connected(_) => self.reopen(at, Cause::Ended, run),
            Event::Broken(errno) => self.reopen(at, Cause::of(*errno), run),
        }
    }

    /// The rest of an answered request has not left in time.
    #[cold]
    pub(super) fn give_up_draining(&mut self, at: usize, run: &mut Run) -> Result<()> {
        run.unladen -= 1;
        self.reopen(at, Cause::TimedOut, run)
    }
}
