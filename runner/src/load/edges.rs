//! The counted part of a run: what is so at its edges, and the difference of the two.
//!
//! A window has two edges that load runs through. A run without one is counted as a whole, but its
//! rate is that of the time in which load was offered: from its start to the edge at which the last
//! request left or the time was up. What is waited for after that is not part of a rate.

use super::drive::{Run, nanoseconds};
use super::fairness::{Shares, Spread};
use super::measured::{Offered, WorkerTime};
use super::spec::{LoadSpec, Probe, Window};
use super::tally::Tally;
use std::time::Duration;

/// Where a run stands with its edges.
#[derive(Debug, Default)]
pub(super) struct Counting {
    window: Option<Window>,
    /// Of the thread that is to read it.
    probe: Option<Probe>,
    probe_complaint: Option<String>,
    stage: Stage,
    opened: Option<Edge>,
    closed: Option<Edge>,
    shares: Shares,
    spread: Option<Spread>,
    /// Right answers of the run up to the middle of the window.
    ok_at_half: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Without a window: load is offered until then, or until the last request has left.
    Offering { until_ns: u64 },
    /// Load runs and is not counted until then.
    Settling { opens_at_ns: u64 },
    /// What ends is counted until then.
    Open {
        closes_at_ns: u64,
        /// When its first half ends; never again once it has.
        half_at_ns: u64,
    },
    /// Open requests are waited for until then.
    Resting { until_ns: u64 },
    /// They were given up, or there is no limit to that.
    Over,
}

impl Default for Stage {
    fn default() -> Self {
        Self::Offering { until_ns: u64::MAX }
    }
}

/// What was so when an edge was crossed.
#[derive(Debug, Clone, Copy, Default)]
struct Edge {
    at_ns: u64,
    cpu_ns: u64,
    waited_ns: u64,
    /// Time that connections have spent with a request open, all together.
    busy_ns: u64,
    /// Time that they have spent being opened, likewise.
    connecting_ns: u64,
    tally: Tally,
    /// Open loop: requests that were due and had not left.
    backlog: u64,
    probed: Option<Duration>,
}

/// What connections are in the middle of, added up: how long they have waited, and how long they have
/// been opened.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unfinished {
    pub(super) busy_ns: u64,
    pub(super) connecting_ns: u64,
}

/// What one thread has counted.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) tally: Tally,
    pub(super) outside: Tally,
    pub(super) offered: Offered,
    /// From the last edge to the end of the run.
    pub(super) tail: Duration,
    pub(super) worker: WorkerTime,
    pub(super) probed: Option<Duration>,
    pub(super) spread: Option<Spread>,
    /// Right answers in the first half of the window.
    pub(super) first_half_ok: u64,
    pub(super) probe_complaint: Option<String>,
}

impl Counting {
    /// What thread `index` is to count; without a window, load is offered for `offered` where that
    /// is known beforehand.
    pub(super) fn new(spec: &LoadSpec, index: usize, offered: Option<Duration>) -> Self {
        Self {
            window: spec.window,
            probe: spec.probe.clone().filter(|_| index == 0),
            stage: match spec.window {
                None => Stage::Offering {
                    until_ns: offered.map_or(u64::MAX, nanoseconds),
                },
                Some(window) => Stage::Settling {
                    opens_at_ns: nanoseconds(window.settling),
                },
            },
            ..Self::default()
        }
    }

    /// Whether what comes at the start of the run is counted.
    pub(super) fn is_on_from_start(&self) -> bool {
        self.window.is_none()
    }

    /// When there is something to do next.
    fn next_ns(&self) -> u64 {
        match self.stage {
            Stage::Settling { opens_at_ns } => opens_at_ns,
            Stage::Open {
                closes_at_ns,
                half_at_ns,
            } => closes_at_ns.min(half_at_ns).min(self.shares.ends_at_ns()),
            Stage::Offering { until_ns } | Stage::Resting { until_ns } => until_ns,
            Stage::Over => u64::MAX,
        }
    }
}

