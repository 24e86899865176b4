//! Judges answers: the first one is parsed, every later one must be the same bytes, save the date.
//!
//! Pure. Only answers with a content-length are accepted: their end is known from the head alone,
//! so that no answer can be taken for complete too early.

use crate::Failure;
use std::ops::Range;

/// A value of `date` has this length (RFC 9110 §5.6.7).
const DATE_BYTES: usize = 29;

/// Longest head accepted, in bytes.
const HEAD_MAX_BYTES: usize = 16 * 1024;

/// What a path must be answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    /// The path that is asked for.
    pub(crate) path: &'static str,
    status: u16,
    /// `None` where any body will do.
    body: Option<&'static [u8]>,
}

impl Expected {
    /// The one path that is served.
    pub(crate) const WELCOME: Self = Self {
        path: "/welcome",
        status: 200,
        body: Some(b"Hello World!"),
    };

    /// A path that is not.
    pub(crate) const ELSEWHERE: Self = Self {
        path: "/elsewhere",
        status: 404,
        body: None,
    };

    pub(crate) fn check(&self, status: u16, body: &[u8]) -> Result<(), Failure> {
        if status != self.status {
            return Err(Failure::new(format!(
                "{}: status {status} came, {} was expected",
                self.path, self.status
            )));
        }
        match self.body {
            Some(expected) if expected != body => Err(Failure::new(format!(
                "{}: body {} came, {} was expected",
                self.path,
                shown(body),
                shown(expected)
            ))),
            _ => Ok(()),
        }
    }
}

/// The first answer, which all others are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    bytes: Vec<u8>,
    /// Where the value of `date` lies; empty, at the end, where there is none.
    date: Range<usize>,
}

impl Template {
    /// Reads a template from all that has come so far; `None` while the answer is not complete.
    pub(crate) fn learn(bytes: &[u8], expected: &Expected) -> Result<Option<Self>, Failure> {
        let Some(head_bytes) = find(bytes, b"\r\n\r\n").map(|end| end + 4) else {
            return if bytes.len() > HEAD_MAX_BYTES {
                Err(Failure::new("a head of at most 16 KiB was expected"))
            } else {
                Ok(None)
            };
        };
        let head = Head::parse(&bytes[..head_bytes])?;
        let end = head_bytes + head.content_length;
        if bytes.len() < end {
            return Ok(None);
        }
        if bytes.len() > end {
            return Err(excess(bytes, end));
        }
        expected.check(head.status, &bytes[head_bytes..])?;
        Ok(Some(Self {
            bytes: bytes.to_vec(),
            date: head.date.unwrap_or(end..end),
        }))
    }

    /// Whether `bytes` are a complete answer; an error where they are another answer than the first.
    pub(crate) fn is_complete(&self, bytes: &[u8]) -> Result<bool, Failure> {
        if bytes.len() < self.bytes.len() {
            return Ok(false);
        }
        if bytes.len() > self.bytes.len() {
            return Err(excess(bytes, self.bytes.len()));
        }
        let Range { start, end } = self.date;
        if bytes[..start] == self.bytes[..start] && bytes[end..] == self.bytes[end..] {
            return Ok(true);
        }
        Err(Failure::new(format!(
            "{} came, {} was expected, save the date",
            shown(bytes),
            shown(&self.bytes)
        )))
    }

    /// Bytes of one answer.
    pub(crate) fn answer_bytes(&self) -> usize {
        self.bytes.len()
    }
}

/// What matters in a head.
struct Head {
    status: u16,
    content_length: usize,
    date: Option<Range<usize>>,
}

