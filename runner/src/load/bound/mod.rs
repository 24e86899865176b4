//! Who is the limit: what a run says about the server, and what about the generator itself. Pure.
//!
//! A figure is the server's only where the generator had time left. This file is what is known of a
//! run; `signs` is what that means.

mod signs;

use super::{Measured, Pace};
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

/// What the verdict rests on. Shares go from 0 to 1; what is not known here is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Evidence {
    /// How long load was offered, in seconds.
    pub elapsed_s: f64,
    /// Right answers in it.
    pub answers: u64,
    /// Share of its time that the busiest thread of the generator had nothing to do.
    pub idle_share: f64,
    /// Share of its time that the busiest thread of the generator spent on a processor.
    pub generator_cpu_share: f64,
    /// Share of its time that a thread of the generator could have run and was not let.
    pub kept_waiting_share: f64,
    /// Share of its time that the generator was stopped, in pauses of more than 10 ms.
    pub paused_share: f64,
    /// The longest of these pauses, in µs.
    pub pause_max_us: f64,
    /// Time that a limit on the processors' time of its control group has stopped processes of it,
    /// per second.
    pub throttled_share: f64,
    /// Median length of one turn of the generator's loop, in µs: the quantum of every time measured.
    pub turn_p50_us: f64,
    /// 99th percentile of the same.
    pub turn_p99_us: f64,
    /// The longest.
    pub turn_max_us: f64,
    /// Closed loop: |c − λ·mean| / c by Little's law, over the time in which load was offered: the share
    /// of the connections' time in which they had no request open and were not being opened.
    pub little_residual: Option<f64>,
    /// Share of the connections' time in which they were being opened.
    pub connecting_share: f64,
    /// Open loop: requests sent per request scheduled.
    pub sent_share: Option<f64>,
    /// Open loop: 99th percentile of the time from when a request was due to when it left, in µs.
    pub dispatch_delay_p99_us: Option<f64>,
    /// Open loop: 99th percentile of the time from when a request was due and a connection free to
    /// when it left, in µs.
    pub lateness_p99_us: Option<f64>,
    /// Open loop: 99th percentile of the response time, in µs.
    pub response_p99_us: Option<f64>,
    /// If the server is ours: its CPU time per second and processor it may use.
    pub server_cpu_share: Option<f64>,
    /// Right answers per second here, per right answer per second of the null server.
    pub ceiling_share: Option<f64>,
    /// Handshakes of ours whose first packet had to be sent again.
    pub handshakes_repeated: u64,
    /// Connections that found a listen queue full, on the whole machine: those of others too.
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
            connecting_share: share(
                measured.offered.connecting,
                measured.offered.elapsed * connections as u32,
            ),
            sent_share: open.map(|run| run.tally.sent as f64 / scheduled),
            dispatch_delay_p99_us: open
                .map(|run| us(run.times.dispatch_delay.value_at_quantile(0.99))),
            lateness_p99_us: open.map(|run| us(run.times.lateness.value_at_quantile(0.99))),
            handshakes_repeated: measured.handshakes_repeated(),
            response_p99_us: open.map(|run| us(run.times.response.value_at_quantile(0.99))),
            ..Self::default()
        }
    }
}

/// |c − λ·mean| / c, where λ·mean is the connections' busy time per second, the time of opening them
/// included: what remains is time in which there was nothing to wait for. Nothing if too few
/// answers came for all connections to have been in use.
fn little_residual(measured: &Measured, connections: usize) -> Option<f64> {
    let offered = &measured.offered;
    let c = connections as f64;
    if offered.elapsed.is_zero() || offered.tally.ok < 20 * connections as u64 {
        return None;
    }
    let busy = nanoseconds(offered.busy + offered.connecting) / nanoseconds(offered.elapsed);
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

#[cfg(test)]
mod tests;
