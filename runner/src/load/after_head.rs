//! What a server sends after the head of an answer to HEAD: nothing, as it should (RFC 9110 §9.3.2), or
//! the body that would answer GET. Such a body may come with the head or after it, and the answer must be
//! worth the same either way; so once it is known, it is waited for.

use crate::http::Method;

/// What is known of answers to one request.
#[derive(Debug)]
pub(super) struct AfterHead {
    known: Known,
    /// The last answer, as long as it is not known what follows.
    last: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Unknown,
    Nothing,
    Body,
}

impl AfterHead {
    pub(super) fn new(method: Method, pipeline: u32) -> Self {
        Self {
            known: match method {
                Method::Head if pipeline == 1 => Known::Unknown,
                Method::Head | Method::Get => Known::Nothing,
            },
            last: Vec::new(),
        }
    }

    /// By which method an answer to `asked` is framed.
    pub(super) fn framing(&self, asked: Method) -> Method {
        match self.known {
            Known::Body => Method::Get,
            Known::Nothing | Known::Unknown => asked,
        }
    }

    /// Whether a body has come in answer to HEAD.
    pub(super) fn has_body(&self, body_bytes: usize) -> bool {
        self.known == Known::Body && body_bytes > 0
    }

    /// Remembers an answer, if what follows it is not known.
    pub(super) fn keep(&mut self, answer: &[u8]) {
        if self.known == Known::Unknown {
            self.last = answer.to_vec();
        }
    }

    /// The answer that was remembered.
    pub(super) fn take_last(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.last)
    }

    /// Something has followed an answer: whether that is a body, and was not known.
    pub(super) fn learns_of_body(&mut self) -> bool {
        let is_new = self.known == Known::Unknown;
        if is_new {
            self.known = Known::Body;
        }
        is_new
    }

    /// Nothing has followed the first answers.
    pub(super) fn learns_of_silence(&mut self) {
        if self.known == Known::Unknown {
            self.known = Known::Nothing;
        }
        self.last = Vec::new();
    }
}

/// The words for an answer that has such a body.
pub(super) fn complaint() -> String {
    "a body came after the head of an answer to HEAD".to_owned()
}