impl Head {
    fn parse(head: &[u8]) -> Result<Self, Failure> {
        let malformed = |what: &str| Failure::new(format!("{what}: {}", shown(head)));
        let text = std::str::from_utf8(head).map_err(|_| malformed("the head is not UTF-8"))?;
        let status = text
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3)?.parse().ok())
            .ok_or_else(|| malformed("HTTP/1.1 and a status were expected"))?;
        let (mut content_length, mut date) = (None, None);
        let mut line_start = 0;
        for line in text.split_inclusive("\r\n") {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            if name.eq_ignore_ascii_case("transfer-encoding") {
                return Err(malformed("a content-length was expected, not chunks"));
            } else if name.eq_ignore_ascii_case("content-length") {
                let length: Option<usize> = value.trim().parse().ok();
                if length.is_none() || content_length.replace(length).is_some() {
                    return Err(malformed("one valid content-length was expected"));
                }
            } else if name.eq_ignore_ascii_case("date") && value.trim().len() == DATE_BYTES {
                let skipped = value.len() - value.trim_start().len();
                let start = line_start + name.len() + 1 + skipped;
                date = Some(start..start + DATE_BYTES);
            }
            line_start += line.len();
        }
        Ok(Self {
            status,
            content_length: content_length
                .flatten()
                .ok_or_else(|| malformed("a content-length was expected"))?,
            date,
        })
    }
}

fn excess(bytes: &[u8], end: usize) -> Failure {
    Failure::new(format!(
        "{} came after the end of an answer of {end} bytes",
        shown(&bytes[end..])
    ))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

fn shown(bytes: &[u8]) -> String {
    const SHOWN_BYTES: usize = 400;
    let excerpt = &bytes[..bytes.len().min(SHOWN_BYTES)];
    let rest = if excerpt.len() < bytes.len() {
        "…"
    } else {
        ""
    };
    format!("{:?}{rest}", String::from_utf8_lossy(excerpt))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 12\r\n\r\nHello World!";

    fn learn(text: &str) -> Result<Option<Template>, Failure> {
        Template::learn(text.as_bytes(), &Expected::WELCOME)
    }

    #[test]
    fn an_answer_is_learnt_when_it_is_complete_and_not_before() {
        for end in 0..FIRST.len() {
            assert_eq!(learn(&FIRST[..end]), Ok(None), "{end}");
        }
        assert_eq!(learn(FIRST).unwrap().unwrap().answer_bytes(), FIRST.len());
        learn(&format!("{FIRST}H")).unwrap_err();
    }

    #[test]
    fn only_the_date_may_change() {
        let first = learn(FIRST).unwrap().unwrap();
        let date = FIRST.find("Sun").unwrap();
        for at in 0..FIRST.len() {
            let mut later = FIRST.as_bytes().to_vec();
            later[at] ^= 1;
            let judged = first.is_complete(&later);
            assert_eq!(judged.is_ok(), (date..date + 29).contains(&at), "{at}");
        }
        assert_eq!(first.is_complete(&FIRST.as_bytes()[1..]), Ok(false));
        first
            .is_complete(format!("{FIRST}H").as_bytes())
            .unwrap_err();
    }

    #[test]
    fn what_cannot_be_framed_or_is_wrong_is_refused() {
        let refused = |from: &str, to: &str| learn(&FIRST.replace(from, to)).unwrap_err().0;
        assert!(refused("200 OK", "500 No").contains("status 500 came, 200 was expected"));
        assert!(refused("World!", "World?").contains("Hello World?"));
        assert!(refused("Content-Length: 12", "Transfer-Encoding: chunked").contains("chunks"));
        assert!(refused("Content-Length: 12", "a: b").contains("a content-length was expected"));
        assert!(refused("Content-Length", "content-length: 12\r\ncontent-length").contains("one"));
        assert!(refused("HTTP/1.1", "HTTP/1.0").contains("HTTP/1.1 and a status"));
    }

    #[test]
    fn a_path_not_found_may_have_any_body() {
        let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nnone";
        let first = Template::learn(answer, &Expected::ELSEWHERE);
        assert_eq!(first.unwrap().unwrap().is_complete(answer), Ok(true));
        Template::learn(answer, &Expected::WELCOME).unwrap_err();
    }
}
