//! What can be asked of a matrix.

use super::Matrix;
use crate::experiments::LoadOptions;
use crate::experiments::throughput::options::{Defaults, WindowOptions};
use crate::run::RunOptions;
use clap::Args;

/// Options of `matrix`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct MatrixOptions {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub windows: WindowOptions<Matrix>,
    #[command(flatten, next_help_heading = "Load")]
    #[allow(missing_docs)]
    pub load: LoadOptions,
}

const EXAMPLES: &str = "\
Examples:
  runner matrix                               quickstart and tuned, release and max, 64 and 1000 connections
  runner matrix NAME OTHER -c 1000 --blocks 8 two contestants at 1000 connections, fewer blocks

Exit status: 0 good, 1 measured with errors, 2 wrong arguments, 130 interrupted (then --resume).";

impl Defaults for Matrix {
    const EXAMPLES: &'static str = EXAMPLES;
    const CONNECTIONS: &'static str = "64,1000";
    const BLOCKS: &'static str = "12";
    const ROUNDS: Option<&'static str> = Some("4");
}
