//! The command line: what can be asked for, and the help that explains it.

mod analysis;

use crate::environment::processors;
use crate::framework::{BuildEnv, ServerKind};
use crate::load::{Arrivals, EngineChoice};
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

pub use analysis::{CompareOptions, Precision, SimulateOptions};

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
    /// Drive load at one URL and say what came back
    Load(LoadOptions),
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
    /// Where the records go; results/DATE-MACHINE where not given, or under target/ for a short run
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Go on with an interrupted run, with its own plan; other options are not looked at
    #[arg(long, value_name = "RUN", conflicts_with = "out")]
    pub resume: Option<PathBuf>,
}

/// Options of `load`.
#[derive(Debug, Args)]
pub struct LoadOptions {
    /// Where to send requests: http://ADDRESS:PORT/PATH, on the loopback interface
    pub url: String,
    /// Connections, each with one request open at a time
    #[arg(short, long, default_value = "64", value_parser = connections)]
    pub connections: usize,
    /// Exactly this many requests (suffixes k, M, G)
    #[arg(short = 'n', long, value_parser = count)]
    pub requests: Option<u64>,
    /// Stop sending after this long, in seconds; 10 where no -n is given
    #[arg(short, long)]
    pub duration: Option<f64>,
    /// Threads
    #[arg(short, long, default_value_t = 1)]
    pub threads: usize,
    /// Open loop: this many requests per second by schedule, whatever the answers do
    #[arg(long, value_parser = rate)]
    pub rate: Option<f64>,
    /// Open loop: how arrivals are spread
    #[arg(long, value_enum, default_value_t = Arrivals::Uniform)]
    pub arrivals: Arrivals,
    /// How the kernel is asked: auto takes io_uring where it is granted
    #[arg(long, value_enum, default_value_t = EngineChoice::Auto)]
    pub engine: EngineChoice,
    /// Processors to run on, one thread each
    #[arg(long, value_parser = processor_list)]
    pub processors: Option<ProcessorList>,
    /// An answer that takes longer counts as a timeout, in ms
    #[arg(long, default_value_t = 2000)]
    pub timeout_ms: u64,
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

/// A list of processors, as one value of one option.
#[derive(Debug, Clone)]
pub struct ProcessorList(pub Vec<usize>);

fn processor_list(text: &str) -> Result<ProcessorList, String> {
    processors::parse_list(text).map(ProcessorList)
}

fn connections(text: &str) -> Result<usize, String> {
    let number = count(text)?;
    usize::try_from(number).map_err(|_| format!("{number} is out of range"))
}

/// Requests per second, with an optional suffix.
fn rate(text: &str) -> Result<f64, String> {
    let per_second = count(text)? as f64;
    if (1.0..=1e9).contains(&per_second) {
        return Ok(per_second);
    }
    Err(format!("{text} is out of range; it goes from 1 to 1G"))
}

/// A whole number with an optional suffix: `1k`, `2.5M`.
fn count(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no whole number such as 1000, 10k or 2.5M");
    let (digits, factor) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 1e3),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 1e6),
        Some(b'g' | b'G') => (&text[..text.len() - 1], 1e9),
        _ => return text.parse().map_err(|_| wrong()),
    };
    let number: f64 = digits.parse().map_err(|_| wrong())?;
    let product = (number * factor).round();
    let is_whole = (product - number * factor).abs() < 1e-6;
    // Below 2^53 every whole number is exact.
    if !is_whole || !(0.0..9e15).contains(&product) {
        return Err(wrong());
    }
    Ok(product as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn counts_are_read_or_refused() {
        for (text, number) in [("0", 0), ("1000", 1000), ("1k", 1000), ("2.5M", 2_500_000)] {
            assert_eq!(count(text), Ok(number), "{text}");
        }
        for text in ["", "k", "-1", "1.5", "0.0001k", "1e3", "NaNk", "infM", "1x"] {
            assert!(count(text).is_err(), "{text}");
        }
    }
}
