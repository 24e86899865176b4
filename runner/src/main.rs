//! The runner: parse, dispatch, print the error chain, set the exit status.

use clap::Parser;
use runner::cli::{Cli, Command};
use runner::commands;
use runner::interrupt::{self, Interrupted};
use runner::output::Verdict;
use runner::say::say;
use runner::usage::UsageError;
use std::process::ExitCode;

const EXIT_BAD: u8 = 1;
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let listening = match cli.command {
        // It needs no cleanup, so signals keep their default action.
        Command::Null(_) => Ok(()),
        _ => interrupt::install(),
    };
    match listening.and_then(|()| commands::run(cli.command)) {
        Ok(Verdict::Good) => ExitCode::SUCCESS,
        Ok(Verdict::Bad) => ExitCode::from(EXIT_BAD),
        Err(error) => {
            say(format_args!("error: {error:#}"));
            ExitCode::from(exit_status(&error))
        }
    }
}

fn exit_status(error: &anyhow::Error) -> u8 {
    if error.chain().any(|cause| cause.is::<Interrupted>()) {
        interrupt::EXIT_STATUS
    } else if error.chain().any(|cause| cause.is::<UsageError>()) {
        EXIT_USAGE
    } else {
        EXIT_BAD
    }
}
