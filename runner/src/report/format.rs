//! Numbers as a reader wants them.

/// `1234567` as `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A positive number, rounded to a whole one.
pub(super) fn rounded(number: f64) -> u64 {
    number.round() as u64
}

/// A share as a percentage with one digit.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}

/// KiB as MiB with one digit.
pub(super) fn mib(kib: f64) -> String {
    format!("{:.1}", kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_are_grouped_from_the_right() {
        let texts = [0, 12, 123, 1234, 1_234_567].map(grouped);
        assert_eq!(texts, ["0", "12", "123", "1,234", "1,234,567"]);
    }
}
