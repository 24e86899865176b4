//! Open loop: which connection takes the next request, and how late that is. No I/O.

use super::drive::Run;

impl Run<'_> {
    /// Open loop: a connection is idle.
    #[inline]
    pub(super) fn has_idle(&mut self, at: usize) {
        self.notes_free();
        self.idle.push(at);
    }

    /// Open loop: a connection may be opened here.
    pub(super) fn has_closed(&mut self, at: usize) {
        self.notes_free();
        self.closed.push(at);
    }

    #[inline]
    fn notes_free(&mut self) {
        if self.next_free().is_none() {
            self.free_since_ns = self.now_ns;
        }
    }

    /// Open loop: the connection that takes the next request: an open one, if one is idle.
    #[inline]
    pub(super) fn next_free(&self) -> Option<usize> {
        self.idle.last().or(self.closed.last()).copied()
    }

    /// Takes the connection that [`Self::next_free`] names for a request that was due at `due_at_ns`.
    /// As long as all were busy, that it is late is not the generator's doing.
    #[inline]
    pub(super) fn uses_free(&mut self, due_at_ns: u64) {
        if self.idle.pop().is_none() {
            self.closed.pop();
        }
        if self.is_counting {
            let could_ns = due_at_ns.max(self.free_since_ns);
            let late_ns = self.now_ns.saturating_sub(could_ns);
            self.times.lateness.saturating_record(late_ns);
        }
    }

    /// Notes when a request went out that was due at `due_at_ns`.
    pub(super) fn dispatched(&mut self, due_at_ns: u64) {
        if self.is_counting {
            let delay_ns = self.now_ns.saturating_sub(due_at_ns);
            self.times.dispatch_delay.saturating_record(delay_ns);
        }
    }
}
