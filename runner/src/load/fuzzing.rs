//! The validator as fuzz targets see it (`cfg(fuzzing)`, set by cargo-fuzz).

use super::Target;
use super::connection::Partial;
use super::validator::{Judgement, Validator};

/// The answer that the validator has learned.
pub const LEARNED: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 12\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nHello World!";

/// Feeds pieces of `step` bytes to a validator that has learned an answer: how many bytes it took
/// until it had a verdict, and which.
#[must_use]
pub fn fed_in_pieces(bytes: &[u8], step: usize) -> Option<(usize, String)> {
    let mut validator = Validator::new(&target());
    let mut partial = Partial::default();
    validator.judge(&mut partial, LEARNED, true);
    let mut read_bytes = 0;
    for piece in bytes.chunks(step) {
        read_bytes += piece.len();
        match validator.judge(&mut partial, piece, false) {
            Judgement::Incomplete => {}
            answered @ Judgement::Answered { .. } => {
                return Some((read_bytes, format!("{answered:?}")));
            }
        }
    }
    None
}

/// The verdict of the strict parser on the same bytes in one piece.
#[must_use]
pub fn judged_at_once(bytes: &[u8]) -> Option<String> {
    let mut validator = Validator::new(&target());
    match validator.judge(&mut Partial::default(), bytes, true) {
        Judgement::Incomplete => None,
        answered @ Judgement::Answered { .. } => Some(format!("{answered:?}")),
    }
}

fn target() -> Target {
    Target::welcome(([127, 0, 0, 1], 80).into())
}
