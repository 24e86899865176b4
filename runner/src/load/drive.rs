//! One run on one thread: what is left to send, and what has come of it. No I/O.

use super::causes::{Cause, Causes};
use super::edges::Counting;
use super::intervals::IntervalHand;
use super::pace::{Pace, Schedule};
use super::pauses::Pauses;
use super::profile::Profile;
use super::spec::LoadSpec;
use super::stages::Stages;
use super::tally::{Outcome, Tally};
use super::times::Times;
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// How long a thread sleeps at most before it looks at deadlines again.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// A short timeout is looked at more often, but not more often than this.
const TICK_MIN: Duration = Duration::from_micros(100);

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// Send until nothing is left.
    Load,
    /// Open every closed connection and prove it with one answer.
    Open,
    /// Open every closed connection, as far as that can be done.
    Connect,
}

/// Which thread of a run this is, and what all of them share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) index: usize,
    pub(super) threads: usize,
    /// When the run began.
    pub(super) clock: Instant,
    /// For how long load is offered, where that is known beforehand.
    pub(super) offered: Option<Duration>,
}

/// One turn of the loop, from the end of one wait to the beginning of the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    began_ns: u64,
    ended_ns: u64,
    /// The next wait was asked to last no longer.
    asked_ns: u64,
}

/// The state of one run on one thread.
pub(super) struct Run<'t> {
    pub(super) goal: Goal,
    /// Requests not sent yet.
    pub(super) left: u64,
    /// Connections that take part.
    pub(super) connections: usize,
    /// Open loop: when they are due.
    pub(super) schedule: Option<Schedule>,
    /// Connections that are connecting or waiting.
    pub(super) busy: usize,
    /// Those of them that connect, or will try again to, and carry no request yet.
    pub(super) unladen: usize,
    /// What comes of its stages.
    pub(super) stages: Stages,
    /// Open loop: the schedule from the first request on that was due and never left, and how many
    /// these were.
    pub(super) unsent: Option<(Schedule, u64)>,
    /// Open loop: connections with nothing to do.
    pub(super) idle: Vec<usize>,
    /// Open loop: places for connections, opened when a request is due and none is idle.
    pub(super) closed: Vec<usize>,
    /// Open loop: since when there has been one of either.
    pub(super) free_since_ns: u64,
    /// Connections whose last attempt to connect failed, to be tried again at the next tick.
    pub(super) retries: Vec<usize>,
    pub(super) tally: Tally,
    /// Answers that were counted as right and have turned out to be wrong.
    pub(super) owed: u64,
    pub(super) causes: Causes,
    pub(super) pauses: Pauses,
    pub(super) times: &'t mut Times,
    clock: Instant,
    /// This thread's CPU time when the run began.
    cpu_before_ns: u64,
    /// Time so far that neither waits nor CPU time explain, when it was last looked at.
    pub(super) off_processor_ns: u64,
    /// The time of the current batch, in ns since the run began.
    pub(super) now_ns: u64,
    /// Time spent waiting for the kernel.
    pub(super) waited_ns: u64,
    /// Time that connections have spent with requests that have ended, all together.
    pub(super) busy_ns: u64,
    /// Time that they have spent being opened, likewise.
    pub(super) connecting_ns: u64,
    /// The time of the latest batch that brought an answer.
    pub(super) answered_at_ns: u64,
    /// Since when connections have failed without a right answer in between.
    pub(super) trouble_since_ns: Option<u64>,
    /// How often deadlines are looked at.
    tick_ns: u64,
    next_tick_ns: u64,
    /// When an edge of the window is crossed or an interval ends next.
    pub(super) next_mark_ns: u64,
    pub(super) deadline_ns: u64,
    pub(super) timeout_ns: u64,
    pub(super) stop: Option<Arc<AtomicBool>>,
    pub(super) intervals: Option<IntervalHand>,
    pub(super) counting: Counting,
    /// What comes now is counted.
    pub(super) is_counting: bool,
    /// Requests were left when the time was up.
    pub(super) cut: bool,
    /// The run cannot reach its goal.
    pub(super) failed: bool,
    /// The run was stopped from outside.
    pub(super) abandoned: bool,
}

