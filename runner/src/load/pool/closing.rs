//! Whether a server ends each connection after one answer: learned from right answers, and learned anew
//! when it has changed.
//!
//! Then a connection carries one request: a second one would often meet the end of it. A request that
//! may be repeated costs that little; a POST would be lost.

use super::Pool;
use crate::load::causes::Cause;
use crate::load::drive::Run;
use crate::load::engine::Engine;
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// So many connections more than there are places have ended after one answer each, and no other has
/// ended: that is what the server does, and not what has happened to it once.
const SINGLES_MIN: usize = 3;

/// A request that was lost once may have met a restart.
const LOST_MIN: u64 = 2;

/// Fewer than one in so many are not what the server does with each connection.
const LOST_OF_MAX: u64 = 50;

/// After so many connections of one request another one is tried for more; twice as many each time it
/// is in vain.
const TRIED_EVERY: u64 = 128;

/// How a server ends each connection after one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Closing {
    /// It says so in the answer.
    Announced,
    /// It does not.
    Unannounced,
    /// It does not, and not always after one: requests that may not be repeated have met such ends.
    UnderWay,
}

/// What has been learned so far.
#[derive(Debug)]
pub(super) struct Closings {
    pub(super) closing: Option<Closing>,
    /// Connections that ended after one right answer.
    pub(super) singles: usize,
    /// A connection has brought more than one.
    pub(super) lasts: bool,
    /// Requests that met the end of a connection and may not be repeated.
    lost: u64,
    /// Connections that have carried one, since one was last tried for more,
    spent: u64,
    /// and how many that shall be.
    tried_every: u64,
    /// The connection that is tried for more, where its first answer is held.
    pub(super) tried_at: Option<usize>,
}

impl Default for Closings {
    fn default() -> Self {
        Self {
            closing: None,
            singles: 0,
            lasts: false,
            lost: 0,
            spent: 0,
            tried_every: TRIED_EVERY,
            tried_at: None,
        }
    }
}

impl Closings {
    /// Whether it is time to try a connection for more than one request.
    fn is_tried(&mut self) -> bool {
        self.spent += 1;
        let is_time = self.spent >= self.tried_every;
        if is_time {
            self.spent = 0;
            self.tried_every *= 2;
        }
        is_time
    }
}

impl<E: Engine> Pool<E> {
    /// A connection has ended after so many answers, the last of them right, for this reason.
    pub(super) fn learn_from_end(&mut self, answers: u32, cause: Cause) {
        let closing = match cause {
            Cause::Announced => Closing::Announced,
            Cause::Ended => Closing::Unannounced,
            _ => return,
        };
        let closings = &mut self.manner.closings;
        closings.lasts |= answers > 1;
        closings.singles += usize::from(answers == 1);
        let enough = self.connections.len() + SINGLES_MIN;
        if closings.lasts || closings.singles < enough || closings.closing.is_some() {
            return;
        }
        closings.lasts = self.connections.iter().any(|other| other.answers > 1);
        if !closings.lasts {
            self.closes_each(closing);
        }
    }

    /// A request has met the end of a connection that had brought right answers, and nothing of its own
    /// answer has come.
    pub(super) fn learn_from_loss(&mut self, at: usize, run: &Run) {
        let connection = &self.connections[at];
        let has_met_end = connection.proven && connection.partial.is_empty();
        if self.target.is_idempotent || self.target.pipeline > 1 || !has_met_end {
            return;
        }
        let lost = &mut self.manner.closings.lost;
        *lost += 1;
        if *lost >= LOST_MIN && *lost * LOST_OF_MAX >= run.tally.ok {
            self.closes_each(Closing::UnderWay);
        }
    }

    /// Each connection carries one request from now on.
    fn closes_each(&mut self, closing: Closing) {
        if self.target.requests_per_connection.is_none() {
            self.answers_max = 1;
            self.manner.closings.closing = Some(closing);
        }
    }

    /// A connection has carried as much as it may.
    pub(super) fn on_spent(&mut self, at: usize, run: &mut Run) -> Result<()> {
        if self.carries_more(at) {
            return self.proceed(at, run);
        }
        let cause = match self.manner.closings.closing {
            // It would have ended it.
            Some(_) => Cause::Ended,
            None => Cause::RequestsPerConnection,
        };
        self.end_first(at);
        self.go_on_after(at, cause, run)
    }

    /// Whether it carries more all the same, because the server has changed, or may have.
    fn carries_more(&mut self, at: usize) -> bool {
        let closings = &mut self.manner.closings;
        let has_changed = match closings.closing {
            None | Some(Closing::UnderWay) => return false,
            // It does not say so this time.
            Some(Closing::Announced) => self.connections[at].last_is_right,
            Some(Closing::Unannounced) => self.connections[at].answers > 1,
        };
        if has_changed {
            closings.closing = None;
            closings.lasts = true;
            self.answers_max = u32::MAX;
            return true;
        }
        if closings.tried_at == Some(at) {
            closings.tried_at = None;
            return true;
        }
        let is_tried = closings.is_tried();
        if is_tried && !self.target.is_idempotent {
            // Its end may come later than its answer, and a second request would be lost.
            self.manner.hold_next();
        }
        is_tried && self.target.is_idempotent
    }

    /// How the server ends each connection after one answer, if it does.
    pub(in crate::load) fn closing(&self) -> Option<Closing> {
        self.manner.closings.closing
    }
}
