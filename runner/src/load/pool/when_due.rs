//! Open loop: a connection is opened when a request is due and none is idle.
//!
//! Connections that are opened beforehand and wait would be what a server of few workers serves: each
//! of them keeps a worker from those that have something to ask.

use super::Pool;
use crate::load::connection::Phase;
use crate::load::drive::{Goal, Run};
use crate::load::engine::Engine;
use anyhow::Result;

impl<E: Engine> Pool<E> {
    /// Whether a connection is opened when a request is due, and not before.
    pub(super) fn opens_when_due(&self, run: &Run) -> bool {
        run.schedule.is_some() && run.goal == Goal::Load
    }

    /// Which of the first connections are in this phase, the first of them last.
    pub(super) fn in_phase(&self, phase: Phase, driven: usize) -> Vec<usize> {
        let places = (0..driven).rev();
        places
            .filter(|&at| self.connections[at].phase == phase)
            .collect()
    }

    /// Opens a connection for the request that was due then.
    pub(super) fn open_for(&mut self, at: usize, due_at_ns: u64, run: &mut Run) -> Result<()> {
        let connection = &mut self.connections[at];
        connection.is_laden = true;
        connection.due_at_ns = due_at_ns;
        self.connect(at, run)
    }

    /// The connection is there, and its request leaves.
    pub(super) fn send_laden(&mut self, at: usize, run: &mut Run) -> Result<()> {
        let connection = &mut self.connections[at];
        connection.is_laden = false;
        let due_at_ns = connection.due_at_ns;
        run.dispatched(due_at_ns);
        self.send(at, due_at_ns, run)
    }

    /// The connection of a request that is due could not be opened: it is tried again until
    /// the time is up, and the request grows older.
    pub(super) fn keep_for_retry(&mut self, at: usize, due_at_ns: u64, run: &mut Run) {
        if run.tries_again(true) {
            let connection = &mut self.connections[at];
            connection.is_laden = true;
            connection.due_at_ns = due_at_ns;
            run.retries.push(at);
        } else {
            run.give_up_due(due_at_ns);
            run.busy -= 1;
        }
    }
}

impl Run<'_> {
    /// A request that was due then will not leave any more.
    pub(in crate::load) fn give_up_due(&mut self, due_at_ns: u64) {
        self.tally.unsent += 1;
        self.never_left(due_at_ns, 1);
    }
}