impl<'t> Run<'t> {
    /// One thread's part of a run.
    pub(super) fn load(spec: &LoadSpec, place: Place, times: &'t mut Times) -> Self {
        let schedule = match spec.pace {
            Pace::Closed => None,
            Pace::Open {
                rate,
                arrivals,
                seed,
            } => {
                let profile = match spec.stages.is_empty() {
                    true => Profile::constant(rate),
                    false => Profile::of(&spec.stages),
                };
                let thread = (place.index, place.threads);
                Some(Schedule::new(profile, arrivals, seed, spec.part, thread))
            }
        };
        let told = spec.intervals.as_ref();
        let is_open = schedule.is_some();
        let counting = Counting::new(spec, place.index, place.offered);
        Self {
            goal: Goal::Load,
            clock: place.clock,
            left: spec.requests.unwrap_or(u64::MAX),
            connections: spec.connections.unwrap_or(usize::MAX),
            deadline_ns: spec.deadline().map_or(u64::MAX, nanoseconds),
            stages: Stages::new(&spec.stages, spec.part),
            stop: Some(Arc::clone(&spec.stop)),
            intervals: told.map(|told| IntervalHand::new(told, nanoseconds(told.every), is_open)),
            is_counting: counting.is_on_from_start(),
            counting,
            schedule,
            ..Self::opening(Goal::Open, spec.timeout, times)
        }
    }

    /// A run that opens connections.
    pub(super) fn opening(goal: Goal, timeout: Duration, times: &'t mut Times) -> Self {
        times.reset();
        let tick_ns = nanoseconds(TICK.min(timeout / 2).max(TICK_MIN));
        Self {
            goal,
            left: 0,
            connections: usize::MAX,
            schedule: None,
            stages: Stages::default(),
            unsent: None,
            busy: 0,
            unladen: 0,
            idle: Vec::new(),
            closed: Vec::new(),
            free_since_ns: 0,
            retries: Vec::new(),
            tally: Tally::default(),
            owed: 0,
            causes: Causes::default(),
            pauses: Pauses::default(),
            times,
            clock: Instant::now(),
            cpu_before_ns: thread_cpu_ns(),
            off_processor_ns: 0,
            now_ns: 0,
            waited_ns: 0,
            busy_ns: 0,
            connecting_ns: 0,
            answered_at_ns: 0,
            trouble_since_ns: None,
            tick_ns,
            next_tick_ns: tick_ns,
            next_mark_ns: u64::MAX,
            deadline_ns: u64::MAX,
            timeout_ns: nanoseconds(timeout),
            stop: None,
            intervals: None,
            counting: Counting::default(),
            is_counting: true,
            cut: false,
            failed: false,
            abandoned: false,
        }
    }

    /// Before a wait of at most `timeout`: the turn that ends.
    pub(super) fn turn_ends(&self, timeout: Duration) -> Turn {
        Turn {
            began_ns: self.now_ns,
            ended_ns: nanoseconds(self.clock.elapsed()),
            asked_ns: nanoseconds(timeout),
        }
    }

    /// After a wait that may have gathered answers for so long: the time of the batch that begins.
    pub(super) fn turn_begins(&mut self, turn: Turn, gathering: Duration) {
        self.read_clock();
        let waited_ns = self.now_ns - turn.ended_ns;
        let gathered_ns = waited_ns.min(nanoseconds(gathering));
        let turn_ns = turn.ended_ns - turn.began_ns;
        if self.is_counting {
            self.times.turn.saturating_record(turn_ns + gathered_ns);
        }
        self.waited_ns += waited_ns - self.pause_in(waited_ns, turn.asked_ns);
        self.tally.waits += 1;
        self.look_into_turn(turn_ns);
    }

    /// Moves the time of the current batch on.
    pub(super) fn read_clock(&mut self) {
        self.now_ns = nanoseconds(self.clock.elapsed());
    }

    /// CPU time of this thread since the run began.
    pub(super) fn cpu_ns(&self) -> u64 {
        thread_cpu_ns().saturating_sub(self.cpu_before_ns)
    }

    /// When the run began, and when its last answer came.
    pub(super) fn span(&self) -> (Instant, Instant) {
        let ended = self.clock + Duration::from_nanos(self.answered_at_ns);
        (self.clock, ended)
    }

    /// Takes one request from what is left.
    #[inline]
    pub(super) fn take(&mut self) -> bool {
        let some = self.left > 0;
        self.left -= u64::from(some);
        some
    }

    /// Takes up to `most` further requests; how many.
    #[inline]
    pub(super) fn take_more(&mut self, most: u32) -> u32 {
        let taken = self.left.min(u64::from(most)) as u32;
        self.left -= u64::from(taken);
        taken
    }

