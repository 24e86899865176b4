//! Error rates of the analysis, each with the error of the simulation itself.

use serde::Serialize;
use std::collections::BTreeMap;

/// Standard normal quantile for a power of 0.8.
const Z_POWER: f64 = 0.8416;

/// A share of simulated runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    /// The share.
    pub rate: f64,
    /// Its Monte-Carlo standard error.
    pub standard_error: f64,
}

impl Rate {
    pub(super) fn of(count: u32, runs: u32) -> Self {
        let runs = f64::from(runs);
        let rate = f64::from(count) / runs;
        Self {
            rate,
            standard_error: (rate * (1.0 - rate) / runs).sqrt(),
        }
    }
}

/// How well a planted difference is found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Power {
    /// How likely an arm that differs is told from a given other.
    pub against_one: f64,
    /// How likely it is told from all others at once.
    pub against_all: Rate,
    /// Blocks for a power of 0.8 against a given other.
    pub blocks_needed: u32,
}

impl Power {
    /// From the mean critical value and the standard deviation of a block's ratio.
    pub(super) fn blocks_needed(percent: u32, (critical, block_sd): (f64, f64)) -> u32 {
        let effect = (f64::from(percent) / 100.0).ln_1p();
        ((critical + Z_POWER) * block_sd / effect).powi(2).ceil() as u32
    }
}

/// What came of simulated runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ErrorRates {
    /// Runs made.
    pub experiments: u32,
    /// Runs of equal arms in which any two were said to differ.
    pub false_difference: Rate,
    /// The same, without runs that the analysis itself calls unsound.
    pub trusted_false_difference: Rate,
    /// Runs that the analysis calls unsound.
    pub unsound: Rate,
    /// Runs in which a control fails that is as it must be. No value if there are no arms for controls.
    pub control_failure: Option<Rate>,
    /// Runs that are untrusted, for whatever reason.
    pub untrusted: Option<Rate>,
    /// Runs in which a control fails if the analysis is blind to what is planted: 1 is wanted.
    pub blind_control_failure: Option<Rate>,
    /// Runs in which some arm seems to change the slice after it.
    pub carry_over_found: Rate,
    /// Runs of arms in three groups of equals in which every rank set holds every rank that its arm
    /// shares.
    pub rank_set_coverage: Rate,
    /// By planted difference.
    pub power: BTreeMap<String, Power>,
    /// Half-width of a ratio's jointly valid interval, the mean over runs.
    pub half_width: f64,
    /// Standard deviation of a block's ratio, the root mean square over runs.
    pub block_sd: f64,
    /// By how much the correlation of blocks widens intervals, the mean over runs.
    pub widening: f64,
}
