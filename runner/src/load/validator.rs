//! Judges received bytes: the template where they match it, the strict parser where they do not.

use super::connection::Partial;
use super::tally::Outcome;
use super::template::{Comparison, Template};
use super::{Expected, Target};
use crate::contract::Violation;
use crate::http::{self, Answer, Method};

/// What received bytes amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Not a whole answer yet: wait for more.
    Incomplete,
    /// One whole answer.
    Answered {
        /// What it is worth.
        outcome: Outcome,
        /// The connection cannot carry another request.
        closes: bool,
    },
}

/// The judge of all connections to one target on one thread.
#[derive(Debug)]
pub(super) struct Validator {
    expected: Expected,
    method: Method,
    template: Option<Template>,
    /// How many templates there have been.
    templates: u32,
    complaint: Option<String>,
}

impl Validator {
    pub(super) fn new(target: &Target) -> Self {
        Self {
            expected: target.expected.clone(),
            method: target.method,
            template: None,
            templates: 0,
            complaint: None,
        }
    }

    /// What was wrong with the first answer that was not right.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref()
    }

    /// Forgets what went wrong in an earlier run.
    pub(super) fn forget_complaint(&mut self) {
        self.complaint = None;
    }

    /// Remembers the first thing that went wrong, for the row's error.
    pub(super) fn complain(&mut self, what: impl FnOnce() -> String) {
        self.complaint.get_or_insert_with(what);
    }

    /// Judges the answer whose bytes so far are `partial` then `received`.
    ///
    /// An incomplete answer is kept in `partial`; after a complete one `partial` is empty. With
    /// `strict` the template is not asked: a connection's first answer earns its trust.
    #[inline]
    pub(super) fn judge(
        &mut self,
        partial: &mut Partial,
        received: &[u8],
        strict: bool,
    ) -> Judgement {
        if partial.bytes.is_empty()
            && !strict
            && let Some(template) = &mut self.template
            && template.compare(received) == Comparison::Same
        {
            return RIGHT;
        }
        self.judge_piece(partial, received, strict)
    }

    /// The same, where one piece is not the whole learned answer.
    fn judge_piece(&mut self, partial: &mut Partial, received: &[u8], strict: bool) -> Judgement {
        let agreed_bytes = match partial.template == self.templates {
            true => partial.agreed_bytes as usize,
            false => 0,
        };
        partial.bytes.extend_from_slice(received);
        partial.agreed_bytes = 0;
        if !strict && let Some(template) = &mut self.template {
            match template.compare_from(&partial.bytes, agreed_bytes) {
                Comparison::Same => {
                    partial.clear();
                    return RIGHT;
                }
                Comparison::Beginning => {
                    // Beyond 4 GiB an answer is compared again; nothing else depends on it.
                    partial.agreed_bytes = u32::try_from(partial.bytes.len()).unwrap_or(0);
                    partial.template = self.templates;
                    return Judgement::Incomplete;
                }
                Comparison::Different => {}
            }
        }
        match self.judge_strictly(&partial.bytes) {
            Some(judgement) => {
                partial.clear();
                judgement
            }
            None => Judgement::Incomplete,
        }
    }

    /// Judges the first answer in `bytes`, and says how long it is. Others may follow it where
    /// `more_to_come`; where they may not, they make it wrong.
    pub(super) fn judge_first(
        &mut self,
        bytes: &[u8],
        strict: bool,
        more_to_come: bool,
    ) -> (Judgement, usize) {
        let length_bytes = match &self.template {
            Some(template) if !strict => template.len().min(bytes.len()),
            _ => 0,
        };
        let first = &bytes[..length_bytes];
        if length_bytes > 0 && (more_to_come || length_bytes == bytes.len()) {
            match self
                .template
                .as_mut()
                .map(|template| template.compare(first))
            {
                Some(Comparison::Same) => return (RIGHT, length_bytes),
                Some(Comparison::Beginning) => return (Judgement::Incomplete, 0),
                Some(Comparison::Different) | None => {}
            }
        }
        self.judge_first_strictly(bytes, more_to_come)
    }

    #[cold]
    fn judge_first_strictly(&mut self, bytes: &[u8], more_to_come: bool) -> (Judgement, usize) {
        let length_bytes = match http::parse(bytes, self.method, false) {
            Ok(Some(answer)) if more_to_come => answer.length_bytes,
            _ => bytes.len(),
        };
        let judgement = self.judge_strictly(&bytes[..length_bytes]);
        (judgement.unwrap_or(Judgement::Incomplete), length_bytes)
    }

    /// Judges what is left when the server has ended the connection inside an answer.
    pub(super) fn judge_ended(&mut self, partial: &mut Partial) -> Judgement {
        let bytes = partial.bytes.as_slice();
        let judgement = match http::parse(bytes, self.method, true) {
            Ok(Some(answer)) => self.judge_answer(bytes, &answer),
            _ => {
                let read_bytes = bytes.len();
                self.complain(|| {
                    format!("the server ended the connection {read_bytes} bytes into an answer")
                });
                Judgement::Answered {
                    outcome: Outcome::Reset,
                    closes: true,
                }
            }
        };
        partial.clear();
        judgement
    }

    #[cold]
    fn judge_strictly(&mut self, bytes: &[u8]) -> Option<Judgement> {
        match http::parse(bytes, self.method, false) {
            Ok(None) => None,
            Ok(Some(answer)) => Some(self.judge_answer(bytes, &answer)),
            Err(malformed) => {
                self.complain(|| malformed.to_string());
                Some(PROTOCOL_ERROR)
            }
        }
    }

    fn judge_answer(&mut self, bytes: &[u8], answer: &Answer) -> Judgement {
        if answer.length_bytes < bytes.len() {
            let surplus_bytes = bytes.len() - answer.length_bytes;
            self.complain(|| format!("{surplus_bytes} bytes came after the answer"));
            return PROTOCOL_ERROR;
        }
        let outcome = match self.expected.check(answer) {
            Ok(()) => Outcome::Ok,
            Err(violation) => {
                let outcome = outcome_of(&violation);
                self.complain(|| violation.to_string());
                outcome
            }
        };
        // The template stands for answers after which the connection goes on.
        if outcome == Outcome::Ok && !answer.closes {
            self.template = Some(Template::new(bytes, answer.date.clone()));
            self.templates = self.templates.wrapping_add(1);
        }
        Judgement::Answered {
            outcome,
            closes: answer.closes,
        }
    }
}

