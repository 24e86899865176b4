//! What the kernel says a process has used.

use anyhow::{Context, Result};
use nix::time::ClockId;
use nix::unistd::Pid;
use procfs::process::{Process, Stat};
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
    Ok(Usage {
        cpu: CpuTime {
            user: ticks(stat.utime),
            system: ticks(stat.stime),
        },
        rss_kib: status.vmrss.unwrap_or(0),
        peak_rss_kib: status.vmhwm.unwrap_or(0),
        threads: status.threads,
    })
}

/// CPU time of a process to the nanosecond, from its own clock: the scheduler's sums of the threads
/// it has, and of those it has had.
///
/// A thread that is running is charged up to its last switch or tick, so this is exact only while
/// the process waits: between slices it does.
pub fn cpu_of(pid: u32) -> Result<Duration> {
    let pid = i32::try_from(pid).context("a process number is a positive int")?;
    let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(pid)).context("the server has gone")?;
    let time = clock.now().context("cannot read a server's CPU time")?;
    Ok(time.into())
}

/// The same over all processes of the group that `leader` began, with the children that these have
/// waited for. A process that has ended and was not waited for by one of them is not in it.
pub(super) fn cpu_of_group(leader: u32) -> Result<Duration> {
    let mut sum = Duration::ZERO;
    for stat in group(leader)? {
        let waited_for = u64::try_from(stat.cutime + stat.cstime).unwrap_or(0);
        let pid = u32::try_from(stat.pid).context("a process number is positive")?;
        // A process that has just ended has no more to say.
        sum += cpu_of(pid).unwrap_or_default() + ticks(waited_for);
    }
    Ok(sum)
}

/// Whether a process of this group still runs; those that only wait to be waited for do not.
pub(super) fn is_group_running(leader: u32) -> Result<bool> {
    Ok(group(leader)?.iter().any(|stat| stat.state != 'Z'))
}

/// The processes of the group that `leader` began.
fn group(leader: u32) -> Result<Vec<Stat>> {
    let all = procfs::process::all_processes().context("cannot list processes")?;
    let stats = all.flatten().filter_map(|process| process.stat().ok());
    Ok(stats
        .filter(|stat| u32::try_from(stat.pgrp) == Ok(leader))
        .collect())
}

/// Time that the kernel tells rounded to its ticks for users, of 10 ms.
fn ticks(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1000 / procfs::ticks_per_second())
}

fn process(pid: u32) -> Result<Process> {
    let pid = i32::try_from(pid).context("a process number is a positive int")?;
    Process::new(pid).context("the server has gone")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::time::{ClockId, clock_gettime};
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    #[test]
    fn a_thread_that_has_ended_still_counts() {
        let own = || cpu_of(std::process::id()).unwrap();
        let before = own();
        let burn = || {
            let used = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
            while used() < Duration::from_millis(20) {
                std::hint::black_box(0);
            }
            used()
        };
        let used = std::thread::spawn(burn).join().unwrap();
        let counted = own() - before;
        assert!(counted >= used, "{counted:?} of {used:?}");
    }

    #[test]
    fn a_child_that_has_been_waited_for_counts_with_its_parent() {
        let burn = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let script = format!("sh -c '{burn}; true'; echo over; read -r line");
        let mut shell = Command::new("sh")
            .args(["-c", &script])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(shell.stdout.take().unwrap());
        said.read_line(&mut String::new()).unwrap();
        let (group, own) = (
            cpu_of_group(shell.id()).unwrap(),
            cpu_of(shell.id()).unwrap(),
        );
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert!(group > own * 2, "{group:?}, of which {own:?} its own");
    }
}
