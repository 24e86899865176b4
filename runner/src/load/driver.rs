//! Who drives load, for whoever loads servers: the threads of this process, or generators on other hosts.

use super::{Exchange, Generator, LoadSpec, Measured};
use anyhow::Result;
use std::net::SocketAddr;
use std::time::Duration;

/// Something that drives load at servers, each of which has a key.
pub trait Driver {
    /// Opens connections to the server of this key, or opens again those that it has closed; each has had one right answer
    /// when this returns.
    ///
    /// # Errors
    ///
    /// If the server does not answer rightly, or a socket cannot be had.
    fn open(
        &self,
        key: usize,
        to: (&Exchange, SocketAddr),
        connections: usize,
        timeout: Duration,
    ) -> Result<()>;

    /// Drives the connections of this key as `spec` says until it ends.
    ///
    /// # Errors
    ///
    /// If the specification contradicts itself, or load cannot be driven. A server that misbehaves is not an error.
    fn run(&self, key: usize, spec: &LoadSpec) -> Result<Measured>;

    /// Closes the connections of this key.
    ///
    /// # Errors
    ///
    /// If whoever has them is gone.
    fn close(&self, key: usize) -> Result<()>;

    /// What the hosts say of the last window, if load came from several of them. Each window is told once.
    fn told(&self) -> Option<WindowOfHosts> {
        None
    }
}

impl Driver for Generator {
    fn open(
        &self,
        key: usize,
        (exchange, address): (&Exchange, SocketAddr),
        connections: usize,
        timeout: Duration,
    ) -> Result<()> {
        let target = exchange.target(address);
        self.open(key, &target, connections, timeout).map(|_| ())
    }

    fn run(&self, key: usize, spec: &LoadSpec) -> Result<Measured> {
        self.run(key, spec)
    }

    fn close(&self, key: usize) -> Result<()> {
        self.close(key)
    }
}

/// A window of load from several hosts, by host.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WindowOfHosts {
    /// Each generator.
    pub generators: Vec<PartOfHost>,
    /// The machine of the server.
    pub server: ServerHost,
    /// How often it was tried until all began together.
    pub attempts: u32,
    /// Whether all began together in the last attempt.
    pub is_together: bool,
}

/// What one generator measured in a window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PartOfHost {
    /// By how much its clock is ahead of that of the server's machine.
    pub clock_offset_ns: i64,
    /// How long a question about the clock was on its way and back: the offset is known to half of it.
    pub round_trip_ns: u64,
    /// How long after the common start it began.
    pub late_ns: u64,
    /// Requests sent.
    pub sent: u64,
    /// Right answers.
    pub ok: u64,
    /// CPU time of its threads.
    pub cpu_ns: u64,
    /// How long its busiest thread was idle.
    pub idle_ns: u64,
    /// Median service time.
    pub service_time_p50_us: u64,
    /// 99th percentile of the service time.
    pub service_time_p99_us: u64,
}

/// What the machine of the server did in a window, whichever process did it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServerHost {
    /// How long the window was, as this machine saw it.
    pub elapsed_ns: u64,
    /// CPU time of the server's processors, interrupts included, in ticks of 10 ms.
    pub cpu_ns: u64,
    /// The part of it in which the kernel handled packets and timers (softirq), likewise.
    pub softirq_ns: u64,
    /// Bytes that its network interface received, Ethernet headers included.
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
