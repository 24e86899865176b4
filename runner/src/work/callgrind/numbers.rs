//! Numbers of the format: decimal or hexadecimal, and positions relative to the one before.

use super::Problem;

/// A number, decimal or with `0x`.
pub(super) fn number(text: &str) -> Result<u64, Problem> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        // `u64::from_str` would accept a sign, which here means a relative position.
        None if text.starts_with('+') => return Err(Problem::Number(text.to_owned())),
        None => text.parse(),
    };
    parsed.map_err(|_| Problem::Number(text.to_owned()))
}

/// A position after `last`: absolute, `+n`, `-n`, or `*` for the same again.
pub(super) fn position(text: &str, last: u64) -> Result<u64, Problem> {
    let out_of_range = || Problem::Number(text.to_owned());
    match text.as_bytes().first() {
        Some(b'*') if text.len() == 1 => Ok(last),
        Some(b'+') => last
            .checked_add(number(&text[1..])?)
            .ok_or_else(out_of_range),
        Some(b'-') => last
            .checked_sub(number(&text[1..])?)
            .ok_or_else(out_of_range),
        _ => number(text),
    }
}
