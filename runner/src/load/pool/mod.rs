//! The connections of one target on one thread, and what happens to them: the same for every
//! engine.
//!
//! This file is the hot path; `opening`, `lifecycle` and `marks` are what happens before and around it.

mod closing;
mod early;
mod farewell;
mod lifecycle;
mod manner;
mod marks;
mod opening;
mod pipeline;
mod surplus;
mod when_due;

use super::Target;
use super::causes::Cause;
use super::connection::{Connection, Phase};
use super::drive::{Goal, Run};
use super::engine::{Engine, Event, Patience};
use super::tally::Outcome;
use super::validator::{Judgement, Validator};
use crate::http::Method;
use anyhow::Result;
pub use closing::Closing;
use farewell::Farewell;
use manner::Manner;
use marks::served;
use std::ops::Range;
use std::sync::Arc;

/// Requests sent under one reading of the clock, when many go out at once.
const SENDS_PER_CLOCK_READ: usize = 64;

/// The connections of one target.
pub(super) struct Pool<E> {
    engine: E,
    target: Target,
    pub(super) validator: Validator,
    connections: Vec<Connection>,
    /// After so many answers we close a connection ourselves.
    answers_max: u32,
    farewell: Farewell,
    manner: Manner,
    /// While opening: where to look for the next closed connection.
    next_closed: usize,
}

impl<E: Engine> Pool<E> {
    /// A pool of closed connections.
    pub(super) fn new(target: Target, connections: usize) -> Result<Self> {
        let depth = target.pipeline as usize;
        let is_unsure = target.method == Method::Head || !target.is_idempotent;
        let carries_one = target.requests_per_connection == Some(1);
        Ok(Self {
            engine: E::new(Arc::from(target.request.repeat(depth)), connections)?,
            validator: Validator::new(&target),
            answers_max: target.requests_per_connection.unwrap_or(u32::MAX),
            farewell: Farewell::new(),
            manner: Manner::new(is_unsure && !carries_one && depth == 1),
            target,
            connections: std::iter::repeat_with(Connection::closed)
                .take(connections)
                .collect(),
            next_closed: 0,
        })
    }

    /// The status that a right answer has.
    pub(super) fn expected_status(&self) -> u16 {
        self.target.expected.status()
    }

    /// Drives the open connections until the run is over.
    pub(super) fn load(&mut self, run: &mut Run) -> Result<()> {
        for connection in &mut self.connections {
            connection.last_is_right = false;
        }
        self.notice_closed(run)?;
        let driven = self.driven(run);
        run.begin(served(&self.connections[..driven]));
        run.idle = self.in_phase(Phase::Idle, driven);
        match self.opens_when_due(run) {
            true => run.closed = self.in_phase(Phase::Closed, driven),
            false => {
                self.send_first(run)?;
                self.connect_closed(driven, run)?;
            }
        }
        self.drive(run)
    }

    /// Closed loop: one request on every idle connection, as far as there are requests.
    fn send_first(&mut self, run: &mut Run) -> Result<()> {
        let mut sends = 0;
        while let Some(at) = run.idle.pop() {
            if !run.take() {
                break;
            }
            if sends % SENDS_PER_CLOCK_READ == 0 {
                run.read_clock();
            }
            sends += 1;
            run.busy += 1;
            self.send(at, run.now_ns, run)?;
        }
        run.idle.clear();
        Ok(())
    }

    /// The loop: what is due goes out, one wait, one batch of events.
    fn drive(&mut self, run: &mut Run) -> Result<()> {
        while run.goes_on() {
            self.send_due(run)?;
            let timeout = run.sleep();
            let turn = run.turn_ends(timeout);
            let gathering = self.engine.wait(Patience {
                timeout,
                wanted: if run.schedule.is_none() { run.busy } else { 1 },
            })?;
            run.turn_begins(turn, gathering);
            run.obey_deadline();
            if run.now_ns >= run.next_mark_ns || run.has_just_sent_all() {
                self.on_mark(run);
            }
            while let Some((at, event)) = self.engine.next()? {
                self.on_event(at, event, run)?;
            }
            if run.tick_is_due() {
                self.on_tick(run)?;
            }
        }
        run.tally.bytes_sent += self.engine.take_bytes_sent();
        if run.unladen > 0 {
            self.close_unladen(run);
        }
        self.engine.finish_closing();
        Ok(())
    }

    /// Open loop: whoever is idle sends what is due.
    #[inline]
    fn send_due(&mut self, run: &mut Run) -> Result<()> {
        if run.schedule.is_none() {
            return Ok(());
        }
        let mut sends = 0;
        while let Some(at) = run.next_free() {
            if sends % SENDS_PER_CLOCK_READ == 0 {
                run.read_clock();
            }
            let Some(due_at_ns) = run.take_due() else {
                break;
            };
            sends += 1;
            run.busy += 1;
            run.uses_free(due_at_ns);
            if self.connections[at].phase == Phase::Closed {
                self.open_for(at, due_at_ns, run)?;
                continue;
            }
            run.dispatched(due_at_ns);
            self.send(at, due_at_ns, run)?;
        }
        Ok(())
    }

