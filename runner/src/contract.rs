//! What every contestant must answer: the request's bytes, the expected answer, and the check of
//! one against the other. Pure; `docs/CONTRACT.md` is the same in prose.

use crate::http::Answer;
use std::net::SocketAddr;

/// The one path that is served.
pub const PATH: &str = "/welcome";

/// A path that must not be.
pub const ELSEWHERE: &str = "/elsewhere";

/// The body, byte for byte.
pub const BODY: &[u8] = b"Hello World!";

/// The measured request: what HTTP/1.1 demands and nothing else, which is also what wrk sends.
#[must_use]
pub fn request(address: SocketAddr) -> Vec<u8> {
    request_for("GET", PATH, address, "")
}

/// The header fields a browser of 2012 sent, as the original benchmark sent them.
const BROWSER_FIELDS: &str = "\
User-Agent: Mozilla/5.0 (X11; Linux i686)\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
Accept-Charset: ISO-8859-1,utf-8;q=0.7,*;q=0.3\r\n\
Accept-Encoding: gzip,deflate,sdch\r\n\
Accept-Language: uk,en-US;q=0.8,en;q=0.6\r\n\
Cache-Control: max-age=0\r\n\
Connection: keep-alive\r\n";

/// The header fields of the request whose work is counted: those of a browser, since a request without them flatters
/// slow header maps.
#[must_use]
pub fn browser_fields() -> Vec<String> {
    BROWSER_FIELDS.lines().map(str::to_owned).collect()
}

/// A request for `path`, with `fields` (each ending in CRLF) after `host`.
#[must_use]
pub fn request_for(method: &str, path: &str, address: SocketAddr, fields: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{fields}\r\n").into_bytes()
}

/// What in an answer breaks the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Another status.
    #[error("status is {found}, not {expected}")]
    Status {
        /// The status that came.
        found: u16,
        /// The status the contract demands.
        expected: u16,
    },
    /// Another body.
    #[error("body is {found:?}, not {expected:?}")]
    Body {
        /// The beginning of the body that came.
        found: String,
        /// The beginning of the body that was to come.
        expected: String,
    },
    /// Another body than that of the first answer.
    #[error(
        "the body differs from that of the first answer from byte {at} on: `{found}`, and was `{expected}`"
    )]
    OtherThanFirst {
        /// Where the first differing byte is, from 0.
        at: usize,
        /// What came from there on.
        found: String,
        /// What the first answer had there.
        expected: String,
    },
    /// Other header fields than those of the first answer.
    #[error(
        "a header field differs from that of the first answer: `{found}`, and was `{expected}`; if it may, name it: \
         --moving {name}"
    )]
    Field {
        /// The field's name.
        name: String,
        /// The field that came.
        found: String,
        /// That of the first answer in this place.
        expected: String,
    },
    /// Another body that begins alike.
    #[error(
        "body differs from byte {at} on: \"{found}\", not \"{expected}\" ({found_bytes} bytes, expected \
         {expected_bytes})"
    )]
    BodyAt {
        /// The place of the first byte that differs, from 0.
        at: u64,
        /// What came there, escaped.
        found: String,
        /// What was expected there, escaped.
        expected: String,
        /// The length of the body that came,
        found_bytes: u64,
        /// and of the other.
        expected_bytes: u64,
    },
    /// `content-length` is missing, or is not the body's length.
    #[error("content-length is {0}, not 12")]
    ContentLength(String),
    /// `content-type` is missing or of another type.
    #[error("content-type is {0}, not text/plain or text/html")]
    ContentType(String),
    /// `date` is missing or is not an IMF-fixdate (RFC 9110 §5.6.7).
    #[error("date is {0}, not like \"Sun, 06 Nov 1994 08:49:37 GMT\"")]
    Date(String),
}

/// Checks a complete answer to [`request`].
///
/// # Errors
///
/// The first [`Violation`] found; status and body come before the header fields.
pub fn check(answer: &Answer) -> Result<(), Violation> {
    check_status(answer.status, 200)?;
    check_body(answer, BODY)?;
    check_content_length(answer)?;
    check_content_type(answer)?;
    check_date(answer)
}

