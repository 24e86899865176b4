//! The completion engine: io_uring with one multishot receive per connection, provided buffers,
//! direct descriptors, and sends that complete only when they fail. One `io_uring_enter` per turn
//! of the loop submits all sends and takes all answers.
//!
//! If many requests are open, or answers come in several pieces, a turn waits for a batch of
//! completions, at most a fraction of a millisecond: that saves most wake-ups, and adds as much to
//! what a service time may be off by.

mod ring;
mod tag;
#[cfg(test)]
mod tests;

use super::Address;
use super::engine::{Engine, Event, Patience, handshake_outcome, reset_on_close, start_connecting};
use anyhow::{Context, Result};
use io_uring::cqueue;
use ring::{BUFFER_BYTES_MAX, Ring};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::io::Write;
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;
use tag::{GENERATION_MASK, Kind, Tag};

/// Answers that a turn waits for where many are to come.
const BATCH: usize = 32;

/// A request up to this long is in the kernel at once: so much fits into the empty queue of any socket.
const SENT_AT_ONCE_BYTES: usize = 4096;

/// How long it waits for so many.
const BATCH_WITHIN: Duration = Duration::from_micros(200);

/// How long a byte may take from one end of a pair of sockets to the other.
const PROBE_WITHIN: Duration = Duration::from_secs(1);

/// Whether the kernel grants what the engine needs: a filter of system calls may let a ring be made, and refuse to
/// enter it, or know the ring and not this kind of receive. So one byte is received.
pub(super) fn probe() -> Result<()> {
    let mut ring = Ring::new(Arc::from([].as_slice()), 1)?;
    let (ours, theirs) = UnixStream::pair()?;
    ring.set_file(0, Some(ours.as_raw_fd()))?;
    ring.receive(0, 0)?;
    (&theirs).write_all(b"x")?;
    ring.enter(1, Duration::ZERO, PROBE_WITHIN)?;
    let mut completions = Vec::new();
    ring.take_completions(&mut completions);
    match completions.first().map(cqueue::Entry::result) {
        Some(1) => Ok(()),
        Some(result) => Err(std::io::Error::from_raw_os_error(-result).into()),
        None => anyhow::bail!("a byte was sent and not received"),
    }
}

pub(super) struct Uring {
    // Before the sockets: what is under way ends first.
    ring: Ring,
    slots: Vec<Slot>,
    completions: Vec<cqueue::Entry>,
    /// Completions of the last wait that have been taken.
    taken: usize,
    /// The buffer of the last event, to be given back when the next one is asked for.
    held: Option<u16>,
    bytes_sent: u64,
    /// Answers come in several pieces, so that a wake-up for each would be the most of the work.
    gathers_pieces: bool,
    /// Connections that found no free buffer, the longest waiting first, with their generations.
    starved: VecDeque<(usize, u32)>,
}

#[derive(Default)]
struct Slot {
    socket: Option<OwnedFd>,
    generation: u32,
    /// Where the bytes of the last send begin in the request, or of what is left of it.
    skipped_bytes: usize,
    /// Some of them are still to be handed over.
    is_sending: bool,
}

impl Engine for Uring {
    fn new(request: Arc<[u8]>, connections: usize) -> Result<Self> {
        Ok(Self {
            ring: Ring::new(request, connections)?,
            slots: std::iter::repeat_with(Slot::default)
                .take(connections)
                .collect(),
            completions: Vec::with_capacity(2 * connections.max(64)),
            taken: 0,
            held: None,
            bytes_sent: 0,
            gathers_pieces: false,
            starved: VecDeque::new(),
        })
    }

    fn connect(&mut self, at: usize, address: &Address) -> Result<(), Errno> {
        let socket = start_connecting(address)?;
        let tag = self.tag(at, Kind::Connect);
        self.ring
            .set_file(at as u32, Some(socket.as_raw_fd()))
            .and_then(|()| self.ring.poll_writable(at as u32, tag))
            .map_err(|error| errno_of(&error))?;
        self.slots[at].socket = Some(socket);
        Ok(())
    }

