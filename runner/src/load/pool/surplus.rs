//! Bytes that no request has asked for: they make the answer before them wrong, wherever reads fall.
//!
//! What comes in one piece with an answer is seen at once. What comes later meets an idle connection, or
//! the next request, which then gets no answer. So once that has happened, some answers are held for a
//! moment, to see what follows each; and an answer that was counted as right too early is made up for: the
//! next right one is counted as wrong in its place.

use super::Pool;
use crate::load::causes::Cause;
use crate::load::drive::{Goal, Run};
use crate::load::engine::Engine;
use crate::load::tally::Outcome;

/// So many answers of each connection are held after such bytes have come.
const HELD_PER_CONNECTION: usize = 2;

impl<E: Engine> Pool<E> {
    /// Bytes have come on a connection that waits for none.
    #[cold]
    pub(super) fn on_unasked(&mut self, at: usize, run: &mut Run) {
        let connection = &mut self.connections[at];
        let is_greeting = connection.answers == 0;
        self.validator.complain(|| {
            let where_from = if is_greeting {
                "before anything was asked"
            } else {
                "after the answer"
            };
            format!("bytes came {where_from}")
        });
        if std::mem::take(&mut connection.last_is_right) && run.goal == Goal::Load {
            run.owed += 1;
        }
        if is_greeting {
            run.count_connect_error(Cause::Unasked);
            run.note_trouble();
        } else {
            self.suspect(run);
        }
    }

    /// The bytes that came for a request are not a valid answer: if they do not even begin like one, they may
    /// belong to the answer before.
    #[cold]
    pub(super) fn on_disorder(&mut self, at: usize, run: &Run) {
        let connection = &self.connections[at];
        if self.validator.takes_foreign() && connection.answers > 0 && self.target.pipeline == 1 {
            self.manner.doubted += u64::from(connection.last_is_right);
            self.suspect(run);
        }
    }

    /// Bytes have followed each answer that was held so far, so they have followed those before it too.
    pub(super) fn on_surplus(&mut self, run: &mut Run) {
        run.owed += std::mem::take(&mut self.manner.doubted);
        self.suspect(run);
    }

    /// The next answers are held.
    fn suspect(&mut self, run: &Run) {
        if run.goal == Goal::Load && self.target.pipeline == 1 {
            self.manner
                .suspects(HELD_PER_CONNECTION * self.connections.len());
        }
    }
}

impl Run<'_> {
    /// A right answer stands for one that was counted as right and was not.
    #[cold]
    pub(in crate::load) fn pays(&mut self) -> Outcome {
        self.owed -= 1;
        Outcome::ProtocolError
    }

    /// The run has ended: no further answer makes up for those.
    pub(in crate::load) fn pays_rest(&mut self) {
        let owed = std::mem::take(&mut self.owed).min(self.tally.ok);
        self.tally.ok -= owed;
        self.tally.protocol_error += owed;
    }
}