    pub(super) fn wants_more(&self) -> bool {
        self.left > 0
    }

    /// Open loop: takes the next request if it is due by now; when it was due.
    pub(super) fn take_due(&mut self) -> Option<u64> {
        let schedule = self.schedule.as_mut()?;
        let due_ns = schedule.next_due_ns();
        if self.left == 0 || due_ns > self.now_ns || due_ns >= self.deadline_ns {
            return None;
        }
        self.left -= 1;
        Some(schedule.take())
    }

    /// How long the thread may sleep.
    pub(super) fn sleep(&self) -> Duration {
        let until_mark_ns = self.next_mark_ns.saturating_sub(self.now_ns);
        let longest = Duration::from_nanos(self.tick_ns.min(until_mark_ns));
        match &self.schedule {
            // Without a free connection only an answer makes the next request possible.
            Some(schedule) if self.left > 0 && self.next_free().is_some() => {
                let until_due_ns = schedule.next_due_ns().saturating_sub(self.now_ns);
                longest.min(Duration::from_nanos(until_due_ns))
            }
            _ => longest,
        }
    }

    /// Open loop: how many requests are due by now and have not left.
    pub(super) fn backlog(&self) -> u64 {
        self.backlog_at(self.now_ns + 1)
    }

    /// Open loop: how many requests were due before then and have not left.
    pub(super) fn backlog_at(&self, end_ns: u64) -> u64 {
        let due = |schedule: &Schedule| schedule.due_before(end_ns);
        self.schedule.as_ref().map_or(0, due).min(self.left)
    }

    /// A handshake has ended that had begun at `began_ns`.
    pub(super) fn connected(&mut self, began_ns: u64) {
        let connecting_ns = self.now_ns.saturating_sub(began_ns);
        self.connecting_ns += connecting_ns;
        if self.is_counting {
            self.times.connect.saturating_record(connecting_ns);
        }
    }

    /// Counts how a request ended.
    ///
    /// Only right answers and timeouts have a time: a refusal is fast for the wrong reason, and a
    /// timeout left out would make the slowest answers invisible.
    #[inline]
    pub(super) fn settle(&mut self, outcome: Outcome, sent_at_ns: u64, due_at_ns: u64) {
        let outcome = match outcome {
            Outcome::Ok if self.owed > 0 => self.pays(),
            outcome => outcome,
        };
        self.tally.count(outcome);
        self.answered_at_ns = self.now_ns;
        self.busy_ns += self.now_ns - sent_at_ns;
        if outcome == Outcome::Ok {
            self.trouble_since_ns = None;
        }
        if matches!(outcome, Outcome::Ok | Outcome::Timeout) {
            let (service_ns, response_ns) = (self.now_ns - sent_at_ns, self.now_ns - due_at_ns);
            if self.is_counting {
                self.times.service.saturating_record(service_ns);
                if self.schedule.is_some() {
                    self.times.response.saturating_record(response_ns);
                }
            }
            if let Some(hand) = &mut self.intervals {
                hand.record(service_ns, response_ns);
            }
        }
        if !self.stages.is_empty() {
            self.stages
                .settle(outcome, due_at_ns, self.now_ns - due_at_ns);
        }
    }

    /// Whether what was sent then has taken longer than it may.
    #[inline]
    pub(super) fn is_late(&self, sent_at_ns: u64) -> bool {
        self.now_ns.saturating_sub(sent_at_ns) > self.timeout_ns
    }

    /// Whether it is time to look at deadlines again.
    pub(super) fn tick_is_due(&mut self) -> bool {
        let due = self.now_ns >= self.next_tick_ns;
        if due {
            self.next_tick_ns = self.now_ns + self.tick_ns;
        }
        due
    }

    /// Counts a connection that is opened again, and why.
    pub(super) fn count_reconnect(&mut self, cause: Cause) {
        self.tally.reconnects += 1;
        *self.causes.reconnects.entry(cause).or_default() += 1;
    }

    /// Counts an attempt to connect that failed, and why.
    pub(super) fn count_connect_error(&mut self, cause: Cause) {
        self.tally.connect_errors += 1;
        *self.causes.connect_errors.entry(cause).or_default() += 1;
    }
}

fn thread_cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// Whole nanoseconds; a run of 584 years would saturate.
pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
