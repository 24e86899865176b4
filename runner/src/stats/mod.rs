//! Statistics: pure functions of numbers.
//!
//! `summary` answers "what is typical, and how far do blocks lie apart".

mod summary;

pub use summary::{Quartiles, geometric_mean, median};
