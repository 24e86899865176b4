//! What a command leaves on standard output, and how it ended.

use anyhow::{Context, Result};
use std::fmt::Display;
use std::io::{ErrorKind, Write};

/// How a command ended that did what it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong with what was found.
    Good,
    /// What was found is bad: an error, a failed check, a stale page.
    Bad,
}

impl Verdict {
    /// Good or bad.
    #[must_use]
    pub fn good_if(good: bool) -> Self {
        if good { Self::Good } else { Self::Bad }
    }
}

/// Prints text and a line break on standard output: the one way there for every result.
///
/// If the reader has closed the pipe (`| head -1`), the rest is dropped: the exit status still says what was
/// found.
///
/// # Errors
///
/// If standard output cannot be written.
pub fn print(text: impl Display) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.context("cannot write to standard output"),
    }
}

/// Prints JSON on standard output, for programs.
///
/// # Errors
///
/// As [`print`].
pub fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print(serde_json::to_string_pretty(value)?)
}
