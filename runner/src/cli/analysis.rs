//! Options of what judges runs: comparison and simulation.

use crate::stats::Condition;
use crate::values::count;
use clap::Args;
use std::path::PathBuf;

/// Options of `compare`.
#[derive(Debug, Args)]
pub struct CompareOptions {
    /// The folder of the first run
    pub before: PathBuf,
    /// The folder of the second run
    pub after: PathBuf,
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
