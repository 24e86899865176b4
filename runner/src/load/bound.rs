//! Who is the limit: what a run says about the server, and what about the generator itself. Pure.
//!
//! A figure is the server's only where the generator had time left. The signs are those collected
//! in docs/LOAD.md ("Who is the limit"); each has a threshold that is fixed here, and all
//! that speak against the verdict are named with it.

use super::{Measured, Pace, RATE_HELD_SHARE_MIN};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Whose limit was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Bound {
    /// The generator waited for the server: the figures are the server's.
    ServerBound,
    /// The server may be able to do more than the generator asked of it.
    ClientBound,
    /// The signs contradict each other, or something else was in the way.
    Unclear,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::ServerBound => "server-bound",
            Self::ClientBound => "client-bound",
            Self::Unclear => "unclear",
        })
    }
}

/// A run shorter than this says nothing: what a thread does in so few milliseconds is its start, and
/// a pause of the machine is as long.
const ELAPSED_S_MIN: f64 = 0.2;

/// Nor do fewer right answers than this: they have no percentiles, and a slow one is all of them.
const ANSWERS_MIN: u64 = 100;

/// Below this share of its time waiting, a thread of the generator has no time left.
const IDLE_SHARE_MIN: f64 = 0.02;

/// From this share on it surely has. Between the two, the signs have to agree.
const IDLE_SHARE_AMPLE: f64 = 0.10;

/// From this share of what the canned responder reaches, generator and kernel are the limit.
const CEILING_SHARE_MAX: f64 = 0.85;

/// From this share of its processors on, a server is busy.
const SERVER_SHARE_BUSY: f64 = 0.90;

/// Above this share of the processors' time, the hypervisor was in the way.
const STEAL_SHARE_MAX: f64 = 0.05;

/// Above this share of its time, others were on the generator's processor.
const KEPT_WAITING_SHARE_MAX: f64 = 0.15;

/// Above this share of its time in pauses, something stopped the generator: a signal, a quota, a
/// paused machine.
const PAUSED_SHARE_MAX: f64 = 0.05;

/// Above this, connections were not busy as a closed loop keeps them: |c − λ·mean| / c.
const RESIDUAL_MAX: f64 = 0.10;

/// A request may leave so late before its time is the generator's and no longer the server's.
const DISPATCH_DELAY_SHARE_MAX: f64 = 0.5;

/// Up to this much, lateness is no sign of a busy generator. A thread that sleeps until a request is
/// due is woken by a timer on a processor that sleeps too, which on a virtual machine takes some
/// hundred µs to come back: the less a generator has to do, the later it is.
const DISPATCH_DELAY_US_MIN: f64 = 1000.0;

/// What the verdict rests on. Shares go from 0 to 1; what is not known here is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Evidence {
    /// How long load was offered, in seconds.
    #[serde(default)]
    pub elapsed_s: f64,
    /// Right answers in it.
    #[serde(default)]
    pub answers: u64,
    /// Share of its time that the busiest thread of the generator had nothing to do.
    pub idle_share: f64,
    /// Share of its time that the busiest thread of the generator spent on a processor.
    pub generator_cpu_share: f64,
    /// Share of its time that a thread of the generator could have run and was not let.
    pub kept_waiting_share: f64,
    /// Share of its time that the generator was stopped, in pauses of more than 10 ms.
    #[serde(default)]
    pub paused_share: f64,
    /// The longest of these pauses, in µs.
    #[serde(default)]
    pub pause_max_us: f64,
    /// Median length of one turn of the generator's loop, in µs: the quantum of every time measured.
    pub turn_p50_us: f64,
    /// 99th percentile of the same.
    pub turn_p99_us: f64,
    /// The longest.
    pub turn_max_us: f64,
    /// Closed loop: |c − λ·mean| / c by Little's law, over the time in which load was offered.
    pub little_residual: Option<f64>,
    /// Open loop: requests sent per request scheduled.
    pub sent_share: Option<f64>,
    /// Open loop: 99th percentile of the time from when a request was due to when it left, in µs.
    pub dispatch_delay_p99_us: Option<f64>,
    /// Open loop: 99th percentile of the response time, in µs.
    pub response_p99_us: Option<f64>,
    /// Where the server is ours: its CPU time per second and processor it may use.
    pub server_cpu_share: Option<f64>,
    /// Right answers per second here, per right answer per second of the canned responder.
    pub ceiling_share: Option<f64>,
    /// Connections that found a listen queue full, on the whole machine.
    pub listen_overflows: u64,
    /// Processor time the hypervisor gave to others, per second and processor.
    pub steal_share: f64,
}

impl Evidence {
    /// What the generator itself knows of a run with so many connections. The rest is for the
    /// caller to fill in.
    #[must_use]
    pub fn of(measured: &Measured, pace: Pace, connections: usize, pipeline: u32) -> Self {
        let turn = &measured.times.turn;
        let us = |ns: u64| ns as f64 / 1e3;
        let workers = || measured.workers.iter();
        let open = matches!(pace, Pace::Open { .. }).then_some(measured);
        let scheduled = measured.tally.scheduled().max(1) as f64;
        Self {
            elapsed_s: measured.offered.elapsed.as_secs_f64(),
            answers: measured.offered.tally.ok,
            idle_share: workers()
                .map(|worker| share(worker.idle(), worker.elapsed))
                .fold(1.0, f64::min),
            generator_cpu_share: workers()
                .map(|worker| share(worker.cpu, worker.elapsed))
                .fold(0.0, f64::max),
            kept_waiting_share: workers()
                .map(|worker| share(worker.kept_waiting(), worker.elapsed))
                .fold(0.0, f64::max),
            paused_share: share(
                measured.pauses.total,
                workers().map(|worker| worker.elapsed).sum(),
            ),
            pause_max_us: nanoseconds(measured.pauses.max) / 1e3,
            turn_p50_us: us(turn.value_at_quantile(0.5)),
            turn_p99_us: us(turn.value_at_quantile(0.99)),
            turn_max_us: us(turn.max()),
            little_residual: match pace {
                // Inside a batch the number of open requests falls from answer to answer.
                Pace::Closed if pipeline == 1 => little_residual(measured, connections),
                Pace::Closed | Pace::Open { .. } => None,
            },
            sent_share: open.map(|run| run.tally.sent as f64 / scheduled),
            dispatch_delay_p99_us: open
                .map(|run| us(run.times.dispatch_delay.value_at_quantile(0.99))),
            response_p99_us: open.map(|run| us(run.times.response.value_at_quantile(0.99))),
            ..Self::default()
        }
    }

