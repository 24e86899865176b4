//! Waits until a server has nothing left to do.
//!
//! A slow server, as one is under a tool, still has work from one request when its client asks
//! again; then it finds the next request without having waited for it, or does not, as chance has
//! it. Asking only a server at rest makes every request meet the same one.

use crate::interrupt;
use crate::server::Tree;
use anyhow::{Context, Result, bail, ensure};
use procfs::process::Process;
use std::time::{Duration, Instant};

/// A server that is busy for longer without a request to answer never rests.
const REST_WITHIN: Duration = Duration::from_secs(30);

/// Much less than a request takes under a tool.
const PAUSE: Duration = Duration::from_micros(50);

/// A thread's number, its state, and how often it has run.
type Thread = (i32, char, u64);

/// Returns once all threads of all processes sleep and none has run since it was looked at before:
/// threads that hand work to each other are not both asleep in two such looks.
pub(super) fn wait_for_rest(processes: Tree) -> Result<()> {
    let asked = Instant::now();
    let mut before = threads(processes)?;
    while asked.elapsed() < REST_WITHIN {
        interrupt::check()?;
        let now = threads(processes)?;
        ensure!(
            !now.is_empty(),
            "the kernel does not say what threads do (/proc/PID/task/TID/schedstat)"
        );
        let asleep = now.iter().all(|&(_, state, _)| state == 'S');
        if asleep && now == before {
            return Ok(());
        }
        before = now;
        std::thread::sleep(PAUSE);
    }
    bail!(
        "the server is still busy {} s after its last answer",
        REST_WITHIN.as_secs()
    )
}

fn threads(processes: Tree) -> Result<Vec<Thread>> {
    let processes = processes.processes();
    ensure!(!processes.is_empty(), "the server has gone");
    let mut threads = Vec::new();
    for pid in processes {
        let pid = i32::try_from(pid).context("a process number is a positive int")?;
        // A process or thread that has just ended has nothing left to do.
        let tasks = Process::new(pid).and_then(|process| process.tasks());
        for task in tasks.into_iter().flatten().flatten() {
            if let (Ok(stat), Ok(schedule)) = (task.stat(), task.schedstat()) {
                threads.push((task.tid, stat.state, schedule.pcount));
            }
        }
    }
    Ok(threads)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_busy_process_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let done = folder.path().join("done");
        let script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; : > \"$0\"; read line";
        let mut shell = Command::new("sh")
            .args(["-c", script])
            .arg(&done)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        wait_for_rest(Tree::of(shell.id())).unwrap();
        assert!(done.exists(), "it still had work to do");
        shell.kill().unwrap();
        shell.wait().unwrap();
    }
}
