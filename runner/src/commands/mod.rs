//! One module per command; each reads as a list of what it does.

mod compare;
mod completions;
mod doctor;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod history;
mod list;
mod load;
mod man;
mod merge;
mod null;
mod report;
mod serve;
mod simulate;
mod verify;

use crate::cli::Command;
use crate::output::Verdict;
use anyhow::Result;

/// Carries out one command.
///
/// # Errors
///
/// If it cannot be carried out.
pub fn run(command: Command) -> Result<Verdict> {
    match command {
        Command::List(options) => list::run(&options),
        Command::Serve(options) => serve::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Experiment(experiment) => experiment.run(),
        Command::Load(options) => load::run(*options),
        Command::Merge(options) => merge::run(&options),
        Command::Null(options) => null::run(&options),
        Command::Doctor(options) => doctor::run(&options),
        Command::Compare(options) => compare::run(&options),
        Command::History(options) => history::run(&options),
        Command::Simulate(options) => simulate::run(&options),
        Command::Report(options) => report::run(&options),
        Command::Completions(options) => completions::run(&options),
        Command::Man(options) => man::run(&options),
    }
}
