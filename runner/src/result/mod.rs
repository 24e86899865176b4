//! What one run of `runner load` came to, as data: the JSON that docs/load-result.schema.json
//! describes, from which text is printed, claims are checked and runs are merged.

mod assertion;
mod errors;
mod histograms;
mod hosts;
mod merge;
mod notes;
mod parts;
mod quantiles;
mod seconds;
mod stages;
mod text;

pub use assertion::Assertion;
pub use errors::Errors;
pub use histograms::{Histograms, write_log};
pub use hosts::{CommonStart, HostRun};
pub use merge::{MergeError, Named, merge};
pub use parts::Parts;
pub use quantiles::Quantiles;
pub use seconds::{MergedSecond, MergedSeconds, SecondsWriter};
pub use stages::{StageResult, knee};
pub use text::{second_line, text};

use crate::environment::Host;
use crate::load::{
    Arrivals, Bound, Cause, Closing, EngineKind, Evidence, Expected, LoadSpec, Measured, Pace,
    RATE_HELD_SHARE_MIN, Stage, Target,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the shape below. A field that is added does not change it.
pub const SCHEMA: u32 = 2;

/// One run of `runner load`, or several added up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LoadResult {
    /// The version of this shape.
    pub schema: u32,
    /// The version of the generator.
    pub version: String,
    /// What was asked for.
    #[serde(flatten)]
    pub asked: Asked,
    /// How many results were added up; 1 for one run.
    pub runs: u32,
    /// When the first request was due, in ms since 1970.
    pub started_unix_ms: u64,
    /// How long load was offered, in seconds: until the time was up, the schedule over or the last
    /// request sent (if most answers came after that, until the last of them).
    pub duration_s: f64,
    /// How long open requests were waited for after that, in seconds.
    pub wait_at_end_s: f64,
    /// Requests were left when the time was up.
    pub cut: bool,
    /// Requests handed to the kernel: `ok` and the errors but `connect` add up to it.
    pub sent: u64,
    /// Right answers.
    pub ok: u64,
    /// Requests of ramp and warm-up: sent before the run, and counted nowhere else.
    pub warmup_requests: u64,
    /// Everything else that became of requests.
    pub errors: Errors,
    /// Answers that were framed rightly, by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Open loop: requests that were due and never left.
    pub unsent: u64,
    /// Open loop: for how long the oldest of these had been due, in µs.
    pub unsent_age_max_us: f64,
    /// Requests that went out once more on a new connection, because the server had ended theirs
    /// without a byte of an answer; each is one request in `sent`.
    pub redone: u64,
    /// Connections opened again.
    pub reconnects: u64,
    /// How the server ends each connection after one answer, where it does and was not asked to.
    pub server_closes: Option<Closing>,
    /// Connections opened again, by cause.
    pub reconnects_by_cause: BTreeMap<String, u64>,
    /// Attempts to connect that failed, by cause.
    pub connect_errors_by_cause: BTreeMap<String, u64>,
    /// Bytes of requests.
    pub bytes_sent: u64,
    /// Bytes of answers.
    pub bytes_received: u64,
    /// Right answers that came while load was offered.
    pub ok_in_duration: u64,
    /// Bytes of answers that came while load was offered.
    pub bytes_received_in_duration: u64,
    /// Right answers per second: `ok_in_duration` over `duration_s`.
    pub rps: f64,
    /// What a user waits: in the open loop from the schedule, in the closed loop from sending.
    pub latency_us: Quantiles,
    /// From sending a request to reading its answer.
    pub service_time_us: Quantiles,
    /// Open loop: from when a request was due to sending it.
    pub dispatch_delay_us: Option<Quantiles>,
    /// Connections opened, before the run or in it.
    pub connects: u64,
    /// How long that took each.
    pub connect_us: Quantiles,
    /// Handshakes among them that took a second or more: the kernel sent the first packet again, as
    /// it does if the server's listen queue is full.
    pub handshakes_repeated: u64,
    /// Open loop in stages: what came of each.
    pub stage_results: Vec<StageResult>,
    /// The highest rate that was held, if a higher one was not; of a step of a rising rate, its mean.
    pub knee_rate: Option<f64>,
    /// CPU time of the generator's threads, in seconds.
    pub client_cpu_s: f64,
    /// CPU time of the server during the run, in seconds, where it was launched here.
    pub server_cpu_s: Option<f64>,
    /// Times the generator asked the kernel for events.
    pub waits: u64,
    /// The runs in it, and their hosts: one entry for each.
    #[serde(default)]
    pub hosts: Vec<HostRun>,
    /// What each thread of the generator did with its time.
    pub workers: Vec<Worker>,
    /// Whose limit this is.
    pub verdict: Bound,
    /// What that rests on, in words.
    pub verdict_reasons: Vec<String>,
    /// What that rests on, in numbers: one entry for each run.
    pub evidence: Vec<Evidence>,
    /// What else a reader ought to know, a line each.
    pub notes: Vec<String>,
    /// What was wrong with the first answer that was not right.
    pub complaint: Option<String>,
    /// The distributions themselves.
    pub histograms: Histograms,
}

