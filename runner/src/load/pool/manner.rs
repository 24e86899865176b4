//! What a server does with its connections, learned from the first ones: whether an answer is followed
//! by something, and whether a connection carries more than one.
//!
//! Some things cannot be seen in an answer. A body after an answer to HEAD, which is wrong, may come
//! with it or after it, and must be worth the same either way. A server that ends connections without
//! announcing it shows that only after its answer, and a POST that is on its way by then is lost. So
//! where it matters, the first answers are held for a moment to see what follows.

use super::Pool;
use crate::load::causes::Cause;
use crate::load::connection::Phase;
use crate::load::drive::{Goal, Run};
use crate::load::engine::{Engine, Event};
use crate::load::tally::Outcome;
use crate::load::validator::Judgement;
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// For so many ticks the first answers are held: what belongs to them comes far sooner over a loopback
/// interface. Not for so long: on a busy machine the time may be over before anybody has run.
const HELD_TICKS: u32 = 5;

/// So many connections more than there are places have ended after one answer each, and no other has
/// ended: that is what the server does, and not what has happened to it once.
const SINGLES_MIN: usize = 3;

/// How a server ends each connection after one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Closing {
    /// It says so in the answer.
    Announced,
    /// It does not.
    Unannounced,
}

/// What has been learned so far.
#[derive(Debug)]
pub(in crate::load) struct Manner {
    /// First answers are held until it is known what follows them.
    pub(super) is_unsure: bool,
    held: Vec<Held>,
    /// For how many ticks.
    held_ticks: u32,
    /// Connections that ended after one answer.
    singles: usize,
    /// A connection has brought more than one.
    lasts: bool,
    pub(super) closing: Option<Closing>,
}

/// An answer that is not settled yet.
#[derive(Debug)]
struct Held {
    at: usize,
    answered_at_ns: u64,
    outcome: Outcome,
    end: Option<Cause>,
}

impl Manner {
    pub(super) fn new(is_unsure: bool) -> Self {
        Self {
            is_unsure,
            held: Vec::new(),
            held_ticks: 0,
            singles: 0,
            lasts: false,
            closing: None,
        }
    }
}

impl<E: Engine> Pool<E> {
    /// Whether this answer is to be held.
    #[cold]
    pub(super) fn is_to_be_held(&self, at: usize, run: &Run) -> bool {
        run.goal == Goal::Load && self.connections[at].answers == 0
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
                self.release(at, Some((Outcome::ProtocolError, Cause::Disorder)), run)
            }
            Event::Ended => {
                if !self.target.is_idempotent {
                    self.closes_each(Closing::Unannounced);
                }
                self.release(at, None, run)?;
                self.release_all(run)
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
        self.manner.held_ticks += u32::from(!self.manner.held.is_empty());
        match self.manner.held_ticks > HELD_TICKS {
            true => self.release_all(run),
            false => Ok(()),
        }
    }

    /// It is known now what follows an answer: that was all of them.
    fn release_all(&mut self, run: &mut Run) -> Result<()> {
        self.validator.after_head.learns_of_silence();
        for held in self.take_held() {
            self.settle_held(held, run)?;
        }
        Ok(())
    }

    fn take_held(&mut self) -> Vec<Held> {
        self.manner.is_unsure = false;
        self.manner.held_ticks = 0;
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

    /// A connection has ended after so many answers, for this reason.
    pub(super) fn learn_from_end(&mut self, answers: u32, cause: Cause) {
        let closing = match cause {
            Cause::Announced => Closing::Announced,
            Cause::Ended => Closing::Unannounced,
            _ => return,
        };
        self.manner.lasts |= answers > 1;
        self.manner.singles += usize::from(answers == 1);
        let is_free = self.target.requests_per_connection.is_none();
        let enough = self.connections.len() + SINGLES_MIN;
        if is_free && !self.manner.lasts && self.manner.singles >= enough {
            self.closes_each(closing);
        }
    }

    /// Each connection carries one request from now on.
    fn closes_each(&mut self, closing: Closing) {
        self.answers_max = 1;
        self.manner.closing.get_or_insert(closing);
    }

    /// Why a connection ends that has carried as much as it may.
    pub(super) fn cause_of_max(&self) -> Cause {
        match self.manner.closing {
            Some(_) => Cause::Ended,
            None => Cause::RequestsPerConnection,
        }
    }

    /// How the server ends each connection after one answer, if it does.
    pub(in crate::load) fn closing(&self) -> Option<Closing> {
        self.manner.closing
    }
}
