//! The requests, the rule each is about, and where the rule stands.

use super::ask::{Outcome, Reaction};
use serde::Serialize;
use std::fmt;

/// What is unusual about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Method, target and version.
    RequestLine,
    /// The Host field.
    Host,
    /// Names, values and line ends of fields.
    Fields,
    /// How long the body is said to be.
    Length,
    /// The form of chunks.
    Chunks,
    /// More than one length or coding, so that two readers may find two different ends.
    Smuggling,
    /// Several requests at once.
    Pipelining,
    /// Very long or very many parts.
    Size,
    /// Legal, and seldom seen.
    Unusual,
}

impl Class {
    /// In the order of the table.
    pub const ALL: [Self; 9] = [
        Self::RequestLine,
        Self::Host,
        Self::Fields,
        Self::Length,
        Self::Chunks,
        Self::Smuggling,
        Self::Pipelining,
        Self::Size,
        Self::Unusual,
    ];
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::RequestLine => "Request line",
            Self::Host => "Host",
            Self::Fields => "Header fields",
            Self::Length => "Content-Length",
            Self::Chunks => "Chunked coding",
            Self::Smuggling => "Two lengths (request smuggling)",
            Self::Pipelining => "Pipelined requests",
            Self::Size => "Sizes",
            Self::Unusual => "Legal but unusual",
        })
    }
}

/// What the standard says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// It must not be answered as if it were right: an error status, or the end of the connection.
    Refuse,
    /// It is a legal request, and is answered.
    Accept,
    /// The standard leaves both open.
    Either,
    /// So many answers with a status of success, and no more: another number means that requests were split or merged.
    Answers(usize),
    /// At most so many answers of success.
    AtMost(usize),
    /// It is to be answered; with which status is open.
    AnyAnswer,
}

impl Rule {
    /// Whether the rule allows what was seen; nothing if it leaves it open, or the request was not sent. A crash is
    /// never allowed, and silence only if the rule leaves it open: a server may see an unfinished request there, and
    /// wait for the rest.
    #[must_use]
    pub fn allows(&self, outcome: &Outcome) -> Option<bool> {
        match (outcome.reaction, self) {
            (Reaction::Unconnected, _) | (Reaction::Hung, Self::Either) => return None,
            (Reaction::Hung | Reaction::Crashed, _) => return Some(false),
            _ => {}
        }
        let accepted = outcome.statuses.iter().filter(|&&one| one < 400).count();
        match *self {
            Self::Refuse => Some(accepted == 0),
            Self::Accept => Some(accepted > 0),
            Self::Either => None,
            Self::Answers(count) => Some(accepted == count),
            Self::AtMost(count) => Some(accepted <= count),
            Self::AnyAnswer => Some(!outcome.statuses.is_empty()),
        }
    }
}

/// One request.
#[derive(Debug, Clone, Copy)]
pub struct Hostile {
    /// Its name, unique.
    pub name: &'static str,
    /// What is unusual about it.
    pub class: Class,
    /// What the standard says.
    pub rule: Rule,
    /// Where it says so.
    pub section: &'static str,
    /// Its bytes; `{host}` stands for the server's address, `{long}` for 100 000 letters, `{many}` for 5 000 fields. What
    /// follows `{held}` is sent once an interim answer has come.
    text: &'static str,
}

impl Hostile {
    /// The bytes for a server there that are sent at once, and those that are held back until an interim answer.
    #[must_use]
    pub fn bytes(&self, host: &str) -> (Vec<u8>, Vec<u8>) {
        let (first, held) = self.text.split_once("{held}").unwrap_or((self.text, ""));
        (filled(first, host), filled(held, host))
    }
}

/// With what stands for something longer filled in.
fn filled(text: &str, host: &str) -> Vec<u8> {
    let mut text = text.replace("{host}", host);
    if text.contains("{long}") {
        text = text.replace("{long}", &"a".repeat(100_000));
    }
    if text.contains("{many}") {
        let fields = (0..5_000).map(|number| format!("X-{number}: y\r\n"));
        text = text.replace("{many}", &fields.collect::<String>());
    }
    // One letter that is not UTF-8 has no place in a string.
    text.into_bytes()
        .into_iter()
        .map(|byte| if byte == 0x1a { 0xff } else { byte })
        .collect()
}

const fn one(
    class: Class,
    rule: Rule,
    section: &'static str,
    name: &'static str,
    text: &'static str,
) -> Hostile {
    Hostile {
        name,
        class,
        rule,
        section,
        text,
    }
}

use Class::{Chunks, Fields, Host, Length, Pipelining, RequestLine, Size, Smuggling, Unusual};
use Rule::{Accept, Answers, AnyAnswer, AtMost, Either, Refuse};