/// What was asked for; results are merged where this agrees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Asked {
    /// Where requests went.
    pub url: String,
    /// Their method.
    pub method: String,
    /// The bytes of one request, head and body: how many, and their FNV-1a digest.
    pub request: Option<String>,
    /// What counted as a right answer.
    pub expected: Option<String>,
    /// Who moved the bytes.
    pub engine: EngineKind,
    /// Connections, added up over runs side by side; of a load in parts, those of all parts.
    pub connections: usize,
    /// Threads, added up likewise.
    pub threads: usize,
    /// Open loop: requests per second by schedule, the mean of stages; of a load in parts, those of all parts. The
    /// closed loop has none.
    pub rate: Option<f64>,
    /// Open loop: the stages, as they were asked for.
    pub stages: Option<String>,
    /// Open loop: how arrivals were spread.
    pub arrivals: Option<Arrivals>,
    /// Requests sent at once on a connection.
    pub pipeline: u32,
    /// After so many a connection was closed.
    pub requests_per_connection: Option<u32>,
    /// The parts of a load in several parts (`--part`) that are in this result.
    #[serde(default)]
    pub parts: Option<Parts>,
}

/// What one thread of the generator did with its time, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Worker {
    /// On a processor.
    pub cpu_s: f64,
    /// Waiting for the kernel to have something.
    pub waited_s: f64,
    /// From the start of the run to its end.
    pub elapsed_s: f64,
}

/// What is known of a run besides what the generator measured.
#[derive(Debug, Clone)]
pub struct Around {
    /// When the run began, in ms since 1970.
    pub started_unix_ms: u64,
    /// Requests sent before it began.
    pub warmup_requests: u64,
    /// CPU time of the server, in seconds, where it is ours.
    pub server_cpu_s: Option<f64>,
    /// What the verdict rests on.
    pub evidence: Evidence,
    /// Where the generator was.
    pub host: Host,
    /// The connections that were driven from there.
    pub connections: usize,
}

