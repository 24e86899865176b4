//! What a server does with its connections, learned from the first ones: whether an answer is followed
//! by something, and whether a connection carries more than one.
//!
//! Some things cannot be seen in an answer. A body after an answer to HEAD, which is wrong, may come
//! with it or after it, and must be worth the same either way. A server that ends connections without
//! announcing it shows that only after its answer, and a POST that is on its way by then is lost. So
//! where it matters, answers are held for a moment to see what follows; `closing` learns from it.

use super::Pool;
use super::closing::Closings;
use crate::http::Method;
use crate::load::causes::Cause;
use crate::load::connection::Phase;
use crate::load::drive::{Goal, Run};
use crate::load::engine::{Engine, Event};
use crate::load::tally::Outcome;
use crate::load::validator::Judgement;
use anyhow::Result;

/// For so many ticks an answer is held: what belongs to it comes far sooner over a loopback
/// interface. Not for so long: on a busy machine the time may be over before anybody has run.
const HELD_TICKS: u32 = 5;

/// What has been learned so far.
#[derive(Debug)]
pub(in crate::load) struct Manner {
    /// Some answers are held.
    pub(super) is_unsure: bool,
    /// The first answers of connections are, until it is known what follows them.
    holds_first: bool,
    /// The first answer of the next connection is.
    pub(super) holds_next: bool,
    /// So many more are, whichever they are.
    suspect_left: usize,
    /// Right answers that were followed, perhaps, by bytes that nobody had asked for.
    pub(super) doubted: u64,
    held: Vec<Held>,
    /// First answers that nothing has followed.
    survivors: usize,
    pub(super) closings: Closings,
}

/// An answer that is not settled yet.
#[derive(Debug)]
struct Held {
    at: usize,
    answered_at_ns: u64,
    ticks: u32,
    outcome: Outcome,
    end: Option<Cause>,
}

impl Manner {
    pub(super) fn new(is_unsure: bool) -> Self {
        Self {
            is_unsure,
            holds_first: is_unsure,
            holds_next: false,
            suspect_left: 0,
            doubted: 0,
            held: Vec::new(),
            survivors: 0,
            closings: Closings::default(),
        }
    }

    /// So many answers are held from now on, whichever they are.
    pub(super) fn suspects(&mut self, answers: usize) {
        self.suspect_left = answers;
        self.look();
    }

    /// The first answer of the next connection is held.
    pub(super) fn hold_next(&mut self) {
        self.holds_next = true;
        self.look();
    }

    fn look(&mut self) {
        self.is_unsure = self.holds_first || self.holds_next || self.suspect_left > 0;
    }

    /// Nothing has followed an answer that was held.
    fn notes_silence(&mut self) {
        self.suspect_left = self.suspect_left.saturating_sub(1);
        // Not every answer is followed, so those before it need not have been.
        self.doubted = 0;
        self.look();
    }
}

impl<E: Engine> Pool<E> {
    /// Whether this answer is to be held.
    #[cold]
    pub(super) fn is_to_be_held(
        &mut self,
        at: usize,
        outcome: Outcome,
        end: Option<Cause>,
        run: &mut Run,
    ) -> Result<bool> {
        let is_head = self.target.method == Method::Head;
        let may_be_followed = outcome != Outcome::ProtocolError && (is_head || end.is_none());
        if run.goal != Goal::Load || !may_be_followed {
            return Ok(false);
        }
        let manner = &mut self.manner;
        if manner.suspect_left > 0 {
            return Ok(true);
        }
        let is_first = self.connections[at].answers == 0;
        if manner.holds_first && !is_first && !is_head {
            // This connection carries more than one, and was not ended between them.
            manner.closings.lasts = true;
            self.release_all(run)?;
            return Ok(false);
        }
        let is_tried = is_first && std::mem::take(&mut manner.holds_next);
        manner.closings.tried_at = is_tried.then_some(at).or(manner.closings.tried_at);
        manner.look();
        Ok(is_tried || (manner.holds_first && is_first))
    }

    /// Holds an answer.
    #[cold]
    pub(super) fn hold(&mut self, at: usize, outcome: Outcome, end: Option<Cause>, run: &Run) {
        self.connections[at].phase = Phase::Held;
        let bytes = self.validator.after_head.take_last();
        if !bytes.is_empty() {
            // Of an answer to HEAD, which may have to be judged again with a body.
            self.validator
                .keep(&mut self.connections[at].partial, &bytes);
        }
        self.manner.held.push(Held {
            at,
            answered_at_ns: run.now_ns,
            ticks: 0,
            outcome,
            end,
        });
    }

