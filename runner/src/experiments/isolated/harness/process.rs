//! One harness as a child process: started on its processor, told what to do, never left behind.

use super::reply::{Memory, Timed};
use crate::experiments::isolated::plan::Entry;
use crate::interrupt;
use crate::server::{last_output, spawn};
use anyhow::{Context, Result, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// No answer in this time, and the harness is taken to hang.
const ANSWER_WITHIN: Duration = Duration::from_secs(120);

/// How long a harness may take to end once its input has ended.
const END_WITHIN: Duration = Duration::from_secs(5);

/// How often an interruption is looked for.
const LOOK_EVERY: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// How a harness is started.
#[derive(Debug, Clone, Copy)]
pub(in crate::experiments::isolated) struct Setup<'a> {
    /// The bench's executable.
    pub executable: &'a Path,
    /// Where a request begins and ends.
    pub entry: Entry,
    /// Whether requests ask for a path that is not there.
    pub is_elsewhere: bool,
    /// The one processor it runs on.
    pub processor: usize,
    /// Bytes of environment it carries besides its own.
    pub padding_bytes: usize,
}

/// A running harness. Dropping it ends it.
#[derive(Debug)]
pub(in crate::experiments::isolated) struct Harness {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    words: File,
}

impl Harness {
    /// Starts a harness; it waits for what it is told.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub(in crate::experiments::isolated) fn start(setup: &Setup) -> Result<Self> {
        let words = tempfile::tempfile().context("cannot create a file for a harness's output")?;
        let path = if setup.is_elsewhere {
            "elsewhere"
        } else {
            "welcome"
        };
        let mut command = Command::new(setup.executable);
        command
            .args(["drive", setup.entry.word(), path])
            // Of a panic the message is wanted, and a record keeps only the last output.
            .env("RUST_BACKTRACE", "0")
            .env("PADDING", "x".repeat(setup.padding_bytes))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(words.try_clone()?);
        spawn::supervised(&mut command, &[setup.processor])?;
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", setup.executable.display()))?;
        let answers = child.stdout.take().expect("standard output was asked for");
        Ok(Self {
            commands: child.stdin.take(),
            answers: BufReader::new(answers),
            child,
            words,
        })
    }

    /// The process's number.
    pub(in crate::experiments::isolated) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Has one connection, or one series of calls, carry `untimed` requests and then `timed` ones.
    ///
    /// # Errors
    ///
    /// If an answer was wrong or the harness has died; its output is part of the error.
    pub(in crate::experiments::isolated) fn requests(
        &mut self,
        untimed: u64,
        timed: u64,
    ) -> Result<Timed> {
        let answer: Timed = self.ask(&format!("requests {untimed} {timed}"))?;
        ensure!(
            answer.requests == timed && answer.wall_ns > 0,
            "the harness was to answer {timed} requests, and says {answer:?}"
        );
        Ok(answer)
    }

    /// Has `count` connections carry one request each, one after another.
    ///
    /// # Errors
    ///
    /// As [`Harness::requests`].
    pub(in crate::experiments::isolated) fn connections(&mut self, count: u64) -> Result<Timed> {
        let answer: Timed = self.ask(&format!("connections {count}"))?;
        ensure!(
            answer.requests == count,
            "the harness was to open {count} connections, and says {answer:?}"
        );
        Ok(answer)
    }

    /// Waits until the process is at rest, and reads its memory.
    ///
    /// # Errors
    ///
    /// If the harness has died.
    pub(in crate::experiments::isolated) fn memory(&mut self) -> Result<Memory> {
        self.ask("memory")
    }

    fn ask<Answer: DeserializeOwned>(&mut self, command: &str) -> Result<Answer> {
        let commands = self.commands.as_mut().expect("it is taken by drop alone");
        // One write: a harness reads lines.
        if commands
            .write_all(format!("{command}\n").as_bytes())
            .is_err()
        {
            bail!("the harness has ended{}", last_output(&mut self.words));
        }
        let line = self.read_line(command)?;
        serde_json::from_str(&line)
            .with_context(|| format!("the harness answered `{command}` with {line:?}"))
    }

    fn read_line(&mut self, command: &str) -> Result<String> {
        let asked = Instant::now();
        loop {
            interrupt::check()?;
            let mut readable = [PollFd::new(self.answers.get_ref(), PollFlags::IN)];
            // A signal ends the wait early, which does no harm.
            if poll(&mut readable, Some(&LOOK_EVERY)).unwrap_or(0) > 0 {
                break;
            }
            if asked.elapsed() > ANSWER_WITHIN {
                let seconds = ANSWER_WITHIN.as_secs();
                bail!("the harness has not answered `{command}` within {seconds} s");
            }
        }
        let mut line = String::new();
        self.answers
            .read_line(&mut line)
            .context("cannot read from the harness")?;
        if line.is_empty() {
            // It is about to end: then all its words have been written.
            let _ = self.child.wait();
            bail!(
                "the harness ended at `{command}`{}",
                last_output(&mut self.words)
            );
        }
        Ok(line)
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        // The end of its input is its sign to end.
        drop(self.commands.take());
        let asked = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if asked.elapsed() > END_WITHIN || interrupt::is_requested() {
                // Both fail only where the process has already been waited for.
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The entry points that the bench of this executable does not have, and why.
///
/// # Errors
///
/// If it cannot be started, or says something else.
pub(in crate::experiments::isolated) fn absent_entries(
    executable: &Path,
) -> Result<BTreeMap<Entry, String>> {
    let output = Command::new(executable)
        .arg("entries")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", executable.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "{} ended ({}): {}",
        executable.display(),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let entries: BTreeMap<Entry, Option<String>> = serde_json::from_str(&text)
        .with_context(|| format!("{} says {text:?} of its entry points", executable.display()))?;
    let absent = entries.into_iter();
    Ok(absent
        .filter_map(|(entry, reason)| Some((entry, reason?)))
        .collect())
}
