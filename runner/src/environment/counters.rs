//! Counters of the whole machine, read before and after a block.

use anyhow::{Context, Result};
use procfs::{CurrentSI, KernelStats};
use std::fs;
use std::time::Duration;

/// A reading; the difference of two says what happened in between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Processor time the hypervisor gave to others, over all processors.
    pub steal: Duration,
    /// Processor time used by anyone on this machine, over all processors.
    pub busy: Duration,
    /// Connections that found a listen queue full (`TcpExt: ListenOverflows`).
    pub listen_overflows: u64,
}

impl Counters {
    /// Reads the counters.
    ///
    /// # Errors
    ///
    /// If the kernel does not tell.
    pub fn read() -> Result<Self> {
        let stats = KernelStats::current().context("cannot read /proc/stat")?;
        let total = &stats.total;
        let steal_ms = total.steal_ms().unwrap_or(0);
        let busy_ms = total.user_ms() + total.nice_ms() + total.system_ms();
        let netstat = fs::read_to_string("/proc/net/netstat").unwrap_or_default();
        Ok(Self {
            steal: Duration::from_millis(steal_ms),
            busy: Duration::from_millis(busy_ms),
            listen_overflows: tcp_counter(&netstat, "ListenOverflows").unwrap_or(0),
        })
    }

    /// CPU time that anybody has used on these processors since the machine started, in ticks of 10 ms: with that of interrupts,
    /// and without.
    ///
    /// # Errors
    ///
    /// If the kernel does not tell.
    pub fn busy_on(processors: &[usize]) -> Result<[Duration; 2]> {
        let stats = KernelStats::current().context("cannot read /proc/stat")?;
        let all = stats.cpu_time.iter().enumerate();
        let ours = all.filter(|(number, _)| processors.contains(number));
        let (mut programs_ms, mut interrupts_ms) = (0, 0);
        for (_, one) in ours {
            programs_ms += one.user_ms() + one.nice_ms() + one.system_ms();
            interrupts_ms += one.irq_ms().unwrap_or(0) + one.softirq_ms().unwrap_or(0);
        }
        Ok([programs_ms + interrupts_ms, programs_ms].map(Duration::from_millis))
    }

    /// Time that the hypervisor took from these processors since the machine started.
    ///
    /// # Errors
    ///
    /// If the kernel does not tell.
    pub fn steal_on(processors: &[usize]) -> Result<Duration> {
        let stats = KernelStats::current().context("cannot read /proc/stat")?;
        let all = stats.cpu_time.iter().enumerate();
        let ours = all.filter(|(number, _)| processors.contains(number));
        let steal_ms = ours.map(|(_, one)| one.steal_ms().unwrap_or(0));
        Ok(Duration::from_millis(steal_ms.sum()))
    }

    /// Connections that found a listen queue full in the network namespace of a process, since that was made; nothing if it is
    /// the one of this process, or the process has ended.
    #[must_use]
    pub fn listen_overflows_beside(process: u32) -> Option<u64> {
        let namespace = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
        let process = process.to_string();
        if namespace(&process)? == namespace("self")? {
            return None;
        }
        let netstat = fs::read_to_string(format!("/proc/{process}/net/netstat")).ok()?;
        tcp_counter(&netstat, "ListenOverflows")
    }

    /// What has happened since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            steal: self.steal.saturating_sub(before.steal),
            busy: self.busy.saturating_sub(before.busy),
            listen_overflows: self
                .listen_overflows
                .saturating_sub(before.listen_overflows),
        }
    }
}

/// One counter of the `TcpExt` pair of lines: names above, numbers below.
fn tcp_counter(netstat: &str, name: &str) -> Option<u64> {
    let mut lines = netstat.lines().filter(|line| line.starts_with("TcpExt:"));
    let (names, numbers) = (lines.next()?, lines.next()?);
    let place = names.split_whitespace().position(|one| one == name)?;
    numbers.split_whitespace().nth(place)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_found_by_its_name() {
        let text = "TcpExt: SyncookiesSent ListenOverflows\nTcpExt: 3 7\nIpExt: A\nIpExt: 1\n";
        assert_eq!(tcp_counter(text, "ListenOverflows"), Some(7));
        assert_eq!(tcp_counter(text, "Nothing"), None);
    }
}
