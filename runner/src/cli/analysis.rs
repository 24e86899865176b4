//! Options of what judges runs: comparison and simulation.

use crate::stats::Condition;
use crate::values::count;
use clap::Args;
use std::path::PathBuf;

/// Options of `compare`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  runner compare results/2026-11-27-amd-epyc-2cpu-throughput results/2026-11-27-amd-epyc-2cpu-throughput-2
      what changed between two kept runs, against their intervals
  runner compare runs/before runs/after --json
      the same for programs

Exit status: 0 the runs were compared, whether anything changed or not, 1 a run does not read, 2 wrong arguments. To let a
change fail a script, measure both in one run, with runner bench --arm old=... --arm new=... --fail-if 'new<0.98'.")]
pub struct CompareOptions {
    /// The folder of the first run
    pub before: PathBuf,
    /// The folder of the second run
    pub after: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `history`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  runner history
      all contestants over the kept runs of throughput
  runner history runs --server new --svg new.svg
      one of your own servers over the runs in a folder, with a chart
  runner history --experiment latency --json
      another experiment, for programs

Exit status: 0 good, whether steps are marked or not, 1 a folder does not read, 2 wrong arguments, or fewer than two runs that
can be compared.")]
pub struct HistoryOptions {
    /// Folders of runs, or folders that hold such; the kept runs under results/ if none is given
    #[arg(value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,
    /// The experiment whose runs are followed
    #[arg(long, value_name = "NAME", default_value = "throughput")]
    pub experiment: String,
    /// Follow this server alone; may be repeated
    #[arg(long = "server", value_name = "NAME")]
    pub servers: Vec<String>,
    /// By this measure, such as 'requests per CPU second'; by the first of the experiment if not given
    #[arg(long, value_name = "NAME")]
    pub measure: Option<String>,
    /// Write a chart of it
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `simulate`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  runner simulate --condition correlated
      how often equal arms are said to differ if blocks follow their neighbours
  runner simulate --condition skewed --severity 5 --experiments 500
      the same with a worse skew, and quickly
  runner simulate --rounds 2 --blocks 48
      what another design would find, on the same machine")]
pub struct SimulateOptions {
    /// The run whose noise is taken; the newest kept one if not given
    #[arg(long, value_name = "RUN")]
    pub from: Option<PathBuf>,
    /// The number of connections whose noise is taken
    #[arg(short, long, default_value_t = 64)]
    pub connections: usize,
    /// What is unlike the noise of an ordinary run
    #[arg(long, value_enum, default_value_t = Condition::Clean)]
    pub condition: Condition,
    /// How much so, in the condition's own unit
    #[arg(long)]
    pub severity: Option<f64>,
    /// How many runs are made up
    #[arg(long, default_value = "2000", value_parser = count)]
    pub experiments: u64,
    /// Arms of each
    #[arg(long, default_value_t = 11)]
    pub arms: usize,
    /// Blocks of each; a run of bench has 20
    #[arg(long, default_value_t = 20)]
    pub blocks: u32,
    /// Rounds of each block; as in the run if not given
    #[arg(long)]
    pub rounds: Option<u32>,
    /// Seed
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