impl LoadResult {
    /// The result of one run.
    ///
    /// # Errors
    ///
    /// Where a histogram cannot be written.
    pub fn of(asked: Asked, measured: &Measured, around: Around) -> anyhow::Result<Self> {
        let (tally, times) = (&measured.tally, &measured.times);
        let open = asked.rate.is_some();
        let stage_results = StageResult::all(&measured.stages, asked.parts.is_some())?;
        let offered = &measured.offered;
        let duration_s = offered.elapsed.as_secs_f64();
        let (verdict, verdict_reasons) = around.evidence.judge();
        let workers = measured.workers.iter().map(|worker| Worker {
            cpu_s: worker.cpu.as_secs_f64(),
            waited_s: worker.waited.as_secs_f64(),
            elapsed_s: worker.elapsed.as_secs_f64(),
        });
        let mut result = Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            runs: 1,
            started_unix_ms: around.started_unix_ms,
            duration_s,
            wait_at_end_s: measured.tail.as_secs_f64(),
            cut: measured.cut,
            sent: tally.sent,
            ok: tally.ok,
            warmup_requests: around.warmup_requests,
            errors: Errors::of(tally),
            statuses: measured.statuses.clone(),
            unsent: tally.unsent,
            unsent_age_max_us: tally.unsent_age_max_ns as f64 / 1e3,
            redone: tally.redone,
            reconnects: tally.reconnects,
            server_closes: measured.closing,
            reconnects_by_cause: by_name(&measured.causes.reconnects),
            connect_errors_by_cause: by_name(&measured.causes.connect_errors),
            bytes_sent: tally.bytes_sent,
            bytes_received: tally.bytes_received,
            ok_in_duration: offered.tally.ok,
            bytes_received_in_duration: offered.tally.bytes_received,
            rps: per_second(offered.tally.ok, duration_s),
            latency_us: Quantiles::of(if open {
                &times.response
            } else {
                &times.service
            }),
            service_time_us: Quantiles::of(&times.service),
            dispatch_delay_us: open.then(|| Quantiles::of(&times.dispatch_delay)),
            connects: times.connect.len(),
            connect_us: Quantiles::of(&times.connect),
            handshakes_repeated: measured.handshakes_repeated(),
            knee_rate: knee(&stage_results),
            stage_results,
            client_cpu_s: measured.cpu.as_secs_f64(),
            server_cpu_s: around.server_cpu_s,
            waits: tally.waits,
            workers: workers.collect(),
            hosts: Vec::new(),
            verdict,
            verdict_reasons,
            evidence: vec![around.evidence],
            notes: Vec::new(),
            complaint: measured.complaint.clone(),
            histograms: Histograms::of(times, open)?,
            asked,
        };
        result.hosts = vec![HostRun::of(&result, around.host, around.connections)];
        let early_end = measured.early_end.as_ref().map(notes::early_end);
        result.notes = early_end.into_iter().chain(result.remarks()).collect();
        Ok(result)
    }

    /// Says how this run's start was that of others: by the clock of the first, `unix_ms` was when all were to begin.
    pub fn set_start(&mut self, start: CommonStart, unix_ms: u64) {
        self.started_unix_ms = unix_ms + (start.late_us / 1e3) as u64;
        for host in &mut self.hosts {
            host.started_unix_ms = self.started_unix_ms;
            host.start = Some(start);
        }
    }

    /// Whether nearly all was sent that was due. A closed loop has no rate to hold.
    #[must_use]
    pub fn holds_rate(&self) -> bool {
        let due = (self.sent + self.unsent) as f64;
        self.unsent == 0 || self.sent as f64 >= RATE_HELD_SHARE_MIN * due
    }

    /// The pace that was asked for, in the field's words.
    #[must_use]
    pub fn pace(&self) -> String {
        if let (Some(stages), Some(arrivals)) = (&self.asked.stages, self.asked.arrivals) {
            return format!("open loop in stages {stages} ({arrivals})");
        }
        match (self.asked.rate, self.asked.arrivals) {
            (Some(rate), Some(arrivals)) => format!("open loop at {rate}/s ({arrivals})"),
            (Some(rate), None) => format!("open loop at {rate}/s"),
            (None, _) => "closed loop".to_owned(),
        }
    }
}

impl Asked {
    /// What tells one request from another, without the secrets it may carry.
    #[must_use]
    pub fn request_of(target: &Target) -> String {
        fingerprint(&target.request)
    }

    /// What counts as a right answer, in words.
    #[must_use]
    pub fn expected_of(target: &Target) -> String {
        match &target.expected {
            Expected::Contract => "the contract (docs/CONTRACT.md)".to_owned(),
            Expected::Answer { status, body: None } => format!("status {status}"),
            Expected::Answer {
                status,
                body: Some(body),
            } => format!("status {status}, body of {}", fingerprint(body)),
            Expected::Like(sample) => format!("status {}, as the first answer", sample.status()),
        }
    }

    /// The rate and the spread of arrivals of a run; of stages, their mean.
    #[must_use]
    pub fn rate_of(spec: &LoadSpec) -> (Option<f64>, Option<Arrivals>) {
        let requests: f64 = spec.stages.iter().map(Stage::requests).sum();
        let staged_s: f64 = spec
            .stages
            .iter()
            .map(|stage| stage.duration.as_secs_f64())
            .sum();
        match spec.pace {
            Pace::Closed => (None, None),
            Pace::Open { arrivals, .. } if staged_s > 0.0 => {
                (Some(requests / staged_s), Some(arrivals))
            }
            Pace::Open { rate, arrivals, .. } => (Some(rate), Some(arrivals)),
        }
    }
}

/// Length and FNV-1a digest: the same in every version of the compiler, and no cryptography, since
/// nobody gains by a result that seems to be of another request.
fn fingerprint(bytes: &[u8]) -> String {
    let mix = |digest: u64, &byte: &u8| (digest ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    let digest = bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix);
    format!("{} bytes, {digest:016x}", bytes.len())
}

fn per_second(count: u64, seconds: f64) -> f64 {
    match seconds {
        0.0 => 0.0,
        seconds => count as f64 / seconds,
    }
}

fn by_name(causes: &BTreeMap<Cause, u64>) -> BTreeMap<String, u64> {
    let named = causes.iter();
    named
        .map(|(cause, &count)| (cause.to_string(), count))
        .collect()
}

#[cfg(test)]
mod tests;
