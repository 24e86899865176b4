//! Rows and tables of the open loop.

use super::Setting;
use crate::load::{Measured, Objective, Times};
use crate::stats::{Quartiles, median};
use anyhow::{Context, Result, anyhow};
use comfy_table::{CellAlignment, Table, presets};
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// One rate, tried on one process.
#[derive(Debug, Serialize)]
pub(super) struct ProbeRow {
    block: u32,
    arm: String,
    rate: u64,
    scheduled: u64,
    sent: u64,
    errors: u64,
    response_time_p50_us: u64,
    response_time_p99_us: u64,
    met: u8,
}

impl ProbeRow {
    pub(super) fn new(block: u32, arm: &str, rate: f64, measured: &Measured, met: bool) -> Self {
        let at = |quantile| measured.times.response.value_at_quantile(quantile) / 1000;
        Self {
            block,
            arm: arm.to_owned(),
            rate: rate.round() as u64,
            scheduled: measured.tally.scheduled(),
            sent: measured.tally.sent,
            errors: measured.tally.errors() + measured.tally.connect_errors,
            response_time_p50_us: at(0.5),
            response_time_p99_us: at(0.99),
            met: u8::from(met),
        }
    }
}

/// What one search has found.
#[derive(Debug, Serialize)]
pub(super) struct SearchRow {
    pub(super) block: u32,
    pub(super) arm: String,
    pub(super) highest_rate: Option<f64>,
}

/// One process at the common rate.
#[derive(Debug, Serialize)]
pub(super) struct LatencyRow {
    block: u32,
    arm: String,
    rate: u64,
    scheduled: u64,
    sent: u64,
    unsent: u64,
    pub(super) errors: u64,
    elapsed_ns: u64,
    server_cpu_ns: u64,
    generator_cpu_ns: u64,
    response_time_p50_us: f64,
    response_time_p99_us: f64,
    response_time_p999_us: f64,
    response_time_max_us: f64,
    service_time_p50_us: f64,
    service_time_p99_us: f64,
    dispatch_delay_p99_us: f64,
}

impl LatencyRow {
    pub(super) fn new(
        block: u32,
        arm: &str,
        rate: f64,
        measured: &Measured,
        server_cpu: Duration,
    ) -> Self {
        let (tally, times) = (&measured.tally, &measured.times);
        let us = |ns: u64| ns as f64 / 1e3;
        let response = |quantile| us(times.response.value_at_quantile(quantile));
        let service = |quantile| us(times.service.value_at_quantile(quantile));
        Self {
            block,
            arm: arm.to_owned(),
            rate: rate.round() as u64,
            scheduled: tally.scheduled(),
            sent: tally.sent,
            unsent: tally.unsent,
            errors: tally.errors() + tally.connect_errors,
            elapsed_ns: measured.elapsed.as_nanos() as u64,
            server_cpu_ns: server_cpu.as_nanos() as u64,
            generator_cpu_ns: measured.cpu.as_nanos() as u64,
            response_time_p50_us: response(0.5),
            response_time_p99_us: response(0.99),
            response_time_p999_us: response(0.999),
            response_time_max_us: us(times.response.max()),
            service_time_p50_us: service(0.5),
            service_time_p99_us: service(0.99),
            dispatch_delay_p99_us: us(times.dispatch_delay.value_at_quantile(0.99)),
        }
    }
}

pub(super) fn write_rows(path: &Path, rows: &[impl Serialize]) -> Result<()> {
    let what = || format!("cannot write {}", path.display());
    let mut writer = csv::Writer::from_path(path).with_context(what)?;
    for row in rows {
        writer.serialize(row).with_context(what)?;
    }
    writer.flush().with_context(what)
}

/// Response times of every contestant over all blocks, in the standard log.
pub(super) fn write_log(path: &Path, times: &BTreeMap<String, Times>) -> Result<()> {
    let mut file = File::create(path).with_context(|| path.display().to_string())?;
    let mut serializer = V2DeflateSerializer::new();
    let mut builder = IntervalLogWriterBuilder::new();
    builder.add_comment("[Histogram log format version 1.3]");
    builder.add_comment("Response times in ns, from the schedule; Tag=arm.");
    let mut log = builder.begin_log_with(&mut file, &mut serializer)?;
    for (arm, times) in times {
        let tag = Tag::new(arm).context("an arm's name has no comma, space or line break")?;
        log.write_histogram(&times.response, Duration::ZERO, Duration::ZERO, Some(tag))
            .map_err(|error| anyhow!("cannot write a histogram: {error}"))?;
    }
    Ok(())
}