    /// A connection whose answer is held has an event: that is what follows.
    #[cold]
    pub(super) fn on_held(&mut self, at: usize, event: Event, run: &mut Run) -> Result<()> {
        match event {
            Event::Sent | Event::Connected(_) => Ok(()),
            Event::Received { place, ends } if self.validator.after_head.learns_of_body() => {
                let held = self.take_held();
                for one in &held {
                    self.connections[one.at].phase = Phase::Waiting;
                }
                self.on_received(at, place, ends, run)?;
                for one in held.iter().filter(|one| one.at != at) {
                    self.judge_again(one.at, run)?;
                }
                Ok(())
            }
            Event::Received { .. } => {
                self.validator
                    .complain(|| "bytes came after the answer".to_owned());
                self.on_surplus(run);
                self.release(at, Some((Outcome::ProtocolError, Cause::Disorder)), run)
            }
            Event::Ended => {
                self.release(at, None, run)?;
                match self.manner.holds_first && self.target.is_idempotent {
                    true => self.release_all(run),
                    false => Ok(()),
                }
            }
            Event::Broken(errno) => {
                let place = self.manner.held.iter().position(|held| held.at == at);
                let outcome = place.map_or(Outcome::Reset, |place| self.manner.held[place].outcome);
                self.release(at, Some((outcome, Cause::of(errno))), run)
            }
        }
    }

    /// An answer to HEAD that was held may be one with a body, or without.
    fn judge_again(&mut self, at: usize, run: &mut Run) -> Result<()> {
        let partial = &mut self.connections[at].partial;
        match self.validator.judge(partial, &[], true) {
            Judgement::Incomplete => Ok(()),
            Judgement::Answered { outcome, closes } => {
                let end = closes.then_some(Cause::Announced);
                self.on_answer(at, outcome, end, run)
            }
        }
    }

    /// At a tick: nothing has followed the answers that are held long enough.
    pub(super) fn release_silent(&mut self, run: &mut Run) -> Result<()> {
        for held in &mut self.manner.held {
            held.ticks += 1;
        }
        while let Some(place) = self.silent() {
            self.manner.notes_silence();
            self.manner.survivors += 1;
            // One that ends each connection may have been late with one, and not with most.
            if self.manner.holds_first && self.manner.survivors > self.manner.closings.singles {
                return self.release_all(run);
            }
            let held = self.manner.held.remove(place);
            self.settle_held(held, run)?;
        }
        Ok(())
    }

    fn silent(&self) -> Option<usize> {
        let mut held = self.manner.held.iter();
        held.position(|held| held.ticks > HELD_TICKS)
    }

    /// It is known now what follows a first answer: that was all of them.
    pub(super) fn release_all(&mut self, run: &mut Run) -> Result<()> {
        self.validator.after_head.learns_of_silence();
        for held in self.take_held() {
            self.settle_held(held, run)?;
        }
        Ok(())
    }

    fn take_held(&mut self) -> Vec<Held> {
        self.manner.holds_first = false;
        self.manner.look();
        std::mem::take(&mut self.manner.held)
    }

    /// Settles one answer: as it was judged, or as what came after it says.
    fn release(
        &mut self,
        at: usize,
        otherwise: Option<(Outcome, Cause)>,
        run: &mut Run,
    ) -> Result<()> {
        let Some(place) = self.manner.held.iter().position(|held| held.at == at) else {
            return Ok(());
        };
        let mut held = self.manner.held.remove(place);
        (held.outcome, held.end) = match otherwise {
            Some((outcome, cause)) => (outcome, Some(cause)),
            None => (held.outcome, Some(held.end.unwrap_or(Cause::Ended))),
        };
        self.settle_held(held, run)
    }

    fn settle_held(&mut self, held: Held, run: &mut Run) -> Result<()> {
        let connection = &mut self.connections[held.at];
        // Its times are those it had when it came.
        let delay_ns = run.now_ns - held.answered_at_ns;
        connection.sent_at_ns += delay_ns;
        connection.due_at_ns += delay_ns;
        connection.phase = Phase::Waiting;
        connection.partial.clear();
        self.on_answer(held.at, held.outcome, held.end, run)
    }

    /// Forgets what is held: the run is over.
    pub(super) fn forget_held(&mut self) {
        self.manner.held.clear();
    }
}
