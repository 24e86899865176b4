//! The command line: what can be asked for, and the help that explains it.

mod analysis;
mod load;
mod part;
mod stages;

pub use analysis::{CompareOptions, HistoryOptions, SimulateOptions};
pub use load::{LoadOptions, MergeOptions, Output, Place, RequestOptions};
pub use stages::StageOption;
#[cfg(any(test, fuzzing))]
pub(crate) use stages::stage as stage_option;

use crate::experiments;
use crate::framework::{BuildEnv, ServerKind};
use crate::values::{duration, socket_address};
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// A shootout of web frameworks that can be trusted.
///
/// Contestants are the folders under frameworks/. Each is built alone, checked against
/// docs/CONTRACT.md, and measured in short slices that alternate with those of all others, so that
/// the drift of the machine falls on all alike.
#[derive(Debug, Parser)]
#[command(name = "runner", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what was discovered under frameworks/
    List(ListOptions),
    /// Build one contestant and serve it in the foreground, as `make NAME` does
    Serve(ServeOptions),
    /// Build contestants and check that each answers as docs/CONTRACT.md says
    Verify(VerifyOptions),
    /// One of the experiments
    #[command(flatten)]
    Experiment(experiments::Command),
    /// Drive load at one URL and say what came back
    Load(Box<LoadOptions>),
    /// Add the JSON results of several `load` runs exactly
    Merge(MergeOptions),
    /// Send canned answers: the null server, the limit of generator and kernel
    Null(NullOptions),
    /// Say whether this machine is fit to measure, and what to change; changes nothing
    Doctor(DoctorOptions),
    /// Say what has changed from one run to another, with its certainty
    Compare(CompareOptions),
    /// Follow each server's ratio to the baseline over runs of one machine, and mark the steps that exceed their intervals
    History(HistoryOptions),
    /// Say how often our own analysis is wrong, by simulation
    Simulate(SimulateOptions),
    /// Print the tables of a run and renew its page and charts; without RUN, renew the pages of all kept runs, their
    /// index and the front page
    Report(ReportOptions),
    /// Print the completions of a shell
    Completions(CompletionsOptions),
    /// Print the manual page, or write those of all commands to a folder
    Man(ManOptions),
}

/// Which program of a contestant, built how.
#[derive(Debug, Clone, Copy, Args)]
pub struct Variant {
    /// quickstart: what the framework's own guide teaches; tuned: what its documented API offers
    #[arg(long, value_enum, default_value_t = ServerKind::Quickstart)]
    pub server: ServerKind,
    /// release: cargo's release profile; max: fat LTO, one codegen unit, abort on panic, mimalloc
    #[arg(long, value_enum, default_value_t = BuildEnv::Release)]
    pub env: BuildEnv,
}

/// Options of `list`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  runner list
      each contestant with its version, servers and builds
  runner list --json
      the same for programs

Exit status: 0 good, 1 a manifest does not read, 2 wrong arguments.")]
pub struct ListOptions {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// The contestant: a folder under frameworks/
    pub name: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub variant: Variant,
    /// Where to listen; port 0 takes one that is free
    #[arg(long, env = "ADDR", default_value = "127.0.0.1:8080", value_parser = socket_address)]
    pub address: SocketAddr,
}

/// Options of `verify`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  runner verify
      the contract, checked of every contestant
  runner verify NAME --hostile --json
      what one makes of malformed and unusual requests, for programs

Exit status: 0 good, 1 a contestant does not honour the contract, does not build, or crashes or hangs, 2 wrong arguments,
130 interrupted.")]
pub struct VerifyOptions {
    /// Contestants; all if none is named
    pub names: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub variant: Variant,
    /// Send malformed and unusual requests instead, and tell what each server makes of them
    #[arg(long)]
    pub hostile: bool,
    /// Write the table of --hostile, in Markdown, for all contestants' quickstart servers
    #[arg(long, value_name = "FILE", requires = "hostile", conflicts_with_all = ["names", "server", "env"])]
    pub page: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `null`.
#[derive(Debug, Args)]
pub struct NullOptions {
    /// Where to listen
    #[arg(long, env = "ADDR", default_value = "127.0.0.1:8080")]
    pub address: SocketAddr,
    /// Send some answers late by this time (1ms), to show whether a measurement finds that
    #[arg(long, value_parser = duration, requires = "delay_every")]
    pub delay: Option<Duration>,
    /// How many answers one late one comes with
    #[arg(long, value_name = "ANSWERS", requires = "delay")]
    pub delay_every: Option<NonZeroU32>,
    /// Memory that each connection keeps for as long as it is open (16384), to show whether a measurement finds that
    #[arg(long, value_name = "BYTES", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=16_777_216))]
    pub hold: u32,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  runner doctor
      what on this machine makes a measurement noisy, and what to do about it
  runner doctor --json
      the same for programs

Exit status: 0 nothing was found, 1 something was, 2 wrong arguments.")]
pub struct DoctorOptions {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `report`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  runner report
      renew every page of the kept runs
  runner report target/runs/2026-11-27-throughput
      the tables of one run; COLUMNS=160 makes room for more of them
  runner report --check
      whether every page is what its records say
  runner report RUN --json
      what is shown of a run, for programs

Exit status: 0 good, 1 a run does not read or had errors, or a page is not what its records say, 2 wrong arguments.")]
pub struct ReportOptions {
    /// The folder of one run; every kept run if none is given (exit status 1 if one of them does not read)
    pub run: Option<PathBuf>,
    /// Write nothing; exit with status 1 if a page is not what the records say
    #[arg(long)]
    pub check: bool,
    /// Print what is shown of the run, or of every kept run, as JSON, and write nothing
    #[arg(long, conflicts_with = "check")]
    pub json: bool,
}

/// Options of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsOptions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Options of `man`.
#[derive(Debug, Args)]
pub struct ManOptions {
    /// The folder for the pages of all commands, such as ~/.local/share/man/man1
    pub folder: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
