//! The readiness engine: epoll, level-triggered, registered for reading once.
//!
//! Writability is asked for only after a short send; nothing is read right after a send, nor a
//! second time after a short read. So a request costs one `send`, one `recv` and a share of one
//! `epoll_pwait2`.

use super::Address;
use super::engine::{Engine, Event, Patience, handshake_outcome, reset_on_close, start_connecting};
use anyhow::{Context, Result};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use rustix::time::Timespec;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Events taken per wait: enough to share the wait's cost, few enough that one batch, and with it
/// the error of a service time, stays short.
const BATCH_EVENTS: usize = 64;

/// Read into again and again, so that it stays in the cache. Most answers are some hundred bytes; of
/// one of a megabyte, eight reads cost half the CPU time that 64 smaller ones do.
const BUFFER_BYTES: usize = 128 * 1024;

const READABLE: EventFlags = EventFlags::IN.union(EventFlags::RDHUP);
const WRITABLE: EventFlags = READABLE.union(EventFlags::OUT);
const ENDED: EventFlags = EventFlags::RDHUP
    .union(EventFlags::HUP)
    .union(EventFlags::ERR);

pub(super) struct Epoll {
    epoll: OwnedFd,
    request: Arc<[u8]>,
    slots: Vec<Slot>,
    events: Vec<epoll::Event>,
    /// Events of the last wait that have been taken.
    taken: usize,
    buffer: Box<[u8]>,
    bytes_sent: u64,
}

#[derive(Default)]
struct Slot {
    socket: Option<OwnedFd>,
    is_connecting: bool,
    /// Bytes of the current request that the kernel has not taken yet.
    unsent_bytes: usize,
}

impl Slot {
    fn socket(&self) -> &OwnedFd {
        self.socket
            .as_ref()
            .expect("only open connections are asked for and have events")
    }
}

impl Engine for Epoll {
    fn new(request: Arc<[u8]>, connections: usize) -> Result<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)
                .context("cannot create an epoll instance")?,
            request,
            slots: std::iter::repeat_with(Slot::default)
                .take(connections)
                .collect(),
            events: Vec::with_capacity(BATCH_EVENTS),
            taken: 0,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            bytes_sent: 0,
        })
    }

    fn connect(&mut self, at: usize, address: &Address) -> Result<(), Errno> {
        let socket = start_connecting(address)?;
        epoll::add(
            &self.epoll,
            &socket,
            EventData::new_u64(at as u64),
            WRITABLE,
        )?;
        self.slots[at] = Slot {
            socket: Some(socket),
            is_connecting: true,
            unsent_bytes: 0,
        };
        Ok(())
    }

    #[inline]
    fn send(&mut self, at: usize, skipped_bytes: usize) -> Result<(), Errno> {
        let slot = &mut self.slots[at];
        let request = &self.request[skipped_bytes..];
        let sent_bytes = match send(slot.socket(), request, SendFlags::NOSIGNAL) {
            Ok(sent_bytes) => sent_bytes,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(errno) => return Err(errno),
        };
        self.bytes_sent += sent_bytes as u64;
        if sent_bytes < request.len() {
            slot.unsent_bytes = request.len() - sent_bytes;
            self.listen_for(at, WRITABLE)?;
        }
        Ok(())
    }

    fn is_sending(&self, at: usize) -> bool {
        self.slots[at].unsent_bytes > 0
    }

    fn close(&mut self, at: usize) {
        self.slots[at] = Slot::default();
    }

    fn abort(&mut self, at: usize) {
        if let Some(socket) = &self.slots[at].socket {
            reset_on_close(socket);
        }
        self.close(at);
    }

    fn finish_closing(&mut self) {
        // What is closed is closed.
    }

    fn wait(&mut self, patience: Patience) -> Result<Duration> {
        let timeout = Timespec::try_from(patience.timeout).context("a wait is short")?;
        self.events.clear();
        self.taken = 0;
        match epoll::wait(
            &self.epoll,
            spare_capacity(&mut self.events),
            Some(&timeout),
        ) {
            Ok(_) | Err(Errno::INTR) => Ok(Duration::ZERO),
            Err(errno) => Err(errno).context("cannot wait for events"),
        }
    }

    #[inline]
    fn next(&mut self) -> Result<Option<(usize, Event)>> {
        while let Some(event) = self.events.get(self.taken) {
            let (data, flags) = (event.data.u64(), event.flags);
            self.taken += 1;
            let at = usize::try_from(data).expect("the data is an index");
            if let Some(event) = self.on_ready(at, flags)? {
                return Ok(Some((at, event)));
            }
        }
        Ok(None)
    }

    fn bytes(&self, place: Range<usize>) -> &[u8] {
        &self.buffer[place]
    }

    fn expect_answers_of(&mut self, _length_bytes: usize) {
        // One buffer serves all.
    }

    fn take_bytes_sent(&mut self) -> u64 {
        std::mem::take(&mut self.bytes_sent)
    }
}

impl Epoll {
    #[inline]
    fn on_ready(&mut self, at: usize, flags: EventFlags) -> Result<Option<Event>> {
        if self.slots[at].socket.is_none() {
            // Closed by an earlier event of the same batch.
            return Ok(None);
        }
        if self.slots[at].is_connecting {
            return self.on_connected(at).map(Some);
        }
        if !flags.intersects(READABLE | ENDED) {
            return Ok(match flags.contains(EventFlags::OUT) {
                true => self.send_rest(at)?,
                false => None,
            });
        }
        let slot = &self.slots[at];
        Ok(
            match recv(slot.socket(), &mut *self.buffer, RecvFlags::empty()) {
                Ok((0, _)) => Some(Event::Ended),
                Ok((read_bytes, _)) => Some(Event::Received {
                    place: 0..read_bytes,
                    // More than one buffer may be waiting before the end.
                    ends: flags.intersects(ENDED) && read_bytes < BUFFER_BYTES,
                }),
                // Level-triggered: what could be sent now is told again.
                Err(Errno::AGAIN | Errno::INTR) => None,
                Err(errno) => Some(Event::Broken(errno)),
            },
        )
    }

    #[cold]
    fn on_connected(&mut self, at: usize) -> Result<Event> {
        let slot = &mut self.slots[at];
        slot.is_connecting = false;
        let outcome = handshake_outcome(slot.socket())?;
        if outcome.is_ok() {
            self.listen_for(at, READABLE)?;
        }
        Ok(Event::Connected(outcome))
    }

    /// Goes on after a short send.
    #[cold]
    fn send_rest(&mut self, at: usize) -> Result<Option<Event>> {
        let slot = &mut self.slots[at];
        if slot.unsent_bytes == 0 {
            return Ok(None);
        }
        let rest = &self.request[self.request.len() - slot.unsent_bytes..];
        match send(slot.socket(), rest, SendFlags::NOSIGNAL) {
            Ok(sent_bytes) => {
                self.bytes_sent += sent_bytes as u64;
                slot.unsent_bytes -= sent_bytes;
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(errno) => return Ok(Some(Event::Broken(errno))),
        }
        if slot.unsent_bytes > 0 {
            return Ok(None);
        }
        self.listen_for(at, READABLE)?;
        Ok(Some(Event::Sent))
    }

    fn listen_for(&self, at: usize, flags: EventFlags) -> Result<(), Errno> {
        let socket = self.slots[at].socket();
        epoll::modify(&self.epoll, socket, EventData::new_u64(at as u64), flags)
    }
}
