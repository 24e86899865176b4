//! The null server: what generator and kernel reach when the server does next to nothing.
//!
//! It looks for the ends of request heads and writes as many canned answers; it parses nothing,
//! routes nothing and allocates nothing per request. It is a ceiling, not a contestant. A part of its
//! answers can be sent late by a known time, and its connections can keep a known amount of memory, to show whether
//! a measurement finds that.

mod answer;
mod late;

use answer::CannedAnswer;
pub use late::Delay;
use late::Late;

use anyhow::{Context, Result};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, accept_with, bind, ipproto,
    listen, recv, send, socket_with, sockopt,
};
use rustix::thread::set_current_timer_slack;
use rustix::time::Timespec;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

const BACKLOG: i32 = 4096;
/// How long nobody is accepted after a connection could not be, for lack of files or memory.
const FULL_FOR: Duration = Duration::from_millis(10);
const BATCH_EVENTS: usize = 256;
const BUFFER_BYTES: usize = 16 * 1024;
const HEAD_END: &[u8] = b"\r\n\r\n";
const LISTENER: u64 = u64::MAX;

/// What is planted in a null server, for a measurement to find.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plants {
    /// A part of its answers is late.
    pub delay: Option<Delay>,
    /// Memory that each connection keeps, in bytes, written to once.
    pub held_bytes: usize,
}

/// Answers on `address` with `threads` threads until the process ends, with what is planted.
///
/// # Errors
///
/// If the address cannot be listened on, or the kernel refuses what the loop needs.
pub fn serve(address: SocketAddr, threads: usize, plants: Plants) -> Result<()> {
    let listeners = (0..threads.max(1)).map(|_| listening_socket(address));
    let mut loops = Vec::new();
    for listener in listeners.collect::<Result<Vec<_>>>()? {
        loops.push(std::thread::spawn(move || {
            Responder::new(listener, plants)?.run()
        }));
    }
    for one in loops {
        one.join()
            .unwrap_or_else(|_| anyhow::bail!("a thread of the responder has died"))?;
    }
    Ok(())
}

/// Each thread has a listener of its own; the kernel spreads connections over them.
fn listening_socket(address: SocketAddr) -> Result<OwnedFd> {
    let family = if address.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(family, SocketType::STREAM, flags, Some(ipproto::TCP))?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    sockopt::set_socket_reuseport(&socket, true)?;
    sockopt::set_tcp_nodelay(&socket, true)?;
    bind(&socket, &address).with_context(|| format!("cannot listen on {address}"))?;
    listen(&socket, BACKLOG).with_context(|| format!("cannot listen on {address}"))?;
    Ok(socket)
}

/// One thread's loop.
struct Responder {
    epoll: OwnedFd,
    listener: OwnedFd,
    connections: HashMap<u64, Connection>,
    next_key: u64,
    answer: CannedAnswer,
    late: Option<Late>,
    held_bytes: usize,
    /// Nobody is accepted before then.
    accepts_after: Option<Instant>,
}

struct Connection {
    socket: OwnedFd,
    /// What is planted: memory that is there for as long as the connection is.
    _held: Vec<u8>,
    /// How many bytes of [`HEAD_END`] the last read ended with.
    matched: usize,
    /// Bytes of answers the kernel has not taken yet.
    owed_bytes: usize,
    /// They are not to be sent yet.
    is_held: bool,
    /// What the connection is watched for: writing, where something is owed.
    watched_for: EventFlags,
}

impl Responder {
    fn new(listener: OwnedFd, plants: Plants) -> Result<Self> {
        let epoll =
            epoll::create(CreateFlags::CLOEXEC).context("cannot create an epoll instance")?;
        epoll::add(
            &epoll,
            &listener,
            EventData::new_u64(LISTENER),
            EventFlags::IN,
        )
        .context("cannot watch the listener")?;
        Ok(Self {
            epoll,
            listener,
            connections: HashMap::new(),
            next_key: 0,
            answer: CannedAnswer::new(),
            late: plants.delay.map(Late::new),
            held_bytes: plants.held_bytes,
            accepts_after: None,
        })
    }

