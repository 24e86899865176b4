//! Statistics: pure functions of numbers, with a seed if chance is used. docs/ANALYSIS.md says the same
//! in formulas.
//!
//! From slices to a table, in reading order: `slices` compares slices that are close in time,
//! `block_values` turns them into one value per arm and block and takes out what arms carry over into
//! each other (`carry_over`); `pairs` makes ratios of arms and says how they move with the machine's
//! speed, `correlation` whether blocks are alike, `chance` what luck alone would bring, and
//! `simultaneous` which pairs differ; `ranking` reads intervals, verdicts and rank sets off that, and
//! `chosen` the ratios of some pairs alone.
//! `soundness`, `rare_states` and `controls` say when not to believe it.
//!
//! `concordance`, `components` and `sample_size` judge the design; `noise`, `conditions` and `simulate`
//! measure how often all of this is wrong. `summary` says what is typical, `mean` how sure a mean of a few
//! values is, `trend` what grows.
//! `encoded` reads histograms whose bytes may come from anywhere.

mod block_values;
mod carry_over;
mod chance;
mod cholesky;
mod chosen;
mod components;
mod concordance;
mod conditions;
mod controls;
mod correlation;
mod encoded;
mod least_squares;
mod mean;
mod noise;
mod pairs;
mod ranking;
mod rare_states;
mod sample_size;
mod simulate;
mod simultaneous;
mod slices;
mod soundness;
mod summary;
mod trend;

pub use block_values::{BlockValues, block_values};
pub use carry_over::CarryOver;
pub use chance::{BLOCKS_MIN, CHECKED_BLOCKS_MIN, CONFIDENCE, DRAWS};
pub use chosen::chosen_ratios;
pub use components::Components;
pub use concordance::kendall_w;
pub use conditions::Condition;
pub use controls::ControlFailure;
pub use correlation::BlockCorrelation;
pub use encoded::decode_histogram;
pub use mean::{Mean, mean_interval};
pub use noise::{Design, Noise};
pub use pairs::{Pair, SpeedSlope};
pub use ranking::{Direction, Interval, RankSet, Ranking, TooFewBlocks, Verdict};
pub use rare_states::RareState;
pub use sample_size::blocks_for_half_width;
pub use simulate::{ErrorRates, Experiment, Rate};
pub use slices::Slice;
pub use soundness::Unsound;
pub use summary::{Quartiles, median};
pub use trend::Slope;
