//! Options of `isolated`.

use super::values::count;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// A part of an isolated run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Time per request inside one process: bytes in, bytes out; and calls
    Time,
    /// Instructions, calls, functions and system calls per request (valgrind, strace)
    Work,
    /// Allocations per request, and what stays behind after many
    Memory,
    /// Time from start to first right answer, and memory at rest
    Start,
}

/// Options of `isolated`.
#[derive(Debug, Args)]
pub struct IsolatedOptions {
    /// Contestants; all where none is named. The floor and the controls always take part
    pub names: Vec<String>,
    /// Parts of the run; all where not given
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "time,work,memory,start"
    )]
    pub only: Vec<Part>,
    /// Blocks of the timing; each starts fresh processes
    #[arg(long, default_value_t = 24)]
    pub blocks: u32,
    /// Laps per block and level: each times every contestant once, in a new order
    #[arg(long, default_value_t = 8)]
    pub laps: u32,
    /// How long a timed slice should take, in ms
    #[arg(long, default_value_t = 20)]
    pub slice_ms: u64,
    /// Requests under the instruction counter: N and 2N are counted (suffixes k, M)
    #[arg(long, default_value = "1k", value_parser = count)]
    pub work_requests: u64,
    /// How often each contestant's work is counted
    #[arg(long, default_value_t = 5)]
    pub work_runs: u32,
    /// Requests of the leak test (suffixes k, M)
    #[arg(long, default_value = "1024k", value_parser = count)]
    pub leak_requests: u64,
    /// Processes of the leak test, which have to agree
    #[arg(long, default_value_t = 3)]
    pub leak_processes: u32,
    /// How often each contestant is started
    #[arg(long, default_value_t = 20)]
    pub starts: u32,
    /// Where the random orders come from; chosen and recorded where not given
    #[arg(long)]
    pub seed: Option<u64>,
    /// The processor that everything timed runs on; the last allowed one where not given
    #[arg(long)]
    pub processor: Option<usize>,
    /// Print the functions with the most instructions per request of one contestant, and record nothing
    #[arg(long)]
    pub profile: bool,
    /// Where the records go; results/DATE-MACHINE-isolated where not given, or under target/ for a short run
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Go on with an interrupted run, with its own plan; other options are not looked at
    #[arg(long, value_name = "RUN", conflicts_with = "out")]
    pub resume: Option<PathBuf>,
}
