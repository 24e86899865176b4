//! The readiness engine: the connections of one target on one thread, driven by epoll.
//!
//! Level-triggered, registered for reading once. A request goes out in the same event that brought
//! the previous answer; writability is asked for only after a short send; nothing is read right
//! after a send, nor a second time after a short read. So a request costs one `send`, one `recv`
//! and a share of one `epoll_wait`.

mod lifecycle;

use super::Target;
use super::connection::{Connection, Phase};
use super::drive::{Goal, Run, TICK};
use super::tally::Outcome;
use super::validator::{Judgement, Validator};
use anyhow::{Context, Result};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use rustix::time::Timespec;

/// Events taken per wait: enough to share the wait's cost, few enough that one batch, and with it
/// the error of a service time, stays short.
const BATCH_EVENTS: usize = 64;

/// Answers are some hundred bytes; a longer one takes several reads.
const BUFFER_BYTES: usize = 16 * 1024;

const READABLE: EventFlags = EventFlags::IN.union(EventFlags::RDHUP);
const WRITABLE: EventFlags = READABLE.union(EventFlags::OUT);
const ENDED: EventFlags = EventFlags::RDHUP
    .union(EventFlags::HUP)
    .union(EventFlags::ERR);

/// What all pools of a thread share: one buffer stays in the cache, a thousand would not.
pub(super) struct Scratch {
    events: Vec<Event>,
    buffer: Box<[u8]>,
}

impl Scratch {
    pub(super) fn new() -> Self {
        Self {
            events: Vec::with_capacity(BATCH_EVENTS),
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
        }
    }
}

/// The connections of one target.
pub(super) struct Pool {
    epoll: OwnedFd,
    target: Target,
    pub(super) validator: Validator,
    connections: Vec<Connection>,
    /// While opening: where to look for the next closed connection.
    next_closed: usize,
}