pub(super) fn heading(setting: &Setting) -> String {
    let plan = setting.plan;
    format!(
        "# Open loop\n\nOne table per question, made by `runner bench --rate` or `--slo`: {} servers, {} build, {} \
         connections, {} arrivals, a fresh process per figure. Times count from when a request was due.\n",
        plan.server, plan.env, setting.connections, setting.options.arrivals
    )
}

/// The median of the searches of each contestant that met the objective every time.
pub(super) fn medians(searches: &[SearchRow]) -> BTreeMap<String, f64> {
    let by_arm = by_arm(searches, |row| &row.arm);
    let medians = by_arm.into_iter().filter_map(|(arm, rows)| {
        let rates: Option<Vec<f64>> = rows.iter().map(|row| row.highest_rate).collect();
        Some((arm, median(&rates?)?))
    });
    medians.collect()
}

/// The highest rates, highest first.
pub(super) fn searches(objective: &Objective, searches: &[SearchRow]) -> String {
    let mut rows: Vec<(String, Vec<f64>)> = by_arm(searches, |row| &row.arm)
        .into_iter()
        .map(|(arm, rows)| {
            let rates = rows.iter().map(|row| row.highest_rate.unwrap_or(0.0));
            (arm, rates.collect())
        })
        .collect();
    let typical = |rates: &[f64]| median(rates).unwrap_or(0.0);
    rows.sort_by(|one, other| typical(&other.1).total_cmp(&typical(&one.1)));
    let mut table = new_table(&[
        "framework",
        "highest rate",
        "lowest search",
        "highest search",
    ]);
    for (arm, rates) in rows {
        let (low, high) = rates
            .iter()
            .fold((f64::MAX, 0.0_f64), |(low, high), &rate| {
                (low.min(rate), high.max(rate))
            });
        let cells = [typical(&rates), low, high].map(|rate| match rate {
            0.0 => "-".to_owned(),
            rate => format!("{rate:.0}"),
        });
        table.add_row(std::iter::once(arm).chain(cells));
    }
    format!(
        "\n## Highest rate with {}\n\nRequests per second; the median of {} searches, each exact to 5 %.\n\n{}\n",
        objective.text(),
        super::SEARCHES,
        aligned(table)
    )
}

/// What a user waits at one rate, shortest first.
pub(super) fn latencies(rate: f64, rows: &[LatencyRow]) -> Result<String> {
    let mut lines = Vec::new();
    for (arm, rows) in by_arm(rows, |row| &row.arm) {
        let typical = |figure: fn(&LatencyRow) -> f64| -> Result<Quartiles> {
            let values: Vec<f64> = rows.iter().map(|row| figure(row)).collect();
            Quartiles::of(&values).context("every arm has a block")
        };
        let p99 = typical(|row| row.response_time_p99_us)?;
        let held = typical(|row| row.sent as f64 / row.scheduled.max(1) as f64)?.median;
        let cpu_us = typical(|row| row.server_cpu_ns as f64 / 1e3 / row.sent.max(1) as f64)?;
        let errors: u64 = rows.iter().map(|row| row.errors).sum();
        let cells = [
            format!("{:.0}", typical(|row| row.response_time_p50_us)?.median),
            format!("{:.0}", p99.median),
            format!("{:.0}–{:.0}", p99.lower, p99.upper),
            format!("{:.0}", typical(|row| row.response_time_p999_us)?.median),
            format!("{:.0}", typical(|row| row.dispatch_delay_p99_us)?.median),
            format!("{:.1}", 100.0 * held),
            format!("{:.1}", cpu_us.median),
            errors.to_string(),
        ];
        lines.push((p99.median, arm, cells));
    }
    lines.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut table = new_table(&[
        "framework",
        "p50",
        "p99",
        "p99 of blocks",
        "p99.9",
        "late",
        "sent %",
        "CPU",
        "errors",
    ]);
    for (_, arm, cells) in lines {
        table.add_row(std::iter::once(arm).chain(cells));
    }
    Ok(format!(
        "\n## Response times at {rate:.0} requests per second\n\nIn µs, medians of the blocks; for the 99th percentile \
         also the quartiles of the blocks. `late`: the 99th percentile of how late the generator itself sent; `sent %`: \
         the part of the schedule that a free connection was there for; `CPU`: the server's, µs per request. Rows \
         whose quartiles overlap are not told apart.\n\n{}\n",
        aligned(table)
    ))
}

fn by_arm<R>(rows: &[R], arm: fn(&R) -> &String) -> BTreeMap<String, Vec<&R>> {
    let mut by_arm: BTreeMap<String, Vec<&R>> = BTreeMap::new();
    for row in rows {
        by_arm.entry(arm(row).clone()).or_default().push(row);
    }
    by_arm
}

fn new_table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(headings.iter().copied());
    table
}

/// Names to the left, numbers to the right.
fn aligned(mut table: Table) -> String {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}
