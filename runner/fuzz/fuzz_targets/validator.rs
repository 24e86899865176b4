//! The validator with a learned answer, fed in pieces, says what the strict parser says of the
//! whole: the short cut never changes a verdict.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runner::load::fuzzing::{LEARNED, fed_in_pieces, judged_at_once};

fuzz_target!(|input: &[u8]| {
    let Some((&mode, rest)) = input.split_first() else {
        return;
    };
    let Some((&step, rest)) = rest.split_first() else {
        return;
    };
    // Arbitrary bytes hardly ever come near a right answer: half of the inputs are edits of one.
    let bytes = match mode & 1 {
        0 => rest.to_vec(),
        _ => edited(rest),
    };
    let step = usize::from(step).max(1);
    if let Some((read_bytes, verdict)) = fed_in_pieces(&bytes, step) {
        assert_eq!(judged_at_once(&bytes[..read_bytes]), Some(verdict));
    } else {
        assert_eq!(judged_at_once(&bytes), None);
    }
});

/// The learned answer with bytes replaced: pairs of place and byte.
fn edited(pairs: &[u8]) -> Vec<u8> {
    let mut bytes = LEARNED.to_vec();
    for pair in pairs.chunks_exact(2) {
        let place = usize::from(pair[0]) % bytes.len();
        bytes[place] = pair[1];
    }
    bytes
}
