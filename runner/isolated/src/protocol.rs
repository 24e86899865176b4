//! What the runner and a bench say to each other: a command a line, and a JSON object a line.
//!
//! ```text
//! requests UNTIMED TIMED   one connection (or one series of calls); the timed requests come last
//! connections N            N connections of one request each, one after another
//! memory                   what is allocated, after everything has come to rest
//! ```

use crate::Failure;
use crate::memory::Memory;
use crate::stopwatch::Elapsed;
use std::str::FromStr;

/// A command of the runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Requests { untimed: u64, timed: u64 },
    Connections(u64),
    Memory,
}

impl FromStr for Command {
    type Err = Failure;

    fn from_str(line: &str) -> Result<Self, Failure> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let command = match words[..] {
            ["requests", untimed, timed] => number(untimed)
                .zip(number(timed).filter(|&timed| timed > 0))
                .map(|(untimed, timed)| Self::Requests { untimed, timed }),
            ["connections", n] => number(n).filter(|&n| n > 0).map(Self::Connections),
            ["memory"] => Some(Self::Memory),
            _ => None,
        };
        command.ok_or_else(|| {
            Failure::new(format!(
                "{line:?} came, \"requests UNTIMED TIMED\", \"connections N\" or \"memory\" was expected"
            ))
        })
    }
}

/// Digits only, and small enough that sums of two do not overflow.
fn number(word: &str) -> Option<u64> {
    let number: u32 = word.parse().ok()?;
    word.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(number.into())
}

/// A timed sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    pub(crate) requests: u64,
    pub(crate) elapsed: Elapsed,
    /// Bytes of one answer, where there are bytes.
    pub(crate) answer_bytes: Option<usize>,
}

impl Sample {
    pub(crate) fn json(&self) -> String {
        format!(
            r#"{{"requests":{},"wall_ns":{},"cpu_ns":{},"answer_bytes":{}}}"#,
            self.requests,
            self.elapsed.wall.as_nanos(),
            self.elapsed.processor.as_nanos(),
            or_null(self.answer_bytes)
        )
    }
}

impl Memory {
    pub(crate) fn json(&self) -> String {
        let heap = self.heap;
        format!(
            r#"{{"live_bytes":{},"peak_live_bytes":{},"allocations":{},"reallocations":{},"allocated_bytes":{},"rss_kib":{}}}"#,
            or_null(heap.map(|heap| heap.live_bytes)),
            or_null(heap.map(|heap| heap.peak_live_bytes)),
            or_null(heap.map(|heap| heap.allocations)),
            or_null(heap.map(|heap| heap.reallocations)),
            or_null(heap.map(|heap| heap.allocated_bytes)),
            self.rss_kib
        )
    }
}

/// Each entry point: null if it exists, else the reason for its absence.
pub(crate) fn entries_json(call: Option<&str>, bytes: Option<&str>) -> String {
    let quoted = |reason: Option<&str>| or_null(reason.map(|reason| format!("{reason:?}")));
    format!(r#"{{"call":{},"bytes":{}}}"#, quoted(call), quoted(bytes))
}

fn or_null<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::Heap;
    use std::time::Duration;

    #[test]
    fn commands_are_read_as_they_are_written() {
        let requests = Command::Requests {
            untimed: 0,
            timed: 20,
        };
        assert_eq!("requests 0 20".parse(), Ok(requests));
        assert_eq!("connections 3\n".parse(), Ok(Command::Connections(3)));
        assert_eq!("memory".parse(), Ok(Command::Memory));
    }

    #[test]
    fn anything_else_is_refused_with_what_came_and_what_was_expected() {
        for line in [
            "",
            "request 1 1",
            "requests 1",
            "requests 1 0",
            "requests 1 1 1",
            "requests 1 +1",
            "requests -1 1",
            "connections 0",
            "connections",
            "memory now",
        ] {
            let failure = line.parse::<Command>().unwrap_err().to_string();
            assert!(failure.contains(&format!("{line:?} came")), "{failure}");
            assert!(failure.contains("was expected"), "{failure}");
        }
    }

    #[test]
    fn samples_memory_and_entries_are_json() {
        let mut sample = Sample {
            requests: 2,
            elapsed: Elapsed {
                wall: Duration::from_micros(3),
                processor: Duration::from_nanos(4),
            },
            answer_bytes: Some(129),
        };
        assert_eq!(
            sample.json(),
            r#"{"requests":2,"wall_ns":3000,"cpu_ns":4,"answer_bytes":129}"#
        );
        sample.answer_bytes = None;
        assert!(sample.json().ends_with(r#""answer_bytes":null}"#));
        let mut memory = Memory {
            heap: None,
            rss_kib: 7,
        };
        assert_eq!(
            memory.json(),
            r#"{"live_bytes":null,"peak_live_bytes":null,"allocations":null,"reallocations":null,"allocated_bytes":null,"rss_kib":7}"#
        );
        memory.heap = Some(Heap {
            live_bytes: 1,
            peak_live_bytes: 2,
            allocations: 3,
            reallocations: 4,
            allocated_bytes: 5,
        });
        assert_eq!(
            memory.json(),
            r#"{"live_bytes":1,"peak_live_bytes":2,"allocations":3,"reallocations":4,"allocated_bytes":5,"rss_kib":7}"#
        );
        assert_eq!(
            entries_json(None, Some("no \"way\"")),
            r#"{"call":null,"bytes":"no \"way\""}"#
        );
    }
}
