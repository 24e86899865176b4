//! What the machine of the servers counts by itself: processor time, whoever used it, and what passes its network interface.

use crate::environment::Interface;
use crate::load::ServerHost;
use anyhow::{Context, Result};
use procfs::{CurrentSI, KernelStats};
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Instant;

/// Packets that were lost: in the kernel, and because the card's ring was full.
const DROPPED: [&str; 4] = [
    "rx_dropped",
    "tx_dropped",
    "rx_missed_errors",
    "rx_fifo_errors",
];

/// Where these counters are.
#[derive(Debug)]
pub(super) struct Counters {
    /// The servers' processors.
    processors: Vec<usize>,
    /// The folder of the interface's statistics; `None` if the kernel does not tell which has the address.
    statistics: Option<PathBuf>,
}

/// What they said at one moment.
#[derive(Debug)]
pub(super) struct Reading {
    at: Instant,
    counts: ServerHost,
}

impl Counters {
    /// Those of the machine that has this address, and of these processors of it.
    pub(super) fn at(address: IpAddr, processors: &[usize]) -> Self {
        let interface = Interface::with_address(address);
        let statistics = interface.map(|interface| {
            let folder = PathBuf::from("/sys/class/net").join(interface.name);
            folder.join("statistics")
        });
        Self {
            processors: processors.to_vec(),
            statistics,
        }
    }

    pub(super) fn read(&self) -> Result<Reading> {
        let stats = KernelStats::current().context("cannot read /proc/stat")?;
        let all = stats.cpu_time.iter().enumerate();
        let ours = all.filter(|(number, _)| self.processors.contains(number));
        let (mut busy_ms, mut softirq_ms) = (0, 0);
        for (_, one) in ours {
            let softirq = one.softirq_ms().unwrap_or(0);
            softirq_ms += softirq;
            busy_ms += one.user_ms() + one.nice_ms() + one.system_ms();
            busy_ms += one.irq_ms().unwrap_or(0) + softirq;
        }
        let counts = ServerHost {
            elapsed_ns: 0,
            cpu_ns: busy_ms * 1_000_000,
            softirq_ns: softirq_ms * 1_000_000,
            received_bytes: self.count("rx_bytes"),
            received_packets: self.count("rx_packets"),
            sent_bytes: self.count("tx_bytes"),
            sent_packets: self.count("tx_packets"),
            dropped_packets: DROPPED.iter().map(|name| self.count(name)).sum(),
        };
        let at = Instant::now();
        Ok(Reading { at, counts })
    }

    /// One counter of the interface; 0 if it has none of this name.
    fn count(&self, name: &str) -> u64 {
        let text = self.statistics.as_ref();
        let text = text.and_then(|folder| fs::read_to_string(folder.join(name)).ok());
        text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }
}

impl Reading {
    /// What has come since `before`.
    pub(super) fn since(&self, before: &Self) -> ServerHost {
        let (now, then) = (&self.counts, &before.counts);
        let since = |count: fn(&ServerHost) -> u64| count(now).saturating_sub(count(then));
        ServerHost {
            elapsed_ns: crate::duration::nanos(self.at - before.at),
            cpu_ns: since(|one| one.cpu_ns),
            softirq_ns: since(|one| one.softirq_ns),
            received_bytes: since(|one| one.received_bytes),
            received_packets: since(|one| one.received_packets),
            sent_bytes: since(|one| one.sent_bytes),
            sent_packets: since(|one| one.sent_packets),
            dropped_packets: since(|one| one.dropped_packets),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    #[test]
    fn what_passes_the_interface_of_an_address_is_counted() {
        let counters = Counters::at(Ipv4Addr::LOCALHOST.into(), &[0]);
        let before = counters.read().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.write_all(&[0; 50_000]).unwrap();
        drop(client);
        let mut bytes = Vec::new();
        let mut server = listener.accept().unwrap().0;
        server.read_to_end(&mut bytes).unwrap();
        let passed = counters.read().unwrap().since(&before);
        assert!(
            passed.received_bytes >= 50_000 && passed.sent_bytes >= 50_000,
            "{passed:?}"
        );
        assert!(
            passed.received_packets >= 2 && passed.elapsed_ns > 0,
            "{passed:?}"
        );
    }
}
