//! From records to claims: what the blocks of a run say of its arms, and how sure that is. Pure.
//!
//! `extract` takes log rates out of rows, `table` ranks one level by one measure, `controls` holds the
//! planted arms against what was planted, `second_stage` says how many blocks a precision takes, `sensitivity` asks whether another analysis says otherwise,
//! `isolated` ranks what was timed inside one process, `growth` says what stays behind,
//! and `compare` holds two runs against each other.

mod compare;
mod controls;
mod extract;
mod growth;
mod isolated;
mod second_stage;
mod sensitivity;
mod table;

pub use compare::{Change, Comparison, Incomparable, compare};
pub use controls::{Control, Distrust, judge};
pub use extract::{Measure, Measured, extract};
pub use growth::{Growth, Watched};
pub use isolated::{IsolatedLevel, LeakControl, leak_controls};
pub use second_stage::blocks_wanted;
pub use sensitivity::{Alternative, Sensitivity};
pub use table::{LevelAnalysis, Ranked, Standing};

/// Differences smaller than this are called a tie: fixed before any run.
pub const HTTP_MARGIN: f64 = 0.02;

/// The same for what is timed inside one process.
pub const ISOLATED_MARGIN: f64 = 0.01;
