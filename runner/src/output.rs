//! What a command leaves on standard output, and how it ended.

use anyhow::{Context, Result};
use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write};

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

/// What results are printed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Characters of a line.
    pub columns: usize,
    /// Whether text may be bold.
    pub is_styled: bool,
}

impl Screen {
    /// Of files, pipes and terminals of unknown width: plain text.
    pub const PLAIN: Self = Self {
        columns: 80,
        is_styled: false,
    };

    /// Standard output, by what the environment asks for: `NO_COLOR` and `TERM=dumb` leave no trace of an escape.
    #[must_use]
    pub fn of_standard_output() -> Self {
        if !std::io::stdout().is_terminal() {
            return Self::PLAIN;
        }
        let size = console::Term::stdout().size_checked();
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self {
            columns: size.map_or(Self::PLAIN.columns, |(_, columns)| {
                usize::from(columns).max(40)
            }),
            is_styled: !set("NO_COLOR") && !is_dumb,
        }
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