    #[inline]
    fn send(&mut self, at: usize, skipped_bytes: usize) -> Result<(), Errno> {
        let tag = self.tag(at, Kind::Send);
        self.bytes_sent += (self.ring.request_bytes() - skipped_bytes) as u64;
        let slot = &mut self.slots[at];
        slot.skipped_bytes = skipped_bytes;
        slot.is_sending = self.ring.request_bytes() > SENT_AT_ONCE_BYTES;
        let tells = slot.is_sending;
        self.ring
            .send(at as u32, tag, skipped_bytes, tells)
            .map_err(|error| errno_of(&error))
    }

    fn is_sending(&self, at: usize) -> bool {
        self.slots[at].is_sending
    }

    fn close(&mut self, at: usize) {
        if self.slots[at].socket.is_none() {
            return;
        }
        for kind in [Kind::Connect, Kind::Receive, Kind::Send] {
            if kind == Kind::Send && !self.slots[at].is_sending {
                continue;
            }
            // What cannot be cancelled has ended by itself.
            let _ = self.ring.cancel(self.tag(at, kind));
        }
        // A file that is not known to the ring any more is closed with its owner, below.
        let _ = self.ring.set_file(at as u32, None);
        let slot = &mut self.slots[at];
        slot.socket = None;
        slot.is_sending = false;
        slot.generation = slot.generation.wrapping_add(1) & GENERATION_MASK;
    }

    fn abort(&mut self, at: usize) {
        if let Some(socket) = &self.slots[at].socket {
            reset_on_close(socket);
        }
        self.close(at);
    }

    fn finish_closing(&mut self) {
        // What was under way holds the file until it has ended, and it ends when this thread asks for
        // completions. They stay where they are, and the next wait passes over them.
        let _ = self.ring.enter(1, Duration::ZERO, Duration::ZERO);
    }

    fn wait(&mut self, patience: Patience) -> Result<Duration> {
        self.give_back_held();
        self.completions.clear();
        self.taken = 0;
        let wanted = match patience.wanted {
            many if many >= 2 * BATCH => BATCH,
            some if self.gathers_pieces => (some / 2).max(1),
            // If few requests are open, holding answers back would be all that is measured.
            _ => 1,
        };
        // More than there are buffers for cannot come.
        let wanted = wanted.min(self.ring.buffers());
        let (wanted, timeout) = match self.feed_starved()? {
            0 => (wanted, patience.timeout),
            // They have something to read, whatever the others have.
            _ => (1, Duration::ZERO),
        };
        self.ring
            .enter(wanted, BATCH_WITHIN, timeout)
            .context("cannot wait for completions")?;
        self.ring.take_completions(&mut self.completions);
        Ok(match wanted {
            1 => Duration::ZERO,
            _ => BATCH_WITHIN,
        })
    }

    #[inline]
    fn next(&mut self) -> Result<Option<(usize, Event)>> {
        self.give_back_held();
        while let Some(completion) = self.completions.get(self.taken) {
            let tag = Tag::unpack(completion.user_data());
            let (result, flags) = (completion.result(), completion.flags());
            self.taken += 1;
            self.held = cqueue::buffer_select(flags);
            if tag.generation != self.slots[tag.at].generation {
                self.give_back_held();
                continue;
            }
            if let Some(event) = self.on_completion(tag, result, flags)? {
                return Ok(Some((tag.at, event)));
            }
            self.give_back_held();
        }
        Ok(None)
    }

    fn bytes(&self, place: Range<usize>) -> &[u8] {
        let id = self
            .held
            .expect("only a received piece has bytes, and its buffer is held");
        &self.ring.buffer(id)[place]
    }

    fn expect_answers_of(&mut self, length_bytes: usize) {
        self.gathers_pieces = length_bytes > BUFFER_BYTES_MAX;
        // Where there is no memory for it, shorter buffers do as well.
        if !self.ring.lengthen_buffers(length_bytes).unwrap_or(false) {
            return;
        }
        for at in 0..self.slots.len() {
            if self.slots[at].socket.is_some() {
                // What is cancelled is queued again, with the new buffers.
                let _ = self.ring.cancel(self.tag(at, Kind::Receive));
            }
        }
    }

    fn take_bytes_sent(&mut self) -> u64 {
        std::mem::take(&mut self.bytes_sent)
    }
}

impl Uring {
    fn tag(&self, at: usize, kind: Kind) -> u64 {
        let generation = self.slots[at].generation;
        Tag {
            kind,
            generation,
            at,
        }
        .pack()
    }

