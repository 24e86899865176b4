//! The exchange under reads and writes in pieces of any size.

use super::*;
use proptest::prelude::*;

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 12\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nHello World!";

fn exchange(untimed: u64, timed: u64) -> Exchange {
    let mut exchange = Exchange::new(Expected::WELCOME);
    exchange.restart(untimed, timed);
    exchange
}

/// Reads one whole request with these rooms, over and over; the bytes read.
fn read_request(exchange: &mut Exchange, rooms: &[usize]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for room in rooms.iter().cycle() {
        match exchange.read(*room) {
            Read::Bytes(range) => bytes.extend_from_slice(&exchange.request[range]),
            Read::AwaitsAnswer => return bytes,
            other => panic!("{other:?} in the middle of a request"),
        }
    }
    bytes
}

fn write_pieces(exchange: &mut Exchange, answer: &str, sizes: &[usize]) {
    let mut rest = answer.as_bytes();
    for size in sizes.iter().cycle() {
        let (piece, after) = rest.split_at(rest.len().min(*size));
        rest = after;
        assert_eq!(exchange.write(piece), Ok(rest.is_empty()));
        if rest.is_empty() {
            return;
        }
    }
}

proptest! {
    #[test]
    fn each_request_is_read_once_and_only_after_the_answer_to_the_last(
        rooms in prop::collection::vec(1..400usize, 1..8),
        sizes in prop::collection::vec(1..200usize, 1..8),
        untimed in 0..4u64,
        timed in 1..4u64,
    ) {
        let mut exchange = exchange(untimed, timed);
        for number in 0..untimed + timed {
            if number > 0 {
                prop_assert_eq!(exchange.read(rooms[0]), Read::Gap);
            }
            prop_assert_eq!(exchange.started.is_some(), number > untimed);
            prop_assert_eq!(read_request(&mut exchange, &rooms), crate::request("/welcome"));
            prop_assert_eq!(exchange.started.is_some(), number >= untimed);
            prop_assert!(exchange.elapsed().is_err());
            write_pieces(&mut exchange, ANSWER, &sizes);
        }
        prop_assert_eq!(exchange.read(1), Read::End);
        prop_assert!(exchange.elapsed().is_ok());
        prop_assert_eq!(exchange.answer_bytes(), Some(ANSWER.len()));
    }
}

#[test]
fn another_date_is_the_same_answer_and_any_other_byte_is_not() {
    let mut exchange = exchange(0, 3);
    for answer in [ANSWER, &ANSWER.replace("37 GMT", "38 GMT")] {
        exchange.gap = false;
        read_request(&mut exchange, &[4096]);
        assert_eq!(exchange.write(answer.as_bytes()), Ok(true));
    }
    exchange.gap = false;
    read_request(&mut exchange, &[4096]);
    let wrong = ANSWER.replace("World!", "World?");
    let failure = exchange.write(wrong.as_bytes()).unwrap_err().to_string();
    assert!(failure.contains("Hello World?"), "{failure}");
}

#[test]
fn the_first_answer_is_kept_over_connections() {
    let mut exchange = exchange(0, 1);
    read_request(&mut exchange, &[4096]);
    exchange.write(ANSWER.as_bytes()).unwrap();
    exchange.restart(0, 1);
    read_request(&mut exchange, &[4096]);
    let another = ANSWER.replace("date", "dato");
    exchange.write(another.as_bytes()).unwrap_err();
}

#[test]
fn bytes_that_no_request_asked_for_are_refused() {
    let mut exchange = exchange(0, 2);
    exchange.write(b"H").unwrap_err();
    read_request(&mut exchange, &[4096]);
    let twice = [ANSWER, ANSWER].concat();
    exchange.write(twice.as_bytes()).unwrap_err();
}

#[test]
fn an_answer_to_half_a_request_is_refused() {
    let mut exchange = exchange(0, 1);
    exchange.read(10);
    exchange.write(ANSWER.as_bytes()).unwrap_err();
}
