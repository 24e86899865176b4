//! The rows of a throughput run: integers, with the unit in the column's name.

use crate::duration::{micros, nanos};
use crate::load::Measured;
use crate::run::{
    Observation, Row, TimesFile, fault_of_numbers, fault_of_outcomes, fault_of_quantiles, one_line,
};
use serde::{Deserialize, Serialize};

/// Service times of every arm, concurrency and block.
pub(super) const SERVICE_TIMES: TimesFile = TimesFile {
    name: "service-times.hlog",
    comment: "Service times in ns; Tag=arm@connections; StartTimestamp is the block.",
};

/// One slice: one arm, concurrency, block and round.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SliceRow {
    /// Number of the block, from 0.
    pub block: u32,
    /// Connections, each with one request open at a time.
    pub connections: usize,
    /// Number of the round within block and concurrency, from 0.
    pub round: u32,
    /// Position within the round, from 0.
    pub position: usize,
    /// Who was measured.
    pub arm: String,
    /// Requests that ended before the window or after it; they count nowhere else.
    pub outside: u64,
    /// Of these, those without a right answer.
    pub outside_errors: u64,
    /// Requests that ended in the window: the sum of `ok` and the six columns after `withheld`.
    pub sent: u64,
    /// Right answers.
    pub ok: u64,
    /// Of these, answers to the planted control that its rates leave out.
    pub withheld: u64,
    /// Answers with another status.
    pub bad_status: u64,
    /// Answers with another body.
    pub bad_body: u64,
    /// Answers that are not valid HTTP or break the contract otherwise.
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
    /// From the first slice of the block at this concurrency to the beginning of this one's load.
    pub started_us: u64,
    /// Load before the window.
    pub settling_ns: u64,
    /// From one edge of the window to the other.
    pub elapsed_ns: u64,
    /// Right answers in the first half of the window.
    pub first_half_ok: u64,
    /// CPU time of the generator's threads.
    pub generator_cpu_ns: u64,
    /// How long the busiest thread of the generator was idle.
    pub generator_idle_ns: u64,
    /// How long the generator was stopped in the window: by a signal, a paused machine or a CPU quota.
    pub pause_us: u64,
    /// CPU time of the server, all threads.
    pub server_cpu_ns: u64,
    /// Connections that got a right answer in the window.
    pub served: u64,
    /// Share of the connections that got a right answer within 100 ms, on average over the window, in parts per
    /// million; 0 if the window is shorter.
    pub served_per_100_ms_ppm: u64,
    /// Right answers per connection, the 5th percentile.
    pub answers_p5: u64,
    /// Right answers per connection, the median.
    pub answers_p50: u64,
    /// Right answers per connection, the 95th percentile.
    pub answers_p95: u64,
    /// Median service time.
    pub service_time_p50_us: u64,
    /// 99th percentile of the service time.
    pub service_time_p99_us: u64,
    /// Longest service time.
    pub service_time_max_us: u64,
    /// What went wrong first, if anything did.
    pub err: String,
}

impl SliceRow {
    /// Fills in what was measured.
    #[must_use]
    pub(super) fn measured(self, measured: &Measured) -> Self {
        let (tally, outside) = (&measured.tally, &measured.outside);
        let fairness = measured.fairness;
        let errors = tally.errors() + outside.errors() + tally.connect_errors;
        let at = |quantile: f64| measured.times.service.value_at_quantile(quantile) / 1000;
        Self {
            outside: outside.sent,
            outside_errors: outside.errors(),
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
            elapsed_ns: nanos(measured.elapsed),
            generator_cpu_ns: nanos(measured.cpu),
            generator_idle_ns: measured.idle().map_or(0, nanos),
            first_half_ok: measured.first_half_ok,
            pause_us: micros(measured.pauses.total),
            server_cpu_ns: measured.probed.map_or(0, nanos),
            served: fairness.map_or(0, |one| one.served as u64),
            served_per_100_ms_ppm: fairness
                .and_then(|one| one.served_per_100_ms)
                .map_or(0, |share| (share * 1e6).round() as u64),
            answers_p5: fairness.map_or(0, |one| one.answers_p5),
            answers_p50: fairness.map_or(0, |one| one.answers_p50),
            answers_p95: fairness.map_or(0, |one| one.answers_p95),
            service_time_p50_us: at(0.5),
            service_time_p99_us: at(0.99),
            service_time_max_us: measured.times.service.max() / 1000,
            err: match errors {
                0 => String::new(),
                _ => one_line(
                    measured
                        .complaint
                        .as_deref()
                        .unwrap_or("the reason was not kept"),
                ),
            },
            ..self
        }
    }

