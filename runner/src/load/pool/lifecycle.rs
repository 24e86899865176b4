//! Closing, opening again and giving up: what happens around the hot path.

use super::Pool;
use crate::load::Address;
use crate::load::causes::Cause;
use crate::load::connection::Phase;
use crate::load::drive::{Goal, Run};
use crate::load::engine::{Engine, Event};
use crate::load::tally::Outcome;
use crate::load::validator::Judgement;
use anyhow::Result;
use rustix::io::Errno;

impl<E: Engine> Pool<E> {
    /// An idle connection has an event. Nothing was asked, so this is the server closing, or
    /// talking out of turn; either way the connection is of no more use.
    #[cold]
    pub(super) fn on_disturbed(&mut self, at: usize, event: &Event, run: &mut Run) -> Result<()> {
        self.drop_idle(at, event, run);
        run.idle.retain(|&idle| idle != at);
        if self.opens_when_due(run) {
            // Its place is free for the next request.
            if at < run.connections {
                run.has_closed(at);
            }
            return Ok(());
        }
        if run.goal == Goal::Load && run.needs_connection() && at < run.connections {
            run.busy += 1;
            self.connect(at, run)?;
        }
        Ok(())
    }

    /// Closes an idle connection that has an event.
    pub(super) fn drop_idle(&mut self, at: usize, event: &Event, run: &mut Run) {
        let cause = match event {
            Event::Received { .. } => Cause::Unasked,
            Event::Broken(errno) => Cause::of(*errno),
            Event::Ended | Event::Connected(_) | Event::Sent => Cause::Ended,
        };
        let has_opened = cause != Cause::Unasked || self.connections[at].answers > 0;
        if cause == Cause::Unasked {
            self.on_unasked(at, run);
        }
        self.close_for(at, cause);
        if has_opened {
            run.count_reconnect(cause);
        }
    }

    #[cold]
    pub(super) fn on_ended(&mut self, at: usize, run: &mut Run) -> Result<()> {
        if self.may_redo(at) {
            return self.redo(at, run);
        }
        self.learn_from_loss(at, run);
        let connection = &mut self.connections[at];
        if connection.partial.is_empty() {
            self.validator
                .complain(|| "the server closed the connection without an answer".to_owned());
            return self.on_answer(at, Outcome::Reset, Some(Cause::Ended), run);
        }
        let judgement = self.validator.judge_ended(&mut connection.partial);
        let Judgement::Answered { outcome, .. } = judgement else {
            unreachable!("what has ended is not incomplete");
        };
        self.on_answer(at, outcome, Some(Cause::Ended), run)
    }

    #[cold]
    pub(super) fn on_broken(&mut self, at: usize, errno: Errno, run: &mut Run) -> Result<()> {
        if matches!(errno, Errno::CONNRESET | Errno::PIPE) && self.may_redo(at) {
            return self.redo(at, run);
        }
        if matches!(errno, Errno::CONNRESET | Errno::PIPE) {
            self.learn_from_loss(at, run);
        }
        self.validator
            .complain(|| format!("the connection broke: {errno}"));
        self.on_answer(at, Outcome::Reset, Some(Cause::of(errno)), run)
    }

    /// Whether the request of a connection that has ended may go out once more.
    ///
    /// A server may close an idle connection at any time, also when a request is on its way to it
    /// (RFC 9112 §9.3.1, §9.5). So where it has answered on this connection, and not a byte of this
    /// answer has come, it has closed it idle as far as can be known. A new connection has brought
    /// no answer yet: what fails there too is not sent a third time.
    fn may_redo(&self, at: usize) -> bool {
        let connection = &self.connections[at];
        self.target.is_idempotent
            && self.target.pipeline == 1
            && connection.answers > 0
            && connection.partial.is_empty()
    }

    /// Carries the open request over to a new connection. It stays one request, and its times
    /// count from when it was first sent.
    fn redo(&mut self, at: usize, run: &mut Run) -> Result<()> {
        let connection = &self.connections[at];
        let (due_at_ns, sent_at_ns) = (connection.due_at_ns, connection.sent_at_ns);
        if connection.proven {
            self.learn_from_end(connection.answers, Cause::Ended);
        }
        self.close(at);
        run.count_reconnect(Cause::Ended);
        let connection = &mut self.connections[at];
        connection.open = 1;
        connection.due_at_ns = due_at_ns;
        connection.sent_at_ns = sent_at_ns;
        self.connect(at, run)
    }

