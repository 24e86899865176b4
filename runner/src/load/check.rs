//! One answer, judged as the generator judges, for whoever asks on a connection of his own.

use super::Target;
use super::connection::Partial;
use super::tally::Outcome;
use super::validator::{Judgement, Validator};

/// Judges the first answer of a connection as it comes. It takes no more memory than the generator does
/// for a connection, however long the answer is.
#[derive(Debug)]
pub struct Check {
    validator: Validator,
    partial: Partial,
}

/// What was wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(String);

impl Check {
    /// For an answer to the request of `target`.
    #[must_use]
    pub fn new(target: &Target) -> Self {
        Self {
            validator: Validator::new(target),
            partial: Partial::default(),
        }
    }

    /// Takes the next bytes; whether the answer is right, once it is whole.
    pub fn feed(&mut self, bytes: &[u8]) -> Option<Result<(), Wrong>> {
        let judgement = self.validator.judge(&mut self.partial, bytes, true);
        self.verdict(judgement)
    }

    /// The connection has ended; whether the answer is right.
    ///
    /// # Errors
    ///
    /// What was wrong with it.
    pub fn end(&mut self) -> Result<(), Wrong> {
        if self.partial.is_empty() {
            return Err(Wrong("the connection ended without an answer".to_owned()));
        }
        let judgement = self.validator.judge_ended(&mut self.partial);
        self.verdict(judgement).unwrap_or(Ok(()))
    }

    fn verdict(&self, judgement: Judgement) -> Option<Result<(), Wrong>> {
        match judgement {
            Judgement::Incomplete => None,
            Judgement::Answered {
                outcome: Outcome::Ok,
                ..
            } => Some(Ok(())),
            Judgement::Answered { .. } => {
                let why = self.validator.complaint().unwrap_or("it is not right");
                Some(Err(Wrong(why.to_owned())))
            }
        }
    }
}
