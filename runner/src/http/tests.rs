//! The strict parser on right, partial and wrong answers.

use super::{Malformed, Method, parse};
use proptest::prelude::*;

const PLAIN: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nHello World!";

fn body_of(bytes: &[u8]) -> Vec<u8> {
    parse(bytes, Method::Get, false)
        .unwrap()
        .unwrap()
        .body
        .into_owned()
}

fn error_of(bytes: &[u8]) -> Malformed {
    parse(bytes, Method::Get, false).unwrap_err()
}

#[test]
fn a_plain_answer_is_read_whole() {
    let answer = parse(PLAIN, Method::Get, false).unwrap().unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(&*answer.body, b"Hello World!");
    assert_eq!(answer.length_bytes, PLAIN.len());
    assert!(!answer.closes);
    assert_eq!(
        &PLAIN[answer.date.unwrap()],
        b"Sun, 06 Nov 1994 08:49:37 GMT"
    );
}

#[test]
fn every_proper_prefix_wants_more() {
    for end in 0..PLAIN.len() {
        assert!(
            parse(&PLAIN[..end], Method::Get, false).unwrap().is_none(),
            "{end}"
        );
        let cut = parse(&PLAIN[..end], Method::Get, true).unwrap_err();
        assert_eq!(cut, Malformed::Truncated, "{end}");
    }
}

#[test]
fn bytes_after_the_answer_are_not_its_own() {
    let twice = [PLAIN, PLAIN].concat();
    let answer = parse(&twice, Method::Get, false).unwrap().unwrap();
    assert_eq!(answer.length_bytes, PLAIN.len());
}

#[test]
fn chunks_and_trailers_are_removed() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(
        body_of(format!("{head}6\r\nHello \r\n6;x=y\r\nWorld!\r\n0\r\n\r\n").as_bytes()),
        b"Hello World!"
    );
    assert_eq!(
        body_of(format!("{head}C\r\nHello World!\r\n0\r\nx: y\r\n\r\n").as_bytes()),
        b"Hello World!"
    );
    assert_eq!(
        error_of(format!("{head}6\r\nHello World!\r\n").as_bytes()),
        Malformed::Chunk
    );
    assert_eq!(
        error_of(format!("{head}zz\r\n").as_bytes()),
        Malformed::Chunk
    );
}

#[test]
fn lengths_that_could_be_read_two_ways_are_refused() {
    for lengths in [
        "content-length: 1\r\ncontent-length: 2",
        "content-length: +1",
        "content-length: 1,1",
        "content-length:",
        "content-length: 99999999999999999999999",
    ] {
        let bytes = format!("HTTP/1.1 200 OK\r\n{lengths}\r\n\r\nx");
        assert_eq!(
            error_of(bytes.as_bytes()),
            Malformed::ContentLength,
            "{lengths}"
        );
    }
    let both = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(error_of(both), Malformed::LengthAndCoding);
    for codings in ["gzip", "chunked, gzip", "chunked, chunked", "xchunked", ","] {
        let bytes = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: {codings}\r\n\r\n");
        assert_eq!(
            error_of(bytes.as_bytes()),
            Malformed::TransferCoding,
            "{codings}"
        );
    }
}

#[test]
fn other_codings_may_come_before_chunked() {
    for codings in [
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: gzip ,, Chunked ,",
        "transfer-encoding: gzip\r\ntransfer-encoding: chunked",
    ] {
        let bytes = format!("HTTP/1.1 200 OK\r\n{codings}\r\n\r\n3\r\nxyz\r\n0\r\n\r\n");
        assert_eq!(body_of(bytes.as_bytes()), b"xyz", "{codings}");
    }
}

#[test]
fn a_head_may_have_as_many_fields_as_it_has_room_for() {
    let many = "a:\n".repeat(21_800);
    let bytes = format!("HTTP/1.1 200 OK\r\n{many}content-length: 1\r\n\r\nx");
    assert!(bytes.len() < super::HEAD_MAX_BYTES);
    let answer = parse(bytes.as_bytes(), Method::Get, false)
        .unwrap()
        .unwrap();
    assert_eq!((answer.headers.len(), &*answer.body), (21_801, &b"x"[..]));
    let trailers = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n{}\r\n",
        "a: b\r\n".repeat(300)
    );
    assert_eq!(body_of(trailers.as_bytes()), b"x");
}

#[test]
fn switching_protocols_is_refused_at_once() {
    let bytes = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n";
    assert_eq!(error_of(bytes), Malformed::SwitchingProtocols);
}

#[test]
fn answers_without_a_body_end_with_their_head() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n";
    let answer = parse(head, Method::Head, false).unwrap().unwrap();
    assert_eq!((answer.body.len(), answer.length_bytes), (0, head.len()));
    assert!(body_of(b"HTTP/1.1 204 No Content\r\n\r\n").is_empty());
    assert!(body_of(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n").is_empty());
}

#[test]
fn interim_answers_are_skipped() {
    let bytes = [b"HTTP/1.1 103 Early Hints\r\n\r\n", PLAIN].concat();
    let answer = parse(&bytes, Method::Get, false).unwrap().unwrap();
    assert_eq!((answer.status, answer.length_bytes), (200, bytes.len()));
}

#[test]
fn a_body_without_a_length_lasts_until_the_connection_ends() {
    let bytes = b"HTTP/1.1 200 OK\r\n\r\nHello";
    assert!(parse(bytes, Method::Get, false).unwrap().is_none());
    let answer = parse(bytes, Method::Get, true).unwrap().unwrap();
    assert_eq!(&*answer.body, b"Hello");
    assert!(answer.closes);
}

#[test]
fn closing_is_read_from_connection_and_version() {
    let closes = |bytes: &[u8]| parse(bytes, Method::Get, false).unwrap().unwrap().closes;
    assert!(closes(
        b"HTTP/1.1 200 OK\r\nconnection: x, Close\r\ncontent-length: 0\r\n\r\n"
    ));
    assert!(closes(b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n"));
    assert!(!closes(
        b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n"
    ));
}

#[test]
fn an_endless_head_is_refused() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nx: ".to_vec();
    bytes.resize(super::HEAD_MAX_BYTES + 100, b'y');
    assert_eq!(error_of(&bytes), Malformed::HeadTooLong);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), ended: bool) {
        let _ = parse(&bytes, Method::Get, ended);
    }

    #[test]
    fn a_mutated_answer_never_yields_more_than_was_given(at in 0..PLAIN.len(), byte: u8) {
        let mut bytes = PLAIN.to_vec();
        bytes[at] = byte;
        if let Ok(Some(answer)) = parse(&bytes, Method::Get, true) {
            prop_assert!(answer.length_bytes <= bytes.len());
        }
    }

    #[test]
    fn heads_are_read_as_httparse_reads_them(
        status in 200..600_u16,
        fields in prop::collection::vec(("[a-z]{1,8}", "[ -~]{0,20}"), 0..8),
    ) {
        let mut bytes = format!("HTTP/1.1 {status} x\r\n").into_bytes();
        for (name, value) in &fields {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        let mut buffer = [httparse::EMPTY_HEADER; 16];
        let mut reference = httparse::Response::new(&mut buffer);
        reference.parse(&bytes).unwrap();
        let answer = parse(&bytes, Method::Head, false).unwrap().unwrap();
        prop_assert_eq!(Some(answer.status), reference.code);
        let expected: Vec<_> = reference.headers.iter().map(|h| (h.name, h.value)).collect();
        prop_assert_eq!(answer.headers, expected);
    }
}
