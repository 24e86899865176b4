//! One strict parser for HTTP/1.1 answers: pure over bytes, it knows no socket.
//!
//! Heads are read by `httparse`; framing follows RFC 9112 §6. It is the slow and careful path:
//! the load generator comes here for the first answer of a connection and for whatever differs
//! from it, `verify` for everything.

mod body;
mod refused;

pub use body::{Begun, BodyReader, begin};
pub use refused::refused_line;

use std::borrow::Cow;
use std::ops::Range;

/// Longest head accepted, in bytes, interim ones before it included. Real ones here are below 300.
pub const HEAD_MAX_BYTES: usize = 64 * 1024;

/// Header fields for which there is room at once. Where there are more, the head is read again with
/// as much room as a head of the longest kind can take.
const FIELDS_USUAL: usize = 64;

/// No field is shorter than a name of one byte, a colon and a line feed.
const FIELDS_MAX: usize = HEAD_MAX_BYTES / 3;

/// The method of the request that is being answered: HEAD answers have no body, whatever they announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// An answer has the body that it announces.
    Get,
    /// An answer has no body, and its lengths are those that GET would have.
    Head,
}

/// Whether a request of this method may be sent again without doing more than once (RFC 9110
/// §9.2.2). Nothing is known of methods that are not listed there.
#[must_use]
pub fn is_idempotent(method: &str) -> bool {
    ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].contains(&method)
}

/// Whether a request of this method says how long its body is, also if it has none (RFC 9110 §8.6).
#[must_use]
pub fn announces_length(method: &str) -> bool {
    ["POST", "PUT", "PATCH"].contains(&method)
}

/// One complete final answer, and where it lies in the bytes it was read from.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// Header fields in the order they came, names as written.
    pub headers: Vec<(&'a str, &'a [u8])>,
    /// The body with any chunked coding removed.
    pub body: Cow<'a, [u8]>,
    /// Bytes this answer takes: interim heads, head, body and trailers.
    pub length_bytes: usize,
    /// Where the value of `date` lies, if there is exactly one.
    pub date: Option<Range<usize>>,
    /// The server will close the connection after this answer.
    pub closes: bool,
}

impl Answer<'_> {
    /// The value of the first header field of this name, ignoring case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }
}

/// Why bytes are no HTTP/1.1 answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// `httparse` refused the head.
    #[error("the head does not parse: {0}")]
    Head(httparse::Error),
    /// The head does not end within [`HEAD_MAX_BYTES`].
    #[error("the head is longer than {HEAD_MAX_BYTES} bytes")]
    HeadTooLong,
    /// RFC 9112 §6.3: an invalid or contradictory length makes the framing unrecoverable.
    #[error("content-length is not one valid number")]
    ContentLength,
    /// RFC 9112 §6.3: both together are a sign of request smuggling.
    #[error("both content-length and transfer-encoding are present")]
    LengthAndCoding,
    /// `chunked` is missing, or is not the last transfer coding. RFC 9112 §6.3 lets such an answer
    /// end with the connection, which no server here has a reason to do.
    #[error("the transfer-encoding does not end with chunked")]
    TransferCoding,
    /// An answer 101: what follows it is not HTTP/1.1 (RFC 9110 §15.2.2).
    #[error("the server switches protocols, which it was not asked to do")]
    SwitchingProtocols,
    /// A chunk without a valid size or without its closing line break.
    #[error("a chunk is not framed rightly")]
    Chunk,
    /// The connection ended inside an answer.
    #[error("the connection ended before the answer did")]
    Truncated,
}

/// Reads one final answer from the start of `bytes`; `ended` says that no more will come.
///
/// `Ok(None)` means that more bytes are needed.
///
/// # Errors
///
/// [`Malformed`] where no continuation could make the bytes a valid answer.
pub fn parse(bytes: &[u8], method: Method, ended: bool) -> Result<Option<Answer<'_>>, Malformed> {
    let parsed = parse_open_ended(bytes, method, ended)?;
    if parsed.is_none() && ended {
        return Err(Malformed::Truncated);
    }
    Ok(parsed)
}

