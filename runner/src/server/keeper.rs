//! The keeper of a server: a process between the runner and what it starts, to whom every orphan of the server
//! comes. It says how the server ended, keeps its output short, and leaves nothing behind: once the runner has
//! gone, however it went, or does not want the server any more, it ends all that is left.
//!
//! It is a fork of the runner that never becomes another program, so nothing here allocates, takes a lock or
//! returns an error: what the kernel refuses is left undone, and the next turn tries again.

use super::words;
use nix::sys::signal::{SigSet, Signal as NixSignal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, wait};
use rustix::time::{ClockId, clock_gettime};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// How often the server's output is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Pause between two rounds of killing: a process that was killed takes a moment to end.
const KILL_EVERY: Duration = Duration::from_millis(1);

/// After so many rounds of killing, some ten seconds, what still lives cannot be killed by us.
const KILLS_MAX: u32 = 10_000;

/// One message of the keeper: two numbers.
pub(super) const MESSAGE_BYTES: usize = 16;

/// Keeps the process `main` and all that comes of it. The lifeline is the standard input, the server's output
/// the standard output. Returns when no process is left.
pub(super) fn keep(main: Pid) {
    let lifeline = rustix::stdio::stdin();
    // Nobody can end it by a signal but SIGKILL, and the end of a child can be waited for.
    let _ = SigSet::all().thread_block();
    let mut end_of_child = SigSet::empty();
    end_of_child.add(NixSignal::SIGCHLD);
    let ends = SignalFd::with_flags(&end_of_child, SfdFlags::SFD_NONBLOCK).ok();
    let _ = rustix::thread::set_name(c"keeper");
    tell(lifeline, i64::from(main.as_raw_nonzero().get()), now_ns());
    let mut kills = 0;
    while reap(main, lifeline) && kills < KILLS_MAX {
        if kills > 0 || has_ended(lifeline, ends.as_ref()) {
            kill_all(main);
            kills += 1;
            pause(KILL_EVERY);
        }
        words::shorten(rustix::stdio::stdout());
    }
}

/// Takes notice of the children that have ended; whether any are left.
fn reap(main: Pid, lifeline: BorrowedFd) -> bool {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => {
                if pid == main {
                    tell(lifeline, i64::from(status.as_raw()), 0);
                }
            }
            Ok(None) | Err(Errno::INTR) => return true,
            Err(_) => return false,
        }
    }
}

/// Waits for the end of a child, or of the lifeline, or for a while; whether the lifeline has ended.
fn has_ended(lifeline: BorrowedFd, ends: Option<&SignalFd>) -> bool {
    let ends_fd = ends.map_or(lifeline, AsFd::as_fd);
    let mut watched = [
        PollFd::from_borrowed_fd(lifeline, PollFlags::IN),
        PollFd::from_borrowed_fd(ends_fd, PollFlags::IN),
    ];
    let _ = poll(&mut watched, Timespec::try_from(LOOK_EVERY).ok().as_ref());
    if let Some(ends) = ends {
        while let Ok(Some(_)) = ends.read_signal() {}
    }
    !watched[0].revents().is_empty()
}

/// Kills the children there are. Their own children come to the keeper then, and are next.
fn kill_all(main: Pid) {
    let mut text = [0; 4096];
    let Some(text) = children(&mut text) else {
        // A kernel without CONFIG_PROC_CHILDREN: what is in the server's own group.
        let _ = kill_process_group(main, Signal::KILL);
        return;
    };
    let mut number = 0;
    for byte in text {
        match byte {
            b'0'..=b'9' => number = number * 10 + i32::from(byte - b'0'),
            _ => {
                if let Some(pid) = Pid::from_raw(number) {
                    let _ = kill_process(pid, Signal::KILL);
                }
                number = 0;
            }
        }
    }
}

/// The numbers of the children, each with a space behind it.
fn children(text: &mut [u8]) -> Option<&[u8]> {
    let path = c"/proc/thread-self/children";
    let file = rustix::fs::openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    let read_bytes = rustix::io::read(file.ok()?, &mut *text).ok()?;
    Some(&text[..read_bytes])
}

/// Tells the runner two numbers, if it is still there.
fn tell(lifeline: BorrowedFd, first: i64, second: i64) {
    let mut message = [0; MESSAGE_BYTES];
    message[..8].copy_from_slice(&first.to_ne_bytes());
    message[8..].copy_from_slice(&second.to_ne_bytes());
    let _ = rustix::io::write(lifeline, &message);
}

/// The clock by which runner and keeper tell when the server was started.
pub(super) fn now_ns() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

fn pause(time: Duration) {
    let _ = poll(&mut [], Timespec::try_from(time).ok().as_ref());
}
