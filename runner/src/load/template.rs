//! A learned answer: each further one is compared with it byte for byte, the value of `date` apart.
//!
//! This is what lets every byte of every answer be checked at the price of a `memcmp`.

use crate::contract::is_imf_fixdate;
use std::ops::Range;

/// How received bytes relate to the learned answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// The same answer; its date may have moved on.
    Same,
    /// The beginning of the same answer.
    Beginning,
    /// Something else: for the strict parser to say what.
    Different,
}

/// One answer that the strict parser and the contract have accepted.
#[derive(Debug)]
pub(super) struct Template {
    bytes: Vec<u8>,
    date: Option<Range<usize>>,
}

impl Template {
    pub(super) fn new(bytes: &[u8], date: Option<Range<usize>>) -> Self {
        // A date that is not an IMF-fixdate has no fixed length, so it gets no special place.
        let date = date.filter(|place| is_imf_fixdate(&bytes[place.clone()]));
        Self {
            bytes: bytes.to_vec(),
            date,
        }
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Compares, and takes over a date that has moved on.
    pub(super) fn compare(&mut self, received: &[u8]) -> Comparison {
        if received == self.bytes {
            return Comparison::Same;
        }
        self.compare_from(received, 0)
    }

    /// The same, where the first `agreed_bytes` are known to agree.
    pub(super) fn compare_from(&mut self, received: &[u8], agreed_bytes: usize) -> Comparison {
        if received.len() > self.bytes.len() || !self.agrees_outside_date(received, agreed_bytes) {
            return Comparison::Different;
        }
        if received.len() < self.bytes.len() {
            return Comparison::Beginning;
        }
        match &self.date {
            Some(date) if is_imf_fixdate(&received[date.clone()]) => {
                self.bytes[date.clone()].copy_from_slice(&received[date.clone()]);
                Comparison::Same
            }
            Some(_) => Comparison::Different,
            None => Comparison::Same,
        }
    }

    /// Whether `received`, no longer than the template, differs from it in the date alone; the first
    /// bytes are not looked at.
    fn agrees_outside_date(&self, received: &[u8], agreed_bytes: usize) -> bool {
        let end = received.len();
        let Some(date) = &self.date else {
            return received[agreed_bytes..] == self.bytes[agreed_bytes..end];
        };
        let before = agreed_bytes.min(date.start)..end.min(date.start);
        let after = end.min(date.end.max(agreed_bytes))..end;
        received[before.clone()] == self.bytes[before]
            && received[after.clone()] == self.bytes[after]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ANSWER: &[u8] =
        b"HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-length: 2\r\n\r\nhi";

    fn template() -> Template {
        let start = ANSWER.windows(5).position(|w| w == b"Sun, ").unwrap();
        Template::new(ANSWER, Some(start..start + 29))
    }

    fn dated(second: &str) -> Vec<u8> {
        String::from_utf8(ANSWER.to_vec())
            .unwrap()
            .replace("08:49:37", second)
            .into_bytes()
    }

    #[test]
    fn a_date_that_moved_on_is_the_same_answer_and_is_remembered() {
        let mut template = template();
        assert_eq!(template.compare(&dated("08:49:38")), Comparison::Same);
        assert_eq!(template.bytes, dated("08:49:38"));
        assert_eq!(template.compare(ANSWER), Comparison::Same);
    }

    #[test]
    fn a_date_that_is_none_is_different() {
        assert_eq!(
            template().compare(&dated("08:49:xx")),
            Comparison::Different
        );
        assert_eq!(
            template().compare(&dated("08:99:37")),
            Comparison::Different
        );
    }

    #[test]
    fn every_beginning_is_one_whatever_its_date() {
        for end in 0..ANSWER.len() {
            assert_eq!(
                template().compare(&ANSWER[..end]),
                Comparison::Beginning,
                "{end}"
            );
            assert_eq!(
                template().compare(&dated("09:00:00")[..end]),
                Comparison::Beginning,
                "{end}"
            );
        }
    }

    #[test]
    fn more_than_the_answer_is_different() {
        assert_eq!(
            template().compare(&[ANSWER, b"x"].concat()),
            Comparison::Different
        );
    }

    proptest! {
        #[test]
        fn a_changed_byte_outside_the_date_is_different(at in 0..ANSWER.len(), byte: u8) {
            let mut template = template();
            let date = template.date.clone().unwrap();
            let mut bytes = ANSWER.to_vec();
            prop_assume!(!date.contains(&at) && bytes[at] != byte);
            bytes[at] = byte;
            prop_assert_eq!(template.compare(&bytes), Comparison::Different);
            prop_assert_eq!(template.compare(&bytes[..=at]), Comparison::Different);
        }
    }
}