    /// The new connection of a request that goes out once more is there.
    fn send_again(&mut self, at: usize, run: &mut Run) -> Result<()> {
        self.connections[at].phase = Phase::Waiting;
        run.tally.redone += 1;
        match self.engine.send(at, 0) {
            Ok(()) => Ok(()),
            Err(errno) => self.on_broken(at, errno, run),
        }
    }

    /// Closes, and connects again where there is more to send.
    #[cold]
    pub(super) fn reopen(&mut self, at: usize, cause: Cause, run: &mut Run) -> Result<()> {
        self.close_for(at, cause);
        self.go_on_after(at, cause, run)
    }

    /// A connection has been closed for this reason: another one takes its place where there is more to
    /// send.
    pub(super) fn go_on_after(&mut self, at: usize, cause: Cause, run: &mut Run) -> Result<()> {
        if !run.needs_connection() {
            run.busy -= 1;
            return Ok(());
        }
        run.count_reconnect(cause);
        if self.opens_when_due(run) {
            run.busy -= 1;
            run.has_closed(at);
            return Ok(());
        }
        self.connect(at, run)
    }

    /// Connects what is closed, where more is to be sent.
    pub(super) fn connect_closed(&mut self, driven: usize, run: &mut Run) -> Result<()> {
        for at in 0..driven {
            if self.connections[at].phase == Phase::Closed && run.needs_connection() {
                run.busy += 1;
                self.connect(at, run)?;
            }
        }
        Ok(())
    }

    /// Starts a handshake on a closed connection that counts as busy.
    pub(super) fn connect(&mut self, at: usize, run: &mut Run) -> Result<()> {
        let connection = &mut self.connections[at];
        if connection.open == 0 {
            connection.sent_at_ns = run.now_ns;
        }
        run.unladen += usize::from(!connection.has_request());
        self.begin_handshake(at, run)
    }

    /// Where the queue of a socket in the file system is full, it has to be asked again; the kernel does
    /// that by itself for one of an address, whose handshake then takes longer.
    fn begin_handshake(&mut self, at: usize, run: &mut Run) -> Result<()> {
        self.connections[at].phase = match self.engine.connect(at, &self.target.address) {
            Ok(()) => Phase::Connecting,
            Err(Errno::AGAIN) if matches!(self.target.address, Address::Unix(_)) => Phase::Queueing,
            Err(errno) => {
                run.unladen -= usize::from(!self.connections[at].has_request());
                return self.on_connect_failed(at, errno, run);
            }
        };
        Ok(())
    }

    pub(super) fn on_connected(
        &mut self,
        at: usize,
        outcome: Result<(), Errno>,
        run: &mut Run,
    ) -> Result<()> {
        let connection = &self.connections[at];
        run.unladen -= usize::from(!connection.has_request());
        if connection.open == 0 && outcome.is_ok() {
            run.connected(connection.sent_at_ns);
        }
        match (outcome, run.goal) {
            (Err(errno), _) => {
                self.on_connect_failed(at, errno, run)?;
                match run.goal {
                    Goal::Connect => self.open_next(run),
                    Goal::Open | Goal::Load => Ok(()),
                }
            }
            (Ok(()), Goal::Connect) => self.on_connection_open(at, run),
            (Ok(()), Goal::Open) => self.send(at, run.now_ns, run),
            (Ok(()), Goal::Load) if self.connections[at].open > 0 => self.send_again(at, run),
            (Ok(()), Goal::Load) if self.connections[at].is_laden => self.send_laden(at, run),
            (Ok(()), Goal::Load) => self.proceed(at, run),
        }
    }

