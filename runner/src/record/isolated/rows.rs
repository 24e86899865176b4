//! The rows of an isolated run. What is counted or timed is an integer with the unit in the column's
//! name; what is per request is a difference over a thousand requests, to three decimals.

use crate::plan::InProcess;
use crate::record::SliceRow;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One timed slice: one arm, level, block and lap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleRow {
    /// Number of the block, from 0.
    pub block: u32,
    /// Where a request begins and ends.
    pub level: InProcess,
    /// Number of the lap within block and level, from 0.
    pub lap: u32,
    /// Place within the lap, from 0.
    pub position: usize,
    /// Who was timed.
    pub arm: String,
    /// Requests answered rightly within the time.
    pub requests: u64,
    /// Of these, requests of the planted control that its rates do not count.
    pub uncounted: u64,
    /// From the first slice of the block at this level to this one.
    pub started_us: u64,
    /// How long they took.
    pub wall_ns: u64,
    /// CPU time of the process meanwhile.
    pub cpu_ns: u64,
    /// Bytes of one answer; 0 where there are none.
    pub answer_bytes: u64,
    /// Why there is no figure, if there is none.
    pub err: String,
}

impl SampleRow {
    /// The same as a slice of a throughput run, whose analysis it shares: wall time is its time, and the
    /// process's CPU time that of the server.
    #[must_use]
    pub fn as_slice(&self) -> SliceRow {
        SliceRow {
            block: self.block,
            connections: self.level as usize,
            lap: self.lap,
            position: self.position,
            arm: self.arm.clone(),
            requests: self.requests,
            sent: self.requests,
            ok: self.requests,
            uncounted: self.uncounted,
            started_us: self.started_us,
            elapsed_ns: self.wall_ns,
            server_cpu_ns: self.cpu_ns,
            err: self.err.clone(),
            ..SliceRow::default()
        }
    }
}

/// The work of one contestant, counted once in a fresh process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkRow {
    /// Whose.
    pub arm: String,
    /// Number of the process, from 0.
    pub run: u32,
    /// Requests that the differences are taken over.
    pub requests: u64,
    /// Instructions in user mode per request.
    pub instructions_per_request: f64,
    /// Calls of machine functions per request.
    pub tcalls: f64,
    /// Machine functions that at least nine of ten requests run through.
    pub funcs: u64,
    /// The same as written in the source: inlined ones included.
    pub funcs_source: u64,
    /// Why there is no figure, if there is none.
    pub err: String,
}

/// What of the work lies in the functions of one owner.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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

/// How often a system call is made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SystemCallRow {
    /// By whom.
    pub arm: String,
    /// The call.
    pub name: String,
    /// How often, per request.
    pub calls_per_request: f64,
}

/// What the allocator was asked for at one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllocationRow {
    /// By whom.
    pub arm: String,
    /// Where a request begins and ends.
    pub level: InProcess,
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
pub struct MemoryRow {
    /// Whose.
    pub arm: String,
    /// Through which entrance the requests came.
    pub level: InProcess,
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
pub struct StartRow {
    /// Number of the round, from 0.
    pub round: u32,
    /// Whose.
    pub arm: String,
    /// From the start of the process to its first right answer.
    pub ready_us: u64,
    /// Memory resident after that answer, at rest.
    pub idle_rss_kib: u64,
    /// Why there is no figure, if there is none.
    pub err: String,
}
