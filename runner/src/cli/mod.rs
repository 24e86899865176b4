//! The command line: what can be asked for, and the help that explains it.

mod analysis;
mod isolated;
mod load;
mod stages;
mod values;

pub use analysis::{CompareOptions, Precision, SimulateOptions};
pub use isolated::{IsolatedOptions, Part};
pub use load::{LoadOptions, MergeOptions, Output, Place, RequestOptions};
pub use stages::StageOption;
pub use values::{Body, ConnectTo, HeaderField, ProcessorList};

use crate::framework::{BuildEnv, ServerKind};
use crate::load::{Arrivals, EngineChoice, Objective};
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;
use values::{connections, count, duration, processor_list, rate};

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
    /// Measure throughput: closed loop, all contestants interleaved
    Bench(BenchOptions),
    /// Time, count and watch each framework alone, inside one process and under an instruction counter
    Isolated(IsolatedOptions),
    /// Drive load at one URL and say what came back
    Load(Box<LoadOptions>),
    /// Add the JSON results of several `load` runs exactly
    Merge(MergeOptions),
    /// Answer canned bytes: the ceiling of generator and kernel
    Null(NullOptions),
    /// Say what has changed from one run to another, with its certainty
    Compare(CompareOptions),
    /// Say how often our own analysis is wrong, by simulation
    Simulate(SimulateOptions),
    /// Make tables from the records of a run, and put the newest kept run into README.md
    Report(ReportOptions),
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
    /// Where to listen
    #[arg(long, env = "ADDR", default_value = "127.0.0.1:8080")]
    pub address: SocketAddr,
}

/// Options of `verify`.
#[derive(Debug, Args)]
pub struct VerifyOptions {
    /// Contestants; all where none is named
    pub names: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub variant: Variant,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `bench`.
#[derive(Debug, Args)]
pub struct BenchOptions {
    /// Contestants; all where none is named. The floor, the controls and the null arm always take part
    pub names: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub variant: Variant,
    /// Levels of concurrency: connections, each with one request open at a time
    #[arg(short, long, value_delimiter = ',', default_value = "64,1000", value_parser = connections)]
    pub connections: Vec<usize>,
    /// Requests per contestant and level, over all blocks (suffixes k, M, G)
    #[arg(short = 'n', long, default_value = "1M", value_parser = count)]
    pub requests: u64,
    /// Blocks; each starts fresh processes
    #[arg(long, default_value_t = 24)]
    pub blocks: u32,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub precision: Precision,
    /// Laps per block and level: each measures every contestant once, in a new order
    #[arg(long, default_value_t = 16)]
    pub laps: u32,
    /// A slice sends nothing more after this long, in ms
    #[arg(long, default_value_t = 120)]
    pub slice_limit_ms: u64,
    /// How long a contestant is driven before its first slice at a level, in ms
    #[arg(long, default_value_t = 150)]
    pub warmup_ms: u64,
    /// An answer that takes longer counts as a timeout, in ms
    #[arg(long, default_value_t = 2000)]
    pub timeout_ms: u64,
    /// Where the random orders come from; chosen and recorded where not given
    #[arg(long)]
    pub seed: Option<u64>,
    /// Processors of the server, such as 0-3,8; half of the cores where not given
    #[arg(long, value_parser = processor_list)]
    pub server_processors: Option<ProcessorList>,
    /// Processors of the generator, one thread each; the other half where not given
    #[arg(long, value_parser = processor_list)]
    pub generator_processors: Option<ProcessorList>,
    /// How the generator asks the kernel
    #[arg(long, value_enum, default_value_t = EngineChoice::Epoll)]
    pub engine: EngineChoice,
    /// Open loop: response times at this many requests per second, at the first level
    #[arg(long, value_parser = rate)]
    pub rate: Option<f64>,
    /// Open loop: the highest rate with, say, p99=5ms; without --rate, then response times at half of
    /// the lowest
    #[arg(long, value_name = "OBJECTIVE", value_parser = Objective::parse)]
    pub slo: Option<Objective>,
    /// Open loop: how arrivals are spread
    #[arg(long, value_enum, default_value_t = Arrivals::Uniform)]
    pub arrivals: Arrivals,
    /// Where the records go; results/DATE-MACHINE where not given, or under target/ for a short run
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Go on with an interrupted run, with its own plan; other options are not looked at
    #[arg(long, value_name = "RUN", conflicts_with = "out")]
    pub resume: Option<PathBuf>,
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
    /// One of so many answers is the late one
    #[arg(long, value_name = "ANSWERS", requires = "delay")]
    pub delay_every: Option<NonZeroU32>,
}

/// Options of `report`.
#[derive(Debug, Args)]
pub struct ReportOptions {
    /// The folder of one run; every kept run where none is given
    pub run: Option<PathBuf>,
    /// Write nothing; exit with status 1 if a page is not what the records say
    #[arg(long)]
    pub check: bool,
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
