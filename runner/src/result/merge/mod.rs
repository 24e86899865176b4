//! Several results as one: counts and histograms are added, so every percentile of the sum is what
//! one generator would have seen. What cannot be added exactly is refused.

mod concurrency;
mod joined;
mod refused;

pub use refused::MergeError;

use super::parts::of_incomplete;
use super::{Errors, LoadResult, Quantiles, per_second};
use crate::load::Bound;
use crate::load::{decode_times, encode_times};
use anyhow::{Context, Result};
use concurrency::Concurrency;
use std::collections::BTreeMap;

/// A result, and what it is called: its file.
#[derive(Debug, Clone)]
pub struct Named {
    /// What messages call it.
    pub name: String,
    /// The result.
    pub result: LoadResult,
}

/// Adds results.
///
/// Runs may have been side by side or one after another: the sum lasts as long as at least one of
/// them went on, and has as many connections as were open at a time. Parts of one load are added to that load; some of
/// them may be missing only if that is allowed (`is_partial`).
///
/// # Errors
///
/// [`MergeError`] if they are not of one target, request, pace, version and shape of histogram, if one is there twice
/// or does not add up, or if parts of a load are missing or there twice; another error if a histogram does not read.
pub fn merge(results: &[Named], is_partial: bool) -> Result<LoadResult> {
    let first = results.first().context("there is nothing to add")?;
    refused::check(results)?;
    let parts = joined::parts(results, is_partial)?;
    let results: Vec<&LoadResult> = results.iter().map(|one| &one.result).collect();
    let mut sum = first.result.clone();
    for other in &results[1..] {
        add_counts(&mut sum, other);
    }
    add_histograms(&mut sum, &results)?;
    let most = Concurrency::of(&results);
    sum.duration_s = most.covered_s;
    sum.rps = per_second(sum.ok_in_duration, sum.duration_s);
    if parts.is_some() {
        sum.asked.threads = results.iter().map(|run| run.asked.threads).sum();
        sum.hosts.sort_by_key(|run| run.part);
        joined::add_stages(&mut sum, &results)?;
    } else {
        sum.asked.connections = most.connections;
        sum.asked.threads = most.threads;
        sum.asked.rate = sum.asked.rate.map(|rate| rate * most.runs as f64);
    }
    sum.asked.parts = parts;
    (sum.verdict, sum.verdict_reasons) = verdict_of(&results);
    sum.notes = sum.remarks();
    Ok(sum)
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
    sum.hosts.extend_from_slice(&other.hosts);
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

fn add_histograms(sum: &mut LoadResult, results: &[&LoadResult]) -> Result<()> {
    type Series = fn(&LoadResult) -> Option<&String>;
    let total = |series: Series| -> Result<Option<_>> {
        let mut total = None;
        for (place, text) in results.iter().copied().filter_map(series).enumerate() {
            let times = decode_times(text).with_context(|| format!("in result {}", place + 1))?;
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
        sum.histograms.service_time = encode_times(&times)?;
    }
    if let Some(times) = connect {
        sum.connect_us = Quantiles::of(&times);
        sum.histograms.connect = encode_times(&times)?;
    }
    sum.histograms.response_time = response.as_ref().map(encode_times).transpose()?;
    sum.dispatch_delay_us = delay.as_ref().map(Quantiles::of);
    sum.histograms.dispatch_delay = delay.as_ref().map(encode_times).transpose()?;
    Ok(())
}

/// The verdict all runs share; unclear if they differ. If one generator of a load in parts was the limit, so was the
/// whole.
fn verdict_of(results: &[&LoadResult]) -> (Bound, Vec<String>) {
    let first = results[0];
    if results.iter().all(|run| run.verdict == first.verdict) {
        let reasons = results.iter().flat_map(|run| run.verdict_reasons.clone());
        return (first.verdict, reasons.collect());
    }
    let are_parts = of_incomplete(first.asked.parts.as_ref()).is_some();
    let each = results.iter().enumerate();
    let each = each.map(|(place, run)| match &run.asked.parts {
        Some(parts) if are_parts => format!("{} is {}", parts.text(), run.verdict),
        _ => format!("result {} is {}", place + 1, run.verdict),
    });
    let is_client = |run: &&LoadResult| run.verdict == Bound::ClientBound;
    match are_parts && results.iter().any(is_client) {
        true => (Bound::ClientBound, each.collect()),
        false => (Bound::Unclear, each.collect()),
    }
}
