//! What the kernel says a process has used.

use anyhow::{Context, Result};
use procfs::process::Process;
use std::time::Duration;

/// CPU time in user and in system mode. The sum is exact; how it splits is sampled at the kernel's
/// tick (`CONFIG_TICK_CPU_ACCOUNTING`) and rounded to 10 ms, so it needs a second or so of use to
/// mean something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuTime {
    /// In the program itself.
    pub user: Duration,
    /// In the kernel on its behalf.
    pub system: Duration,
}

/// What a process has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time since its start.
    pub cpu: CpuTime,
    /// Memory resident, in KiB.
    pub rss_kib: u64,
    /// The most memory it had resident at a time, in KiB.
    pub peak_rss_kib: u64,
    /// How many threads it has.
    pub threads: u64,
}

pub(super) fn read(pid: u32) -> Result<Usage> {
    let process = process(pid)?;
    let stat = process.stat().context("cannot read a server's CPU time")?;
    let status = process.status().context("cannot read a server's memory")?;
    let ticks_per_second = procfs::ticks_per_second();
    let time = |ticks: u64| Duration::from_millis(ticks * 1000 / ticks_per_second);
    Ok(Usage {
        cpu: CpuTime {
            user: time(stat.utime),
            system: time(stat.stime),
        },
        rss_kib: status.vmrss.unwrap_or(0),
        peak_rss_kib: status.vmhwm.unwrap_or(0),
        threads: status.threads,
    })
}

/// CPU time over all threads, to the nanosecond, from the scheduler's own sums.
///
/// A thread that is running is charged up to its last switch or tick, so this is exact only while
/// the process waits: between slices it does.
pub(super) fn cpu(pid: u32) -> Result<Duration> {
    cpu_of(&process(pid)?)
}

/// The same over all processes of the group that `leader` began. One that has ended is not in it.
pub(super) fn cpu_of_group(leader: u32) -> Result<Duration> {
    let all = procfs::process::all_processes().context("cannot list processes")?;
    let mut sum = Duration::ZERO;
    for process in all.flatten() {
        // A process that has just ended has no more to say.
        if let Ok(stat) = process.stat()
            && u32::try_from(stat.pgrp) == Ok(leader)
        {
            sum += cpu_of(&process).unwrap_or_default();
        }
    }
    Ok(sum)
}

fn cpu_of(process: &Process) -> Result<Duration> {
    let tasks = process.tasks().context("cannot list a server's threads")?;
    let mut sum_ns = 0;
    for task in tasks.flatten() {
        // A thread that has just ended has no more to say.
        if let Ok(schedstat) = task.schedstat() {
            sum_ns += schedstat.sum_exec_runtime;
        }
    }
    Ok(Duration::from_nanos(sum_ns))
}

fn process(pid: u32) -> Result<Process> {
    let pid = i32::try_from(pid).context("a process number is a positive int")?;
    Process::new(pid).context("the server has gone")
}
