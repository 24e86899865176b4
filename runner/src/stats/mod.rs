//! Statistics: pure functions of numbers, with a seed where chance is used.
//!
//! From slices to a table: `neighbours` turns the slices of a block into one value per arm,
//! `sign_flip` makes simultaneous intervals of blocks, `ranking` reads verdicts and rank sets off
//! them. `independence`, `concordance`, `components` and `sample_size` judge the design; `noise` and
//! `simulate` measure how often all of this is wrong. `summary` says what is typical, `trend` what grows. `encoded` reads
//! histograms whose bytes may come from anywhere.

mod components;
mod concordance;
mod encoded;
mod independence;
mod neighbours;
mod noise;
mod ranking;
mod sample_size;
mod sign_flip;
mod simulate;
mod solve;
mod summary;
mod trend;

pub use components::Components;
pub use concordance::kendall_w;
pub use encoded::decode_histogram;
pub use independence::lag_one_autocorrelation;
pub use neighbours::{Effects, Slice, effects};
pub use noise::{Design, Noise};
pub use ranking::{Direction, Interval, RankSet, Ranking, TooFewBlocks, Verdict};
pub use sample_size::blocks_for_half_width;
pub use sign_flip::{CONFIDENCE, Family, Pair, RESAMPLES, UNITS_MIN, Units};
pub use simulate::{ErrorRates, Experiment};
pub use summary::{Quartiles, geometric_mean, median};
pub use trend::Slope;
