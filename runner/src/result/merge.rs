//! Several results as one: counts and histograms are added, so every percentile of the sum is what
//! one generator would have seen. What cannot be added exactly is refused.

use super::histograms::{decode, encode};
use super::{Errors, LoadResult, Quantiles, SCHEMA, per_second};
use crate::load::Bound;
use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// Why results cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "result {place} differs from the first in its {what} ({found}, not {expected}); only like can be added"
)]
pub struct MergeError {
    /// Which result, from 1.
    pub place: usize,
    /// In what it differs.
    pub what: &'static str,
    /// What it has.
    pub found: String,
    /// What the first has.
    pub expected: String,
}

/// Adds results.
///
/// Runs may have been side by side or one after another: the sum lasts as long as at least one of
/// them went on, and has as many connections as were open at a time.
///
/// # Errors
///
/// [`MergeError`] where they are not of one target, pace, version and shape of histogram; another
/// error where a histogram does not read.
pub fn merge(results: &[LoadResult]) -> Result<LoadResult> {
    let first = results.first().context("there is nothing to add")?;
    for (place, other) in results.iter().enumerate().skip(1) {
        check_alike(place + 1, other, first)?;
    }
    let mut sum = first.clone();
    for other in &results[1..] {
        add_counts(&mut sum, other);
    }
    add_histograms(&mut sum, results)?;
    let most = Concurrency::of(results);
    sum.duration_s = most.covered_s;
    sum.rps = per_second(sum.ok, sum.duration_s);
    sum.asked.connections = most.connections;
    sum.asked.threads = most.threads;
    sum.asked.rate = sum.asked.rate.map(|rate| rate * most.runs as f64);
    (sum.verdict, sum.verdict_reasons) = verdict_of(results);
    Ok(sum)
}

