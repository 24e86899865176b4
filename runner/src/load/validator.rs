//! Judges received bytes: the template where they match it, the strict parser where they do not.

use super::after_head::{self, AfterHead};
use super::connection::{Kept, Partial};
use super::long::LongAnswer;
use super::tally::Outcome;
use super::template::{Comparison, Template};
use super::{Expected, Target};
use crate::contract::{self, Violation};
use crate::http::{self, Answer, Method};
use std::collections::BTreeMap;

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
    /// How long the longest answer was, head and body.
    longest_bytes: u64,
    pub(super) after_head: AfterHead,
    /// Answers that were framed rightly and were not right, by status.
    wrong: BTreeMap<u16, u64>,
    /// What was refused last does not even begin like an answer.
    is_foreign: bool,
    complaint: Option<String>,
}

impl Validator {
    pub(super) fn new(target: &Target) -> Self {
        Self {
            expected: target.expected.clone(),
            method: target.method,
            template: None,
            templates: 0,
            longest_bytes: 0,
            after_head: AfterHead::new(target.method, target.pipeline),
            wrong: BTreeMap::new(),
            is_foreign: false,
            complaint: None,
        }
    }

    /// How long the longest answer was so far.
    pub(super) fn longest_bytes(&self) -> usize {
        usize::try_from(self.longest_bytes).unwrap_or(usize::MAX)
    }