    /// The sum of the outcomes other than `ok`; `None` if it is beyond what any run counts.
    fn other_outcomes(&self) -> [u64; 6] {
        [
            self.bad_status,
            self.bad_body,
            self.protocol_error,
            self.reset,
            self.timeout,
            self.unanswered,
        ]
    }

    /// Requests that did not get a right answer, and connections that could not be opened.
    #[must_use]
    pub fn errors(&self) -> u64 {
        let others = self.other_outcomes().into_iter();
        others.fold(self.connect_errors, u64::saturating_add)
    }

    /// Right answers that rates and costs are made of: a request that failed makes no server fast or cheap. What the
    /// planted control withholds is its work all the same.
    #[must_use]
    pub fn counted(&self) -> u64 {
        self.ok.saturating_sub(self.withheld)
    }

    /// Withholds a known share: of every `100 + percent` right answers, `percent` do not count. The work behind
    /// them is real, so rates are lower and costs higher by exactly this share.
    pub(super) fn withhold(&mut self, percent: u64) {
        self.withheld = self.ok * percent / (100 + percent);
    }

    /// Whether every request sent has exactly one outcome.
    #[must_use]
    pub fn balances(&self) -> bool {
        let outcomes = self.other_outcomes().into_iter().chain([self.ok]);
        fault_of_outcomes(self.sent, outcomes).is_none()
    }

    /// Right answers per second.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.is_measured()
            .then(|| self.counted() as f64 * 1e9 / self.elapsed_ns as f64)
    }

    /// Right answers per second of server CPU time.
    #[must_use]
    pub fn cpu_rate(&self) -> Option<f64> {
        self.is_measured()
            .then(|| self.counted() as f64 * 1e9 / self.server_cpu_ns as f64)
    }

    fn is_measured(&self) -> bool {
        self.counted() > 0 && self.elapsed_ns > 0 && self.server_cpu_ns > 0
    }

    /// As analysis takes it, with one of its figures.
    #[must_use]
    pub(super) fn observation(&self, value: Option<f64>) -> Observation<'_> {
        Observation {
            block: self.block,
            round: self.round,
            position: self.position,
            arm: &self.arm,
            middle_s: self.started_us as f64 / 1e6
                + (self.settling_ns as f64 + self.elapsed_ns as f64 / 2.0) / 1e9,
            value,
        }
    }
}

impl Row for SliceRow {
    const FILE: &'static str = "slices.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!(
            "block {}, {} connections, round {}, {}",
            self.block, self.connections, self.round, self.arm
        )
    }

    /// A slice with right answers took time and processor time; one without any says why; and every request has
    /// one outcome. Otherwise there would be an infinite rate or a missing one.
    fn fault(&self) -> Option<String> {
        let outcomes = self.other_outcomes().into_iter().chain([self.ok]);
        let numbers = [
            self.sent,
            self.outside,
            self.reconnects,
            self.connect_errors,
            self.started_us,
            self.elapsed_ns,
            self.settling_ns,
            self.server_cpu_ns,
            self.generator_cpu_ns,
            self.generator_idle_ns,
            self.pause_us,
            self.served_per_100_ms_ppm,
            self.answers_p95,
            self.service_time_max_us,
        ];
        let answers = [self.answers_p5, self.answers_p50, self.answers_p95];
        let times = [
            self.service_time_p50_us,
            self.service_time_p99_us,
            self.service_time_max_us,
        ];
        let fault = fault_of_outcomes(self.sent, outcomes)
            .or_else(|| fault_of_numbers(&numbers))
            .or_else(|| fault_of_quantiles(&answers))
            .or_else(|| fault_of_quantiles(&times));
        if fault.is_some() {
            return fault;
        }
        let parts = [
            ("withheld", self.withheld),
            ("first_half_ok", self.first_half_ok),
        ];
        if let Some((name, part)) = parts.into_iter().find(|&(_, part)| part > self.ok) {
            return Some(format!("{name} is {part}, of {} right answers", self.ok));
        }
        if self.served > self.connections as u64 || self.outside_errors > self.outside {
            return Some("a part is larger than its whole".to_owned());
        }
        let zero = match (self.ok, self.err.is_empty()) {
            (0, true) => "ok",
            (0, false) => return None,
            _ if self.elapsed_ns == 0 => "elapsed_ns",
            // Of a server that has died the time can no longer be read, and the row says that it has.
            (_, true) if self.server_cpu_ns == 0 => "server_cpu_ns",
            _ => return None,
        };
        Some(format!("{zero} is 0, so there is no rate"))
    }
}
