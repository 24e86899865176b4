//! The seam between what a run does and how the kernel is asked: one small interface, two engines.
//!
//! An engine owns sockets and buffers; it knows neither answers nor schedules. The pool above it
//! knows no system call.

use anyhow::Result;
use clap::ValueEnum;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, ipproto, socket_with, sockopt,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::{Address, uring};
use anyhow::Context;
use rustix::fd::OwnedFd;

/// Which engine is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum EngineChoice {
    /// io_uring where the kernel has what we need of it and lets us, epoll elsewhere.
    #[default]
    Auto,
    /// Readiness: there on every Linux.
    Epoll,
    /// Completion: Linux 6.1 or newer, unless it is forbidden (containers often forbid it).
    Uring,
}

/// Which engine does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum EngineKind {
    /// Readiness.
    Epoll,
    /// Completion.
    IoUring,
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::Epoll => "epoll",
            Self::IoUring => "io_uring",
        })
    }
}

impl EngineChoice {
    /// The engine to use here; a probe decides where the choice is left open.
    ///
    /// # Errors
    ///
    /// If io_uring is demanded and the kernel does not grant it.
    pub fn resolve(self) -> Result<EngineKind> {
        match self {
            Self::Epoll => Ok(EngineKind::Epoll),
            Self::Auto if uring::probe().is_err() => Ok(EngineKind::Epoll),
            Self::Auto => Ok(EngineKind::IoUring),
            Self::Uring => uring::probe()
                .map(|()| EngineKind::IoUring)
                .context("this kernel does not grant io_uring as we need it; use --engine epoll"),
        }
    }
}

/// Whether the kernel grants what the engine needs of io_uring, or why it does not.
///
/// # Errors
///
/// The reason, in words.
pub fn io_uring_granted() -> Result<(), String> {
    uring::probe().map_err(|error| format!("{error:#}"))
}

/// Something that happened to a connection.
#[derive(Debug)]
pub(super) enum Event {
    /// The handshake has ended.
    Connected(Result<(), Errno>),
    /// Bytes came; [`Engine::bytes`] has them until the next event is asked for.
    Received {
        /// Where they are.
        place: Range<usize>,
        /// The server has ended the connection after them.
        ends: bool,
    },
    /// All of a request has been handed over that was not at once.
    Sent,
    /// The server has ended the connection.
    Ended,
    /// The connection broke.
    Broken(Errno),
}

/// How long to wait for events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Return after this long even if nothing has happened.
    pub(super) timeout: Duration,
    /// An engine that can may wait a little for this many events; see `uring`.
    pub(super) wanted: usize,
}

/// What a pool needs of the kernel. Connections are numbered from 0.
pub(super) trait Engine: Sized {
    /// An engine for so many connections, all of which send `request`, or the end of it.
    fn new(request: Arc<[u8]>, connections: usize) -> Result<Self>;

    /// Starts a handshake; [`Event::Connected`] tells how it ends.
    fn connect(&mut self, at: usize, address: &Address) -> Result<(), Errno>;

    /// Hands the request's bytes after the first `skipped_bytes` to the kernel, whole or in parts.
    fn send(&mut self, at: usize, skipped_bytes: usize) -> Result<(), Errno>;

    /// Whether a part of the request is still to be handed over; [`Event::Sent`] tells when all of it
    /// has been.
    fn is_sending(&self, at: usize) -> bool;

    /// Closes the socket; no event of it comes any more.
    fn close(&mut self, at: usize);

    /// The same, with a reset in place of an end in order.
    fn abort(&mut self, at: usize);

    /// Lets the kernel finish what was closed, where no wait follows.
    fn finish_closing(&mut self);

    /// Waits for events; for how long at most it held some back to gather more.
    fn wait(&mut self, patience: Patience) -> Result<Duration>;

    /// The next event of the last wait, and the connection it belongs to.
    fn next(&mut self) -> Result<Option<(usize, Event)>>;

    /// Bytes of the event that was taken last.
    fn bytes(&self, place: Range<usize>) -> &[u8];

    /// Answers are as long as this, head and body: the engine may read in pieces that suit it.
    fn expect_answers_of(&mut self, length_bytes: usize);

    /// Bytes of requests handed over since this was last asked.
    fn take_bytes_sent(&mut self) -> u64;
}

/// How the handshake of a socket has ended. One that was refused says so; a reset came after it, and
/// is what whoever sends or reads first will meet.
pub(super) fn handshake_outcome(socket: &OwnedFd) -> Result<Result<(), Errno>> {
    let outcome = sockopt::socket_error(socket).context("cannot ask a socket")?;
    Ok(match outcome {
        Err(Errno::CONNRESET) => Ok(()),
        outcome => outcome,
    })
}

/// Makes the close of a socket a reset.
pub(super) fn reset_on_close(socket: &OwnedFd) {
    // A socket that has no such option is closed in order.
    let _ = sockopt::set_socket_linger(socket, Some(Duration::ZERO));
}

/// A socket whose handshake has begun, or has ended where that takes no time.
pub(super) fn start_connecting(address: &Address) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let (socket, begun) = match address {
        Address::Tcp(address) => {
            let family = match address {
                SocketAddr::V4(_) => AddressFamily::INET,
                SocketAddr::V6(_) => AddressFamily::INET6,
            };
            let socket = socket_with(family, SocketType::STREAM, flags, Some(ipproto::TCP))?;
            // What it is given leaves at once.
            sockopt::set_tcp_nodelay(&socket, true)?;
            let begun = connect(&socket, address);
            (socket, begun)
        }
        Address::Unix(path) => {
            let place = SocketAddrUnix::new(path.as_path())?;
            let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
            // A full queue is told as EAGAIN: that is a failure, and is tried again.
            let begun = connect(&socket, &place);
            (socket, begun)
        }
    };
    match begun {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
        Err(errno) => Err(errno),
    }
}