/// Checks the status alone.
///
/// # Errors
///
/// [`Violation::Status`] where it is another.
pub fn check_status(found: u16, expected: u16) -> Result<(), Violation> {
    match found {
        found if found == expected => Ok(()),
        found => Err(Violation::Status { found, expected }),
    }
}

/// Checks the body alone, byte for byte.
///
/// # Errors
///
/// [`Violation::Body`] where it is another.
pub fn check_body(answer: &Answer, expected: &[u8]) -> Result<(), Violation> {
    if *answer.body == *expected {
        return Ok(());
    }
    let found = &*answer.body;
    let place = first_difference(found, expected);
    let whole = (found, found.len() as u64);
    Err(other_body(whole, (place as u64, &found[place..]), expected))
}

/// Checks that a body is that of the first answer.
///
/// # Errors
///
/// [`Violation::OtherThanFirst`] with the first bytes that differ.
pub fn check_same_body(found: &[u8], first: &[u8]) -> Result<(), Violation> {
    if found == first {
        return Ok(());
    }
    let same = found
        .iter()
        .zip(first)
        .take_while(|(one, other)| one == other);
    let at = same.count();
    Err(Violation::OtherThanFirst {
        at,
        found: excerpt(&found[at..]),
        expected: excerpt(&first[at..]),
    })
}

/// Another body than expected: how it begins, how long it is, and from which byte on it differs with what.
#[must_use]
pub fn other_body(
    (beginning, length_bytes): (&[u8], u64),
    (differs_at, found): (u64, &[u8]),
    expected: &[u8],
) -> Violation {
    if differs_at < EXCERPT_BYTES as u64 {
        return Violation::Body {
            found: excerpt_of(beginning, length_bytes),
            expected: excerpt(expected),
        };
    }
    let place = usize::try_from(differs_at).unwrap_or(usize::MAX);
    let rest = expected.get(place..).unwrap_or_default();
    let shown = |bytes: &[u8]| {
        bytes[..bytes.len().min(DIFFERENCE_BYTES)]
            .escape_ascii()
            .to_string()
    };
    Violation::BodyAt {
        at: differs_at,
        found: shown(found),
        expected: shown(rest),
        found_bytes: length_bytes,
        expected_bytes: expected.len() as u64,
    }
}

/// From which byte on two bodies differ, which they do.
#[must_use]
pub fn first_difference(found: &[u8], expected: &[u8]) -> usize {
    let mut pairs = found.iter().zip(expected);
    pairs
        .position(|(found, expected)| found != expected)
        .unwrap_or(found.len().min(expected.len()))
}

fn check_content_length(answer: &Answer) -> Result<(), Violation> {
    match answer.header("content-length") {
        Some(b"12") => Ok(()),
        other => Err(Violation::ContentLength(shown(other))),
    }
}

fn check_content_type(answer: &Answer) -> Result<(), Violation> {
    let value = answer.header("content-type");
    let essence = value
        .and_then(|value| value.split(|&byte| byte == b';').next())
        .map(<[u8]>::trim_ascii);
    match essence {
        Some(kind) if kind.eq_ignore_ascii_case(b"text/plain") => Ok(()),
        Some(kind) if kind.eq_ignore_ascii_case(b"text/html") => Ok(()),
        _ => Err(Violation::ContentType(shown(value))),
    }
}

fn check_date(answer: &Answer) -> Result<(), Violation> {
    match answer.header("date") {
        Some(value) if is_imf_fixdate(value) => Ok(()),
        other => Err(Violation::Date(shown(other))),
    }
}

/// Whether these bytes are an IMF-fixdate (RFC 9110 §5.6.7), the one form a sender may generate.
#[must_use]
pub fn is_imf_fixdate(value: &[u8]) -> bool {
    // httpdate also reads the two obsolete forms; neither has this length and ending.
    value.len() == 29
        && value.ends_with(b" GMT")
        && std::str::from_utf8(value).is_ok_and(|text| httpdate::parse_http_date(text).is_ok())
}