/// All of them.
#[rustfmt::skip]
pub const ALL: [Hostile; 73] = [
    one(RequestLine, Either, "RFC 9112 §3.2", "no target", "GET HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Refuse, "RFC 9112 §3", "no version", "GET /welcome\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Refuse, "RFC 9112 §2.3", "version HTTP/1.x", "GET /welcome HTTP/1.x\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Refuse, "RFC 9112 §2.3", "version in small letters", "GET /welcome http/1.1\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Either, "RFC 9110 §15.6.6", "version HTTP/3.0", "GET /welcome HTTP/3.0\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Either, "RFC 9112 §2.3", "version HTTP/1.9", "GET /welcome HTTP/1.9\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Either, "RFC 9112 §3", "two spaces before the target", "GET  /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Either, "RFC 9112 §3", "tab before the target", "GET\t/welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Refuse, "RFC 9112 §3.2", "space in the target", "GET /wel come HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Refuse, "RFC 9112 §3.2", "target without a slash", "GET welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Either, "RFC 9112 §3.2", "fragment in the target", "GET /welcome#part HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Refuse, "RFC 3986 §2.1", "NUL in the target", "GET /welcome\0 HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Either, "RFC 3986 §2.1", "byte above ASCII in the target", "GET /welcome?\u{1a} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Refuse, "RFC 9110 §5.6.2", "method with a delimiter", "GE(T /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Refuse, "RFC 9110 §9.1", "method in small letters", "get /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Refuse, "RFC 9110 §9.1", "unknown method", "WELCOME /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Refuse, "RFC 9112 §2.2", "space before the method", " GET /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(RequestLine, Either, "RFC 9113 §3.4", "preface of HTTP/2 without its frames", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    one(RequestLine, Refuse, "RFC 9112 §3", "TLS in place of a request", "\x16\x03\x01\x02\0\x01\0\x01\x7c\x03\x03{host}\r\n\r\n"),

    one(Host, Refuse, "RFC 9112 §3.2", "no Host", "GET /welcome HTTP/1.1\r\n\r\n"),
    one(Host, Refuse, "RFC 9112 §3.2", "two Hosts that differ", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nHost: other.example\r\n\r\n"),
    one(Host, Refuse, "RFC 9112 §3.2", "the same Host twice", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n"),
    one(Host, Refuse, "RFC 9110 §7.2", "Host with a space", "GET /welcome HTTP/1.1\r\nHost: a b\r\n\r\n"),
    one(Host, Refuse, "RFC 9110 §7.2", "Host with a path", "GET /welcome HTTP/1.1\r\nHost: {host}/welcome\r\n\r\n"),
    one(Host, Either, "RFC 9112 §3.2", "empty Host", "GET /welcome HTTP/1.1\r\nHost:\r\n\r\n"),
    one(Host, Accept, "RFC 9112 §3.2", "HTTP/1.0 without Host", "GET /welcome HTTP/1.0\r\n\r\n"),

    one(Fields, Refuse, "RFC 9112 §5.1", "space before the colon", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nX-One : y\r\n\r\n"),
    one(Fields, Refuse, "RFC 9112 §5.1", "field without a colon", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nX-One\r\n\r\n"),
    one(Fields, Refuse, "RFC 9110 §5.6.2", "field without a name", "GET /welcome HTTP/1.1\r\nHost: {host}\r\n: y\r\n\r\n"),
    one(Fields, Refuse, "RFC 9110 §5.6.2", "field name with a delimiter", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nX(One: y\r\n\r\n"),
    one(Fields, Either, "RFC 9110 §5.5", "NUL in a value", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nX-One: a\0b\r\n\r\n"),
    one(Fields, Either, "RFC 9112 §2.2", "bare CR in a value", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nX-One: a\rb\r\n\r\n"),
    one(Fields, Either, "RFC 9110 §5.5", "byte above ASCII in a value", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nX-One: \u{1a}\r\n\r\n"),
    one(Fields, Either, "RFC 9112 §5.2", "folded field", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nX-One: a\r\n b\r\n\r\n"),
    one(Fields, Either, "RFC 9112 §2.2", "space before the first field", "GET /welcome HTTP/1.1\r\n Host: {host}\r\nHost: {host}\r\n\r\n"),
    one(Fields, Either, "RFC 9112 §2.2", "lines that end with LF alone", "GET /welcome HTTP/1.1\nHost: {host}\n\n"),
    one(Fields, Accept, "RFC 9112 §5", "no space after the colon", "GET /welcome HTTP/1.1\r\nHost:{host}\r\n\r\n"),
    one(Fields, Accept, "RFC 9112 §5.1", "spaces and a tab around a value", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nX-One: \t a \t\r\n\r\n"),

    one(Length, Refuse, "RFC 9110 §8.6", "negative", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n"),
    one(Length, Refuse, "RFC 9110 §8.6", "with a sign", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nContent-Length: +3\r\n\r\nabc"),
    one(Length, Refuse, "RFC 9110 §8.6", "not a number", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nContent-Length: three\r\n\r\nabc"),
    one(Length, Refuse, "RFC 9110 §8.6", "hexadecimal", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0x3\r\n\r\nabc"),
    one(Length, Refuse, "RFC 9110 §8.6", "more than 64 bits", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
    one(Length, Refuse, "RFC 9110 §8.6", "empty", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nContent-Length:\r\n\r\n"),
    one(Length, Either, "RFC 9110 §9.3.1", "GET with a body", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\n\r\nabc"),

    one(Chunks, AtMost(1), "RFC 9112 §7.1", "size that is not hexadecimal", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\nGET /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(Chunks, AtMost(1), "RFC 9112 §7.1", "size of more than 64 bits", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\nGET /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(Chunks, AtMost(1), "RFC 9112 §7.1", "negative size", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\nGET /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(Chunks, AtMost(1), "RFC 9112 §7.1", "chunk longer than its size", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\nGET /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(Chunks, Either, "RFC 9112 §6.1", "chunked twice", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    one(Chunks, Refuse, "RFC 9112 §6.1", "a coding that is not known", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: welcome\r\n\r\nabc"),
    one(Chunks, Refuse, "RFC 9112 §6.1", "chunked is not the last coding", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),

    one(Smuggling, Refuse, "RFC 9112 §6.3", "two lengths that differ", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nContent-Length: 3\r\n\r\nabc"),
    one(Smuggling, Either, "RFC 9112 §6.3", "the same length twice", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    one(Smuggling, AtMost(1), "RFC 9112 §6.3", "length and coding, a request behind the chunks", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nContent-Length: 48\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(Smuggling, AtMost(1), "RFC 9112 §6.1", "coding and length, a request within the length", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(Smuggling, Refuse, "RFC 9112 §6.1", "coding hidden behind a vertical tab", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\nGET /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(Smuggling, Refuse, "RFC 9112 §5.1", "coding with a space before its colon", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    one(Smuggling, AtMost(1), "RFC 9112 §7.1.1", "chunk extension that ends with LF alone", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n3;a\nabc\r\n0\r\n\r\nGET /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(Smuggling, AtMost(1), "RFC 9112 §6.1", "HTTP/1.0 with a coding", "GET /welcome HTTP/1.0\r\nHost: {host}\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /welcome HTTP/1.0\r\n\r\n"),

    one(Pipelining, Answers(2), "RFC 9112 §9.3.2", "two right requests", "GET /welcome HTTP/1.1\r\nHost: {host}\r\n\r\nGET /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(Pipelining, Answers(1), "RFC 9112 §9.3.2", "the second one is malformed", "GET /welcome HTTP/1.1\r\nHost: {host}\r\n\r\nGET /wel come HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(Pipelining, Answers(1), "RFC 9112 §9.6", "a request after Connection: close", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\nGET /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(Pipelining, Accept, "RFC 9112 §2.2", "an empty line before a request", "\r\nGET /welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),

    one(Size, Either, "RFC 9112 §3", "target of 100 000 letters", "GET /welcome?{long} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(Size, Either, "RFC 9110 §5.4", "value of 100 000 letters", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nX-One: {long}\r\n\r\n"),
    one(Size, Either, "RFC 9110 §5.4", "field name of 100 000 letters", "GET /welcome HTTP/1.1\r\nHost: {host}\r\n{long}: y\r\n\r\n"),
    one(Size, Either, "RFC 6585 §5", "5 000 fields", "GET /welcome HTTP/1.1\r\nHost: {host}\r\n{many}\r\n"),

    one(Unusual, Accept, "RFC 9112 §3.2.2", "target in absolute form", "GET http://{host}/welcome HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(Unusual, Either, "RFC 9112 §3.2.4", "OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    one(Unusual, AnyAnswer, "RFC 9110 §10.1.1", "Expect: 100-continue, the body sent after 100", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n{held}abc"),
    one(Unusual, Either, "RFC 9110 §10.1.1", "an expectation that is not known", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nExpect: welcome\r\n\r\n"),
    one(Unusual, Accept, "RFC 9110 §7.8", "offer to upgrade that is not taken up", "GET /welcome HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: welcome\r\n\r\n"),
];