    #[inline]
    fn on_event(&mut self, at: usize, event: Event, run: &mut Run) -> Result<()> {
        match (self.connections[at].phase, event) {
            (Phase::Waiting, Event::Received { place, ends }) => {
                self.on_received(at, place, ends, run)
            }
            (Phase::Waiting, Event::Ended) => self.on_ended(at, run),
            (Phase::Waiting, Event::Broken(errno)) => self.on_broken(at, errno, run),
            (Phase::Connecting, Event::Connected(outcome)) => self.on_connected(at, outcome, run),
            (Phase::Connecting, Event::Broken(errno)) => self.on_connected(at, Err(errno), run),
            (Phase::Held, event) => self.on_held(at, event, run),
            (Phase::Draining, event) => self.on_draining(at, &event, run),
            // Nothing waits for it.
            (Phase::Idle, Event::Sent) => Ok(()),
            (Phase::Idle, event) => self.on_disturbed(at, &event, run),
            // What was under way when the connection was closed.
            (Phase::Closed | Phase::Queueing | Phase::Connecting | Phase::Waiting, _) => Ok(()),
        }
    }

    #[inline]
    fn on_received(
        &mut self,
        at: usize,
        place: Range<usize>,
        ends: bool,
        run: &mut Run,
    ) -> Result<()> {
        if self.target.pipeline > 1 {
            return self.on_received_pipelined(at, place, ends, run);
        }
        let connection = &mut self.connections[at];
        let received = self.engine.bytes(place);
        run.tally.bytes_received += received.len() as u64;
        let strict = !connection.proven;
        let judgement = self
            .validator
            .judge(&mut connection.partial, received, strict);
        match judgement {
            Judgement::Incomplete => Ok(()),
            Judgement::Answered { outcome, closes } => {
                let end = end_of(outcome, closes, ends);
                if outcome == Outcome::ProtocolError {
                    self.on_disorder(at, run);
                }
                if self.manner.is_unsure && self.is_to_be_held(at, outcome, end, run)? {
                    self.hold(at, outcome, end, run);
                    return Ok(());
                }
                self.on_answer(at, outcome, end, run)
            }
        }
    }

    /// A request has ended somehow; `end` says why its connection has, if it has.
    #[inline]
    fn on_answer(
        &mut self,
        at: usize,
        outcome: Outcome,
        end: Option<Cause>,
        run: &mut Run,
    ) -> Result<()> {
        let (outcome, end) = match run.is_late(self.connections[at].sent_at_ns) {
            // However it ended, it came after its time, and between two looks at the clock.
            true => self.time_out(),
            false => (outcome, end),
        };
        let connection = &mut self.connections[at];
        run.settle(outcome, connection.sent_at_ns, connection.due_at_ns);
        let is_right = outcome == Outcome::Ok;
        connection.proven |= is_right;
        connection.last_is_right = is_right;
        connection.served = connection.served.wrapping_add(u32::from(is_right));
        connection.answers = connection.answers.saturating_add(1);
        connection.open -= 1;
        if connection.open > 0 {
            if end.is_none() {
                return Ok(());
            }
            self.lose_open(at, outcome, run);
        }
        if run.goal == Goal::Open {
            return self.on_opened(at, outcome, end, run);
        }
        if let Some(cause) = end {
            // What is refused says nothing of what is served.
            if is_right {
                self.learn_from_end(self.connections[at].answers, cause);
            }
            self.reopen(at, cause, run)
        } else if self.connections[at].answers >= self.answers_max {
            self.on_spent(at, run)
        } else {
            self.proceed(at, run)
        }
    }

    /// The connection is free: in a closed loop it sends the next request, if one is left; in the
    /// open loop it waits for one to be due.
    #[inline]
    fn proceed(&mut self, at: usize, run: &mut Run) -> Result<()> {
        if self.engine.is_sending(at) {
            return self.drain(at, run);
        }
        if run.schedule.is_none() && run.take() {
            return self.send(at, run.now_ns, run);
        }
        self.connections[at].phase = Phase::Idle;
        run.busy -= 1;
        if run.schedule.is_some() {
            run.has_idle(at);
        }
        Ok(())
    }

    #[inline]
    fn send(&mut self, at: usize, due_at_ns: u64, run: &mut Run) -> Result<()> {
        let batch = match self.target.pipeline {
            1 => 1,
            depth => self.batch(at, depth, run),
        };
        let skipped_bytes = (self.target.pipeline - batch) as usize * self.target.request.len();
        let handed_over = self.engine.send(at, skipped_bytes);
        let connection = &mut self.connections[at];
        connection.phase = Phase::Waiting;
        connection.open = batch;
        connection.due_at_ns = due_at_ns;
        connection.sent_at_ns = run.now_ns;
        run.tally.sent += u64::from(batch);
        match handed_over {
            Ok(()) => Ok(()),
            Err(errno) => self.on_broken(at, errno, run),
        }
    }
}

/// Why the connection ends after this answer, if it does.
#[inline]
fn end_of(outcome: Outcome, closes: bool, ends: bool) -> Option<Cause> {
    match (closes, ends) {
        (true, _) if outcome == Outcome::ProtocolError => Some(Cause::Disorder),
        (true, _) => Some(Cause::Announced),
        (false, true) => Some(Cause::Ended),
        (false, false) => None,
    }
}
