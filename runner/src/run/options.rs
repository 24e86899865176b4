//! What every experiment can be told about its run.

use clap::Args;
use std::path::PathBuf;

/// Options that all experiments have. `--resume` conflicts with everything that would change a run: the record
/// has its plan.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Run")]
pub struct RunOptions {
    /// Contestants; all if none is named. The baseline and the controls always take part
    #[arg(help_heading = "Arguments")]
    pub names: Vec<String>,
    /// Seed of the random orders; chosen and recorded if not given
    #[arg(long)]
    pub seed: Option<u64>,
    /// Folder for the records; results/DATE-MACHINE-EXPERIMENT (or -2, -3, …) if not given, or under target/runs/ for a short
    /// run
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Continue an interrupted run with its recorded plan
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["names", "seed", "out", "list"])]
    pub resume: Option<PathBuf>,
    /// Measure although another runner measures on this machine, and record that
    #[arg(long)]
    pub allow_busy: bool,
    /// Measure although a launcher (MPI, Slurm, Kubernetes) has started this process as one of several
    #[arg(long)]
    pub alone: bool,
    /// Print the plan of the run (arms, order, expected time) and measure nothing
    #[arg(long, conflicts_with_all = ["out", "allow_busy", "alone"])]
    pub list: bool,
    /// Print the tables, or the plan, as JSON
    #[arg(long)]
    pub json: bool,
}