fn parse_open_ended(
    bytes: &[u8],
    method: Method,
    ended: bool,
) -> Result<Option<Answer<'_>>, Malformed> {
    match final_head(bytes)? {
        Some(head) => head.with_body(bytes, method, ended),
        None => Ok(None),
    }
}

/// The head of the final answer, after any number of interim ones (RFC 9110 §15.2).
fn final_head(bytes: &[u8]) -> Result<Option<Head<'_>>, Malformed> {
    let mut start = 0;
    loop {
        let Some(head) = parse_head(bytes, start)? else {
            return Ok(None);
        };
        if head.status == 101 {
            return Err(Malformed::SwitchingProtocols);
        }
        if !(100..200).contains(&head.status) {
            return Ok(Some(head));
        }
        start = head.end;
        if start > HEAD_MAX_BYTES {
            return Err(Malformed::HeadTooLong);
        }
    }
}

struct Head<'a> {
    status: u16,
    version_minor: u8,
    headers: Vec<(&'a str, &'a [u8])>,
    end: usize,
}

fn parse_head(bytes: &[u8], start: usize) -> Result<Option<Head<'_>>, Malformed> {
    with_room(|fields| parse_head_into(fields, bytes, start))
}

/// Parses with room for the usual number of fields, then, if that is too little, for any.
fn with_room<'a, T>(
    mut parse: impl FnMut(&mut [httparse::Header<'a>]) -> Result<T, Malformed>,
) -> Result<T, Malformed> {
    match parse(&mut [httparse::EMPTY_HEADER; FIELDS_USUAL]) {
        Err(Malformed::Head(httparse::Error::TooManyHeaders)) => {
            parse(&mut vec![httparse::EMPTY_HEADER; FIELDS_MAX])
        }
        parsed => parsed,
    }
}

fn parse_head_into<'a>(
    fields: &mut [httparse::Header<'a>],
    bytes: &'a [u8],
    start: usize,
) -> Result<Option<Head<'a>>, Malformed> {
    let mut response = httparse::Response::new(fields);
    match response.parse(&bytes[start..]).map_err(Malformed::Head)? {
        httparse::Status::Partial if bytes.len() - start > HEAD_MAX_BYTES => {
            Err(Malformed::HeadTooLong)
        }
        httparse::Status::Partial => Ok(None),
        httparse::Status::Complete(length) if length > HEAD_MAX_BYTES => {
            Err(Malformed::HeadTooLong)
        }
        httparse::Status::Complete(length) => Ok(Some(Head {
            status: response.code.expect("a complete head has a status"),
            version_minor: response.version.expect("a complete head has a version"),
            headers: response
                .headers
                .iter()
                .map(|field| (field.name, field.value))
                .collect(),
            end: start + length,
        })),
    }
}

/// How the end of a body is known (RFC 9112 §6.3).
enum Framing {
    Empty,
    Length(usize),
    Chunked,
    UntilClose,
}

