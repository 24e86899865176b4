//! Answers written in odd ways, right and wrong.

use super::{BODY, Odd, RIGHT, Worth, check, edited, framed, load, odd, target};
use crate::http::Method;
use crate::load::tests::{EngineChoice, EngineKind, spec};
use crate::load::{Expected, Target};
use controls::scripted::{Reply, Script, Scripted, Step};
use std::time::Duration;

on_every_engine![
    right_answers_in_odd_forms_are_right,
    wrong_answers_are_told_apart,
    answers_that_cannot_be_framed_are_disorder,
    the_contract_is_held_to_the_letter,
    answers_without_a_body_are_framed_by_their_status,
    one_wrong_byte_in_ten_thousand_bodies_is_found,
    a_date_may_move_and_nothing_else,
];

use Worth::{BadBody, BadStatus, Disorder, Right};

/// Sends the parts in pieces of their own.
fn in_pieces(worth: Worth, parts: &[&str]) -> Reply {
    let steps = parts
        .iter()
        .flat_map(|part| [Step::Send(part.as_bytes().to_vec()), PAUSE]);
    Reply {
        worth,
        steps: steps.collect(),
    }
}

/// Long enough for a piece to be read on its own.
const PAUSE: Step = Step::Pause(Duration::from_micros(100));

fn chunked(worth: Worth, chunks: &str) -> Reply {
    framed(worth, "transfer-encoding: chunked\r\n", chunks)
}

/// A field so long that the head has about so many bytes.
fn long_head(worth: Worth, bytes: usize) -> Reply {
    let padding = "x".repeat(bytes);
    edited(worth, "date:", &format!("x-long: {padding}\r\ndate:"))
}

/// All of them right answers.
const RIGHT_FORMS: &[Odd] = &[
    Odd {
        every: 2,
        requests: 2 * RIGHT.len() as u64,
        ..odd("split at every byte", |number| {
            let (head, tail) = RIGHT.split_at((number / 2) as usize % RIGHT.len());
            in_pieces(Right, &[head, tail])
        })
    },
    odd("one byte at a time", |_| Reply {
        worth: Right,
        steps: RIGHT.bytes().map(|byte| Step::Send(vec![byte])).collect(),
    }),
    odd("head, then body", |_| {
        in_pieces(Right, &[RIGHT.strip_suffix(BODY).unwrap(), BODY])
    }),
    odd("slow", |_| {
        in_pieces(Right, &[""])
            .then(Step::Pause(Duration::from_millis(20)))
            .then(Step::Send(RIGHT.into()))
    }),
    odd("chunks of another coding", |_| {
        framed(
            Right,
            "transfer-encoding: x, chunked\r\n",
            "c\r\nHello World!\r\n0\r\n\r\n",
        )
    }),
    odd("a head of 500 fields", |_| {
        edited(Right, "date:", &format!("{}date:", "x: y\r\n".repeat(500)))
    }),
    odd("one chunk", |_| {
        chunked(Right, "c\r\nHello World!\r\n0\r\n\r\n")
    }),
    odd("chunks of one byte", |_| {
        let chunks: String = BODY.chars().map(|c| format!("1\r\n{c}\r\n")).collect();
        chunked(Right, &(chunks + "0\r\n\r\n"))
    }),
    odd("chunks in pieces", |_| {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        in_pieces(
            Right,
            &[
                head,
                "6",
                "\r",
                "\nHello ",
                "\r\n6\r\nWorld!\r\n0\r",
                "\n\r",
                "\n",
            ],
        )
    }),
    odd("trailers", |_| {
        chunked(
            Right,
            "c\r\nHello World!\r\n0\r\nx-sum: 1\r\nx-more: 2\r\n\r\n",
        )
    }),
    odd("chunk extensions", |_| {
        chunked(Right, "c;a=b;c=\"d\"\r\nHello World!\r\n0;e\r\n\r\n")
    }),
    odd("chunk size in capitals, with zeros", |_| {
        chunked(Right, "00C\r\nHello World!\r\n000\r\n\r\n")
    }),
    odd("100 before", |_| {
        edited(
            Right,
            "HTTP/1.1 200",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200",
        )
    }),
    odd("103 before, apart", |_| {
        in_pieces(
            Right,
            &["HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", RIGHT],
        )
    }),
    odd("three interim answers", |_| {
        let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n";
        edited(Right, "HTTP/1.1 200", &format!("{interim}HTTP/1.1 200"))
    }),
    odd("delimited by the end", |_| {
        framed(Right, "", BODY).then(Step::Close)
    }),
    odd("HTTP/1.0 with a length", |_| {
        edited(Right, "HTTP/1.1", "HTTP/1.0").then(Step::Close)
    }),
    odd("an announced end", |_| {
        edited(Right, "date:", "connection: close\r\ndate:").then(Step::Close)
    }),
    odd("an announced end among other options", |_| {
        edited(Right, "date:", "Connection: foo, CLOSE\r\ndate:").then(Step::Close)
    }),
    odd("another reason", |_| edited(Right, "200 OK", "200 Fine")),
    odd("no reason", |_| edited(Right, "200 OK", "200 ")),
    odd("another field", |_| {
        edited(Right, "date:", "x-new: 1\r\ndate:")
    }),
    odd("another order of fields", |_| {
        edited(
            Right,
            "content-type: text/plain\r\ncontent-length: 12\r\n",
            "content-length: 12\r\ncontent-type: text/plain\r\n",
        )
    }),
    odd("names in capitals", |_| {
        edited(Right, "content-length", "CONTENT-LENGTH")
    }),
    odd("no space after the colon", |_| {
        edited(Right, "content-length: 12", "content-length:12")
    }),
    odd("spaces around a value", |_| {
        edited(Right, "content-length: 12", "content-length: \t 12 \t")
    }),
    odd("a head of 60 KiB", |_| long_head(Right, 60 * 1024)),
];

