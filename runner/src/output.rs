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

    /// Standard output, by what the environment asks for: `NO_COLOR` and `TERM=dumb` leave no trace of an escape, and
    /// `COLUMNS` says how wide lines may be (POSIX, Base Definitions, 8.3), on a terminal or not.
    #[must_use]
    pub fn of_standard_output() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let size = || console::Term::stdout().size_checked();
        let of_terminal = is_terminal.then(size).flatten();
        let asked = std::env::var("COLUMNS").ok();
        Self {
            columns: columns(asked.as_deref(), of_terminal.map(|(_, columns)| columns)),
            is_styled: is_terminal && has_escapes(),
        }
    }
}

/// Lines are never narrower than this.
const COLUMNS_MIN: usize = 40;

/// How wide lines may be: as asked for, or else as the terminal is.
fn columns(asked: Option<&str>, of_terminal: Option<u16>) -> usize {
    let asked = asked
        .and_then(|asked| asked.parse().ok())
        .filter(|&columns| columns > 0);
    let columns = asked.or(of_terminal.map(usize::from));
    columns.map_or(Screen::PLAIN.columns, |columns| columns.max(COLUMNS_MIN))
}

/// Whether a terminal may be sent escapes: not if `NO_COLOR` is set, or `TERM` is `dumb` or not set.
#[must_use]
pub fn has_escapes() -> bool {
    let asks_for_none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    !asks_for_none && !is_dumb
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

/// Text that may hold something from outside, as a terminal can show it: characters that would command it or move
/// others (C0, C1, bidirectional controls) are spelled out; lines stay lines.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        let moves_others = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        match letter {
            '\n' | '\t' => shown.push(letter),
            letter if letter.is_control() || moves_others => shown.extend(letter.escape_default()),
            letter => shown.push(letter),
        }
    }
    shown
}

/// Prints JSON on standard output, for programs.
///
/// # Errors
///
/// As [`print()`].
pub fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print(serde_json::to_string_pretty(value)?)
}

#[cfg(test)]
mod tests {
    use super::{columns, plain};

    #[test]
    fn lines_are_as_wide_as_asked_for_or_else_as_the_terminal() {
        assert_eq!(columns(None, None), 80);
        assert_eq!(columns(None, Some(132)), 132);
        assert_eq!(columns(Some("160"), Some(132)), 160);
        assert_eq!(columns(Some("160"), None), 160);
        assert_eq!(columns(Some("7"), None), 40);
        for nothing in ["", "0", "-3", "wide"] {
            assert_eq!(columns(Some(nothing), None), 80, "{nothing}");
        }
    }

    #[test]
    fn nothing_commands_the_terminal_and_lines_stay() {
        assert_eq!(
            plain("a\u{1b}[2J\n\tb\u{9b}\u{202e}c\rΩ"),
            "a\\u{1b}[2J\n\tb\\u{9b}\\u{202e}c\\rΩ"
        );
    }
}