    fn on_connect_failed(&mut self, at: usize, errno: Errno, run: &mut Run) -> Result<()> {
        let connection = &self.connections[at];
        let has_begun = matches!(connection.phase, Phase::Connecting | Phase::Queueing);
        if has_begun && connection.open == 0 {
            run.connecting_ns += run.now_ns.saturating_sub(connection.sent_at_ns);
        }
        let laden_with = connection.is_laden.then_some(connection.due_at_ns);
        if connection.open > 0 {
            // The request that was to go out once more does not.
            let outcome = match errno {
                Errno::TIMEDOUT => Outcome::Timeout,
                _ => Outcome::Reset,
            };
            run.settle(outcome, connection.sent_at_ns, connection.due_at_ns);
        }
        self.close(at);
        run.count_connect_error(Cause::of(errno));
        run.note_trouble();
        let address = &self.target.address;
        self.validator
            .complain(|| format!("cannot connect to {address}: {errno}"));
        match run.goal {
            Goal::Open => {
                run.fail();
                run.busy -= 1;
            }
            // Others may do better, and the run tries this one again.
            Goal::Connect => run.busy -= 1,
            Goal::Load => match laden_with {
                Some(due_at_ns) => self.keep_for_retry(at, due_at_ns, run),
                None if self.opens_when_due(run) => {
                    run.busy -= 1;
                    run.has_closed(at);
                }
                None => {
                    run.unladen += 1;
                    run.retries.push(at);
                }
            },
        }
        Ok(())
    }

    /// Every ten milliseconds: timeouts, connections to try again, a request to stop.
    #[cold]
    pub(super) fn on_tick(&mut self, run: &mut Run) -> Result<()> {
        run.tally.bytes_sent += self.engine.take_bytes_sent();
        self.engine
            .expect_answers_of(self.validator.longest_bytes());
        if run.is_stopped() || run.is_hopeless() {
            self.give_up(run);
            return Ok(());
        }
        self.release_silent(run)?;
        for at in 0..self.connections.len() {
            let connection = &self.connections[at];
            let is_late = run.is_late(connection.sent_at_ns);
            match connection.phase {
                Phase::Waiting if is_late => {
                    let (outcome, end) = self.time_out();
                    self.on_answer(at, outcome, end, run)?;
                }
                Phase::Draining if is_late => self.give_up_draining(at, run)?,
                Phase::Queueing if !is_late => self.begin_handshake(at, run)?,
                Phase::Connecting | Phase::Queueing if is_late => {
                    run.unladen -= usize::from(!connection.has_request());
                    self.on_connect_failed(at, Errno::TIMEDOUT, run)?;
                }
                _ => {}
            }
        }
        for at in std::mem::take(&mut run.retries) {
            let connection = &self.connections[at];
            run.unladen -= usize::from(!connection.has_request());
            if run.tries_again(connection.has_request()) {
                self.connect(at, run)?;
            } else {
                if connection.is_laden {
                    run.give_up_due(connection.due_at_ns);
                }
                self.close(at);
                run.busy -= 1;
            }
        }
        Ok(())
    }

    /// What becomes of a request that has taken too long, and of its connection.
    #[cold]
    pub(super) fn time_out(&mut self) -> (Outcome, Option<Cause>) {
        self.validator
            .complain(|| "an answer took too long".to_owned());
        (Outcome::Timeout, Some(Cause::TimedOut))
    }

    /// Ends the run at once: what is open counts as unanswered.
    fn give_up(&mut self, run: &mut Run) {
        if run.is_stopped() {
            run.abandon();
        } else {
            run.fail();
        }
        self.drop_open(run);
    }

    /// Gives up what is open, with its connection.
    pub(super) fn drop_open(&mut self, run: &mut Run) {
        for at in 0..self.connections.len() {
            let phase = self.connections[at].phase;
            if self.connections[at].is_laden {
                run.give_up_due(self.connections[at].due_at_ns);
                self.connections[at].is_laden = false;
            }
            for _ in 0..self.connections[at].open {
                run.leaves_unanswered(self.connections[at].due_at_ns);
            }
            if matches!(
                phase,
                Phase::Waiting
                    | Phase::Held
                    | Phase::Draining
                    | Phase::Connecting
                    | Phase::Queueing
            ) {
                self.abort(at);
            }
        }
        self.forget_held();
        run.retries.clear();
        run.busy = 0;
        run.unladen = 0;
    }

    /// Closes what connects and has no request to carry, or is still sending one that has been
    /// answered: the run is over.
    #[cold]
    pub(super) fn close_unladen(&mut self, run: &mut Run) {
        for at in 0..self.connections.len() {
            let connection = &self.connections[at];
            let is_busy = matches!(
                connection.phase,
                Phase::Connecting | Phase::Queueing | Phase::Draining
            );
            if is_busy && !connection.has_request() {
                self.abort(at);
            }
        }
        run.retries.clear();
        run.busy -= std::mem::take(&mut run.unladen);
    }
}