impl<'a> Head<'a> {
    fn with_body(
        self,
        bytes: &'a [u8],
        method: Method,
        ended: bool,
    ) -> Result<Option<Answer<'a>>, Malformed> {
        let rest = &bytes[self.end..];
        let framing = self.framing(method)?;
        let (body, body_bytes) = match framing {
            Framing::Empty => (Cow::Borrowed(&rest[..0]), 0),
            Framing::Length(length) if rest.len() < length => return Ok(None),
            Framing::Length(length) => (Cow::Borrowed(&rest[..length]), length),
            Framing::Chunked => match dechunk(rest)? {
                Some((body, length)) => (Cow::Owned(body), length),
                None => return Ok(None),
            },
            Framing::UntilClose if !ended => return Ok(None),
            Framing::UntilClose => (Cow::Borrowed(rest), rest.len()),
        };
        Ok(Some(Answer {
            status: self.status,
            date: self.date(bytes),
            body,
            length_bytes: self.end + body_bytes,
            closes: self.closes(&framing),
            headers: self.headers,
        }))
    }

    fn values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a [u8]> + 's {
        self.headers
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// The elements of a list, over all fields of this name; empty ones do not count (RFC 9110
    /// §5.6.1).
    fn items<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a [u8]> + 's {
        self.values(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|item| !item.is_empty())
    }

    fn framing(&self, method: Method) -> Result<Framing, Malformed> {
        let length = self.content_length()?;
        let has_coding = self.values("transfer-encoding").next().is_some();
        if has_coding && length.is_some() {
            return Err(Malformed::LengthAndCoding);
        }
        if method == Method::Head || self.status == 204 || self.status == 304 {
            return Ok(Framing::Empty);
        }
        match length {
            _ if has_coding => match self.ends_with_chunked() {
                true => Ok(Framing::Chunked),
                false => Err(Malformed::TransferCoding),
            },
            Some(length) => Ok(Framing::Length(length)),
            None => Ok(Framing::UntilClose),
        }
    }

    /// Whether `chunked` is the last transfer coding, and there only (RFC 9112 §6.1). The others
    /// are within the chunks: they change what a body means, not where it ends.
    fn ends_with_chunked(&self) -> bool {
        let mut codings = self
            .items("transfer-encoding")
            .skip_while(|coding| !coding.eq_ignore_ascii_case(b"chunked"));
        codings.next().is_some() && codings.next().is_none()
    }

    /// The one content-length; several are refused even where they agree, which RFC 9112 §6.3
    /// allows a recipient to do and which no contestant has a reason to send.
    fn content_length(&self) -> Result<Option<usize>, Malformed> {
        let mut values = self.values("content-length");
        let Some(value) = values.next() else {
            return Ok(None);
        };
        // `usize::from_str` would accept a leading plus sign; the grammar is 1*DIGIT.
        if values.next().is_some() || value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return Err(Malformed::ContentLength);
        }
        std::str::from_utf8(value)
            .ok()
            .and_then(|digits| digits.parse().ok())
            .map(Some)
            .ok_or(Malformed::ContentLength)
    }

    /// The server will close the connection after this answer.
    fn closes(&self, framing: &Framing) -> bool {
        matches!(framing, Framing::UntilClose) || self.says_close()
    }

    fn says_close(&self) -> bool {
        let says = |token: &str| {
            self.items("connection")
                .any(|item| item.eq_ignore_ascii_case(token.as_bytes()))
        };
        says("close") || (self.version_minor == 0 && !says("keep-alive"))
    }

    fn date(&self, bytes: &[u8]) -> Option<Range<usize>> {
        let mut values = self.values("date");
        let value = values.next()?;
        if values.next().is_some() {
            return None;
        }
        // The value is a slice of `bytes`, so the difference of the addresses is its offset.
        let start = value.as_ptr() as usize - bytes.as_ptr() as usize;
        Some(start..start + value.len())
    }
}

/// Removes the chunked coding (RFC 9112 §7.1): the body, and the bytes it took with its trailers.
fn dechunk(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, Malformed> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let (line_bytes, size) = match httparse::parse_chunk_size(&bytes[at..]) {
            Ok(httparse::Status::Complete(found)) => found,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(Malformed::Chunk),
        };
        let size = usize::try_from(size).map_err(|_| Malformed::Chunk)?;
        at += line_bytes;
        if size == 0 {
            return Ok(end_of_trailers(&bytes[at..])?.map(|trailers| (body, at + trailers)));
        }
        let end = at.checked_add(size).ok_or(Malformed::Chunk)?;
        match bytes.get(end..end.saturating_add(2)) {
            None => return Ok(None),
            Some(b"\r\n") => body.extend_from_slice(&bytes[at..end]),
            Some(_) => return Err(Malformed::Chunk),
        }
        at = end + 2;
    }
}

/// Bytes up to and with the empty line that ends the trailer section.
fn end_of_trailers(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    with_room(
        |fields| match httparse::parse_headers(bytes, fields).map_err(Malformed::Head)? {
            httparse::Status::Complete((length, _)) => Ok(Some(length)),
            httparse::Status::Partial if bytes.len() > HEAD_MAX_BYTES => {
                Err(Malformed::HeadTooLong)
            }
            httparse::Status::Partial => Ok(None),
        },
    )
}

#[cfg(test)]
mod tests;
