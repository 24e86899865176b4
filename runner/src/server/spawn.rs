//! What a child process does between fork and exec: the one place where the runner needs `unsafe`.
#![allow(unsafe_code)]

use crate::environment::processors::affinity_set;
use anyhow::Result;
use rustix::io::Errno;
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use rustix::thread::sched_setaffinity;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Makes the child end with the runner, however that ends, and not by a Ctrl-C meant for the
/// runner, which ends its children in order.
pub(crate) fn in_own_group(command: &mut Command) {
    let runner = rustix::process::getpid();
    command.process_group(0);
    // SAFETY: the closure runs in the forked child, where only async-signal-safe operations are
    // allowed: it makes two plain system calls, and neither allocates nor locks.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // The runner may have died before the line above: then nobody would send the signal.
            match getppid() {
                Some(parent) if parent == runner => Ok(()),
                _ => Err(Errno::CHILD.into()),
            }
        });
    }
}

/// The same, on these processors only.
///
/// The signal comes when the *thread* that started the child ends, so a server is started from a
/// thread that lives as long as the server should.
pub(crate) fn supervised(command: &mut Command, processors: &[usize]) -> Result<()> {
    in_own_group(command);
    if processors.is_empty() {
        return Ok(());
    }
    let set = affinity_set(processors)?;
    // SAFETY: as above; one plain system call on a value that was made before the fork.
    unsafe {
        command.pre_exec(move || Ok(sched_setaffinity(None, &set)?));
    }
    Ok(())
}
