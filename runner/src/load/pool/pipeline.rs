//! Several requests at once on a connection, and their answers one after another.
//!
//! Depth 1 never comes here: pipelining is asked for rarely, and must cost the rest nothing.

use super::{Pool, end_of};
use crate::load::connection::{Partial, Phase};
use crate::load::drive::Run;
use crate::load::engine::Engine;
use crate::load::tally::Outcome;
use crate::load::validator::Judgement;
use anyhow::Result;
use std::ops::Range;

impl<E: Engine> Pool<E> {
    /// How many requests go out together on this connection: `depth` of them, unless fewer are left
    /// or the connection may not carry so many. The first of them has been taken already.
    pub(super) fn batch(&self, at: usize, depth: u32, run: &mut Run) -> u32 {
        let may_carry = self
            .answers_max
            .saturating_sub(self.connections[at].answers);
        1 + run.take_more(depth.min(may_carry).saturating_sub(1))
    }

    /// Judges as many answers as have come whole.
    pub(super) fn on_received_pipelined(
        &mut self,
        at: usize,
        place: Range<usize>,
        ends: bool,
        run: &mut Run,
    ) -> Result<()> {
        let connection = &mut self.connections[at];
        let received = self.engine.bytes(place);
        run.tally.bytes_received += received.len() as u64;
        let mut unread = match &mut connection.partial {
            Partial::Kept(kept) => std::mem::take(&mut kept.bytes),
            Partial::Long(_) => Vec::new(),
        };
        unread.extend_from_slice(received);
        let mut rest = unread.as_slice();
        while !rest.is_empty() {
            let (strict, open) = (!self.connections[at].proven, self.connections[at].open);
            let partial = &mut self.connections[at].partial;
            let (judgement, length_bytes) = match partial {
                Partial::Kept(_) => self.validator.judge_first(rest, strict, open > 1),
                Partial::Long(_) => self.validator.judge_long(partial, rest, open > 1),
            };
            let Judgement::Answered { outcome, closes } = judgement else {
                break;
            };
            rest = &rest[length_bytes..];
            let end = end_of(outcome, closes, ends && rest.is_empty());
            self.on_answer(at, outcome, end, run)?;
            // What follows the last answer, or the end of the connection, belongs to nobody.
            if end.is_some() || self.connections[at].phase != Phase::Waiting || open == 1 {
                return Ok(());
            }
        }
        let partial = &mut self.connections[at].partial;
        if matches!(partial, Partial::Kept(_)) {
            self.validator.keep(partial, rest);
        }
        Ok(())
    }

    /// The connection has ended with further requests open: none of them is answered any more.
    #[cold]
    pub(super) fn lose_open(&mut self, at: usize, outcome: Outcome, run: &mut Run) {
        let outcome = match outcome {
            Outcome::Timeout => Outcome::Timeout,
            _ => Outcome::Reset,
        };
        let connection = &mut self.connections[at];
        for _ in 0..std::mem::take(&mut connection.open) {
            run.settle(outcome, connection.sent_at_ns, connection.due_at_ns);
        }
    }
}
