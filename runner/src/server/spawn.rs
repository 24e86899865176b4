//! What a child process does between fork and exec.
#![allow(unsafe_code)]

use super::{keeper, network};
use crate::environment::processors::affinity_set;
use anyhow::Result;
use nix::libc;
use nix::unistd::{ForkResult, fork};
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, getpid, getppid, set_child_subreaper, set_parent_process_death_signal, setpgid,
};
use rustix::thread::sched_setaffinity;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Makes the child end with the runner, however that ends, and not by a Ctrl-C meant for the
/// runner, which ends its children in order.
pub(crate) fn in_own_group(command: &mut Command) {
    let runner = getpid();
    command.process_group(0);
    // SAFETY: the closure runs in the forked child, where only async-signal-safe operations are
    // allowed: it makes two plain system calls, and neither allocates nor locks.
    unsafe {
        command.pre_exec(move || end_with(runner));
    }
}

/// The child is killed when its parent ends.
fn end_with(parent: Pid) -> std::io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // It may have died before the line above: then nobody would send the signal.
    match getppid() {
        Some(now) if now == parent => Ok(()),
        _ => Err(Errno::CHILD.into()),
    }
}

/// Starts the command as the child of a keeper that hears of the runner through `lifeline`, on these processors
/// only, and in this network namespace if there is one. What is spawned is the keeper.
pub(super) fn kept(
    command: &mut Command,
    lifeline: OwnedFd,
    processors: &[usize],
    namespace: Option<OwnedFd>,
) -> Result<()> {
    let set = match processors {
        [] => None,
        some => Some(affinity_set(some)?),
    };
    command.process_group(0);
    // SAFETY: the closure runs in the forked child, where only async-signal-safe operations are allowed: it makes
    // system calls alone, on values that were made before the fork. The keeper, which does not become another
    // program, neither allocates nor locks nor returns (`keeper.rs`), and keeps no descriptor but the three it was
    // given: not the one by which the runner waits for the program to begin.
    unsafe {
        command.pre_exec(move || {
            set_child_subreaper(Some(getpid()))?;
            let keeper = getpid();
            match fork()? {
                ForkResult::Parent { child } => {
                    let _ = rustix::stdio::dup2_stdin(&lifeline);
                    libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0);
                    if let Some(main) = Pid::from_raw(child.as_raw()) {
                        keeper::keep(main);
                    }
                    libc::_exit(0)
                }
                ForkResult::Child => {
                    end_with(keeper)?;
                    // A signal to the server's group is none to the keeper.
                    setpgid(None, None)?;
                    if let Some(namespace) = &namespace {
                        network::enter(namespace.as_fd())?;
                    }
                    set.map_or(Ok(()), |set| Ok(sched_setaffinity(None, &set)?))
                }
            }
        });
    }
    Ok(())
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
