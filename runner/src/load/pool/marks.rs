//! What is looked at from time to time while load runs: edges of the window, ends of intervals.

use super::Pool;
use crate::load::connection::{Connection, Phase};
use crate::load::drive::Run;
use crate::load::edges::{Counted, Unfinished};
use crate::load::engine::Engine;

impl<E: Engine> Pool<E> {
    /// A moment has come that the run has marked.
    #[cold]
    pub(super) fn on_mark(&mut self, run: &mut Run) {
        run.tally.bytes_sent += self.engine.take_bytes_sent();
        let driven = self.driven(run);
        let connections = &self.connections[..driven];
        let in_phase_ns = |phase| {
            let there = connections.iter().filter(|one| one.phase == phase);
            let since = there.map(|one| run.now_ns.saturating_sub(one.sent_at_ns));
            since.sum::<u64>()
        };
        let unfinished = Unfinished {
            busy_ns: in_phase_ns(Phase::Waiting) + in_phase_ns(Phase::Held),
            connecting_ns: in_phase_ns(Phase::Connecting) + in_phase_ns(Phase::Queueing),
        };
        run.mark(served(connections), unfinished);
        if run.rest_is_over() {
            self.drop_open(run);
        }
    }

    /// The run has ended: what it counted.
    pub(in crate::load) fn finish(&self, run: &mut Run) -> Counted {
        run.finish(served(&self.connections[..self.driven(run)]))
    }

    /// How many connections take part in a run.
    pub(in crate::load) fn driven(&self, run: &Run) -> usize {
        self.connections.len().min(run.connections)
    }
}

/// Right answers that each of these has brought so far.
pub(super) fn served(connections: &[Connection]) -> impl Iterator<Item = u32> + Clone {
    connections.iter().map(|connection| connection.served)
}
