//! An answer that is too long to be kept: framed as it comes, and compared where a body is expected.

use super::Expected;
use crate::contract::{self, Violation};
use crate::http::{Begun, BodyReader, Malformed};

/// One long answer of one connection. What it takes does not depend on how long the answer is.
#[derive(Debug)]
pub(super) struct LongAnswer {
    pub(super) status: u16,
    pub(super) closes: bool,
    /// Of the whole answer, as far as it has come.
    pub(super) read_bytes: u64,
    reader: BodyReader,
    seen: Seen,
}

/// What is remembered of a body.
#[derive(Debug, Default)]
struct Seen {
    /// Enough of its beginning to be quoted.
    beginning: Vec<u8>,
    length_bytes: u64,
    /// From where on it is not the expected one, and what came there.
    difference: Option<(u64, Vec<u8>)>,
}

impl LongAnswer {
    pub(super) fn new(begun: Begun) -> Self {
        Self {
            status: begun.status,
            closes: begun.closes,
            read_bytes: begun.head_bytes as u64,
            reader: begun.body,
            seen: Seen::default(),
        }
    }

    /// Reads on; how many bytes belong to it where it ends among these, nothing where more are to
    /// come.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        expected: &Expected,
    ) -> Result<Option<usize>, Malformed> {
        let Self { reader, seen, .. } = self;
        let length_bytes = reader.read(bytes, |content| seen.look(content, body_of(expected)))?;
        self.read_bytes += length_bytes.unwrap_or(bytes.len()) as u64;
        Ok(length_bytes)
    }

    /// The beginning of its body.
    pub(super) fn beginning(&self) -> &[u8] {
        &self.seen.beginning
    }

    /// Whether the end of the connection, which has come, is the end of the answer.
    pub(super) fn is_whole_at_the_end(&self) -> bool {
        self.reader.ends_with_connection()
    }

    /// Holds the whole answer against what is expected.
    pub(super) fn check(&self, expected: &Expected) -> Result<(), Violation> {
        contract::check_status(self.status, expected.status())?;
        let Seen {
            beginning,
            length_bytes,
            difference,
        } = &self.seen;
        if let Some(body) = body_of(expected)
            && (difference.is_some() || *length_bytes != body.len() as u64)
        {
            // What does not differ until its end is too short.
            let (place, found) = match difference {
                Some((place, found)) => (*place, found.as_slice()),
                None => (*length_bytes, &[][..]),
            };
            let whole = (beginning.as_slice(), *length_bytes);
            return Err(contract::other_body(whole, (place, found), body));
        }
        match expected {
            // So few bytes come as a long answer only in chunks.
            Expected::Contract => Err(Violation::ContentLength("missing".to_owned())),
            // Of an answer that is too long to be kept, the header fields are not.
            Expected::Answer { .. } | Expected::Like(_) => Ok(()),
        }
    }
}

impl Seen {
    fn look(&mut self, content: &[u8], expected: Option<&[u8]>) {
        let wanting = contract::EXCERPT_BYTES.saturating_sub(self.beginning.len());
        self.beginning
            .extend_from_slice(&content[..wanting.min(content.len())]);
        if let Some(body) = expected
            && self.difference.is_none()
        {
            let from = usize::try_from(self.length_bytes).unwrap_or(usize::MAX);
            let wanted = body.get(from..).unwrap_or_default();
            if !wanted.starts_with(content) {
                let place = contract::first_difference(content, wanted);
                let found = &content[place..content.len().min(place + contract::DIFFERENCE_BYTES)];
                self.difference = Some((self.length_bytes + place as u64, found.to_vec()));
            }
        }
        self.length_bytes += content.len() as u64;
    }
}

fn body_of(expected: &Expected) -> Option<&[u8]> {
    match expected {
        Expected::Contract => Some(contract::BODY),
        Expected::Answer { body, .. } => body.as_deref(),
        Expected::Like(sample) => sample.body(),
    }
}
