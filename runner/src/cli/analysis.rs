//! Options of what judges runs: precision, comparison, simulation.

use super::count;
use crate::plan::Until;
use crate::stats::Condition;
use clap::Args;
use std::path::PathBuf;

/// How precise a run has to be.
#[derive(Debug, Clone, Copy, Args)]
pub struct Precision {
    /// Go on after --blocks until ratios to the floor are this precise, such as 2%: how many blocks
    /// that takes is read off the variance of the first ones, never off who is ahead
    #[arg(long, value_parser = percent, value_name = "PERCENT")]
    pub until: Option<u32>,
    /// With --until: never more blocks than this
    #[arg(long, default_value_t = 64, requires = "until")]
    pub max_blocks: u32,
}

impl Precision {
    /// As the plan has it.
    #[must_use]
    pub fn until(&self) -> Option<Until> {
        let blocks_max = self.max_blocks;
        self.until.map(|half_width_ppm| Until {
            half_width_ppm,
            blocks_max,
        })
    }
}

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
    /// The run whose noise is taken; the newest kept one unless given
    #[arg(long, value_name = "RUN")]
    pub from: Option<PathBuf>,
    /// The number of connections at which its noise is taken
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
    /// Blocks of each
    #[arg(long, default_value_t = 24)]
    pub blocks: u32,
    /// Rounds of each block; as in the run unless given
    #[arg(long)]
    pub rounds: Option<u32>,
    /// Where chance comes from
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A share in percent, as ppm: `2%`, `1.5%`, `2`.
fn percent(text: &str) -> Result<u32, String> {
    let number: f64 = text
        .strip_suffix('%')
        .unwrap_or(text)
        .parse()
        .map_err(|_| format!("`{text}` is no share such as 2% or 1.5%"))?;
    if (0.1..=50.0).contains(&number) {
        return Ok((number * 1e4).round() as u32);
    }
    Err(format!("{text} is out of range; it goes from 0.1% to 50%"))
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn shares_are_read_or_refused() {
        for (text, ppm) in [("2%", 20_000), ("1.5%", 15_000), ("3", 30_000)] {
            assert_eq!(percent(text), Ok(ppm), "{text}");
        }
        for text in ["", "%", "0%", "-2%", "99%", "NaN%", "two"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }
}
