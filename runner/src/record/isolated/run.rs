//! `isolated.json`: everything about an isolated run that is not a measured row.

use crate::environment::{Machine, Toolchain};
use crate::plan::{InProcess, IsolatedPlan};
use crate::record::{Arm, State};
use crate::warning::Warning;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One isolated run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IsolatedRun {
    /// Version of the formats.
    pub schema: u32,
    /// Version of the method.
    pub method: u32,
    /// When it began (RFC 3339, UTC).
    pub started_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// How far it came.
    pub state: State,
    /// The arguments it was started with.
    pub command: Vec<String>,
    /// Its design.
    pub plan: IsolatedPlan,
    /// The one processor that everything timed ran on.
    pub processor: usize,
    /// The machine.
    pub machine: Machine,
    /// What the programs were made with.
    pub toolchain: Toolchain,
    /// `valgrind --version`, `strace --version` and the like, by tool; those that were there.
    pub tools: BTreeMap<String, String>,
    /// What was compared: contestants, the floor's twin, the planted control, the canned writer, and the
    /// planted leak.
    pub arms: Vec<Arm>,
    /// Why an arm has no figures at a level, by arm and level.
    pub without: BTreeMap<String, BTreeMap<InProcess, String>>,
    /// What was to be measured: `time`, `work`, `memory`, `start`.
    pub parts: Vec<String>,
    /// Parts of the run that could not be done, and what to do about it.
    pub missing: Vec<String>,
    /// What failed though everything it takes was there, where no row can say so.
    pub failures: Vec<String>,
    /// What to doubt.
    pub warnings: Vec<Warning>,
}

impl IsolatedRun {
    /// Why this arm has no figures at this level, if it has none.
    #[must_use]
    pub fn reason_without(&self, arm: &str, level: InProcess) -> Option<&str> {
        Some(self.without.get(arm)?.get(&level)?)
    }
}
