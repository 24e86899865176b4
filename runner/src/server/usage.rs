//! What the kernel says a process has used.

use anyhow::{Context, Result, ensure};
use nix::time::ClockId;
use nix::unistd::Pid;
use procfs::process::{Process, Stat};
use std::path::Path;
use std::sync::LazyLock;
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

/// All the processes of a server: the descendants of its keeper, to which orphans come; or a process without a
/// keeper, and its descendants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tree {
    root: u32,
    is_kept: bool,
}

impl Tree {
    pub(super) fn below(keeper: u32) -> Self {
        Self {
            root: keeper,
            is_kept: true,
        }
    }

    /// A process without a keeper.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        Self {
            root: pid,
            is_kept: false,
        }
    }

    /// A number of its own.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.root
    }

    /// The numbers of the processes, those first that are nearer to the root.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        let mut found = vec![self.root];
        let mut next = 0;
        while next < found.len() {
            // One that has just ended has no children any more: they are the keeper's.
            let children = children(found[next]).unwrap_or_default();
            let new: Vec<u32> = children
                .into_iter()
                .filter(|pid| !found.contains(pid))
                .collect();
            found.extend(new);
            next += 1;
        }
        if self.is_kept {
            found.remove(0);
        }
        found
    }

    /// CPU time so far of all its processes, with those that have ended and were waited for.
    ///
    /// # Errors
    ///
    /// If there is no process any more.
    pub fn cpu(&self) -> Result<Duration> {
        let processes = self.processes();
        ensure!(!processes.is_empty(), "the server has gone");
        let mut sum = self.orphans()?.total();
        for pid in processes {
            // One that has just ended is in the next reading of the keeper.
            let Ok(stat) = process(pid).and_then(|process| Ok(process.stat()?)) else {
                continue;
            };
            sum += cpu_of(pid).unwrap_or_default() + waited_for(&stat).total();
        }
        Ok(sum)
    }

    /// What the orphans have used that the keeper has waited for.
    fn orphans(&self) -> Result<CpuTime> {
        match self.is_kept {
            true => Ok(waited_for(&process(self.root)?.stat()?)),
            false => Ok(CpuTime::default()),
        }
    }

    /// What its processes have used together. Memory that several of them share counts for each.
    ///
    /// # Errors
    ///
    /// If there is no process any more.
    pub fn usage(&self) -> Result<Usage> {
        let processes = self.processes();
        ensure!(!processes.is_empty(), "the server has gone");
        let mut sum = Usage {
            cpu: self.orphans()?,
            ..Usage::default()
        };
        for pid in processes {
            let Ok(one) = usage_of(pid) else { continue };
            sum.cpu.user += one.cpu.user;
            sum.cpu.system += one.cpu.system;
            sum.rss_kib += one.rss_kib;
            sum.peak_rss_kib += one.peak_rss_kib;
            sum.threads += one.threads;
        }
        Ok(sum)
    }
}

/// What one process has used, with the children that it has waited for.
fn usage_of(pid: u32) -> Result<Usage> {
    let process = process(pid)?;
    let stat = process.stat().context("cannot read a server's CPU time")?;
    let status = process.status().context("cannot read a server's memory")?;
    let children = waited_for(&stat);
    Ok(Usage {
        cpu: CpuTime {
            user: ticks(stat.utime) + children.user,
            system: ticks(stat.stime) + children.system,
        },
        rss_kib: status.vmrss.unwrap_or(0),
        peak_rss_kib: status.vmhwm.unwrap_or(0),
        threads: status.threads,
    })
}

/// CPU time of the children that a process has waited for, and of theirs.
fn waited_for(stat: &Stat) -> CpuTime {
    let of = |count: i64| ticks(u64::try_from(count).unwrap_or(0));
    CpuTime {
        user: of(stat.cutime),
        system: of(stat.cstime),
    }
}

impl CpuTime {
    fn total(self) -> Duration {
        self.user + self.system
    }
}

/// The children of all threads of a process.
fn children(pid: u32) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for task in process(pid)?.tasks()?.flatten() {
        match task.children() {
            Ok(children) => found.extend(children),
            // The thread has ended, or the kernel has no such file (CONFIG_PROC_CHILDREN).
            Err(_) if *HAS_CHILDREN => {}
            Err(_) => return children_by_search(pid),
        }
    }
    Ok(found)
}

static HAS_CHILDREN: LazyLock<bool> =
    LazyLock::new(|| Path::new("/proc/thread-self/children").exists());

/// The same by looking at all processes of the machine.
fn children_by_search(pid: u32) -> Result<Vec<u32>> {
    let all = procfs::process::all_processes().context("cannot list processes")?;
    let stats = all.flatten().filter_map(|process| process.stat().ok());
    Ok(stats
        .filter(|stat| u32::try_from(stat.ppid) == Ok(pid))
        .filter_map(|stat| u32::try_from(stat.pid).ok())
        .collect())
}

/// Time that the kernel tells rounded to its ticks for users, of 10 ms.
fn ticks(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1000 / procfs::ticks_per_second())
}

pub(super) fn process(pid: u32) -> Result<Process> {
    let pid = i32::try_from(pid).context("a process number is a positive int")?;
    Process::new(pid).context("the server has gone")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::kept::Kept;
    use rustix::time::{ClockId, clock_gettime};
    use std::process::Command;
    use std::time::Instant;

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
    fn all_processes_of_a_server_count_with_those_that_have_ended() {
        let burn = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
        // One is waited for, one has left its parent and goes on.
        // A share of CPU time: other programs on the processors make it vary.
        let script = format!(
            "sh -c '{burn}; true'; (setsid sh -c '{burn}; sleep 100' &); {burn}; sleep 100"
        );
        let mut command = Command::new("sh");
        command.args(["-c", &script]);
        let kept = Kept::start(command, &[], None).unwrap();
        let share = |_| {
            let all = kept.tree().cpu().unwrap();
            let own = cpu_of(kept.pid()).unwrap();
            own.as_secs_f64() / all.as_secs_f64()
        };
        let started = Instant::now();
        while kept.tree().processes().len() < 4 && started.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let share = share(());
        // A third each, and their starts.
        assert!((0.15..0.49).contains(&share), "{share}");
        let usage = kept.tree().usage().unwrap();
        assert_eq!(usage.threads, 4, "{usage:?}");
        assert!(usage.rss_kib > 0 && usage.peak_rss_kib >= usage.rss_kib);
    }

    #[test]
    fn children_are_found_without_the_kernels_list_of_them_alike() {
        let mut child = Command::new("sleep").arg("100").spawn().unwrap();
        let own = std::process::id();
        let found = [children(own).unwrap(), children_by_search(own).unwrap()];
        assert!(
            found.iter().all(|found| found.contains(&child.id())),
            "{found:?}"
        );
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