fn right_answers_in_odd_forms_are_right(engine: EngineKind) {
    check(engine, RIGHT_FORMS, false);
}

/// Framed rightly, and wrong.
const WRONG_ANSWERS: &[Odd] = &[
    odd("500", |_| {
        edited(BadStatus, "200 OK", "500 Internal Server Error")
    }),
    odd("404", |_| edited(BadStatus, "200 OK", "404 Not Found")),
    odd("301", |_| {
        edited(BadStatus, "200 OK", "301 Moved Permanently")
    }),
    odd("204", |_| {
        Reply::new(BadStatus, "HTTP/1.1 204 No Content\r\n\r\n")
    }),
    odd("a wrong byte", |_| edited(BadBody, "World!", "World?")),
    odd("no body", |_| {
        edited(BadBody, "12", "0\r\nx: y").cut(BODY.len())
    }),
    odd("a longer body", |_| {
        edited(BadBody, "12", "13").cut(0).with("!")
    }),
    odd("a shorter body", |_| edited(BadBody, "12", "11").cut(1)),
    odd("a wrong byte in a chunk", |_| {
        chunked(BadBody, "c\r\nHello World?\r\n0\r\n\r\n")
    }),
    odd("a wrong body to the end", |_| {
        framed(BadBody, "", "Hello").then(Step::Close)
    }),
    Odd {
        every: 1000,
        requests: 5000,
        ..odd("500 once in 1000", |_| {
            edited(BadStatus, "200 OK", "500 No")
        })
    },
];

fn wrong_answers_are_told_apart(engine: EngineKind) {
    check(engine, WRONG_ANSWERS, false);
}

/// What no client can make sense of (RFC 9112 §6.3, §7.1).
const UNFRAMED: &[Odd] = &[
    odd("no HTTP", |_| {
        Reply::new(Disorder, "220 mail.example ESMTP\r\n\r\n")
    }),
    odd("HTTP/2.0", |_| edited(Disorder, "HTTP/1.1", "HTTP/2.0")),
    odd("a status of two digits", |_| {
        edited(Disorder, "200 OK", "20 OK")
    }),
    odd("an answer too many", |_| {
        Reply::new(Disorder, RIGHT.repeat(2))
    }),
    odd("a byte too many", |_| {
        Reply::new(Disorder, format!("{RIGHT}x"))
    }),
    odd("a body longer than announced", |_| {
        edited(Disorder, "12", "11")
    }),
    odd("a negative length", |_| edited(Disorder, "12", "-1")),
    odd("a length with a sign", |_| edited(Disorder, "12", "+12")),
    odd("an empty length", |_| edited(Disorder, "12", "")),
    odd("a length that is not a number", |_| {
        edited(Disorder, "12", "12a")
    }),
    odd("a length in hexadecimal", |_| edited(Disorder, "12", "0xc")),
    odd("a length out of range", |_| {
        edited(Disorder, "12", "99999999999999999999")
    }),
    odd("two lengths", |_| {
        edited(Disorder, "date:", "content-length: 11\r\ndate:")
    }),
    odd("the length twice", |_| {
        edited(Disorder, "date:", "content-length: 12\r\ndate:")
    }),
    odd("a list of lengths", |_| edited(Disorder, "12", "12, 12")),
    odd("length and coding", |_| {
        edited(Disorder, "date:", "transfer-encoding: chunked\r\ndate:")
    }),
    odd("another coding", |_| {
        framed(Disorder, "transfer-encoding: gzip\r\n", BODY)
    }),
    odd("another coding after the chunks", |_| {
        framed(
            Disorder,
            "transfer-encoding: chunked, gzip\r\n",
            "c\r\nHello World!\r\n0\r\n\r\n",
        )
    }),
    // Without a whole answer after it: it must not be waited for.
    odd("another protocol", |_| {
        Reply::new(
            Disorder,
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        )
    }),
    odd("no chunk size", |_| {
        chunked(Disorder, "\r\nHello World!\r\n0\r\n\r\n")
    }),
    odd("a chunk size that is not a number", |_| {
        chunked(Disorder, "g\r\nHello World!\r\n0\r\n\r\n")
    }),
    odd("a chunk size out of range", |_| {
        chunked(Disorder, "fffffffffffffffff\r\n")
    }),
    odd("a chunk longer than its size", |_| {
        chunked(Disorder, "b\r\nHello World!\r\n0\r\n\r\n")
    }),
    odd("NUL in a field", |_| {
        edited(Disorder, "text/plain", "text\0plain")
    }),
    odd("a space before the colon", |_| {
        edited(Disorder, "content-length:", "content-length :")
    }),
    odd("a folded field", |_| {
        edited(Disorder, "text/plain", "text/plain;\r\n charset=utf-8")
    }),
    odd("a head that is too long", |_| {
        long_head(Disorder, 70 * 1024)
    }),
];

