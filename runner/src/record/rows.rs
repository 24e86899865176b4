//! The rows of the CSV files: integers, with the unit in the column's name.

use crate::load::Measured;
use serde::{Deserialize, Serialize};

/// One slice: one arm, level, block and lap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceRow {
    /// Number of the block, from 0.
    pub block: u32,
    /// The level: connections, each with one request open at a time.
    pub connections: usize,
    /// Number of the lap within block and level, from 0.
    pub lap: u32,
    /// Place within the lap, from 0.
    pub position: usize,
    /// Who was measured.
    pub arm: String,
    /// Requests planned.
    pub requests: u64,
    /// Requests sent: the sum of the seven columns that follow.
    pub sent: u64,
    /// Right answers.
    pub ok: u64,
    /// Of these, answers to the planted control that its rates do not count.
    #[serde(default)]
    pub uncounted: u64,
    /// Answers with another status.
    pub bad_status: u64,
    /// Answers with another body.
    pub bad_body: u64,
    /// Answers that are no valid HTTP or break the contract otherwise.
    pub protocol_error: u64,
    /// Requests whose connection ended first.
    pub reset: u64,
    /// Requests without an answer in time.
    pub timeout: u64,
    /// Requests open when the run was stopped.
    pub unanswered: u64,
    /// Connections opened again because the server had closed them.
    pub reconnects: u64,
    /// Attempts to connect that failed.
    pub connect_errors: u64,
    /// Bytes of requests.
    pub bytes_sent: u64,
    /// Bytes of answers.
    pub bytes_received: u64,
    /// Times the generator asked the kernel for events.
    pub waits: u64,
    /// From the first slice of the block at this level to this one. Records of method 1 have none.
    #[serde(default)]
    pub started_us: u64,
    /// From the first request to the last answer.
    pub elapsed_ns: u64,
    /// CPU time of the generator's threads.
    pub generator_cpu_ns: u64,
    /// How long the busiest thread of the generator had nothing to do. The first records had no such
    /// column.
    #[serde(default)]
    pub generator_idle_ns: Option<u64>,
    /// CPU time of the server, all threads.
    pub server_cpu_ns: u64,
    /// Median service time.
    pub service_time_p50_us: u64,
    /// 99th percentile of the service time.
    pub service_time_p99_us: u64,
    /// Longest service time.
    pub service_time_max_us: u64,
    /// 1 where the time limit came before the last request.
    pub cut: u8,
    /// What went wrong first, if anything did.
    pub err: String,
}

impl SliceRow {
    /// Fills in what was measured.
    #[must_use]
    pub fn measured(self, measured: &Measured, server_cpu_ns: u64) -> Self {
        let tally = &measured.tally;
        let at = |quantile: f64| measured.times.service.value_at_quantile(quantile) / 1000;
        Self {
            sent: tally.sent,
            ok: tally.ok,
            bad_status: tally.bad_status,
            bad_body: tally.bad_body,
            protocol_error: tally.protocol_error,
            reset: tally.reset,
            timeout: tally.timeout,
            unanswered: tally.unanswered,
            reconnects: tally.reconnects,
            connect_errors: tally.connect_errors,
            bytes_sent: tally.bytes_sent,
            bytes_received: tally.bytes_received,
            waits: tally.waits,
            elapsed_ns: nanoseconds(measured.elapsed),
            generator_cpu_ns: nanoseconds(measured.cpu),
            generator_idle_ns: measured.idle().map(nanoseconds),
            server_cpu_ns,
            service_time_p50_us: at(0.5),
            service_time_p99_us: at(0.99),
            service_time_max_us: measured.times.service.max() / 1000,
            cut: u8::from(measured.cut),
            err: match tally.errors() + tally.connect_errors {
                0 => String::new(),
                _ => measured.complaint.clone().unwrap_or_default(),
            },
            ..self
        }
    }

    /// Requests that did not get a right answer.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.bad_status
            + self.bad_body
            + self.protocol_error
            + self.reset
            + self.timeout
            + self.unanswered
    }

    /// Right answers that rates are made of.
    #[must_use]
    pub fn counted(&self) -> u64 {
        self.ok - self.uncounted.min(self.ok)
    }

    /// Requests that costs are shared among. What the planted control does not count is its work all
    /// the same.
    #[must_use]
    pub fn counted_requests(&self) -> u64 {
        self.sent - self.uncounted.min(self.sent)
    }

    /// Plants a known loss: of every `100 + percent` right answers, `percent` are not counted. The
    /// work behind them is real, so rates fall and costs rise by exactly this share.
    pub fn plant(&mut self, percent: u64) {
        self.uncounted = self.ok * percent / (100 + percent);
    }

    /// Whether every request sent has exactly one outcome.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.sent == self.ok + self.errors()
    }
}

/// One process at one level of one block.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRow {
    /// Number of the block, from 0.
    pub block: u32,
    /// The level.
    pub connections: usize,
    /// Whose process.
    pub arm: String,
    /// From the start of the process to its first right answer.
    pub ready_us: u64,
    /// Requests of the warm-up, which count nowhere else.
    pub warmup_requests: u64,
    /// CPU time in user mode over the slices of the level, sampled at the kernel's tick.
    pub user_ms: u64,
    /// CPU time in system mode, likewise.
    pub system_ms: u64,
    /// The most memory resident so far.
    pub peak_rss_kib: u64,
    /// Threads at the end of the level.
    pub threads: u64,
    /// Why the process was not measured to the end, if it was not.
    pub err: String,
}

/// One block.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRow {
    /// Its number, from 0.
    pub block: u32,
    /// 1 where every slice of it was measured or failed; 0 where the run was ended in it.
    pub complete: u8,
    /// How long it took.
    pub elapsed_ms: u64,
    /// Processor time the hypervisor gave to others meanwhile.
    pub steal_ms: u64,
    /// Connections that found a listen queue full meanwhile.
    pub listen_overflows: u64,
    /// How much longer a fixed piece of work took on the server's processors than before the first
    /// block, the median over laps.
    #[serde(default)]
    pub sentinel_slowdown_ppm: u64,
    /// Whether the block counts, and why not.
    #[serde(default)]
    pub set_aside: SetAside,
}

impl BlockRow {
    /// Whether its rows count.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.complete == 1 && self.set_aside == SetAside::No
    }

    /// How many of these blocks count.
    #[must_use]
    pub fn counting(rows: &[Self]) -> u32 {
        rows.iter().map(|row| u32::from(row.counts())).sum()
    }
}

/// Why a complete block does not count. The bounds are fixed beforehand and know nothing of any
/// arm's result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SetAside {
    /// It counts.
    #[default]
    No,
    /// The hypervisor gave too much processor time to others.
    Steal,
    /// A fixed piece of work took too long.
    Sentinel,
}

fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