fn check_alike(place: usize, other: &LoadResult, first: &LoadResult) -> Result<(), MergeError> {
    type Trait = fn(&LoadResult) -> String;
    let traits: [(&'static str, Trait); 10] = [
        ("schema", |run| run.schema.to_string()),
        ("version", |run| run.version.clone()),
        ("target", |run| run.asked.url.clone()),
        ("method", |run| run.asked.method.clone()),
        ("engine", |run| run.asked.engine.to_string()),
        ("rate", |run| format!("{:?}", run.asked.rate)),
        ("arrivals", |run| format!("{:?}", run.asked.arrivals)),
        ("pipeline", |run| run.asked.pipeline.to_string()),
        ("requests per connection", |run| {
            format!("{:?}", run.asked.requests_per_connection)
        }),
        ("histogram bounds", |run| {
            let of = &run.histograms;
            format!(
                "{} to {} ns, {} digits",
                of.lowest_ns, of.highest_ns, of.digits
            )
        }),
    ];
    for (what, read) in traits {
        let (found, expected) = (read(other), read(first));
        if found != expected {
            return Err(MergeError {
                place,
                what,
                found,
                expected,
            });
        }
    }
    debug_assert_eq!(first.schema, SCHEMA, "readers refuse other shapes");
    Ok(())
}

fn add_counts(sum: &mut LoadResult, other: &LoadResult) {
    sum.runs += other.runs;
    sum.started_unix_ms = sum.started_unix_ms.min(other.started_unix_ms);
    sum.cut |= other.cut;
    sum.sent += other.sent;
    sum.ok += other.ok;
    sum.warmup_requests += other.warmup_requests;
    add_errors(&mut sum.errors, &other.errors);
    sum.unsent += other.unsent;
    sum.unsent_age_max_us = sum.unsent_age_max_us.max(other.unsent_age_max_us);
    sum.redone += other.redone;
    sum.reconnects += other.reconnects;
    add_named(&mut sum.reconnects_by_cause, &other.reconnects_by_cause);
    add_named(
        &mut sum.connect_errors_by_cause,
        &other.connect_errors_by_cause,
    );
    sum.bytes_sent += other.bytes_sent;
    sum.bytes_received += other.bytes_received;
    sum.client_cpu_s += other.client_cpu_s;
    // One server side by side with two generators would be counted twice.
    sum.server_cpu_s = None;
    sum.waits += other.waits;
    sum.workers.extend(&other.workers);
    sum.evidence.extend(&other.evidence);
    sum.complaint = sum.complaint.take().or_else(|| other.complaint.clone());
}

fn add_errors(sum: &mut Errors, other: &Errors) {
    sum.bad_status += other.bad_status;
    sum.bad_body += other.bad_body;
    sum.protocol_error += other.protocol_error;
    sum.reset += other.reset;
    sum.timeout += other.timeout;
    sum.connect += other.connect;
    sum.unanswered += other.unanswered;
}

fn add_named(sums: &mut BTreeMap<String, u64>, counts: &BTreeMap<String, u64>) {
    for (name, count) in counts {
        *sums.entry(name.clone()).or_default() += count;
    }
}

fn add_histograms(sum: &mut LoadResult, results: &[LoadResult]) -> Result<()> {
    type Series = fn(&LoadResult) -> Option<&String>;
    let total = |series: Series| -> Result<Option<_>> {
        let mut total = None;
        for (place, text) in results.iter().filter_map(series).enumerate() {
            let times = decode(text).with_context(|| format!("in result {}", place + 1))?;
            match &mut total {
                None => total = Some(times),
                Some(total) => total.add(&times).context("bounds have been compared")?,
            }
        }
        Ok(total)
    };
    let service = total(|run| Some(&run.histograms.service_time))?;
    let response = total(|run| run.histograms.response_time.as_ref())?;
    let delay = total(|run| run.histograms.dispatch_delay.as_ref())?;
    if let Some(times) = service {
        sum.service_time_us = Quantiles::of(&times);
        sum.latency_us = Quantiles::of(response.as_ref().unwrap_or(&times));
        sum.histograms.service_time = encode(&times)?;
    }
    sum.histograms.response_time = response.as_ref().map(encode).transpose()?;
    sum.dispatch_delay_us = delay.as_ref().map(Quantiles::of);
    sum.histograms.dispatch_delay = delay.as_ref().map(encode).transpose()?;
    Ok(())
}

/// What went on at a time.
#[derive(Debug, Clone, Copy, Default)]
struct Concurrency {
    /// For how long at least one run went on.
    covered_s: f64,
    /// The most runs side by side.
    runs: usize,
    /// The most connections.
    connections: usize,
    /// The most threads.
    threads: usize,
}

impl Concurrency {
    fn of(results: &[LoadResult]) -> Self {
        let span = |run: &LoadResult| {
            let from_s = run.started_unix_ms as f64 / 1e3;
            (from_s, from_s + run.duration_s)
        };
        let mut most = Self::default();
        for run in results {
            let (from_s, _) = span(run);
            let beside = || {
                let goes_on =
                    |other: &&LoadResult| span(other).0 <= from_s && from_s < span(other).1;
                results.iter().filter(goes_on)
            };
            most.runs = most.runs.max(beside().count());
            most.connections = most
                .connections
                .max(beside().map(|other| other.asked.connections).sum());
            most.threads = most
                .threads
                .max(beside().map(|other| other.asked.threads).sum());
        }
        let mut spans: Vec<(f64, f64)> = results.iter().map(span).collect();
        spans.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut until_s = f64::NEG_INFINITY;
        for (from_s, to_s) in spans {
            most.covered_s += (to_s - from_s.max(until_s)).max(0.0);
            until_s = until_s.max(to_s);
        }
        most
    }
}

/// The verdict all runs share; unclear where they differ.
fn verdict_of(results: &[LoadResult]) -> (Bound, Vec<String>) {
    let first = &results[0];
    if results.iter().all(|run| run.verdict == first.verdict) {
        let reasons = results.iter().flat_map(|run| run.verdict_reasons.clone());
        return (first.verdict, reasons.collect());
    }
    let each = results.iter().enumerate();
    let each = each.map(|(place, run)| format!("result {} is {}", place + 1, run.verdict));
    (Bound::Unclear, each.collect())
}
