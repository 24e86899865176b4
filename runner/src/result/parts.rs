//! Which parts of one load a result has.

use crate::load::{LoadSpec, PartOf};
use serde::{Deserialize, Serialize};

/// The parts of a load that several processes drove together, as far as a result has them. Connections, rate and
/// stages are recorded as they were asked for: those of all parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Parts {
    /// How many there are.
    pub of: u32,
    /// Those that are here, from 1, in order.
    pub held: Vec<u32>,
    /// The requests that were asked for, of all parts.
    pub requests: Option<u64>,
    /// The time that was asked for, in seconds; stages have one of their own.
    pub duration_s: Option<f64>,
}

impl Parts {
    /// This part of what is asked for.
    #[must_use]
    pub fn one(part: PartOf, spec: &LoadSpec) -> Self {
        Self {
            of: part.of() as u32,
            held: vec![part.number() as u32],
            requests: spec.requests,
            duration_s: spec.duration.map(|duration| duration.as_secs_f64()),
        }
    }

    /// Whether all are here.
    #[must_use]
    pub fn are_all(&self) -> bool {
        self.missing().is_empty()
    }

    /// Those that are not.
    #[must_use]
    pub fn missing(&self) -> Vec<u32> {
        (1..=self.of)
            .filter(|one| !self.held.contains(one))
            .collect()
    }

    /// Those that are here, in words.
    #[must_use]
    pub fn text(&self) -> String {
        match self.of {
            of if of > 1 && self.held.len() as u64 == u64::from(of) => format!("all {of} parts"),
            of => format!("{} of {of}", numbered(&self.held)),
        }
    }

    /// That some are missing, in words; nothing if all are here.
    pub(super) fn missing_text(&self) -> Option<String> {
        let missing = self.missing();
        let verb = if missing.len() == 1 { "is" } else { "are" };
        let words = || format!("{} of {} {verb} missing", numbered(&missing), self.of);
        (!missing.is_empty()).then(words)
    }
}

/// `part 2`, or `parts 1, 3`.
fn numbered(parts: &[u32]) -> String {
    let numbers: Vec<String> = parts.iter().map(ToString::to_string).collect();
    let noun = if parts.len() == 1 { "part" } else { "parts" };
    format!("{noun} {}", numbers.join(", "))
}

/// The parts of a result if it does not have all of its load.
pub(super) fn of_incomplete(parts: Option<&Parts>) -> Option<&Parts> {
    parts.filter(|parts| !parts.are_all())
}