impl Run<'_> {
    /// The run begins: without a window that is its first edge.
    pub(super) fn begin(&mut self, answers: impl Iterator<Item = u32>) {
        if let Some(hand) = &mut self.intervals {
            hand.begin(answers);
        }
        if self.counting.window.is_none() {
            let edge = self.edge(Unfinished::default());
            self.counting.opened = Some(Edge { backlog: 0, ..edge });
        }
        self.look_for_next_mark();
    }

    /// A moment has come in which something is cut off or looked at. `answers` says how many each
    /// connection has brought so far.
    pub(super) fn mark(
        &mut self,
        answers: impl Iterator<Item = u32> + Clone,
        unfinished: Unfinished,
    ) {
        let now_ns = self.now_ns;
        if now_ns >= self.stages.next_ns() {
            self.end_stages();
        }
        if let Some(hand) = &mut self.intervals
            && now_ns >= hand.ends_at_ns()
        {
            hand.cut(now_ns, &self.tally, answers.clone());
        }
        match self.counting.stage {
            Stage::Settling { opens_at_ns } if now_ns >= opens_at_ns => {
                self.open_window(answers, unfinished);
            }
            Stage::Offering { until_ns } if now_ns >= until_ns || self.has_sent_all() => {
                self.counting.closed = Some(self.edge(unfinished));
                self.counting.stage = Stage::Over;
            }
            Stage::Open {
                closes_at_ns,
                half_at_ns,
            } => {
                if now_ns >= half_at_ns {
                    self.counting.ok_at_half = self.tally.ok;
                    self.counting.stage = Stage::Open {
                        closes_at_ns,
                        half_at_ns: u64::MAX,
                    };
                }
                if now_ns >= self.counting.shares.ends_at_ns() {
                    self.counting.shares.cut(now_ns, answers.clone());
                }
                if now_ns >= closes_at_ns {
                    self.close_window(answers, unfinished);
                }
            }
            _ => {}
        }
        self.look_for_next_mark();
    }

    /// Closed loop without a window: the last request has left since the last look.
    #[inline]
    pub(super) fn has_just_sent_all(&self) -> bool {
        self.has_sent_all() && matches!(self.counting.stage, Stage::Offering { .. })
    }

    fn look_for_next_mark(&mut self) {
        let hand = self.intervals.as_ref();
        let cut_at_ns = hand.map_or(u64::MAX, |hand| hand.ends_at_ns());
        let next_ns = self.counting.next_ns().min(self.stages.next_ns());
        self.next_mark_ns = cut_at_ns.min(next_ns);
    }

    /// Whether open requests have been waited for as long as they may be; once.
    pub(super) fn rest_is_over(&mut self) -> bool {
        let is_over =
            matches!(self.counting.stage, Stage::Resting { until_ns } if self.now_ns >= until_ns);
        if is_over {
            self.counting.stage = Stage::Over;
            self.look_for_next_mark();
        }
        is_over
    }

    fn open_window(&mut self, answers: impl Iterator<Item = u32>, unfinished: Unfinished) {
        let Some(window) = self.counting.window else {
            return;
        };
        let closes_at_ns = self.now_ns.saturating_add(nanoseconds(window.length));
        let half_at_ns = self.now_ns.saturating_add(nanoseconds(window.length / 2));
        self.counting.ok_at_half = self.tally.ok;
        self.counting.shares.open(self.now_ns, answers);
        self.counting.opened = Some(self.edge(unfinished));
        self.counting.stage = Stage::Open {
            closes_at_ns,
            half_at_ns,
        };
        self.deadline_ns = closes_at_ns;
        self.is_counting = true;
    }

    fn close_window(&mut self, answers: impl Iterator<Item = u32>, unfinished: Unfinished) {
        let rest = self.counting.window.map(|window| window.rest);
        self.counting.closed = Some(self.edge(unfinished));
        self.counting.spread = Some(std::mem::take(&mut self.counting.shares).close(answers));
        self.counting.stage = Stage::Resting {
            until_ns: self
                .now_ns
                .saturating_add(nanoseconds(rest.unwrap_or_default())),
        };
        self.is_counting = false;
    }

    /// What is so now. The clock of the batch has just been read; nothing of the batch has.
    fn edge(&mut self, unfinished: Unfinished) -> Edge {
        let probe = self.counting.probe.as_ref();
        let probed = match probe.map(Probe::read).transpose() {
            Ok(probed) => probed,
            Err(error) => {
                self.counting.probe_complaint = Some(format!("{error:#}"));
                None
            }
        };
        Edge {
            at_ns: self.now_ns,
            cpu_ns: self.cpu_ns(),
            waited_ns: self.waited_ns,
            busy_ns: self.busy_ns + unfinished.busy_ns,
            connecting_ns: self.connecting_ns + unfinished.connecting_ns,
            tally: self.tally,
            backlog: self.backlog(),
            probed,
        }
    }

    /// The run has ended: what it counted. A window that is still open closes here.
    pub(super) fn finish(&mut self, answers: impl Iterator<Item = u32> + Clone) -> Counted {
        self.pays_rest();
        if let Some(hand) = &mut self.intervals {
            hand.tell(&self.tally, answers.clone());
        }
        match self.counting.stage {
            Stage::Open { .. } => self.close_window(answers, Unfinished::default()),
            Stage::Offering { until_ns } => self.close_offer(until_ns),
            _ => self.extend_burst(),
        }
        let counting = std::mem::take(&mut self.counting);
        let Some((opened, closed)) = counting.opened.zip(counting.closed) else {
            return self.count_nothing(counting.probe_complaint);
        };
        let mut part = counted(&opened, &closed);
        if counting.window.is_none() {
            // Answers that have turned out to be wrong since.
            part.ok = part.ok.min(self.tally.ok);
        }
        let tally = match counting.window {
            Some(_) => part,
            None => self.tally,
        };
        self.tell_unsent(tally.unsent);
        let tally = Tally {
            unsent_age_max_ns: self.tally.unsent_age_max_ns,
            ..tally
        };
        let probed = closed.probed.zip(opened.probed);
        Counted {
            outside: self.tally.since(&tally),
            tally,
            offered: Offered {
                elapsed: Duration::from_nanos(closed.at_ns - opened.at_ns),
                tally: part,
                busy: closed.part(&opened, |edge| edge.busy_ns),
                connecting: closed.part(&opened, |edge| edge.connecting_ns),
            },
            tail: Duration::from_nanos(self.now_ns.saturating_sub(closed.at_ns)),
            worker: closed.since(&opened),
            probed: probed.map(|(now, before)| now.saturating_sub(before)),
            spread: counting.spread,
            first_half_ok: counting.ok_at_half.saturating_sub(opened.tally.ok),
            probe_complaint: counting.probe_complaint,
        }
    }

    /// Load was offered to the end of the run: to that of its schedule, where it has one.
    fn close_offer(&mut self, until_ns: u64) {
        let is_scheduled = self.schedule.is_some() && !self.ended_early();
        let mut edge = self.edge(Unfinished::default());
        edge.at_ns = match is_scheduled {
            true => until_ns,
            false if self.ended_early() => self.now_ns,
            false => self.answered_at_ns,
        };
        self.counting.closed = Some(edge);
    }

    /// If most answers came after the last request had left, their time is part of the rate:
    /// nothing could be said of it otherwise.
    fn extend_burst(&mut self) {
        let is_burst = |edge: &Edge| edge.tally.ok < self.tally.ok.saturating_sub(edge.tally.ok);
        let by_requests = self.counting.window.is_none() && self.has_sent_all() && !self.cut;
        if by_requests && self.counting.closed.as_ref().is_some_and(is_burst) {
            self.close_offer(u64::MAX);
        }
    }

    /// The run was over before its window began.
    fn count_nothing(&self, probe_complaint: Option<String>) -> Counted {
        Counted {
            tally: Tally::default(),
            outside: self.tally,
            offered: Offered::default(),
            tail: Duration::ZERO,
            worker: WorkerTime::default(),
            probed: None,
            spread: None,
            first_half_ok: 0,
            probe_complaint,
        }
    }
}

impl Edge {
    /// What the thread did since an earlier edge.
    fn since(&self, before: &Self) -> WorkerTime {
        WorkerTime {
            cpu: self.part(before, |edge| edge.cpu_ns),
            waited: self.part(before, |edge| edge.waited_ns),
            elapsed: self.part(before, |edge| edge.at_ns),
        }
    }

    fn part(&self, before: &Self, read: fn(&Self) -> u64) -> Duration {
        Duration::from_nanos(read(self).saturating_sub(read(before)))
    }
}

/// What came between two edges. A request belongs to where it ends, not to where it was sent, so
/// that every request counted has an outcome; one that was due and never left, to where it fell due.
fn counted(opened: &Edge, closed: &Edge) -> Tally {
    let mut tally = closed.tally.since(&opened.tally);
    tally.sent = tally.ok + tally.errors();
    tally.unsent = tally.unsent.saturating_sub(opened.backlog);
    tally
}
