//! System calls per request, by name, as strace counts them.
//!
//! The client asks only a server at rest, so a server that waits for events waits once per request.
//! Under load one wait serves several connections, and a read may find the next request without
//! one: these are counts of a quiet server.

use super::requests::Requests;
use super::rest::wait_for_rest;
use super::subject::Subject;
use super::tools::{self, Tool};
use crate::interrupt;
use crate::server::{Program, Server};
use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const READY_WITHIN: Duration = Duration::from_secs(60);
const WRITTEN_WITHIN: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

/// What happens less often than once in a hundred requests comes with time, not with requests.
const RARE: f64 = 0.01;

/// How often a request makes a system call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SystemCall {
    /// The system call's name.
    pub name: String,
    /// How often, on average.
    pub calls_per_request: f64,
}

/// Counts the system calls of a server on this processor, with all its processes: those of a run with 2 x `requests`
/// requests but for those of a run with `requests`, the most frequent first.
///
/// # Errors
///
/// [`tools::MissingTool`] where strace is missing; otherwise where the server does not come up, or
/// answers wrongly.
pub fn system_calls(subject: &Subject, processor: usize, requests: u64) -> Result<Vec<SystemCall>> {
    let less = counted_run(subject, processor, requests)?;
    let more = counted_run(subject, processor, 2 * requests)?;
    Ok(per_request(&less, &more, requests))
}

fn counted_run(
    subject: &Subject,
    processor: usize,
    requests: u64,
) -> Result<BTreeMap<String, u64>> {
    let strace = tools::find(Tool::Strace)?;
    let program = &subject.program;
    let folder = tempfile::tempdir().context("cannot create a folder for counts")?;
    let summary = folder.path().join("summary");
    // -D makes the tracer a child of the traced: the server stays our own child, and gets SIGTERM.
    let mut arguments: Vec<OsString> = ["-D", "-f", "-c", "-o"].map(OsString::from).into();
    arguments.extend([summary.as_os_str().to_owned(), program.path.clone().into()]);
    arguments.extend(program.arguments.iter().cloned());
    let command = Program {
        path: strace,
        arguments,
        ..program.clone()
    };
    let server = Server::start_within(&command, &subject.exchange, &[processor], READY_WITHIN)
        .with_context(|| format!("{} does not run under strace", program.path.display()))?;
    let mut connection = Requests::warmed_up(subject, &server)?;
    connection.send(requests)?;
    drop(connection);
    // It still has the end of the connection to read: that has to be in both runs or in none.
    wait_for_rest(server.tree())?;
    server.stop()?;
    parse(&read_whole(&summary)?)
}

/// The tracer writes once the server has ended, and is not our child to wait for.
fn read_whole(path: &Path) -> Result<String> {
    let asked = Instant::now();
    while asked.elapsed() < WRITTEN_WITHIN {
        interrupt::check()?;
        let text = fs::read_to_string(path).unwrap_or_default();
        if text.ends_with(" total\n") {
            return Ok(text);
        }
        std::thread::sleep(PAUSE);
    }
    bail!("strace has not written its summary in time")
}

/// Reads the table: `% time`, `seconds`, `usecs/call`, `calls`, `errors` (may be empty), name.
fn parse(summary: &str) -> Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    for line in summary.lines() {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let (Some(calls), Some(&name)) = (fields.get(3), fields.last()) else {
            continue;
        };
        // The heading and the rule under it have no number there.
        if let Ok(calls) = calls.parse::<u64>()
            && name != "total"
        {
            *counts.entry(name.to_owned()).or_default() += calls;
        }
    }
    if counts.is_empty() {
        bail!("strace's summary has no row that can be read");
    }
    Ok(counts)
}

fn per_request(
    less: &BTreeMap<String, u64>,
    more: &BTreeMap<String, u64>,
    requests: u64,
) -> Vec<SystemCall> {
    let mut calls: Vec<SystemCall> = more
        .iter()
        .map(|(name, &more)| {
            let less = less.get(name).copied().unwrap_or_default();
            SystemCall {
                name: name.clone(),
                calls_per_request: (more as f64 - less as f64) / requests as f64,
            }
        })
        .filter(|call| call.calls_per_request >= RARE)
        .collect();
    calls.sort_by(|a, b| b.calls_per_request.total_cmp(&a.calls_per_request));
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 48.97    0.019634           6      3003         2 recvfrom
 30.12    0.012074           6      2002           sendto
  0.00    0.000000           0         1           execve
------ ----------- ----------- --------- --------- ----------------
100.00    0.040093           6      5006         2 total
";

    #[test]
    fn a_summary_is_read_with_and_without_errors() {
        let counts = parse(SUMMARY).unwrap();
        let expected = [("execve", 1), ("recvfrom", 3003), ("sendto", 2002)];
        let expected = expected.map(|(name, calls)| (name.to_owned(), calls));
        assert_eq!(counts, expected.into());
        assert!(parse("").is_err());
    }

    #[test]
    fn what_both_runs_do_cancels() {
        let less = parse(SUMMARY).unwrap();
        let more = parse(&SUMMARY.replace("3003", "5004").replace("2002", "3002")).unwrap();
        let calls = per_request(&less, &more, 1000);
        let shown: Vec<_> = calls
            .iter()
            .map(|call| (call.name.as_str(), call.calls_per_request))
            .collect();
        assert_eq!(shown, [("recvfrom", 2.001), ("sendto", 1.0)]);
    }
}
