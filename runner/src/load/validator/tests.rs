//! The validator on pieces, wrong answers and long ones.

use super::*;
use proptest::prelude::*;

const WELCOME: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 12\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nHello World!";

fn validator() -> Validator {
    Validator::new(&Target::welcome(([127, 0, 0, 1], 1).into()))
}

fn answered(outcome: Outcome, closes: bool) -> Judgement {
    Judgement::Answered { outcome, closes }
}

#[test]
fn an_answer_in_pieces_is_judged_like_one_in_a_piece() {
    for cut in 1..WELCOME.len() {
        let mut validator = validator();
        for strict in [true, false] {
            let mut partial = Partial::default();
            let (head, tail) = WELCOME.as_bytes().split_at(cut);
            assert_eq!(
                validator.judge(&mut partial, head, strict),
                Judgement::Incomplete
            );
            assert_eq!(
                validator.judge(&mut partial, tail, strict),
                answered(Outcome::Ok, false)
            );
            assert!(partial.is_empty());
        }
    }
}

#[test]
fn a_wrong_answer_after_a_right_one_is_seen() {
    let mut validator = validator();
    let mut judge = |bytes: &str| validator.judge(&mut Partial::default(), bytes.as_bytes(), false);
    assert_eq!(judge(WELCOME), answered(Outcome::Ok, false));
    assert_eq!(
        judge(&WELCOME.replace("World!", "World?")),
        answered(Outcome::BadBody, false)
    );
    assert_eq!(
        judge(&WELCOME.replace("200 OK", "500 No")),
        answered(Outcome::BadStatus, false)
    );
    assert_eq!(
        judge(&WELCOME.replace("plain", "plane")),
        answered(Outcome::ProtocolError, false)
    );
    assert_eq!(
        judge(&WELCOME.replace("HTTP/1.1", "HTTQ/1.1")),
        answered(Outcome::ProtocolError, true)
    );
    assert_eq!(
        judge(&[WELCOME, "x"].concat()),
        answered(Outcome::ProtocolError, true)
    );
    assert_eq!(judge(WELCOME), answered(Outcome::Ok, false));
    assert_eq!(
        validator.complaint(),
        Some("body is \"Hello World?\", not \"Hello World!\"")
    );
}

#[test]
fn an_answer_that_closes_is_right_and_says_so() {
    let closing = WELCOME.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
    let mut validator = validator();
    for _ in 0..2 {
        let judgement = validator.judge(&mut Partial::default(), closing.as_bytes(), false);
        assert_eq!(judgement, answered(Outcome::Ok, true));
    }
}

#[test]
fn an_answer_cut_short_is_a_reset() {
    let mut partial = Partial::default();
    validator().keep(&mut partial, &WELCOME.as_bytes()[..40]);
    assert_eq!(
        validator().judge_ended(&mut partial),
        answered(Outcome::Reset, true)
    );
    assert!(partial.is_empty());
}

/// An answer whose body is so long, framed in one of the ways there are.
fn long_answer(body: &[u8], framing: usize, chunk_bytes: usize) -> Vec<u8> {
    let head = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n").into_bytes();
    match framing {
        0 => [
            head(&format!("content-length: {}\r\n", body.len())),
            body.to_vec(),
        ]
        .concat(),
        1 => [head(""), body.to_vec()].concat(),
        _ => {
            let mut answer = head("transfer-encoding: chunked\r\n");
            for chunk in body.chunks(chunk_bytes) {
                answer.extend(format!("{:x};name=value\r\n", chunk.len()).into_bytes());
                answer.extend(chunk);
                answer.extend(b"\r\n");
            }
            answer.extend(b"0\r\nx-sum: 1\r\n\r\n");
            answer
        }
    }
}

/// Feeds pieces and then, if no verdict came, the end of the connection.
fn fed(validator: &mut Validator, bytes: &[u8], piece_bytes: usize) -> (Judgement, bool) {
    let mut partial = Partial::default();
    let mut was_long = false;
    for piece in bytes.chunks(piece_bytes) {
        match validator.judge(&mut partial, piece, false) {
            Judgement::Incomplete => was_long |= matches!(partial, Partial::Long(_)),
            answered @ Judgement::Answered { .. } => {
                assert!(partial.is_empty());
                return (answered, was_long);
            }
        }
    }
    (validator.judge_ended(&mut partial), was_long)
}

fn expecting(body: Option<Vec<u8>>) -> Validator {
    Validator::new(&Target {
        expected: Expected::Answer { status: 200, body },
        ..Target::welcome(([127, 0, 0, 1], 1).into())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A long answer in pieces, of which nothing is kept, is worth what the strict parser says of
    /// the whole: expected or not, spoilt or cut anywhere.
    #[test]
    fn a_long_answer_is_judged_like_one_that_is_kept(
        length in 3 * BODY_KEPT_MAX_BYTES..6 * BODY_KEPT_MAX_BYTES,
        framing in 0usize..3,
        chunk_bytes in 1usize..20_000,
        piece_bytes in 1usize..BODY_KEPT_MAX_BYTES,
        is_expected: bool,
        spoilt in proptest::option::of(any::<proptest::sample::Index>()),
        cut in proptest::option::of(any::<proptest::sample::Index>()),
    ) {
        let body: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let mut answer = long_answer(&body, framing, chunk_bytes.max(64));
        if let Some(index) = spoilt {
            let at = index.index(answer.len());
            answer[at] ^= 1;
        }
        if let Some(index) = cut {
            answer.truncate(index.index(answer.len()).max(1));
        }
        let expected = is_expected.then_some(body);
        let (judged, was_long) = fed(&mut expecting(expected.clone()), &answer, piece_bytes);
        let whole = fed(&mut expecting(expected), &answer, usize::MAX).0;
        prop_assert_eq!(judged, whole);
        prop_assert!(was_long || spoilt.is_some() || cut.is_some());
    }
}

#[test]
fn what_is_wrong_with_a_long_answer_is_said() {
    let body = vec![b'a'; 5 * BODY_KEPT_MAX_BYTES];
    let answer = long_answer(&body, 0, 1);
    let mut validator = expecting(Some(b"hi".to_vec()));
    let (judged, was_long) = fed(&mut validator, &answer, 1000);
    assert_eq!(
        (judged, was_long),
        (answered(Outcome::BadBody, false), true)
    );
    let said = format!("body is \"{}… (81920 bytes)\", not \"hi\"", "a".repeat(80));
    assert_eq!(validator.complaint(), Some(said.as_str()));
    // The contract's body after more than can be kept of chunk extensions is still no answer by it.
    let chunk = format!("c;{}\r\nHello World!\r\n0\r\n\r\n", "x".repeat(20_000));
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let (judged, was_long) = fed(
        &mut self::validator(),
        [head, &chunk].concat().as_bytes(),
        1000,
    );
    assert_eq!(
        (judged, was_long),
        (answered(Outcome::ProtocolError, false), true)
    );
}

#[test]
fn a_head_that_never_comes_to_an_end_is_refused() {
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(5000);
    let (judged, _) = fed(&mut validator(), interim.as_bytes(), 1000);
    assert_eq!(judged, answered(Outcome::ProtocolError, true));
}
