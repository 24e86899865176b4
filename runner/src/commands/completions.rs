//! `runner completions`: the completions of a shell, from the parser itself.

use crate::cli::{Cli, CompletionsOptions};
use crate::output::{Verdict, print};
use anyhow::{Context, Result};
use clap::CommandFactory;

pub(super) fn run(options: &CompletionsOptions) -> Result<Verdict> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "runner", &mut script);
    let script = String::from_utf8(script).context("a script is text")?;
    print(script.trim_end())?;
    Ok(Verdict::Good)
}
