//! The counted part of a run: what is so at its edges, and the difference of the two.

use super::drive::{Run, nanoseconds};
use super::fairness::{Shares, Spread};
use super::measured::WorkerTime;
use super::spec::{LoadSpec, Probe, Window};
use super::tally::Tally;
use std::time::Duration;

/// Where a run stands with its window.
#[derive(Debug, Default)]
pub(super) struct Counting {
    window: Option<Window>,
    /// Of the thread that is to read it.
    probe: Option<Probe>,
    stage: Stage,
    opened: Option<Edge>,
    closed: Option<Edge>,
    shares: Shares,
    spread: Option<Spread>,
    /// Right answers of the run up to the middle of the window.
    ok_at_half: u64,
    probe_complaint: Option<String>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Load runs and is not counted until then.
    Settling { opens_at_ns: u64 },
    /// What comes is counted until then; a run without a window begins and ends here.
    #[default]
    Whole,
    Open {
        closes_at_ns: u64,
        /// When its first half ends; never again once it has.
        half_at_ns: u64,
    },
    /// Open requests are waited for until then.
    Resting { until_ns: u64 },
    /// They were given up.
    Over,
}

/// What was so when an edge of the window was crossed.
#[derive(Debug, Clone, Copy)]
struct Edge {
    at_ns: u64,
    cpu_ns: u64,
    waited_ns: u64,
    tally: Tally,
    /// Open loop: requests that were due and had not left.
    backlog: u64,
    probed: Option<Duration>,
}

/// What lies between the edges, and what outside.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) tally: Tally,
    pub(super) outside: Tally,
    pub(super) worker: WorkerTime,
    pub(super) probed: Option<Duration>,
    pub(super) spread: Option<Spread>,
    /// Right answers in the first half of the window.
    pub(super) first_half_ok: u64,
    pub(super) probe_complaint: Option<String>,
}

impl Counting {
    /// What thread `index` is to count.
    pub(super) fn new(spec: &LoadSpec, index: usize) -> Self {
        let settling = |window: Window| Stage::Settling {
            opens_at_ns: nanoseconds(window.settling),
        };
        Self {
            window: spec.window,
            probe: spec.probe.clone().filter(|_| index == 0),
            stage: spec.window.map_or(Stage::Whole, settling),
            ..Self::default()
        }
    }

    /// Whether what comes now is counted.
    pub(super) fn is_on(&self) -> bool {
        matches!(self.stage, Stage::Whole | Stage::Open { .. })
    }

    /// When there is something to do next.
    fn next_ns(&self) -> u64 {
        match self.stage {
            Stage::Settling { opens_at_ns } => opens_at_ns,
            Stage::Open {
                closes_at_ns,
                half_at_ns,
            } => closes_at_ns.min(half_at_ns).min(self.shares.ends_at_ns()),
            Stage::Resting { until_ns } => until_ns,
            Stage::Whole | Stage::Over => u64::MAX,
        }
    }
}

impl Run<'_> {
    /// A moment has come in which something is cut off or looked at; `answers` says how many each
    /// connection has brought so far.
    pub(super) fn mark(&mut self, answers: impl Iterator<Item = u32> + Clone) {
        let now_ns = self.now_ns;
        if let Some(hand) = &mut self.intervals
            && now_ns >= hand.ends_at_ns()
        {
            hand.cut(now_ns, &self.tally, answers.clone());
        }
        match self.counting.stage {
            Stage::Settling { opens_at_ns } if now_ns >= opens_at_ns => self.open_window(answers),
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
                    self.close_window(answers);
                }
            }
            Stage::Settling { .. } | Stage::Whole | Stage::Resting { .. } | Stage::Over => {}
        }
        self.look_for_next_mark();
    }

    pub(super) fn look_for_next_mark(&mut self) {
        let hand = self.intervals.as_ref();
        let cut_at_ns = hand.map_or(u64::MAX, |hand| hand.ends_at_ns());
        self.next_mark_ns = cut_at_ns.min(self.counting.next_ns());
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

    fn open_window(&mut self, answers: impl Iterator<Item = u32>) {
        let Some(window) = self.counting.window else {
            return;
        };
        let closes_at_ns = self.now_ns.saturating_add(nanoseconds(window.length));
        let half_at_ns = self.now_ns.saturating_add(nanoseconds(window.length / 2));
        self.counting.ok_at_half = self.tally.ok;
        self.counting.shares.open(self.now_ns, answers);
        self.counting.opened = Some(self.edge());
        self.counting.stage = Stage::Open {
            closes_at_ns,
            half_at_ns,
        };
        self.deadline_ns = closes_at_ns;
        self.is_counting = true;
    }

    fn close_window(&mut self, answers: impl Iterator<Item = u32>) {
        let rest = self
            .counting
            .window
            .map_or(Duration::ZERO, |window| window.rest);
        self.counting.closed = Some(self.edge());
        self.counting.spread = Some(std::mem::take(&mut self.counting.shares).close(answers));
        self.counting.stage = Stage::Resting {
            until_ns: self.now_ns.saturating_add(nanoseconds(rest)),
        };
        self.is_counting = false;
    }

    /// What is so now. The clock of the batch has just been read; nothing of the batch has.
    fn edge(&mut self) -> Edge {
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
            tally: self.tally,
            backlog: self.backlog(),
            probed,
        }
    }

    /// The run has ended: what it counted. A window that is still open closes here.
    pub(super) fn finish(&mut self, answers: impl Iterator<Item = u32> + Clone) -> Counted {
        if let Some(hand) = &mut self.intervals {
            hand.tell(&self.tally, answers.clone());
        }
        if matches!(self.counting.stage, Stage::Open { .. }) {
            self.close_window(answers);
        }
        let end = Edge {
            at_ns: self.now_ns,
            cpu_ns: self.cpu_ns(),
            waited_ns: self.waited_ns,
            tally: self.tally,
            backlog: 0,
            probed: None,
        };
        if self.counting.window.is_none() {
            return Counted {
                tally: self.tally,
                outside: Tally::default(),
                worker: end.since(None),
                probed: None,
                spread: None,
                first_half_ok: 0,
                probe_complaint: None,
            };
        }
        let counting = std::mem::take(&mut self.counting);
        let Some((opened, closed)) = counting.opened.zip(counting.closed) else {
            return Counted {
                tally: Tally::default(),
                outside: self.tally,
                worker: WorkerTime::default(),
                probed: None,
                spread: None,
                first_half_ok: 0,
                probe_complaint: counting.probe_complaint,
            };
        };
        let tally = counted(&opened, &closed);
        Counted {
            outside: self.tally.since(&tally),
            tally,
            worker: closed.since(Some(&opened)),
            probed: closed
                .probed
                .zip(opened.probed)
                .map(|(now, before)| now.saturating_sub(before)),
            spread: counting.spread,
            first_half_ok: counting.ok_at_half.saturating_sub(opened.tally.ok),
            probe_complaint: counting.probe_complaint,
        }
    }
}

impl Edge {
    /// What the thread did since an earlier edge, or since the start of the run.
    fn since(&self, before: Option<&Self>) -> WorkerTime {
        let part = |read: fn(&Self) -> u64| {
            let before_ns = before.map_or(0, read);
            Duration::from_nanos(read(self).saturating_sub(before_ns))
        };
        WorkerTime {
            cpu: part(|edge| edge.cpu_ns),
            waited: part(|edge| edge.waited_ns),
            elapsed: part(|edge| edge.at_ns),
        }
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
