//! Histograms as they travel: base64 of the standard V2 encoding inside JSON, and the interval log
//! that HdrHistogram's own tools read.

use crate::load::{Times, encode_times};
use anyhow::{Context, Result, anyhow};
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::time::Duration;

/// The distributions of a run, in ns, each as base64 of HdrHistogram's V2 encoding (deflated).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Histograms {
    /// The smallest value that is told from 0.
    pub lowest_ns: u64,
    /// The largest value; longer times are kept as this.
    pub highest_ns: u64,
    /// Significant decimal digits.
    pub digits: u8,
    /// From sending a request to reading its answer.
    pub service_time: String,
    /// Open loop: from when a request was due to reading its answer.
    pub response_time: Option<String>,
    /// Open loop: from when a request was due to sending it.
    pub dispatch_delay: Option<String>,
    /// From asking for a connection to having it.
    pub connect: String,
}

impl Histograms {
    /// Encodes; response time and dispatch delay only for an open loop.
    pub(super) fn of(times: &Times, open: bool) -> Result<Self> {
        let encode_open = |times| open.then(|| encode_times(times)).transpose();
        Ok(Self {
            lowest_ns: times.service.low(),
            highest_ns: times.service.high(),
            digits: times.service.sigfig(),
            service_time: encode_times(&times.service)?,
            response_time: encode_open(&times.response)?,
            dispatch_delay: encode_open(&times.dispatch_delay)?,
            connect: encode_times(&times.connect)?,
        })
    }
}

/// Writes the distributions of a run's requests as an interval log: one interval, one tag for each series.
/// Whoever reads it expects times of requests; how long connecting took is in the JSON.
///
/// # Errors
///
/// If they cannot be written.
pub fn write_log(to: &mut impl Write, times: &Times, open: bool, elapsed: Duration) -> Result<()> {
    let mut serializer = V2DeflateSerializer::new();
    let mut builder = IntervalLogWriterBuilder::new();
    builder.add_comment("[Histogram log format version 1.3]");
    builder.add_comment("Times in ns; Tag=service_time, response_time or dispatch_delay.");
    let mut log = builder.begin_log_with(to, &mut serializer)?;
    let series = [
        ("service_time", &times.service, true),
        ("response_time", &times.response, open),
        ("dispatch_delay", &times.dispatch_delay, open),
    ];
    for (name, times, _) in series.into_iter().filter(|(_, _, is_there)| *is_there) {
        let tag = Tag::new(name).context("the names above have no comma, space or line break")?;
        log.write_histogram(times, Duration::ZERO, elapsed, Some(tag))
            .map_err(|error| anyhow!("cannot write a histogram: {error}"))?;
    }
    drop(log);
    to.flush().context("cannot write the log")
}