impl Pool {
    /// A pool of closed connections.
    pub(super) fn new(target: Target, connections: usize) -> Result<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)
                .context("cannot create an epoll instance")?,
            validator: Validator::new(&target),
            target,
            connections: std::iter::repeat_with(Connection::closed)
                .take(connections)
                .collect(),
            next_closed: 0,
        })
    }

    /// Sends on every idle connection, then answers each answer with a request until none is left.
    pub(super) fn load(&mut self, run: &mut Run, scratch: &mut Scratch) -> Result<()> {
        for at in 0..self.connections.len() {
            if self.connections[at].phase != Phase::Idle {
                continue;
            }
            if !run.take() {
                break;
            }
            if at % BATCH_EVENTS == 0 {
                run.read_clock();
            }
            run.busy += 1;
            self.send(at, run)?;
        }
        self.drive(run, scratch)
    }

    /// The loop: one wait, one clock read, one batch of events.
    fn drive(&mut self, run: &mut Run, scratch: &mut Scratch) -> Result<()> {
        let tick = Timespec::try_from(TICK).expect("ten milliseconds fit a timespec");
        while run.busy > 0 {
            wait(&self.epoll, &mut scratch.events, &tick)?;
            run.tally.waits += 1;
            run.read_clock();
            for event in &scratch.events {
                let at = usize::try_from(event.data.u64()).expect("the data is an index");
                self.on_event(at, event.flags, run, &mut scratch.buffer)?;
            }
            if run.tick_is_due() {
                self.on_tick(run)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn on_event(
        &mut self,
        at: usize,
        flags: EventFlags,
        run: &mut Run,
        buffer: &mut [u8],
    ) -> Result<()> {
        match self.connections[at].phase {
            Phase::Waiting => {
                if flags.contains(EventFlags::OUT) {
                    self.send_rest(at, run)?;
                }
                if flags.intersects(READABLE | ENDED)
                    && self.connections[at].phase == Phase::Waiting
                {
                    self.receive(at, flags, run, buffer)?;
                }
                Ok(())
            }
            Phase::Connecting => self.on_connected(at, run),
            Phase::Idle => {
                // Nothing was asked, so this is the server closing, or talking out of turn.
                self.connections[at].close();
                Ok(())
            }
            Phase::Closed => Ok(()),
        }
    }

    #[inline]
    fn receive(
        &mut self,
        at: usize,
        flags: EventFlags,
        run: &mut Run,
        buffer: &mut [u8],
    ) -> Result<()> {
        let connection = &mut self.connections[at];
        let read_bytes = match recv(connection.socket(), &mut *buffer, RecvFlags::empty()) {
            Ok((0, _)) => return self.on_ended(at, run),
            Ok((read_bytes, _)) => read_bytes,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
            Err(errno) => return self.on_reset(at, errno, run),
        };
        run.tally.bytes_received += read_bytes as u64;
        let strict = !connection.proven;
        let judgement =
            self.validator
                .judge(&mut connection.partial, &buffer[..read_bytes], strict);
        match judgement {
            Judgement::Incomplete => Ok(()),
            Judgement::Answered { .. } if connection.unsent_bytes > 0 => {
                self.validator
                    .complain(|| "the answer came before the request was sent".to_owned());
                self.on_answer(at, Outcome::ProtocolError, true, run)
            }
            Judgement::Answered { outcome, closes } => {
                self.on_answer(at, outcome, closes || flags.intersects(ENDED), run)
            }
        }
    }

    #[inline]
    fn on_answer(
        &mut self,
        at: usize,
        outcome: Outcome,
        closes: bool,
        run: &mut Run,
    ) -> Result<()> {
        let connection = &mut self.connections[at];
        run.settle(outcome, connection.sent_at_ns);
        connection.proven |= outcome == Outcome::Ok;
        if run.goal == Goal::Open {
            return self.on_opened(at, outcome, closes, run);
        }
        if closes {
            self.reopen(at, run)
        } else {
            self.proceed(at, run)
        }
    }

    /// The next request on an open connection, if one is left.
    #[inline]
    fn proceed(&mut self, at: usize, run: &mut Run) -> Result<()> {
        if run.take() {
            return self.send(at, run);
        }
        self.connections[at].phase = Phase::Idle;
        run.busy -= 1;
        Ok(())
    }

    #[inline]
    fn send(&mut self, at: usize, run: &mut Run) -> Result<()> {
        let connection = &mut self.connections[at];
        let request = &self.target.request;
        let sent_bytes = match send(connection.socket(), request, SendFlags::NOSIGNAL) {
            Ok(sent_bytes) => sent_bytes,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(errno) => {
                return self.on_send_refused(at, errno, run);
            }
        };
        connection.phase = Phase::Waiting;
        connection.sent_at_ns = run.now_ns;
        run.tally.sent += 1;
        run.tally.bytes_sent += sent_bytes as u64;
        if sent_bytes < request.len() {
            connection.unsent_bytes = (request.len() - sent_bytes) as u32;
            self.listen_for(at, WRITABLE)?;
        }
        Ok(())
    }

    /// Goes on after a short send.
    #[cold]
    fn send_rest(&mut self, at: usize, run: &mut Run) -> Result<()> {
        let connection = &mut self.connections[at];
        let request = &self.target.request;
        let rest = &request[request.len() - connection.unsent_bytes as usize..];
        match send(connection.socket(), rest, SendFlags::NOSIGNAL) {
            Ok(sent_bytes) => {
                run.tally.bytes_sent += sent_bytes as u64;
                connection.unsent_bytes -= sent_bytes as u32;
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(errno) => return self.on_reset(at, errno, run),
        }
        if connection.unsent_bytes == 0 {
            self.listen_for(at, READABLE)?;
        }
        Ok(())
    }

    fn listen_for(&self, at: usize, flags: EventFlags) -> Result<()> {
        let socket = self.connections[at].socket();
        epoll::modify(&self.epoll, socket, EventData::new_u64(at as u64), flags)
            .context("cannot change what a socket is watched for")
    }
}

/// Waits for events; an interrupted wait brought none.
fn wait(epoll: &OwnedFd, events: &mut Vec<Event>, timeout: &Timespec) -> Result<()> {
    events.clear();
    match epoll::wait(epoll, spare_capacity(events), Some(timeout)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno).context("cannot wait for events"),
    }
}
