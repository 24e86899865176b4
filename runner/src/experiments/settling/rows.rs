//! The rows of a settling run.

use crate::run::{Row, fault_of_numbers, fault_of_quantiles};
use serde::{Deserialize, Serialize};

/// One interval of one slice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalRow {
    /// Number of the block, from 0.
    pub block: u32,
    /// Connections, each with one request open at a time.
    pub connections: usize,
    /// Number of the round within block and concurrency, from 0.
    pub round: u32,
    /// Position within the round, from 0.
    pub position: usize,
    /// Who was measured.
    pub arm: String,
    /// Number of the interval since load began, from 0.
    pub interval: u64,
    /// Right answers in it.
    pub ok: u64,
    /// Requests without a right answer in it.
    pub errors: u64,
    /// Connections that got a right answer in it.
    pub served: u64,
    /// Median service time of answers read in it; 0 if there are none.
    pub service_time_p50_us: u64,
    /// Their 99th percentile.
    pub service_time_p99_us: u64,
}

impl Row for IntervalRow {
    const FILE: &'static str = "intervals.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!(
            "block {}, {} connections, round {}, {}, interval {}",
            self.block, self.connections, self.round, self.arm, self.interval
        )
    }

    fn fault(&self) -> Option<String> {
        let numbers = [
            self.ok,
            self.errors,
            self.service_time_p50_us,
            self.service_time_p99_us,
        ];
        let times = [self.service_time_p50_us, self.service_time_p99_us];
        let fault = fault_of_numbers(&numbers).or_else(|| fault_of_quantiles(&times));
        if fault.is_some() {
            return fault;
        }
        if self.served > self.connections as u64 || self.served > self.ok {
            return Some(format!(
                "{} connections were served by {} answers",
                self.served, self.ok
            ));
        }
        (self.ok > 0 && self.served == 0).then(|| "answers went to no connection".to_owned())
    }
}
