//! One part of a load that several processes drive together: `2/3`.

use crate::load::PartOf;

/// `K/N`: part K of N.
pub(super) fn part(text: &str) -> Result<PartOf, String> {
    let wrong = || format!("`{text}` is not a part such as 2/3: the second of three, 1024 at most");
    let (number, of) = text.split_once('/').ok_or_else(wrong)?;
    let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = number.parse().ok().zip(of.parse().ok());
    numbers
        .filter(|_| is_plain(number) && is_plain(of))
        .and_then(|(number, of)| PartOf::new(number, of))
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_or_refused() {
        let second = part("2/3").unwrap();
        assert_eq!((second.number(), second.of()), (2, 3));
        assert_eq!(part("1/1"), Ok(PartOf::WHOLE));
        for text in [
            "", "2", "2/", "/3", "0/3", "4/3", "+1/3", "1/3/5", "1/1025", "a/b",
        ] {
            assert!(part(text).is_err(), "{text}");
        }
    }
}