    /// Whether there is enough of it for a verdict.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.elapsed_s >= ELAPSED_S_MIN && self.answers >= ANSWERS_MIN
    }

    /// The verdict, and what it rests on, in words. The first reason decided.
    #[must_use]
    pub fn judge(&self) -> (Bound, Vec<String>) {
        if !self.is_enough() {
            let (answers, elapsed_s) = (self.answers, self.elapsed_s);
            let reason = format!(
                "too little for a verdict: {answers} right answers of {ANSWERS_MIN}, \
                 {elapsed_s:.3} s of {ELAPSED_S_MIN}"
            );
            return (Bound::Unclear, vec![reason]);
        }
        let disturbed = self.disturbances();
        let client = self.signs_of_client();
        let server = self.signs_of_server();
        match (client.is_empty(), server.is_empty()) {
            _ if !disturbed.is_empty() => (Bound::Unclear, disturbed),
            (false, true) => (Bound::ClientBound, client),
            (true, false) => (Bound::ServerBound, server),
            (true, true) => {
                let idle = percent(self.idle_share);
                let reason =
                    format!("the generator waited {idle} of its time, which decides nothing");
                (Bound::Unclear, vec![reason])
            }
            (false, false) => (Bound::Unclear, [client, server].concat()),
        }
    }

    /// What makes any verdict doubtful.
    fn disturbances(&self) -> Vec<String> {
        let mut signs = Vec::new();
        if self.steal_share > STEAL_SHARE_MAX {
            let steal = percent(self.steal_share);
            signs.push(format!(
                "the hypervisor took {steal} of the processors' time"
            ));
        }
        if self.kept_waiting_share > KEPT_WAITING_SHARE_MAX {
            let share = percent(self.kept_waiting_share);
            signs.push(format!(
                "others had the generator's processor for {share} of its time"
            ));
        }
        if self.paused_share > PAUSED_SHARE_MAX {
            signs.push(format!(
                "the generator was stopped for {} of its time, once for {:.0} ms",
                percent(self.paused_share),
                self.pause_max_us / 1e3
            ));
        }
        if self.listen_overflows > 0 {
            signs.push(format!(
                "{} connections found a listen queue full",
                self.listen_overflows
            ));
        }
        if let Some(residual) = self.little_residual.filter(|&one| one > RESIDUAL_MAX) {
            signs.push(format!(
                "by Little's law {} of the connections' time is unaccounted for",
                percent(residual)
            ));
        }
        signs
    }

    fn signs_of_client(&self) -> Vec<String> {
        let mut signs = Vec::new();
        if self.idle_share < IDLE_SHARE_MIN {
            signs.push(format!(
                "the generator waited only {} of its time",
                percent(self.idle_share)
            ));
        }
        if let Some(share) = self.ceiling_share.filter(|&one| one > CEILING_SHARE_MAX) {
            signs.push(format!(
                "{} of what a canned responder reaches here",
                percent(share)
            ));
        }
        if let Some(share) = self.sent_share.filter(|&one| one < RATE_HELD_SHARE_MIN)
            && self.idle_share < IDLE_SHARE_AMPLE
        {
            signs.push(format!("only {} of the schedule was sent", percent(share)));
        }
        if let (Some(delay_us), Some(response_us)) =
            (self.dispatch_delay_p99_us, self.response_p99_us)
            && self.sent_share >= Some(RATE_HELD_SHARE_MIN)
            && delay_us > DISPATCH_DELAY_SHARE_MAX * response_us
            && delay_us > DISPATCH_DELAY_US_MIN
        {
            signs.push(format!(
                "requests left up to {delay_us:.0} µs late (p99), of {response_us:.0} µs to the answer"
            ));
        }
        signs
    }

    fn signs_of_server(&self) -> Vec<String> {
        let mut signs = Vec::new();
        if let Some(share) = self.server_cpu_share.filter(|&one| one > SERVER_SHARE_BUSY) {
            signs.push(format!(
                "the server used {} of its processors",
                percent(share)
            ));
        }
        if self.idle_share >= IDLE_SHARE_AMPLE {
            signs.push(format!(
                "the generator waited {} of its time",
                percent(self.idle_share)
            ));
        }
        signs
    }
}

/// |c − λ·mean| / c, where λ·mean is the connections' busy time per second. Nothing if too few
/// answers came for all connections to have been in use.
fn little_residual(measured: &Measured, connections: usize) -> Option<f64> {
    let offered = &measured.offered;
    let c = connections as f64;
    if offered.elapsed.is_zero() || offered.tally.ok < 20 * connections as u64 {
        return None;
    }
    let busy = nanoseconds(offered.busy) / nanoseconds(offered.elapsed);
    Some((c - busy).abs() / c)
}

fn share(part: Duration, whole: Duration) -> f64 {
    match nanoseconds(whole) {
        0.0 => 0.0,
        whole_ns => nanoseconds(part) / whole_ns,
    }
}

fn nanoseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests;