fn answers_that_cannot_be_framed_are_disorder(engine: EngineKind) {
    check(engine, UNFRAMED, false);
}

/// Valid HTTP that the contract does not allow, and what it does.
const BREACHES: &[Odd] = &[
    odd("no date", |_| edited(Disorder, "date:", "data:")),
    odd("a date that is none", |_| {
        edited(Disorder, "08:49:37", "08:49:xx")
    }),
    odd("no content-type", |_| {
        edited(Disorder, "content-type", "content-tape")
    }),
    odd("another content-type", |_| {
        edited(Disorder, "text/plain", "text/css")
    }),
    odd("chunks", |_| {
        chunked(Disorder, "c\r\nHello World!\r\n0\r\n\r\n")
    }),
    odd("HTML", |_| {
        edited(Right, "text/plain", "text/html; charset=utf-8")
    }),
];

fn the_contract_is_held_to_the_letter(engine: EngineKind) {
    check(engine, BREACHES, true);
}

fn answers_without_a_body_are_framed_by_their_status(engine: EngineKind) {
    let cases = [
        (Method::Get, 204, "HTTP/1.1 204 No Content\r\n\r\n"),
        (
            Method::Get,
            304,
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 12\r\n\r\n",
        ),
        (
            Method::Head,
            200,
            "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n",
        ),
        (
            Method::Head,
            200,
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        ),
    ];
    for (method, status, answer) in cases {
        let server = Scripted::start(Script::of(move |_, _| Reply::new(Right, answer)));
        let target = Target {
            method,
            expected: Expected::Answer { status, body: None },
            ..target(&server, false)
        };
        let (opened, measured) = load(engine, &target, &spec(100));
        super::assert_agree(answer, &server, &opened, &measured);
        assert_eq!(
            (measured.tally.ok, measured.tally.reconnects),
            (100, 0),
            "{answer}"
        );
    }
}

fn one_wrong_byte_in_ten_thousand_bodies_is_found(engine: EngineKind) {
    let row = Odd {
        every: 10_000,
        requests: 20_000,
        ..odd("a wrong byte", |_| edited(BadBody, "Hello", "Hallo"))
    };
    check(engine, &[row], true);
}

fn a_date_may_move_and_nothing_else(engine: EngineKind) {
    // A new second with every answer: each differs from the last one accepted.
    let server = Scripted::start(Script::of(|number, _| {
        let second = format!("08:{:02}:{:02}", number / 60 % 60, number % 60);
        edited(Right, "08:49:37", &second)
    }));
    let (opened, measured) = load(engine, &target(&server, true), &spec(1000));
    super::assert_agree("date rollover", &server, &opened, &measured);
    assert_eq!(measured.tally.ok, 1000);
}

/// Changes to the end of the one piece a reply has.
trait Tail {
    fn cut(self, bytes: usize) -> Self;
    fn with(self, more: &str) -> Self;
}

impl Tail for Reply {
    fn cut(mut self, bytes: usize) -> Self {
        if let Some(Step::Send(piece)) = self.steps.last_mut() {
            piece.truncate(piece.len() - bytes);
        }
        self
    }

    fn with(mut self, more: &str) -> Self {
        if let Some(Step::Send(piece)) = self.steps.last_mut() {
            piece.extend_from_slice(more.as_bytes());
        }
        self
    }
}