/// The learned answer once more.
const RIGHT: Judgement = Judgement::Answered {
    outcome: Outcome::Ok,
    closes: false,
};

/// After a framing error nothing on the connection can be trusted.
const PROTOCOL_ERROR: Judgement = Judgement::Answered {
    outcome: Outcome::ProtocolError,
    closes: true,
};

fn outcome_of(violation: &Violation) -> Outcome {
    match violation {
        Violation::Status { .. } => Outcome::BadStatus,
        Violation::Body { .. } => Outcome::BadBody,
        Violation::ContentLength(_) | Violation::ContentType(_) | Violation::Date(_) => {
            Outcome::ProtocolError
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELCOME: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 12\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nHello World!";

    fn validator() -> Validator {
        Validator::new(&Target::welcome(([127, 0, 0, 1], 1).into()))
    }

    fn answered(outcome: Outcome, closes: bool) -> Judgement {
        Judgement::Answered { outcome, closes }
    }

    #[test]
    fn an_answer_in_pieces_is_judged_like_one_in_a_piece() {
        for cut in 1..WELCOME.len() {
            let mut validator = validator();
            for strict in [true, false] {
                let mut partial = Partial::default();
                let (head, tail) = WELCOME.as_bytes().split_at(cut);
                assert_eq!(
                    validator.judge(&mut partial, head, strict),
                    Judgement::Incomplete
                );
                assert_eq!(
                    validator.judge(&mut partial, tail, strict),
                    answered(Outcome::Ok, false)
                );
                assert!(partial.bytes.is_empty());
            }
        }
    }

    #[test]
    fn a_wrong_answer_after_a_right_one_is_seen() {
        let mut validator = validator();
        let mut judge =
            |bytes: &str| validator.judge(&mut Partial::default(), bytes.as_bytes(), false);
        assert_eq!(judge(WELCOME), answered(Outcome::Ok, false));
        assert_eq!(
            judge(&WELCOME.replace("World!", "World?")),
            answered(Outcome::BadBody, false)
        );
        assert_eq!(
            judge(&WELCOME.replace("200 OK", "500 No")),
            answered(Outcome::BadStatus, false)
        );
        assert_eq!(
            judge(&WELCOME.replace("plain", "plane")),
            answered(Outcome::ProtocolError, false)
        );
        assert_eq!(
            judge(&WELCOME.replace("HTTP/1.1", "HTTQ/1.1")),
            answered(Outcome::ProtocolError, true)
        );
        assert_eq!(
            judge(&[WELCOME, "x"].concat()),
            answered(Outcome::ProtocolError, true)
        );
        assert_eq!(judge(WELCOME), answered(Outcome::Ok, false));
        assert_eq!(
            validator.complaint(),
            Some("body is \"Hello World?\", not \"Hello World!\"")
        );
    }

    #[test]
    fn an_answer_that_closes_is_right_and_says_so() {
        let closing = WELCOME.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
        let mut validator = validator();
        for _ in 0..2 {
            let judgement = validator.judge(&mut Partial::default(), closing.as_bytes(), false);
            assert_eq!(judgement, answered(Outcome::Ok, true));
        }
    }

    #[test]
    fn an_answer_cut_short_is_a_reset() {
        let mut partial = Partial {
            bytes: WELCOME.as_bytes()[..40].to_vec(),
            ..Partial::default()
        };
        assert_eq!(
            validator().judge_ended(&mut partial),
            answered(Outcome::Reset, true)
        );
        assert!(partial.bytes.is_empty());
    }
}
