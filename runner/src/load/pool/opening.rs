//! Opening connections before a run: with a first answer each, or with nothing asked of them.

use super::Pool;
use crate::load::Expected;
use crate::load::causes::Cause;
use crate::load::connection::{Connection, Phase};
use crate::load::drive::{Goal, Run};
use crate::load::engine::{Engine, Patience};
use crate::load::tally::Outcome;
use anyhow::{Result, bail};
use std::time::Duration;

/// Handshakes under way at once. A listen queue may be as short as 128, and a connection that does
/// not fit into it costs a second.
const OPENING_MAX: usize = 64;

impl<E: Engine> Pool<E> {
    /// Notices which idle connections the server has closed, and opens every closed one: with its
    /// first answer where that is the goal, otherwise as many as can be, within one timeout.
    pub(in crate::load) fn open(&mut self, run: &mut Run) -> Result<()> {
        self.notice_closed(run)?;
        self.next_closed = 0;
        for _ in 0..OPENING_MAX {
            self.open_next(run)?;
        }
        self.drive(run)?;
        if run.failed {
            bail!("{}", self.validator.complaint().unwrap_or("no answer came"));
        }
        Ok(())
    }

    /// How many connections are open and idle.
    pub(in crate::load) fn idle(&self) -> usize {
        let is_idle = |connection: &&Connection| connection.phase == Phase::Idle;
        self.connections.iter().filter(is_idle).count()
    }

    /// Takes the events of idle connections: the only ones they can have end them.
    pub(super) fn notice_closed(&mut self, run: &mut Run) -> Result<()> {
        loop {
            self.engine.wait(Patience {
                timeout: Duration::ZERO,
                wanted: 1,
            })?;
            let mut some = false;
            while let Some((at, event)) = self.engine.next()? {
                some = true;
                self.drop_idle(at, &event, run);
            }
            if !some {
                return Ok(());
            }
        }
    }

    /// While opening: this connection has had its first answer.
    pub(super) fn on_opened(
        &mut self,
        at: usize,
        outcome: Outcome,
        end: Option<Cause>,
        run: &mut Run,
    ) -> Result<()> {
        let closes = end.is_some() || self.engine.is_sending(at);
        run.busy -= 1;
        let may_close = self.answers_max == 1 || self.target.expected != Expected::Contract;
        if closes && outcome == Outcome::Ok && may_close {
            // Only the contract demands connections that last; the run connects anew.
            self.close(at);
            return self.open_next(run);
        }
        if closes && outcome == Outcome::Ok {
            self.validator
                .complain(|| "the server does not keep the connection open".to_owned());
        }
        if closes || outcome != Outcome::Ok {
            self.close(at);
            run.fail();
            return Ok(());
        }
        self.connections[at].phase = Phase::Idle;
        self.open_next(run)
    }

    /// While opening: this connection is there, and nothing is asked of it yet.
    pub(super) fn on_connection_open(&mut self, at: usize, run: &mut Run) -> Result<()> {
        self.connections[at].phase = Phase::Idle;
        run.busy -= 1;
        self.open_next(run)
    }

    /// While opening: starts on the next closed connection. One that fails at once is passed over
    /// where others may do better.
    pub(super) fn open_next(&mut self, run: &mut Run) -> Result<()> {
        while let Some(at) = self.next_to_open(run) {
            self.next_closed = at + 1;
            run.busy += 1;
            self.connect(at, run)?;
            if self.connections[at].phase != Phase::Closed {
                break;
            }
        }
        Ok(())
    }

    fn next_to_open(&self, run: &Run) -> Option<usize> {
        // What cannot be opened in time is for the run, which tries again until its own end.
        let is_over = run.goal == Goal::Connect && run.now_ns > run.timeout_ns;
        if run.failed || is_over {
            return None;
        }
        let among = self.connections.len().min(run.connections);
        let rest = self.connections.get(self.next_closed..among)?;
        let offset = rest.iter().position(|c| c.phase == Phase::Closed)?;
        Some(self.next_closed + offset)
    }
}