    fn run(&mut self) -> Result<()> {
        let mut events: Vec<Event> = Vec::with_capacity(BATCH_EVENTS);
        let mut buffer = vec![0; BUFFER_BYTES];
        // A delay is to be as long as it says; the usual slack of a timer would add 50 µs.
        let _ = set_current_timer_slack(NonZeroU64::new(1));
        loop {
            events.clear();
            let timeout = self.timeout();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno).context("cannot wait for events"),
            }
            self.answer.refresh_date();
            for event in &events {
                match event.data.u64() {
                    LISTENER => self.accept_all()?,
                    key => self.on_connection(key, &mut buffer),
                }
            }
            self.accept_again_if_due();
            while let Some(key) = self.late.as_mut().and_then(Late::take_due) {
                self.release(key);
            }
        }
    }

    /// Until an answer or a connection that was put off is due.
    fn timeout(&self) -> Option<Timespec> {
        let late = self.late.as_ref().and_then(Late::until_due);
        let full = self.accepts_after.and_then(|then| {
            let left = then.saturating_duration_since(Instant::now());
            Timespec::try_from(left).ok()
        });
        late.into_iter().chain(full).min()
    }

    /// No more connections for a while: this process has as many files as it may. Those that wait are in the queue.
    fn stop_accepting(&mut self) {
        self.watch_listener(EventFlags::empty());
        self.accepts_after = Some(Instant::now() + FULL_FOR);
    }

    fn accept_again_if_due(&mut self) {
        if self
            .accepts_after
            .is_some_and(|then| Instant::now() >= then)
        {
            self.watch_listener(EventFlags::IN);
            self.accepts_after = None;
        }
    }

    fn watch_listener(&self, flags: EventFlags) {
        let data = EventData::new_u64(LISTENER);
        epoll::modify(&self.epoll, &self.listener, data, flags)
            .expect("the listener is watched from the start");
    }

    fn accept_all(&mut self) -> Result<()> {
        loop {
            let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
            let socket = match accept_with(&self.listener, flags) {
                Ok(socket) => socket,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR | Errno::CONNABORTED) => continue,
                Err(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => {
                    self.stop_accepting();
                    return Ok(());
                }
                Err(errno) => return Err(errno).context("cannot accept a connection"),
            };
            let key = self.next_key;
            self.next_key += 1;
            epoll::add(
                &self.epoll,
                &socket,
                EventData::new_u64(key),
                EventFlags::IN,
            )
            .context("cannot watch a connection")?;
            let connection = Connection {
                socket,
                // Not zeros: those the kernel would give without a page of memory.
                _held: vec![1; self.held_bytes],
                matched: 0,
                owed_bytes: 0,
                is_held: false,
                watched_for: EventFlags::IN,
            };
            self.connections.insert(key, connection);
        }
    }

    fn on_connection(&mut self, key: u64, buffer: &mut [u8]) {
        let Some(connection) = self.connections.get_mut(&key) else {
            return;
        };
        let served = match connection.owed_bytes {
            0 => connection.read(&self.answer, buffer).and_then(|answers| {
                let late = self.late.as_mut();
                connection.is_held = late.is_some_and(|late| late.holds(answers, key));
                connection.pay(&self.answer)
            }),
            // Nothing is read while something is owed: what a held connection has is its end.
            _ if connection.is_held => Err(Ended),
            _ => connection.pay(&self.answer),
        };
        self.watch(key, served);
    }

    /// The time of a late answer has come.
    fn release(&mut self, key: u64) {
        let Some(connection) = self.connections.get_mut(&key) else {
            return;
        };
        connection.is_held = false;
        let served = connection.pay(&self.answer);
        self.watch(key, served);
    }

    /// Watches a connection for what it waits for now, or forgets it.
    fn watch(&mut self, key: u64, served: Result<(), Ended>) {
        let Some(connection) = self.connections.get_mut(&key).filter(|_| served.is_ok()) else {
            self.connections.remove(&key);
            return;
        };
        let wanted = match connection.owed_bytes {
            0 => EventFlags::IN,
            _ if connection.is_held => EventFlags::empty(),
            _ => EventFlags::OUT,
        };
        if wanted != connection.watched_for {
            connection.watched_for = wanted;
            let data = EventData::new_u64(key);
            if epoll::modify(&self.epoll, &connection.socket, data, wanted).is_err() {
                self.connections.remove(&key);
            }
        }
    }
}

/// The connection is of no more use.
struct Ended;

impl Connection {
    /// Reads what has come: how many answers are owed for it.
    fn read(&mut self, answer: &CannedAnswer, buffer: &mut [u8]) -> Result<usize, Ended> {
        let read_bytes = match recv(&self.socket, &mut *buffer, RecvFlags::empty()) {
            Ok((0, _)) => return Err(Ended),
            Ok((read_bytes, _)) => read_bytes,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(0),
            Err(_) => return Err(Ended),
        };
        let answers = count_head_ends(&mut self.matched, &buffer[..read_bytes]);
        self.owed_bytes = answers * answer.bytes.len();
        Ok(answers)
    }

    /// Writes what is owed, as far as the kernel takes it.
    fn pay(&mut self, answer: &CannedAnswer) -> Result<(), Ended> {
        while self.owed_bytes > 0 && !self.is_held {
            let start =
                (answer.bytes.len() - self.owed_bytes % answer.bytes.len()) % answer.bytes.len();
            match send(&self.socket, &answer.bytes[start..], SendFlags::NOSIGNAL) {
                Ok(sent_bytes) => self.owed_bytes -= sent_bytes,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(_) => return Err(Ended),
            }
        }
        Ok(())
    }
}

/// How many request heads end in `bytes`; `matched` carries a split ending over to the next read.
fn count_head_ends(matched: &mut usize, bytes: &[u8]) -> usize {
    if *matched == 0 && bytes.ends_with(HEAD_END) {
        // The usual case: whole requests in one read.
        return memchr::memmem::find_iter(bytes, HEAD_END).count();
    }
    let mut ends = 0;
    for &byte in bytes {
        *matched = match (byte, *matched) {
            (b'\r', 2) => 3,
            (b'\r', _) => 1,
            (b'\n', 1) => 2,
            (b'\n', 3) => {
                ends += 1;
                0
            }
            _ => 0,
        };
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_ends_are_counted_however_they_are_split() {
        let requests = b"GET /a HTTP/1.1\r\nx: y\r\n\r\nGET /b HTTP/1.1\r\n\r\n";
        for first in 0..requests.len() {
            for second in first..requests.len() {
                let mut matched = 0;
                let pieces = [
                    &requests[..first],
                    &requests[first..second],
                    &requests[second..],
                ];
                let found: usize = pieces
                    .iter()
                    .map(|piece| count_head_ends(&mut matched, piece))
                    .sum();
                assert_eq!((found, matched), (2, 0), "{first} {second}");
            }
        }
    }
}
