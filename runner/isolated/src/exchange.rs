//! One connection's requests and answers: what may be read when, and when an answer is complete.
//!
//! It knows no stream and no waker. Requests are never pipelined: the next one can be read only
//! after the answer to the last is complete, and not at once even then. A socket too has nothing
//! to read just after an answer has left, and frameworks differ in what that costs them.

use crate::Failure;
use crate::answer::{Expected, Template};
use crate::stopwatch::{Elapsed, Moment};
use std::ops::Range;

/// What a read comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// These bytes of [`Exchange::request`].
    Bytes(Range<usize>),
    /// Nothing before the answer is complete.
    AwaitsAnswer,
    /// Nothing now, something at the next read.
    Gap,
    /// All requests are answered.
    End,
}

/// The exchange; it outlives its connections, so that the first answer is parsed only once.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) request: Vec<u8>,
    expected: Expected,
    first_answer: Option<Template>,
    /// What has come of the current answer.
    answer: Vec<u8>,
    untimed: u64,
    requests: u64,
    handed_over: u64,
    answered: u64,
    /// Bytes of the current request that have been read; all of them between two requests.
    read_bytes: usize,
    gap: bool,
    started: Option<Moment>,
    ended: Option<Moment>,
}

impl Exchange {
    pub(crate) fn new(expected: Expected) -> Self {
        let request = crate::request(expected.path);
        Self {
            read_bytes: request.len(),
            request,
            expected,
            first_answer: None,
            answer: Vec::with_capacity(1024),
            untimed: 0,
            requests: 0,
            handed_over: 0,
            answered: 0,
            gap: false,
            started: None,
            ended: None,
        }
    }

    /// Prepares a new connection of `untimed + timed` requests.
    pub(crate) fn restart(&mut self, untimed: u64, timed: u64) {
        self.untimed = untimed;
        self.requests = untimed + timed;
        (self.handed_over, self.answered) = (0, 0);
        self.read_bytes = self.request.len();
        self.gap = false;
        self.answer.clear();
        (self.started, self.ended) = (None, None);
    }

    pub(crate) fn read(&mut self, room_bytes: usize) -> Read {
        if self.read_bytes == self.request.len() {
            if self.handed_over > self.answered {
                return Read::AwaitsAnswer;
            }
            if self.handed_over == self.requests {
                return Read::End;
            }
            if std::mem::take(&mut self.gap) {
                return Read::Gap;
            }
            if self.handed_over == self.untimed {
                self.started = Some(Moment::now());
            }
            self.handed_over += 1;
            self.read_bytes = 0;
        }
        let start = self.read_bytes;
        self.read_bytes = self.request.len().min(start + room_bytes);
        Read::Bytes(start..self.read_bytes)
    }

    /// Takes bytes of an answer; whether they complete it.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<bool, Failure> {
        if self.handed_over == self.answered && !bytes.is_empty() {
            return Err(Failure::new(format!(
                "{} bytes came that answer no request, after {} answers",
                bytes.len(),
                self.answered
            )));
        }
        self.answer.extend_from_slice(bytes);
        if !self.is_answer_complete()? {
            return Ok(false);
        }
        if self.read_bytes < self.request.len() {
            return Err(Failure::new("an answer came before its request was read"));
        }
        self.answer.clear();
        self.answered += 1;
        self.gap = true;
        if self.answered == self.requests {
            self.ended = Some(Moment::now());
        }
        Ok(true)
    }

    fn is_answer_complete(&mut self) -> Result<bool, Failure> {
        if let Some(first) = &self.first_answer {
            return first.is_complete(&self.answer);
        }
        self.first_answer = Template::learn(&self.answer, &self.expected)?;
        Ok(self.first_answer.is_some())
    }

    /// The time the timed requests took; an error where the connection ended before the last answer.
    pub(crate) fn elapsed(&self) -> Result<Elapsed, Failure> {
        match (self.started, self.ended) {
            (Some(started), Some(ended)) => Ok(started.until(ended)),
            _ => Err(Failure::new(format!(
                "the connection ended after {} answers and {} bytes, {} answers were expected",
                self.answered,
                self.answer.len(),
                self.requests
            ))),
        }
    }

    pub(crate) fn answer_bytes(&self) -> Option<usize> {
        self.first_answer.as_ref().map(Template::answer_bytes)
    }
}

#[cfg(test)]
mod tests;
