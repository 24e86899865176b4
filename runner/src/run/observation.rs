//! What analysis takes: one figure of one arm in one slice, whatever was measured.

use std::fmt;

/// One figure of one slice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation<'r> {
    /// The block.
    pub block: u32,
    /// The round within the block.
    pub round: u32,
    /// The position within the round.
    pub position: usize,
    /// The arm.
    pub arm: &'r str,
    /// The middle of the slice, in seconds since the condition's first round began.
    pub middle_s: f64,
    /// The figure, above 0; `None` if the slice did not give one.
    pub value: Option<f64>,
}

/// What a figure is, and which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Its name in tables and sentences, such as `requests/s`.
    pub name: &'static str,
    /// Whether a higher figure is better.
    pub higher_is_better: bool,
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.name)
    }
}
