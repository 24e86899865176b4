//! The rows of a latency run: integers, with the unit in the column's name.

use crate::duration::{micros, nanos};
use crate::load::Measured;
use crate::run::{
    Observation, Row, TimesFile, fault_of_numbers, fault_of_outcomes, fault_of_quantiles, one_line,
};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Response times of every arm, rate and block.
pub(super) const RESPONSE_TIMES: TimesFile = TimesFile {
    name: "response-times.hlog",
    comment: "Response times in ns, from the schedule; Tag=arm@rate; StartTimestamp is the block.",
};

/// One slice in the open loop: one arm, rate, block and round.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PacedRow {
    /// Number of the block, from 0.
    pub block: u32,
    /// Connections that carried the requests.
    pub connections: usize,
    /// Requests per second, by schedule.
    pub rate_per_s: u64,
    /// Number of the round within block and rate, from 0.
    pub round: u32,
    /// Position within the round, from 0.
    pub position: usize,
    /// Who was measured.
    pub arm: String,
    /// Requests that were due in the window and never left, for want of a free connection.
    pub unsent: u64,
    /// Requests that ended before the window or after it; they count nowhere else.
    pub outside: u64,
    /// Of these, those without a right answer.
    pub outside_errors: u64,
    /// Requests that ended in the window: the sum of the seven columns that follow.
    pub sent: u64,
    /// Right answers.
    pub ok: u64,
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
    /// Attempts to connect that failed.
    pub connect_errors: u64,
    /// From the first slice of the block at this rate to the beginning of this one's load.
    pub started_us: u64,
    /// Load before the window.
    pub settling_ns: u64,
    /// From one edge of the window to the other.
    pub elapsed_ns: u64,
    /// CPU time of the generator's threads.
    pub generator_cpu_ns: u64,
    /// How long the busiest thread of the generator was idle.
    pub generator_idle_ns: u64,
    /// How long the generator was stopped in the window: by a signal, a paused machine or a CPU quota.
    pub pause_us: u64,
    /// CPU time of the server, all threads.
    pub server_cpu_ns: u64,
    /// Median response time, from when the request was due.
    pub response_time_p50_ns: u64,
    /// 99th percentile of the response time.
    pub response_time_p99_ns: u64,
    /// 99.9th percentile of the response time.
    pub response_time_p999_ns: u64,
    /// Longest response time.
    pub response_time_max_ns: u64,
    /// Median service time, from when the request was sent.
    pub service_time_p50_ns: u64,
    /// 99th percentile of the service time.
    pub service_time_p99_ns: u64,
    /// 99th percentile of the dispatch delay: how late the generator sent.
    pub dispatch_delay_p99_ns: u64,
    /// What went wrong first, if anything did.
    pub err: String,
}

