//! The rows of a memory run.

use super::plan::{Stage, Step};
use crate::run::{Row, fault_of_numbers};
use crate::server::Resident;
use serde::{Deserialize, Serialize};

/// One reading of one process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageRow {
    /// Number of the block, from 0.
    pub block: u32,
    /// Whose process.
    pub arm: String,
    /// What it has been through.
    pub stage: Stage,
    /// Connections that were to be open.
    pub connections: usize,
    /// How long after the last connection was closed the reading was due.
    pub wait_ms: u64,
    /// How long after that it was taken; 0 while there are connections.
    pub after_ms: u64,
    /// Connections that were open; fewer if the server had closed some of them.
    pub open: usize,
    /// Right answers since the reading before.
    pub ok: u64,
    /// Requests without a right answer since then.
    pub errors: u64,
    /// Resident memory, summed over its processes; under load the most that was read.
    pub resident_bytes: u64,
    /// The same with what several processes share divided among them.
    pub proportional_bytes: u64,
    /// What was written out to swap.
    pub swapped_bytes: u64,
    /// Its processes.
    pub processes: u64,
    /// Why memory was not read, if it was not.
    pub err: String,
}

impl StageRow {
    /// The reading that it is of.
    #[must_use]
    pub fn step(&self) -> Step {
        Step {
            stage: self.stage,
            connections: self.connections,
            wait_ms: self.wait_ms,
        }
    }

    /// Enters what was read.
    pub(super) fn enter(&mut self, resident: &Resident) {
        self.resident_bytes = resident.resident_bytes;
        self.proportional_bytes = resident.proportional_bytes;
        self.swapped_bytes = resident.swapped_bytes;
        self.processes = resident.processes;
    }

    /// The memory of the server; `None` if it was not read.
    #[must_use]
    pub fn bytes(&self) -> Option<f64> {
        let resident = Resident {
            resident_bytes: self.resident_bytes,
            proportional_bytes: self.proportional_bytes,
            swapped_bytes: self.swapped_bytes,
            processes: self.processes,
        };
        self.err.is_empty().then(|| resident.bytes() as f64)
    }
}

impl Row for StageRow {
    const FILE: &'static str = "stages.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!("block {}, {}, {}", self.block, self.arm, self.step())
    }

    fn fault(&self) -> Option<String> {
        let numbers = [
            self.ok,
            self.errors,
            self.after_ms,
            self.resident_bytes,
            self.proportional_bytes,
            self.swapped_bytes,
        ];
        if let Some(fault) = fault_of_numbers(&numbers) {
            return Some(fault);
        }
        if self.open > self.connections {
            return Some(format!(
                "{} of {} connections were open",
                self.open, self.connections
            ));
        }
        if !self.err.is_empty() {
            return None;
        }
        if self.resident_bytes == 0 || self.processes == 0 {
            return Some("a process whose memory was read has some".to_owned());
        }
        if self.proportional_bytes > self.resident_bytes {
            return Some("a part of resident memory is more than all of it".to_owned());
        }
        (self.after_ms < self.wait_ms).then(|| "memory was read before it was due".to_owned())
    }
}