    #[inline]
    fn give_back_held(&mut self) {
        if let Some(id) = self.held.take() {
            self.ring.give_back(id);
        }
    }

    #[inline]
    fn on_completion(&mut self, tag: Tag, result: i32, flags: u32) -> Result<Option<Event>> {
        match tag.kind {
            Kind::Receive => self.on_received(tag, result, flags),
            Kind::Connect => self.on_connected(tag.at).map(Some),
            Kind::Send => self.on_sent(tag.at, result),
        }
    }

    #[inline]
    fn on_received(&mut self, tag: Tag, result: i32, flags: u32) -> Result<Option<Event>> {
        let at = tag.at;
        if result > 0 {
            if !cqueue::more(flags) {
                self.receive_again(at)?;
            }
            self.held.context("a received piece has a buffer")?;
            let place = 0..result as usize;
            // The kernel goes on reading until there is nothing: an end that has come by then is
            // the next completion. It is taken in its turn where the connection has not been closed.
            let next = self.completions.get(self.taken);
            let ends =
                next.is_some_and(|next| next.result() == 0 && next.user_data() == tag.pack());
            return Ok(Some(Event::Received { place, ends }));
        }
        if result == 0 {
            return Ok(Some(Event::Ended));
        }
        match Errno::from_raw_os_error(-result) {
            // All buffers were full. Trying again before they are free would be in vain, and it would be done for
            // each connection that has something to read.
            Errno::NOBUFS => {
                self.starved.push_back((at, tag.generation));
                Ok(None)
            }
            // By a wish for longer buffers: one that is closed has another generation.
            Errno::CANCELED => {
                self.receive_again(at)?;
                Ok(None)
            }
            errno => Ok(Some(Event::Broken(errno))),
        }
    }

    /// Lets as many of those that found no buffer read again as there are buffers, all of which have been given back;
    /// how many are still left.
    fn feed_starved(&mut self) -> Result<usize> {
        for _ in 0..self.ring.buffers() {
            let Some((at, generation)) = self.starved.pop_front() else {
                break;
            };
            if self.slots[at].generation == generation {
                self.receive_again(at)?;
            }
        }
        Ok(self.starved.len())
    }

    #[cold]
    fn receive_again(&mut self, at: usize) -> Result<()> {
        let tag = self.tag(at, Kind::Receive);
        self.ring
            .receive(at as u32, tag)
            .context("cannot queue a receive")
    }

    /// A send completes when it has failed or fallen short, and a long one in any case.
    #[cold]
    fn on_sent(&mut self, at: usize, result: i32) -> Result<Option<Event>> {
        let Ok(sent_bytes) = usize::try_from(result) else {
            return Ok(self.on_send_failed(at, Errno::from_raw_os_error(-result)));
        };
        let skipped_bytes = self.slots[at].skipped_bytes + sent_bytes;
        if skipped_bytes == self.ring.request_bytes() {
            self.slots[at].is_sending = false;
            return Ok(Some(Event::Sent));
        }
        self.slots[at].skipped_bytes = skipped_bytes;
        let tag = self.tag(at, Kind::Send);
        self.ring
            .send(at as u32, tag, skipped_bytes, true)
            .context("cannot queue the rest of a request")?;
        Ok(None)
    }

    /// Whoever refuses a request may answer before it ends the connection: the answer is read first,
    /// and its end after it says the same as this.
    #[cold]
    fn on_send_failed(&mut self, at: usize, errno: Errno) -> Option<Event> {
        self.slots[at].is_sending = false;
        match errno {
            Errno::PIPE | Errno::CONNRESET => None,
            errno => Some(Event::Broken(errno)),
        }
    }

    #[cold]
    fn on_connected(&mut self, at: usize) -> Result<Event> {
        let socket = self.slots[at].socket.as_ref();
        let socket = socket.context("a connecting slot has a socket")?;
        let outcome = handshake_outcome(socket)?;
        if outcome.is_ok() {
            // The ring waits for a blocking socket; on another one it gives up at once.
            rustix::io::ioctl_fionbio(socket, false).context("cannot make a socket wait")?;
            self.receive_again(at)?;
        }
        Ok(Event::Connected(outcome))
    }
}

fn errno_of(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
