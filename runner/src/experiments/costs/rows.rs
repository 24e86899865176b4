//! The rows of a run of costs.

use crate::run::{Row, fault_of_numbers};
use serde::{Deserialize, Serialize};

/// One cold build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildRow {
    /// Number of the block, from 0.
    pub block: u32,
    /// Whose build.
    pub arm: String,
    /// CPU time of cargo, the compilers and linkers.
    pub cpu_ns: u64,
    /// How long it took.
    pub wall_ns: u64,
    /// Crates that were compiled, besides the contestant's own.
    pub crates: u64,
    /// The program without symbols.
    pub size_bytes: u64,
    /// Instructions in user space per request, in thousandths; 0 if they were not counted.
    pub instructions_per_request: u64,
    /// Why they were not, if they should have been.
    pub not_counted: String,
    /// Why the build failed; empty if it did not.
    pub err: String,
}

impl BuildRow {
    /// CPU time in seconds.
    #[must_use]
    pub fn cpu_s(&self) -> Option<f64> {
        self.err.is_empty().then(|| self.cpu_ns as f64 / 1e9)
    }

    /// Instructions per request, if they were counted.
    #[must_use]
    pub fn instructions(&self) -> Option<f64> {
        let counted = self.instructions_per_request > 0;
        counted.then(|| self.instructions_per_request as f64 / 1000.0)
    }
}

impl Row for BuildRow {
    const FILE: &'static str = "builds.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!("block {}, {}", self.block, self.arm)
    }

    fn fault(&self) -> Option<String> {
        let numbers = [
            self.cpu_ns,
            self.wall_ns,
            self.crates,
            self.size_bytes,
            self.instructions_per_request,
        ];
        if let Some(fault) = fault_of_numbers(&numbers) {
            return Some(fault);
        }
        let is_whole = self.cpu_ns > 0 && self.wall_ns > 0 && self.size_bytes > 0;
        (self.err.is_empty() && !is_whole)
            .then(|| "a build has taken time and made a program".to_owned())
    }
}

/// What is published about a contestant's framework.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactRow {
    /// The contestant.
    pub arm: String,
    /// The framework's crate.
    pub crate_name: String,
    /// Its version.
    pub version: String,
    /// The oldest compiler that it says it supports; empty if it says nothing.
    pub rust_version: String,
    /// Its licence, as an SPDX expression.
    pub licence: String,
    /// Whether its own sources forbid unsafe code, so that the compiler refuses it.
    pub forbids_unsafe: bool,
    /// The day of that version's release; empty if nobody has entered it.
    pub released: String,
    /// Advisories that concern what it is built of, and are open; separated by semicolons.
    pub advisories: String,
    /// The day of the database that the advisories are from; empty if nobody has looked them up.
    pub advisories_as_of: String,
}

impl Row for FactRow {
    const FILE: &'static str = "facts.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        self.arm.clone()
    }
}
