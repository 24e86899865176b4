//! One module per command; each reads as a list of what it does.

mod bench;
mod compare;
mod isolated;
mod list;
mod load;
mod merge;
mod null;
mod report;
mod serve;
mod simulate;
mod spoilt;
mod verify;

use crate::cli::Command;
use crate::framework::Workspace;
use anyhow::{Context, Result};
use jiff::Timestamp;
use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// How a command ended that did what it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong with what was found.
    Good,
    /// What was found is bad: an error, a failed check, a stale page.
    Bad,
}

impl Verdict {
    fn good_if(good: bool) -> Self {
        if good { Self::Good } else { Self::Bad }
    }
}

/// Carries out one command.
///
/// # Errors
///
/// Where it cannot be carried out.
pub fn run(command: Command) -> Result<Verdict> {
    match command {
        Command::List(options) => list::run(&options),
        Command::Serve(options) => serve::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Isolated(options) => isolated::run(&options),
        Command::Load(options) => load::run(&options),
        Command::Merge(options) => merge::run(&options),
        Command::Null(options) => null::run(&options),
        Command::Compare(options) => compare::run(&options),
        Command::Simulate(options) => simulate::run(&options),
        Command::Report(options) => report::run(&options),
    }
}

/// A line, or several, on standard output: the one way there for every result.
///
/// Where whoever read it has had enough (`| head -1`), the rest goes nowhere: the exit status still
/// says what was found.
fn print(text: impl Display) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.context("cannot write to standard output"),
    }
}

/// JSON on standard output, for programs.
fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print(serde_json::to_string_pretty(value)?)
}

/// The time as records have it (RFC 3339, UTC).
fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Any number will do, as long as it is recorded.
fn seed_from_clock() -> u64 {
    Timestamp::now().as_millisecond().unsigned_abs()
}

/// A path as a person in the project's folder would write it.
fn shown<'p>(workspace: &Workspace, path: &'p Path) -> &'p Path {
    path.strip_prefix(&workspace.root).unwrap_or(path)
}
