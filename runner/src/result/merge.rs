//! Several results as one: counts and histograms are added, so every percentile of the sum is what
//! one generator would have seen. What cannot be added exactly is refused.

use super::histograms::{decode, encode};
use super::{Errors, LoadResult, Quantiles, SCHEMA, per_second};
use crate::load::Bound;
use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// Why results cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// They are of different things.
    #[error(
        "result {place} differs from the first in its {what} ({found}, not {expected}); only like can be added"
    )]
    Unlike {
        /// Which result, from 1.
        place: usize,
        /// In what it differs.
        what: &'static str,
        /// What it has.
        found: String,
        /// What the first has.
        expected: String,
    },
    /// One run would count twice.
    #[error("result {place} is result {earlier} once more; a run is added once")]
    Repeated {
        /// Which result, from 1.
        place: usize,
        /// Which one it repeats, from 1.
        earlier: usize,
    },
    /// Stages of one run are not those of another.
    #[error("result {place} has stages, which are not added up; look at each result by itself")]
    Staged {
        /// Which result, from 1.
        place: usize,
    },
    /// Its counts do not add up, so no generator has written it.
    #[error(
        "result {place} does not add up: it has {sent} requests sent, and outcomes of {outcomes}"
    )]
    Unbalanced {
        /// Which result, from 1.
        place: usize,
        /// How many requests it says were sent.
        sent: u64,
        /// What became of requests, all outcomes together.
        outcomes: u128,
    },
}

/// Adds results.
///
/// Runs may have been side by side or one after another: the sum lasts as long as at least one of
/// them went on, and has as many connections as were open at a time.
///
/// # Errors
///
/// [`MergeError`] where they are not of one target, request, pace, version and shape of histogram,
/// where one is there twice or does not add up; another error where a histogram does not read.
pub fn merge(results: &[LoadResult]) -> Result<LoadResult> {
    let first = results.first().context("there is nothing to add")?;
    for (index, other) in results.iter().enumerate() {
        check_balance(index + 1, other)?;
        if other.asked.stages.is_some() {
            return Err(MergeError::Staged { place: index + 1 }.into());
        }
        check_alike(index + 1, other, first)?;
        check_new(&results[..index], other)?;
    }
    let mut sum = first.clone();
    for other in &results[1..] {
        add_counts(&mut sum, other);
    }
    add_histograms(&mut sum, results)?;
    let most = Concurrency::of(results);
    sum.duration_s = most.covered_s;
    sum.rps = per_second(sum.ok_in_duration, sum.duration_s);
    sum.asked.connections = most.connections;
    sum.asked.threads = most.threads;
    sum.asked.rate = sum.asked.rate.map(|rate| rate * most.runs as f64);
    (sum.verdict, sum.verdict_reasons) = verdict_of(results);
    sum.notes = sum.remarks();
    Ok(sum)
}

fn check_balance(place: usize, run: &LoadResult) -> Result<(), MergeError> {
    let outcomes = run.errors.requests_wide() + u128::from(run.ok);
    if outcomes == u128::from(run.sent) {
        return Ok(());
    }
    Err(MergeError::Unbalanced {
        place,
        sent: run.sent,
        outcomes,
    })
}

/// Two runs never agree in all times, counts and distributions.
fn check_new(earlier: &[LoadResult], run: &LoadResult) -> Result<(), MergeError> {
    match earlier.iter().position(|one| one == run) {
        None => Ok(()),
        Some(index) => Err(MergeError::Repeated {
            place: earlier.len() + 1,
            earlier: index + 1,
        }),
    }
}

fn check_alike(place: usize, other: &LoadResult, first: &LoadResult) -> Result<(), MergeError> {
    type Trait = fn(&LoadResult) -> String;
    let traits: [(&'static str, Trait); 12] = [
        ("schema", |run| run.schema.to_string()),
        ("version", |run| run.version.clone()),
        ("target", |run| run.asked.url.clone()),
        ("method", |run| run.asked.method.clone()),
        ("request", |run| or(&run.asked.request, "not recorded")),
        ("expected answer", |run| {
            or(&run.asked.expected, "not recorded")
        }),
        ("engine", |run| run.asked.engine.to_string()),
        ("rate", |run| match run.asked.rate {
            Some(rate) => format!("{rate} requests per second"),
            None => "none: closed loop".to_owned(),
        }),
        ("arrivals", |run| or(&run.asked.arrivals, "none")),
        ("pipeline", |run| run.asked.pipeline.to_string()),
        ("requests per connection", |run| {
            or(&run.asked.requests_per_connection, "no limit")
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
            return Err(MergeError::Unlike {
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

/// A value in words, or the words for none.
fn or(value: &Option<impl ToString>, none: &str) -> String {
    value
        .as_ref()
        .map_or_else(|| none.to_owned(), ToString::to_string)
}

fn add_counts(sum: &mut LoadResult, other: &LoadResult) {
    sum.runs += other.runs;
    sum.started_unix_ms = sum.started_unix_ms.min(other.started_unix_ms);
    sum.cut |= other.cut;
    sum.sent += other.sent;
    sum.ok += other.ok;
    sum.warmup_requests += other.warmup_requests;
    add_errors(&mut sum.errors, &other.errors);
    for (status, count) in &other.statuses {
        *sum.statuses.entry(*status).or_default() += count;
    }
    sum.unsent += other.unsent;
    sum.unsent_age_max_us = sum.unsent_age_max_us.max(other.unsent_age_max_us);
    sum.redone += other.redone;
    sum.reconnects += other.reconnects;
    sum.server_closes = sum.server_closes.or(other.server_closes);
    add_named(&mut sum.reconnects_by_cause, &other.reconnects_by_cause);
    add_named(
        &mut sum.connect_errors_by_cause,
        &other.connect_errors_by_cause,
    );
    sum.ok_in_duration += other.ok_in_duration;
    sum.bytes_received_in_duration += other.bytes_received_in_duration;
    sum.wait_at_end_s = sum.wait_at_end_s.max(other.wait_at_end_s);
    sum.connects += other.connects;
    sum.handshakes_repeated += other.handshakes_repeated;
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
    let connect = total(|run| Some(&run.histograms.connect))?;
    if let Some(times) = service {
        sum.service_time_us = Quantiles::of(&times);
        sum.latency_us = Quantiles::of(response.as_ref().unwrap_or(&times));
        sum.histograms.service_time = encode(&times)?;
    }
    if let Some(times) = connect {
        sum.connect_us = Quantiles::of(&times);
        sum.histograms.connect = encode(&times)?;
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
