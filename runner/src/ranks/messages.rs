//! Messages from one process to another, without a call that blocks: a wait asks, sleeps and asks again, and ends the run
//! when its time is over.

use super::World;
use crate::interrupt;
use mpi::datatype::traits::Equivalence;
use mpi::request::{self, Request, Scope};
use mpi::topology::Communicator;
use mpi::traits::{Destination, Source};
use std::time::{Duration, Instant};

/// How long a wait sleeps before it asks again.
const NAP: Duration = Duration::from_millis(1);

/// What a message is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tag {
    /// Something to read.
    Words = 1,
    /// What does your clock say?
    Ask = 2,
    /// The answer to that.
    Clock = 3,
}

impl World {
    /// Sends these bytes to the process of this rank.
    pub(super) fn send(&self, to: usize, tag: Tag, bytes: &[u8], within: Duration) {
        let receiver = self.all.process_at_rank(to as i32);
        request::scope(|scope| {
            let sending = receiver.immediate_send_with_tag(scope, bytes, tag as i32);
            self.complete(sending, to, within);
        });
    }

    /// The bytes that the process of this rank sends, waited for until `left` has passed; `within` is what a message
    /// says of it.
    pub(super) fn receive(
        &self,
        from: usize,
        tag: Tag,
        left: Duration,
        within: Duration,
    ) -> Vec<u8> {
        let deadline = Instant::now() + left;
        loop {
            if let Some(bytes) = self.poll(from, tag, within) {
                return bytes;
            }
            self.pause(deadline, from, within);
        }
    }

    /// The same without sleep, for what is on its way.
    pub(super) fn receive_soon(&self, from: usize, tag: Tag, within: Duration) -> Vec<u8> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(bytes) = self.poll(from, tag, within) {
                return bytes;
            }
            self.check(deadline, from, within);
            // Two processes on one processor take turns.
            std::thread::yield_now();
        }
    }

    /// A message of this kind, if there is one.
    pub(super) fn poll(&self, from: usize, tag: Tag, within: Duration) -> Option<Vec<u8>> {
        let sender = self.all.process_at_rank(from as i32);
        let (message, status) = sender.immediate_matched_probe_with_tag(tag as i32)?;
        let length = usize::try_from(status.count(u8::equivalent_datatype()));
        let mut buffer = vec![0_u8; length.expect("a length is not negative")];
        request::scope(|scope| {
            let receiving = message.immediate_matched_receive_into(scope, &mut buffer[..]);
            self.complete(receiving, from, within);
        });
        Some(buffer)
    }

    /// Waits until MPI has done with what it was given: it may read or write there until then. If it does not come to an end,
    /// neither does this function.
    fn complete<'a, S: Scope<'a>>(
        &self,
        mut request: Request<'a, [u8], S>,
        whom: usize,
        within: Duration,
    ) {
        let deadline = Instant::now() + within;
        loop {
            match request.test() {
                Ok(_) => return,
                Err(unfinished) => request = unfinished,
            }
            self.check(deadline, whom, within);
            std::thread::yield_now();
        }
    }

    /// Sleeps for a moment, unless the wait is over.
    pub(super) fn pause(&self, deadline: Instant, whom: usize, within: Duration) {
        self.check(deadline, whom, within);
        std::thread::sleep(NAP);
    }

    fn check(&self, deadline: Instant, whom: usize, within: Duration) {
        if interrupt::is_requested() && !self.is_led.get() {
            self.give_up("interrupted before all had answered");
        }
        if Instant::now() > deadline {
            let name = &self.names[whom];
            let seconds = within.as_secs_f64();
            self.give_up(&format!(
                "nothing was heard of {name} for {seconds:.0} s, so the run fails; check that it is running and that its host can be reached"
            ));
        }
    }
}

/// The number in a message; what is not one is 0, and no such message is sent.
pub(super) fn number(bytes: &[u8]) -> i64 {
    bytes.try_into().map_or(0, i64::from_le_bytes)
}
