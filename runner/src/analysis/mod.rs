//! From observations to claims: what the blocks of a run say of its arms, and how sure that is. Pure.
//!
//! `blocks` takes observations apart into blocks, `ranked` ranks one table by one measure, `controls` holds the
//! controls against what is known of them, `untrusted` says why a table is not to be trusted, `second_stage` how
//! many blocks a precision takes, `sensitivity` whether another analysis says otherwise, `compare` holds two
//! runs against each other, and `history` follows one table over several.

mod blocks;
mod compare;
mod controls;
mod history;
mod ranked;
mod second_stage;
mod sensitivity;
mod untrusted;

pub use blocks::{Measured, collect};
pub use compare::{Change, changes};
pub use controls::{Control, Effect, judge};
pub use history::{Chapter, Track, TrackPoint, TrackStep, steps, tracks};
pub use ranked::{Ranked, Standing};
pub use second_stage::blocks_wanted;
pub use sensitivity::{Sensitivity, with_best_slices};
pub use untrusted::{Completeness, Untrusted};
