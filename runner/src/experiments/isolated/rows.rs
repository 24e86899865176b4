//! The rows of an isolated run. What is counted or timed is an integer with the unit in the column's
//! name; what is per request is a difference over a thousand requests, to three decimals.

use super::plan::Entry;
use crate::run::Observation;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One timed slice: one arm, entry point, block and round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleRow {
    /// Number of the block, from 0.
    pub block: u32,
    /// The entry point.
    pub entry: Entry,
    /// Number of the round within block and entry point, from 0.
    pub round: u32,
    /// Position within the round, from 0.
    pub position: usize,
    /// Who was timed.
    pub arm: String,
    /// Requests answered rightly within the time.
    pub requests: u64,
    /// Of these, requests of the planted control that its rates leave out.
    pub withheld: u64,
    /// From the first slice of the block at this entry point to this one.
    pub started_us: u64,
    /// How long they took.
    pub elapsed_ns: u64,
    /// CPU time of the process meanwhile.
    pub server_cpu_ns: u64,
    /// Bytes of one answer; 0 if there are none.
    pub answer_bytes: u64,
    /// Why there is no figure, if there is none.
    pub err: String,
}

impl SampleRow {
    /// Requests per second.
    #[must_use]
    pub(super) fn rate(&self) -> Option<f64> {
        self.per(self.elapsed_ns)
    }

    /// Requests per second of CPU time.
    #[must_use]
    pub(super) fn cpu_rate(&self) -> Option<f64> {
        self.per(self.server_cpu_ns)
    }

    fn per(&self, ns: u64) -> Option<f64> {
        let counted = self.requests.saturating_sub(self.withheld);
        (counted > 0 && ns > 0).then(|| counted as f64 * 1e9 / ns as f64)
    }

    /// As analysis takes it, with one of its figures.
    #[must_use]
    pub(super) fn observation(&self, value: Option<f64>) -> Observation<'_> {
        Observation {
            block: self.block,
            round: self.round,
            position: self.position,
            arm: &self.arm,
            middle_s: self.started_us as f64 / 1e6 + self.elapsed_ns as f64 / 2e9,
            value,
        }
    }
}

/// The work of one contestant, counted once in a fresh process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkRow {
    /// Whose.
    pub arm: String,
    /// Number of the process, from 0.
    pub process: u32,
    /// Requests that the differences are taken over.
    pub requests: u64,
    /// Instructions in user mode per request.
    pub instructions_per_request: f64,
    /// Calls of machine functions per request.
    pub calls_per_request: f64,
    /// Machine functions that at least nine of ten requests run through.
    pub funcs: u64,
    /// The same as written in the source: inlined ones included.
    pub funcs_source: u64,
    /// Why there is no figure, if there is none.
    pub err: String,
}

/// What of the work lies in the functions of one owner.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerRow {
    /// Whose work.
    pub arm: String,
    /// A crate, or `std`, `allocator`, `libc`.
    pub owner: String,
    /// Instructions per request in its own functions, callees not included.
    pub instructions_per_request: f64,
    /// Calls of its functions per request.
    pub calls_per_request: f64,
}

/// What of the work lies in one function.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionRow {
    /// Whose work.
    pub arm: String,
    /// The function's name.
    pub function: String,
    /// The crate it belongs to.
    pub owner: String,
    /// Calls per request.
    pub calls_per_request: f64,
    /// Instructions per request, callees not included.
    pub instructions_per_request: f64,
}

/// How often a function asks the allocator for something.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocatorCallRow {
    /// In whose server.
    pub arm: String,
    /// The function that asks.
    pub function: String,
    /// The crate it belongs to.
    pub owner: String,
    /// The function of the allocator.
    pub called: String,
    /// Calls per request.
    pub calls_per_request: f64,
}

/// How often a system call is made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemCallRow {
    /// By whom.
    pub arm: String,
    /// The call.
    pub name: String,
    /// How often, per request.
    pub calls_per_request: f64,
}

/// What the allocator was asked for at one entry point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocationRow {
    /// By whom.
    pub arm: String,
    /// The entry point.
    pub entry: Entry,
    /// Requests that the sums are over.
    pub requests: u64,
    /// Allocations.
    pub allocations: u64,
    /// Reallocations.
    pub reallocations: u64,
    /// Bytes of both.
    pub allocated_bytes: u64,
    /// The most bytes that were live at a time, since the process began.
    pub peak_live_bytes: u64,
}

/// What a process is made to repeat, to see whether something stays behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exercise {
    /// The right request, on one connection after another.
    Requests,
    /// A connection with one request.
    Connections,
    /// A request for a path that is not there.
    Elsewhere,
}

impl fmt::Display for Exercise {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::Requests => "requests",
            Self::Connections => "connections",
            Self::Elsewhere => "elsewhere",
        })
    }
}

/// A look at a process at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryRow {
    /// Whose.
    pub arm: String,
    /// Through which entry point the requests came.
    pub entry: Entry,
    /// What it repeats.
    pub exercise: Exercise,
    /// Number of the process, from 0.
    pub process: u32,
    /// How often it has done so.
    pub repetitions: u64,
    /// Bytes allocated and not freed.
    pub live_bytes: u64,
    /// Memory resident, once the allocator has given back what it can.
    pub rss_kib: u64,
}

/// One start of a contestant's server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartRow {
    /// Number of the round, from 0.
    pub round: u32,
    /// Whose.
    pub arm: String,
    /// How often it was started until it answered.
    pub attempts: u32,
    /// From the start of the process to its first right answer.
    pub ready_us: u64,
    /// Memory resident after that answer, at rest.
    pub idle_rss_kib: u64,
    /// Why there is no figure, if there is none.
    pub err: String,
}