    /// What was wrong with the first answer that was not right.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref()
    }

    /// Answers that were not right, by status, where they had one.
    pub(super) fn wrong_statuses(&self) -> &BTreeMap<u16, u64> {
        &self.wrong
    }

    /// Forgets what went wrong in an earlier run.
    pub(super) fn forget_wrongs(&mut self) {
        self.complaint = None;
        self.wrong.clear();
    }

    /// Whether bytes that do not begin like an answer have been refused since this was last asked.
    pub(super) fn takes_foreign(&mut self) -> bool {
        std::mem::take(&mut self.is_foreign)
    }

    /// By which method answers are framed.
    fn framing(&self) -> Method {
        self.after_head.framing(self.method)
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
        if partial.is_empty()
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
        let kept = match partial {
            Partial::Kept(kept) => kept,
            Partial::Long(_) => return self.judge_long(partial, received, false).0,
        };
        let agreed_bytes = match kept.template == self.templates {
            true => kept.agreed_bytes as usize,
            false => 0,
        };
        kept.bytes.extend_from_slice(received);
        kept.agreed_bytes = 0;
        if !strict && let Some(template) = &mut self.template {
            match template.compare_from(&kept.bytes, agreed_bytes) {
                Comparison::Same => {
                    kept.clear();
                    return RIGHT;
                }
                Comparison::Beginning => {
                    // A learned answer is never so long that this would not do.
                    kept.agreed_bytes = u32::try_from(kept.bytes.len()).unwrap_or(0);
                    kept.template = self.templates;
                    return Judgement::Incomplete;
                }
                Comparison::Different => {}
            }
        }
        match self.judge_strictly(&kept.bytes) {
            Some(judgement) => {
                kept.clear();
                judgement
            }
            None => {
                self.shorten(partial);
                Judgement::Incomplete
            }
        }
    }

    /// Keeps these bytes, the beginning of an answer.
    pub(super) fn keep(&mut self, partial: &mut Partial, bytes: &[u8]) {
        *partial = Partial::Kept(Kept {
            bytes: bytes.to_vec(),
            ..Kept::default()
        });
        self.shorten(partial);
    }

    /// Lets go of the bytes of an answer that has become too long to be kept.
    fn shorten(&mut self, partial: &mut Partial) {
        let Partial::Kept(kept) = partial else { return };
        if kept.bytes.len() <= BODY_KEPT_MAX_BYTES {
            return;
        }
        // The strict parser has found no fault with these bytes, so there is none to find here.
        let Ok(Some(begun)) = http::begin(&kept.bytes, self.framing()) else {
            return;
        };
        let body = &kept.bytes[begun.head_bytes..];
        if body.len() > BODY_KEPT_MAX_BYTES {
            let mut long = Box::new(LongAnswer::new(begun));
            if let Ok(None) = long.read(body, &self.expected) {
                *partial = Partial::Long(long);
            }
        }
    }

    /// Judges the next piece of a long answer, and says how much of it belongs to that. Others may
    /// follow it where `more_to_come`.
    pub(super) fn judge_long(
        &mut self,
        partial: &mut Partial,
        received: &[u8],
        more_to_come: bool,
    ) -> (Judgement, usize) {
        let Partial::Long(long) = partial else {
            return (Judgement::Incomplete, 0);
        };
        let (judgement, length_bytes) = match long.read(received, &self.expected) {
            Ok(None) => return (Judgement::Incomplete, received.len()),
            Ok(Some(length_bytes)) if length_bytes < received.len() && !more_to_come => {
                let surplus_bytes = received.len() - length_bytes;
                self.complain(|| surplus(surplus_bytes));
                (PROTOCOL_ERROR, length_bytes)
            }
            Ok(Some(length_bytes)) => {
                let (checked, closes) = (long.check(&self.expected), long.closes);
                let (status, beginning) = (long.status, long.beginning().to_vec());
                self.longest_bytes = self.longest_bytes.max(long.read_bytes);
                if self.after_head.has_body(length_bytes) {
                    self.complain(after_head::complaint);
                    partial.clear();
                    return (PROTOCOL_ERROR, length_bytes);
                }
                let outcome = self.outcome_of(status, checked, &beginning);
                (Judgement::Answered { outcome, closes }, length_bytes)
            }
            Err(malformed) => {
                self.complain(|| malformed.to_string());
                (PROTOCOL_ERROR, received.len())
            }
        };
        partial.clear();
        (judgement, length_bytes)
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
        let length_bytes = match http::parse(bytes, self.framing(), false) {
            Ok(Some(answer)) if more_to_come => answer.length_bytes,
            _ => bytes.len(),
        };
        let judgement = self.judge_strictly(&bytes[..length_bytes]);
        (judgement.unwrap_or(Judgement::Incomplete), length_bytes)
    }

    /// Judges what is left when the server has ended the connection inside an answer.
    pub(super) fn judge_ended(&mut self, partial: &mut Partial) -> Judgement {
        let (judgement, read_bytes) = match partial {
            Partial::Kept(kept) => {
                let bytes = kept.bytes.as_slice();
                let judgement = match http::parse(bytes, self.framing(), true) {
                    Ok(Some(answer)) => Some(self.judge_answer(bytes, &answer)),
                    _ => None,
                };
                (judgement, bytes.len() as u64)
            }
            Partial::Long(long) if long.is_whole_at_the_end() => {
                let (status, checked) = (long.status, long.check(&self.expected));
                let beginning = long.beginning().to_vec();
                let outcome = self.outcome_of(status, checked, &beginning);
                let closes = true;
                (
                    Some(Judgement::Answered { outcome, closes }),
                    long.read_bytes,
                )
            }
            Partial::Long(long) => (None, long.read_bytes),
        };
        partial.clear();
        judgement.unwrap_or_else(|| {
            self.complain(|| {
                format!("the server ended the connection {read_bytes} bytes into an answer")
            });
            Judgement::Answered {
                outcome: Outcome::Reset,
                closes: true,
            }
        })
    }

    #[cold]
    fn judge_strictly(&mut self, bytes: &[u8]) -> Option<Judgement> {
        match http::parse(bytes, self.framing(), false) {
            Ok(None) => None,
            Ok(Some(answer))
                if answer.length_bytes < bytes.len() && self.after_head.learns_of_body() =>
            {
                self.judge_strictly(bytes)
            }
            Ok(Some(answer)) => Some(self.judge_answer(bytes, &answer)),
            Err(malformed) => {
                self.is_foreign =
                    !bytes.starts_with(&BEGINNING[..bytes.len().min(BEGINNING.len())]);
                self.complain(|| match http::refused_line(bytes, &malformed) {
                    Some(line) => format!("{malformed}: `{line}`"),
                    None => malformed.to_string(),
                });
                Some(PROTOCOL_ERROR)
            }
        }
    }

    fn judge_answer(&mut self, bytes: &[u8], answer: &Answer) -> Judgement {
        if answer.length_bytes < bytes.len() {
            let surplus_bytes = bytes.len() - answer.length_bytes;
            self.complain(|| surplus(surplus_bytes));
            return PROTOCOL_ERROR;
        }
        self.longest_bytes = self.longest_bytes.max(bytes.len() as u64);
        self.after_head.keep(bytes);
        if self.after_head.has_body(answer.body.len()) {
            self.complain(after_head::complaint);
            return PROTOCOL_ERROR;
        }
        let checked = self.expected.check(answer);
        let outcome = self.outcome_of(answer.status, checked, &answer.body);
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

    /// What a framed answer is worth.
    fn outcome_of(
        &mut self,
        status: u16,
        checked: Result<(), Violation>,
        beginning: &[u8],
    ) -> Outcome {
        let Err(violation) = checked else {
            return Outcome::Ok;
        };
        *self.wrong.entry(status).or_default() += 1;
        self.complain(|| match &violation {
            Violation::Status { .. } if !beginning.is_empty() => {
                let shown = &beginning[..beginning.len().min(contract::EXCERPT_BYTES)];
                format!("{violation}; its body begins \"{}\"", shown.escape_ascii())
            }
            _ => violation.to_string(),
        });
        match violation {
            Violation::Status { .. } => Outcome::BadStatus,
            Violation::Body { .. }
            | Violation::BodyAt { .. }
            | Violation::OtherThanFirst { .. } => Outcome::BadBody,
            Violation::Field { .. }
            | Violation::ContentLength(_)
            | Violation::ContentType(_)
            | Violation::Date(_) => Outcome::ProtocolError,
        }
    }
}

/// A body of which more has come than this is not kept until its end. What is learned of an answer
/// is no longer than this and one read.
const BODY_KEPT_MAX_BYTES: usize = 16 * 1024;

/// How every answer begins.
const BEGINNING: &[u8] = b"HTTP/";

fn surplus(bytes: usize) -> String {
    format!("{bytes} bytes came after the answer")
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

#[cfg(test)]
mod tests;
