//! The canned answer: its bytes, with a date that moves on.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, SystemTime};

/// The answer's bytes, with a date that moves on.
pub(super) struct CannedAnswer {
    pub(super) bytes: Vec<u8>,
    second: u64,
    date_start: usize,
}

impl CannedAnswer {
    pub(super) fn new() -> Self {
        let bytes = b"HTTP/1.1 200 OK\r\n\
            content-type: text/plain; charset=utf-8\r\n\
            content-length: 12\r\n\
            date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
            \r\n\
            Hello World!"
            .to_vec();
        let date_start = memchr::memmem::find(&bytes, b"Thu, ").expect("the text above has it");
        let mut answer = Self {
            bytes,
            second: 0,
            date_start,
        };
        answer.refresh_date();
        answer
    }

    pub(super) fn refresh_date(&mut self) {
        let second = clock_gettime(ClockId::RealtimeCoarse).tv_sec.unsigned_abs();
        if second != self.second {
            self.second = second;
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            let text = httpdate::fmt_http_date(now);
            self.bytes[self.date_start..self.date_start + text.len()]
                .copy_from_slice(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canned_answer_honours_the_contract() {
        let answer = CannedAnswer::new();
        let parsed = crate::http::parse(&answer.bytes, crate::http::Method::Get, false);
        crate::contract::check(&parsed.unwrap().unwrap()).unwrap();
    }
}