fn shown(value: Option<&[u8]>) -> String {
    value.map_or_else(|| "missing".to_owned(), excerpt)
}

/// The beginning of some bytes, to be quoted.
#[must_use]
pub fn excerpt(bytes: &[u8]) -> String {
    excerpt_of(bytes, bytes.len() as u64)
}

/// How much is quoted of a difference within a body.
pub const DIFFERENCE_BYTES: usize = 24;

/// How much of a body is quoted.
pub const EXCERPT_BYTES: usize = 80;

fn excerpt_of(beginning: &[u8], length_bytes: u64) -> String {
    let shown = &beginning[..beginning.len().min(EXCERPT_BYTES)];
    let text = String::from_utf8_lossy(shown).into_owned();
    if length_bytes > shown.len() as u64 {
        format!("{text}… ({length_bytes} bytes)")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Method, parse};

    const RIGHT: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\ncontent-length: 12\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nHello World!";

    fn checked(answer: &str) -> Result<(), Violation> {
        check(
            &parse(answer.as_bytes(), Method::Get, true)
                .unwrap()
                .unwrap(),
        )
    }

    #[test]
    fn the_right_answer_passes() {
        assert_eq!(checked(RIGHT), Ok(()));
        assert_eq!(
            checked(&RIGHT.replace("text/plain; charset=utf-8", "text/html")),
            Ok(())
        );
    }

    #[test]
    fn over_a_socket_the_browser_asks_as_inside_one_process() {
        let address = ([127, 0, 0, 1], 8080).into();
        let request = request_for("GET", PATH, address, BROWSER_FIELDS);
        let inside = isolated::request(PATH);
        assert_eq!(
            String::from_utf8_lossy(&request),
            String::from_utf8_lossy(&inside)
        );
    }

    #[test]
    fn a_difference_deep_in_a_body_is_named_by_its_place() {
        let expected = "x".repeat(3_000);
        let words = |found: &str| {
            let place = first_difference(found.as_bytes(), expected.as_bytes());
            let rest = (place as u64, &found.as_bytes()[place..]);
            let whole = (found.as_bytes(), found.len() as u64);
            other_body(whole, rest, expected.as_bytes()).to_string()
        };
        let wrong = format!("{}yz{}", &expected[..2_500], &expected[2_502..]);
        let said = words(&wrong);
        assert!(
            said.starts_with("body differs from byte 2500 on: \"yzxxx"),
            "{said}"
        );
        assert!(
            said.contains("not \"xxx") && said.contains("(3000 bytes, expected 3000)"),
            "{said}"
        );
        let said = words(&expected[..2_999]);
        assert!(
            said.contains("byte 2999 on: \"\", not \"x\" (2999 bytes"),
            "{said}"
        );
        assert!(words("yxx").starts_with("body is \"yxx\", not "));
    }

    #[test]
    fn each_departure_has_its_own_violation() {
        let broken = |from: &str, to: &str| checked(&RIGHT.replace(from, to)).unwrap_err();
        assert_eq!(
            broken("200 OK", "500 No"),
            Violation::Status {
                found: 500,
                expected: 200
            }
        );
        assert_eq!(
            broken("World!", "World?"),
            Violation::Body {
                found: "Hello World?".into(),
                expected: "Hello World!".into()
            }
        );
        assert_eq!(
            broken("text/plain", "text/plainer"),
            Violation::ContentType("text/plainer; charset=utf-8".into())
        );
        assert_eq!(broken("date:", "data:"), Violation::Date("missing".into()));
        assert_eq!(
            broken("content-length: 12\r\n", ""),
            Violation::ContentLength("missing".into())
        );
    }

    #[test]
    fn only_the_fixed_form_of_a_date_is_right() {
        assert!(is_imf_fixdate(b"Sun, 06 Nov 1994 08:49:37 GMT"));
        assert!(!is_imf_fixdate(b"Sunday, 06-Nov-94 08:49:37 GMT"));
        assert!(!is_imf_fixdate(b"Sun Nov  6 08:49:37 1994"));
        assert!(!is_imf_fixdate(b"Sun, 36 Nov 1994 08:49:37 GMT"));
    }
}