impl PacedRow {
    /// Fills in what was measured.
    #[must_use]
    pub(super) fn measured(self, measured: &Measured) -> Self {
        let (tally, outside, times) = (&measured.tally, &measured.outside, &measured.times);
        let errors = tally.errors() + outside.errors() + tally.connect_errors;
        let at = |times: &Histogram<u64>, quantile| times.value_at_quantile(quantile);
        Self {
            unsent: tally.unsent,
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
            connect_errors: tally.connect_errors,
            elapsed_ns: nanos(measured.elapsed),
            generator_cpu_ns: nanos(measured.cpu),
            generator_idle_ns: measured.idle().map_or(0, nanos),
            pause_us: micros(measured.pauses.total),
            server_cpu_ns: measured.probed.map_or(0, nanos),
            response_time_p50_ns: at(&times.response, 0.5),
            response_time_p99_ns: at(&times.response, 0.99),
            response_time_p999_ns: at(&times.response, 0.999),
            response_time_max_ns: times.response.max(),
            service_time_p50_ns: at(&times.service, 0.5),
            service_time_p99_ns: at(&times.service, 0.99),
            dispatch_delay_p99_ns: at(&times.dispatch_delay, 0.99),
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

    /// Requests that did not get a right answer, in the window and outside it.
    #[must_use]
    pub fn errors(&self) -> u64 {
        let outcomes = [
            self.bad_status,
            self.bad_body,
            self.protocol_error,
            self.reset,
            self.timeout,
            self.unanswered,
            self.outside_errors,
            self.connect_errors,
        ];
        outcomes.into_iter().fold(0, u64::saturating_add)
    }

    /// Server CPU time per right answer, in ns: a request that failed makes no server cheap.
    #[must_use]
    pub(super) fn cpu_ns_per_request(&self) -> Option<f64> {
        (self.ok > 0 && self.server_cpu_ns > 0).then(|| self.server_cpu_ns as f64 / self.ok as f64)
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

impl Row for PacedRow {
    const FILE: &'static str = "slices.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!(
            "block {}, {} requests/s, round {}, {}",
            self.block, self.rate_per_s, self.round, self.arm
        )
    }

    fn fault(&self) -> Option<String> {
        let outcomes = [
            self.ok,
            self.bad_status,
            self.bad_body,
            self.protocol_error,
            self.reset,
            self.timeout,
            self.unanswered,
        ];
        let numbers = [
            self.sent,
            self.unsent,
            self.outside,
            self.outside_errors,
            self.connect_errors,
            self.started_us,
            self.settling_ns,
            self.elapsed_ns,
            self.server_cpu_ns,
            self.generator_cpu_ns,
            self.generator_idle_ns,
            self.pause_us,
            self.response_time_max_ns,
            self.service_time_p99_ns,
            self.dispatch_delay_p99_ns,
        ];
        let response_times = [
            self.response_time_p50_ns,
            self.response_time_p99_ns,
            self.response_time_p999_ns,
            self.response_time_max_ns,
        ];
        let service_times = [self.service_time_p50_ns, self.service_time_p99_ns];
        let fault = fault_of_outcomes(self.sent, outcomes)
            .or_else(|| fault_of_numbers(&numbers))
            .or_else(|| fault_of_quantiles(&response_times))
            .or_else(|| fault_of_quantiles(&service_times));
        if fault.is_some() {
            return fault;
        }
        if self.outside_errors > self.outside {
            return Some(format!(
                "outside_errors is {}, of {} requests outside",
                self.outside_errors, self.outside
            ));
        }
        let zero = match (self.ok, self.err.is_empty()) {
            (0, true) => "ok",
            (0, false) => return None,
            _ if self.elapsed_ns == 0 => "elapsed_ns",
            // Of a server that has died the time can no longer be read, and the row says that it has.
            (_, true) if self.server_cpu_ns == 0 => "server_cpu_ns",
            _ if self.response_time_p50_ns == 0 => "response_time_p50_ns",
            _ => return None,
        };
        Some(format!("{zero} is 0, so there is no figure"))
    }
}

/// One rate, tried on one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeRow {
    /// Number of the search, from 0.
    pub search: u32,
    /// Whose process.
    pub arm: String,
    /// Number of the probe within the search, from 0.
    pub probe: u32,
    /// Requests per second, by schedule.
    pub rate_per_s: u64,
    /// Requests that were due and never left.
    pub unsent: u64,
    /// Requests that ended in the window.
    pub sent: u64,
    /// Requests without a right answer.
    pub errors: u64,
    /// Median response time.
    pub response_time_p50_ns: u64,
    /// 99th percentile of the response time.
    pub response_time_p99_ns: u64,
    /// 1 if the objective was met.
    pub met: u8,
}

impl Row for ProbeRow {
    const FILE: &'static str = "probes.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!("{}, search {}, probe {}", self.arm, self.search, self.probe)
    }

    fn fault(&self) -> Option<String> {
        let numbers = [
            self.rate_per_s,
            self.unsent,
            self.sent,
            self.errors,
            self.response_time_p50_ns,
            self.response_time_p99_ns,
        ];
        if self.met > 1 {
            return Some(format!("met is {}, and can be 0 or 1", self.met));
        }
        let times = [self.response_time_p50_ns, self.response_time_p99_ns];
        fault_of_numbers(&numbers).or_else(|| fault_of_quantiles(&times))
    }
}

/// What one search has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchRow {
    /// Number of the search, from 0.
    pub search: u32,
    /// Whose process.
    pub arm: String,
    /// Probes it took.
    pub probes: u32,
    /// The highest rate at which the objective was met; 0 if it was met at none.
    pub highest_rate_per_s: u64,
    /// Why there is no figure, if there is none.
    pub err: String,
}

impl Row for SearchRow {
    const FILE: &'static str = "searches.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!("{}, search {}", self.arm, self.search)
    }

    fn fault(&self) -> Option<String> {
        if self.highest_rate_per_s > 0 && self.probes == 0 {
            return Some("a rate was found without a probe".to_owned());
        }
        fault_of_numbers(&[self.highest_rate_per_s])
    }
}
