//! The seconds of a run: those of all threads added up, as rows of a CSV file.

use super::{Errors, Quantiles};
use crate::load::{Interval, Tally};
use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// One second of all threads.
#[derive(Debug, Clone)]
pub struct MergedSecond {
    /// Seconds since the run began, from 0.
    pub index: u64,
    /// What was counted in it.
    pub tally: Tally,
    /// Open loop: response times; closed loop: service times; in ns.
    pub latency: Histogram<u64>,
}

/// Adds up what each of so many threads tells.
pub struct MergedSeconds {
    threads: usize,
    /// Seconds that not all threads have told yet, and how many have.
    begun: BTreeMap<u64, (usize, MergedSecond)>,
}

impl MergedSeconds {
    /// Nothing told yet.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self {
            threads,
            begun: BTreeMap::new(),
        }
    }

    /// Takes what one thread tells; the second, once all threads have told it.
    ///
    /// # Errors
    ///
    /// Where histograms differ in shape.
    pub fn take(&mut self, second: Interval) -> Result<Option<MergedSecond>> {
        let index = second.index;
        let latency = second.response.unwrap_or(second.service);
        match self.begun.get_mut(&index) {
            None => {
                let tally = second.tally;
                let begun = MergedSecond {
                    index,
                    tally,
                    latency,
                };
                self.begun.insert(index, (1, begun));
            }
            Some((told, sum)) => {
                *told += 1;
                sum.tally.add(&second.tally);
                sum.latency
                    .add(&latency)
                    .context("histograms of one run have one shape")?;
            }
        }
        match self.begun.get(&index) {
            Some((told, _)) if *told == self.threads => {
                Ok(self.begun.remove(&index).map(|(_, sum)| sum))
            }
            _ => Ok(None),
        }
    }

    /// What some thread had nothing to tell of: its run was shorter.
    #[must_use]
    pub fn rest(self) -> Vec<MergedSecond> {
        self.begun.into_values().map(|(_, sum)| sum).collect()
    }
}

/// One row; times in µs.
#[derive(Debug, Serialize)]
struct Row {
    second: u64,
    sent: u64,
    ok: u64,
    bad_status: u64,
    bad_body: u64,
    protocol_error: u64,
    reset: u64,
    timeout: u64,
    connect: u64,
    unanswered: u64,
    unsent: u64,
    reconnects: u64,
    bytes_sent: u64,
    bytes_received: u64,
    mean_us: Option<f64>,
    p50_us: Option<f64>,
    p90_us: Option<f64>,
    p99_us: Option<f64>,
    p999_us: Option<f64>,
    max_us: Option<f64>,
}

impl From<&MergedSecond> for Row {
    fn from(second: &MergedSecond) -> Self {
        let tally = &second.tally;
        let errors = Errors::of(tally);
        let latency = Quantiles::of(&second.latency);
        Self {
            second: second.index,
            sent: tally.sent,
            ok: tally.ok,
            bad_status: errors.bad_status,
            bad_body: errors.bad_body,
            protocol_error: errors.protocol_error,
            reset: errors.reset,
            timeout: errors.timeout,
            connect: errors.connect,
            unanswered: errors.unanswered,
            unsent: tally.unsent,
            reconnects: tally.reconnects,
            bytes_sent: tally.bytes_sent,
            bytes_received: tally.bytes_received,
            mean_us: latency.mean.map(|us| (us * 1e3).round() / 1e3),
            p50_us: latency.p50,
            p90_us: latency.p90,
            p99_us: latency.p99,
            p999_us: latency.p999,
            max_us: latency.max,
        }
    }
}

/// Rows of a CSV file, one for each second, written as they come: a run may last for days.
pub struct SecondsWriter<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> SecondsWriter<W> {
    /// Writes the heading with the first row.
    pub fn new(to: W) -> Self {
        Self {
            writer: csv::Writer::from_writer(to),
        }
    }

    /// Writes one row.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&mut self, second: &MergedSecond) -> Result<()> {
        self.writer.serialize(Row::from(second))?;
        self.writer.flush().context("cannot write a row")
    }
}
