//! Rows of a run whose load comes from other hosts: what each generator measured in a slice, and what the machine of the
//! servers did.

use super::journal::Journal;
use super::row::{Row, fault_of_numbers, fault_of_quantiles};
use crate::load::WindowOfHosts;
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// A slice, as rows of several files name it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SliceKey {
    /// Number of the block, from 0.
    pub block: u32,
    /// Connections, each with one request open at a time.
    pub connections: usize,
    /// Open loop: requests per second; 0 in closed loop.
    pub rate_per_s: u64,
    /// The round within the block, from 0.
    pub round: u32,
    /// Who served.
    pub arm: String,
}

/// What one generator measured in the window of a slice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratorRow {
    /// Number of the block, from 0.
    pub block: u32,
    /// Connections of all generators together.
    pub connections: usize,
    /// Open loop: requests per second of all generators together; 0 in closed loop.
    pub rate_per_s: u64,
    /// The round within the block, from 0.
    pub round: u32,
    /// Who served.
    pub arm: String,
    /// Which generator, from 1: its place in `hosts` of `run.json`, of which number 0 has the servers.
    pub generator: usize,
    /// By how much its clock is ahead of that of the servers' machine.
    pub clock_offset_ns: i64,
    /// How long a question about the clock was on its way and back: the offset is known to half of it.
    pub round_trip_ns: u64,
    /// How long after the common start it began.
    pub late_us: u64,
    /// Requests sent.
    pub sent: u64,
    /// Right answers.
    pub ok: u64,
    /// CPU time of its threads.
    pub generator_cpu_ns: u64,
    /// How long its busiest thread was idle.
    pub generator_idle_ns: u64,
    /// Median service time.
    pub service_time_p50_us: u64,
    /// 99th percentile of the service time.
    pub service_time_p99_us: u64,
}

/// What the machine of the servers did in the window of a slice, whichever process did it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerHostRow {
    /// Number of the block, from 0.
    pub block: u32,
    /// Connections of all generators together.
    pub connections: usize,
    /// Open loop: requests per second of all generators together; 0 in closed loop.
    pub rate_per_s: u64,
    /// The round within the block, from 0.
    pub round: u32,
    /// Who served.
    pub arm: String,
    /// How often the slice was measured until all generators had begun together; if they never had, the block says so.
    pub attempts: u32,
    /// How long the window was.
    pub elapsed_ns: u64,
    /// CPU time of the servers' processors, interrupts included, in ticks of 10 ms.
    pub machine_cpu_ns: u64,
    /// The part of it in which the kernel handled packets and timers (softirq), likewise.
    pub softirq_ns: u64,
    /// Bytes that the interface received, Ethernet headers included.
    pub received_bytes: u64,
    /// Packets that it received.
    pub received_packets: u64,
    /// Bytes that it sent.
    pub sent_bytes: u64,
    /// Packets that it sent.
    pub sent_packets: u64,
    /// Packets that it lost, in either direction.
    pub dropped_packets: u64,
}

impl SliceKey {
    /// Appends the rows of a window.
    ///
    /// # Errors
    ///
    /// If the disk does not take them.
    pub fn append(&self, window: &WindowOfHosts, journal: &mut Journal) -> Result<()> {
        let parts = window.generators.iter().enumerate();
        let mut generators = parts.map(|(place, part)| GeneratorRow {
            block: self.block,
            connections: self.connections,
            rate_per_s: self.rate_per_s,
            round: self.round,
            arm: self.arm.clone(),
            generator: place + 1,
            clock_offset_ns: part.clock_offset_ns,
            round_trip_ns: part.round_trip_ns,
            late_us: part.late_ns / 1000,
            sent: part.sent,
            ok: part.ok,
            generator_cpu_ns: part.cpu_ns,
            generator_idle_ns: part.idle_ns,
            service_time_p50_us: part.service_time_p50_us,
            service_time_p99_us: part.service_time_p99_us,
        });
        let server = &window.server;
        let row = ServerHostRow {
            block: self.block,
            connections: self.connections,
            rate_per_s: self.rate_per_s,
            round: self.round,
            arm: self.arm.clone(),
            attempts: window.attempts,
            elapsed_ns: server.elapsed_ns,
            machine_cpu_ns: server.cpu_ns,
            softirq_ns: server.softirq_ns,
            received_bytes: server.received_bytes,
            received_packets: server.received_packets,
            sent_bytes: server.sent_bytes,
            sent_packets: server.sent_packets,
            dropped_packets: server.dropped_packets,
        };
        generators.try_for_each(|row| journal.append(&row))?;
        journal.append(&row)
    }
}

impl Row for GeneratorRow {
    const FILE: &'static str = "generators.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!(
            "block {}, {} connections, {} requests/s, round {}, {}, generator {}",
            self.block, self.connections, self.rate_per_s, self.round, self.arm, self.generator
        )
    }

    fn fault(&self) -> Option<String> {
        let numbers = [
            self.round_trip_ns,
            self.late_us,
            self.sent,
            self.ok,
            self.generator_cpu_ns,
            self.generator_idle_ns,
        ];
        if self.ok > self.sent {
            return Some("there are more right answers than requests".to_owned());
        }
        fault_of_numbers(&numbers)
            .or_else(|| fault_of_quantiles(&[self.service_time_p50_us, self.service_time_p99_us]))
    }
}

impl Row for ServerHostRow {
    const FILE: &'static str = "server-host.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!(
            "block {}, {} connections, {} requests/s, round {}, {}",
            self.block, self.connections, self.rate_per_s, self.round, self.arm
        )
    }

    fn fault(&self) -> Option<String> {
        if self.softirq_ns > self.machine_cpu_ns {
            return Some("a part of the processors' time is longer than all of it".to_owned());
        }
        fault_of_numbers(&[
            self.elapsed_ns,
            self.machine_cpu_ns,
            self.received_bytes,
            self.received_packets,
            self.sent_bytes,
            self.sent_packets,
            self.dropped_packets,
        ])
    }
}
