//! A result for a person, in lines of at most 80 columns as far as words allow.

use super::{LoadResult, MergedSecond, Quantiles};
use crate::load::Tally;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A wait at the end that is as short as this is not worth a line.
const WAIT_TOLD_S_MIN: f64 = 0.1;

/// The whole result; with more percentiles where asked for.
#[must_use]
pub fn text(run: &LoadResult, more_latency: bool) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut out, run, more_latency);
    out
}

fn write_all(out: &mut String, run: &LoadResult, more_latency: bool) -> std::fmt::Result {
    heading(out, run)?;
    rates(out, run)?;
    times(out, run)?;
    if more_latency {
        distribution(out, &run.latency_us)?;
    }
    stages(out, run)?;
    accounts(out, run)?;
    hosts(out, run)?;
    verdict(out, run)?;
    for note in &run.notes {
        writeln!(out, "  note           {note}")?;
    }
    Ok(())
}

fn heading(out: &mut String, run: &LoadResult) -> std::fmt::Result {
    let asked = &run.asked;
    writeln!(out, "{} {}", asked.method, asked.url)?;
    write!(
        out,
        "  {}, {}, {}, {}",
        count(asked.connections as u64, "connection"),
        count(asked.threads as u64, "thread"),
        run.pace(),
        asked.engine
    )?;
    if asked.pipeline > 1 {
        write!(out, ", PIPELINED {} deep", asked.pipeline)?;
    }
    if let Some(most) = asked.requests_per_connection {
        write!(out, ", {} a connection", count(u64::from(most), "request"))?;
    }
    match &asked.parts {
        Some(parts) => write!(out, ", {}", parts.text())?,
        None if run.runs > 1 => write!(out, ", {} runs added up", run.runs)?,
        None => {}
    }
    writeln!(out)?;
    match &asked.expected {
        Some(expected) => writeln!(out, "  expected       {expected}"),
        None => Ok(()),
    }
}

fn rates(out: &mut String, run: &LoadResult) -> std::fmt::Result {
    let (ok, seconds) = (run.ok_in_duration, run.duration_s);
    let digits = if run.rps < 100.0 { 2 } else { 0 };
    writeln!(
        out,
        "  requests/s     {:.digits$}  ({ok} right answers in {seconds:.3} s)",
        run.rps
    )?;
    let received = run.bytes_received_in_duration as f64 / seconds.max(1e-9) / 1e6;
    writeln!(out, "  received       {received:.2} MB/s")?;
    if run.wait_at_end_s >= WAIT_TOLD_S_MIN {
        let wait = time(Some(run.wait_at_end_s * 1e6), true);
        writeln!(
            out,
            "  wait at end    {wait} more for what was open, in no rate"
        )?;
    }
    Ok(())
}

fn times(out: &mut String, run: &LoadResult) -> std::fmt::Result {
    if run.asked.rate.is_some() {
        line(out, "response time", &run.latency_us)?;
    }
    line(out, "service time", &run.service_time_us)?;
    if let Some(delay) = &run.dispatch_delay_us {
        line(out, "dispatch delay", delay)?;
    }
    if run.connects > 0 {
        line(out, "connecting", &run.connect_us)?;
    }
    if run.handshakes_repeated > 0 {
        let repeated = run.handshakes_repeated;
        let connects = run.connects;
        writeln!(
            out,
            "  handshakes     {repeated} of {connects} took a second or more: sent again by the kernel"
        )?;
    }
    Ok(())
}

fn line(out: &mut String, name: &str, times: &Quantiles) -> std::fmt::Result {
    let Quantiles {
        p50, p90, p99, max, ..
    } = times;
    let some = max.is_some() || p50.is_some();
    let [p50, p90, p99, max] = [p50, p90, p99, max].map(|&us| time(us, some));
    writeln!(
        out,
        "  {name:<14} p50 {p50}, p90 {p90}, p99 {p99}, max {max}"
    )
}

fn distribution(out: &mut String, times: &Quantiles) -> std::fmt::Result {
    for (name, us) in [
        ("mean", times.mean),
        ("50%", times.p50),
        ("75%", times.p75),
        ("90%", times.p90),
        ("95%", times.p95),
        ("99%", times.p99),
        ("99.9%", times.p999),
        ("99.99%", times.p9999),
        ("100%", times.max),
    ] {
        writeln!(out, "  {name:>14} {:>10}", time(us, times.p50.is_some()))?;
    }
    Ok(())
}

fn stages(out: &mut String, run: &LoadResult) -> std::fmt::Result {
    if run.stage_results.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "  stages              rate/s    ok/s       p50        p99        max   errors  held"
    )?;
    for stage in &run.stage_results {
        let rate = match stage.from_rate == stage.to_rate {
            true => per_second(stage.from_rate),
            false => format!(
                "{}..{}",
                per_second(stage.from_rate),
                per_second(stage.to_rate)
            ),
        };
        let times = &stage.response_time_us;
        let is_some = times.p50.is_some();
        let [p50, p99, max] = [times.p50, times.p99, times.max].map(|us| time(us, is_some));
        let (rps, errors) = (per_second(stage.rps), stage.errors);
        let held = if stage.is_held { "yes" } else { "no" };
        writeln!(
            out,
            "  {rate:>24} {rps:>7} {p50:>9} {p99:>10} {max:>10} {errors:>8}  {held}"
        )?;
    }
    match run.knee_rate {
        Some(rate) => {
            let rate = per_second(rate);
            writeln!(out, "  held           up to {rate} requests/s")
        }
        None => Ok(()),
    }
}

fn accounts(out: &mut String, run: &LoadResult) -> std::fmt::Result {
    let errors = &run.errors;
    let parts = [
        ("bad status", errors.bad_status),
        ("bad body", errors.bad_body),
        ("protocol error", errors.protocol_error),
        ("reset", errors.reset),
        ("timeout", errors.timeout),
        ("unanswered", errors.unanswered),
    ];
    write!(out, "  sent           {} = {} ok", run.sent, run.ok)?;
    for (name, count) in parts.into_iter().filter(|(_, count)| *count > 0) {
        write!(out, " + {count} {name}")?;
    }
    writeln!(out)?;
    if run.statuses.len() > 1 {
        let counts = run.statuses.iter();
        let counts: Vec<String> = counts
            .map(|(status, count)| format!("{count} × {status}"))
            .collect();
        writeln!(out, "  statuses       {}", counts.join(", "))?;
    }
    if run.unsent > 0 {
        let age = time(Some(run.unsent_age_max_us), true);
        writeln!(
            out,
            "  never sent     {}, due for up to {age}",
            count(run.unsent, "request")
        )?;
    }
    if run.redone > 0 {
        let again = count(run.redone, "request");
        writeln!(out, "  sent again     {again}, whose connection had ended")?;
    }
    by_cause(out, "reconnects", &run.reconnects_by_cause)?;
    by_cause(out, "not connected", &run.connect_errors_by_cause)?;
    if let Some(complaint) = &run.complaint {
        writeln!(out, "  first error    {complaint}")?;
    }
    Ok(())
}

/// Of a sum, and of a part: what each host did. The rest of a single run's is all there is.
fn hosts(out: &mut String, run: &LoadResult) -> std::fmt::Result {
    if run.hosts.len() < 2 && run.asked.parts.is_none() {
        return Ok(());
    }
    for (place, one) in run.hosts.iter().enumerate() {
        let label = match one.part {
            Some(part) => format!("part {part}"),
            None => format!("run {}", place + 1),
        };
        let interface = one.host.interface.as_ref();
        let by = interface.map_or(String::new(), |interface| {
            format!(", by {}", interface.name)
        });
        let connections = count(one.connections as u64, "connection");
        let (name, rps, verdict) = (&one.host.name, per_second(one.rps), one.verdict);
        writeln!(
            out,
            "  {label:<14} {name}: {connections}, {rps} requests/s, {verdict}{by}"
        )?;
    }
    common_start(out, run)
}

/// How far apart runs began that were to begin together, and how well that is known.
fn common_start(out: &mut String, run: &LoadResult) -> std::fmt::Result {
    let starts = run.hosts.iter().filter_map(|host| host.start);
    let late_us = starts.clone().map(|start| start.late_us);
    let (first_us, last_us) = (
        late_us.clone().fold(f64::INFINITY, f64::min),
        late_us.fold(0.0, f64::max),
    );
    let round_trip_us = starts.map(|start| start.round_trip_us).fold(0.0, f64::max);
    if first_us > last_us {
        return Ok(());
    }
    let (apart, exact_to) = (
        time(Some(last_us - first_us), true),
        time(Some(round_trip_us / 2.0), true),
    );
    writeln!(
        out,
        "  start          all within {apart}; clocks are known to {exact_to}"
    )
}

fn by_cause(out: &mut String, name: &str, counts: &BTreeMap<String, u64>) -> std::fmt::Result {
    if counts.is_empty() {
        return Ok(());
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(cause, count)| format!("{count} {cause}"))
        .collect();
    writeln!(out, "  {name:<14} {}", counts.join(", "))
}

fn verdict(out: &mut String, run: &LoadResult) -> std::fmt::Result {
    write!(out, "  generator      {:.2} s of CPU", run.client_cpu_s)?;
    if let Some(server_cpu_s) = run.server_cpu_s {
        write!(out, "; the server {server_cpu_s:.2} s")?;
    }
    if let [evidence] = run.evidence.as_slice() {
        let quantum = time(Some(evidence.turn_p50_us), true);
        let longest = time(Some(evidence.turn_p99_us), true);
        write!(out, "; times exact to {quantum} (p99 {longest})")?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "  verdict        {}: {}",
        run.verdict,
        run.verdict_reasons.join("; ")
    )
}

/// One line for a second that has just ended.
#[must_use]
pub fn second_line(second: &MergedSecond) -> String {
    let Tally { ok, .. } = second.tally;
    let times = Quantiles::of(&second.latency);
    let errors = second.tally.errors() + second.tally.connect_errors;
    format!(
        "{:>5} s  {ok:>9} ok  p50 {:>9}  p99 {:>9}  max {:>9}  {errors} errors",
        second.index + 1,
        time(times.p50, ok > 0),
        time(times.p99, ok > 0),
        time(times.max, ok > 0),
    )
}

/// A rate in whole requests, and one that is low with what would be lost.
fn per_second(rate: f64) -> String {
    match rate {
        0.0 => "0".to_owned(),
        rate if rate >= 100.0 || rate == rate.round() => format!("{rate:.0}"),
        rate if rate >= 1.0 => format!("{rate:.1}"),
        rate => format!("{rate:.3}"),
    }
}

/// A time in the unit that suits it. Where none is known there was nothing, or, if there was `some`,
/// it lies beyond the histogram's bound.
fn time(us: Option<f64>, some: bool) -> String {
    match us {
        None if some => "> 1 h".to_owned(),
        None => "–".to_owned(),
        Some(us) if us < 1e3 => format!("{us:.1} µs"),
        Some(us) if us < 1e6 => format!("{:.2} ms", us / 1e3),
        Some(us) => format!("{:.2} s", us / 1e6),
    }
}

fn count(number: u64, of: &str) -> String {
    match number {
        1 => format!("1 {of}"),
        _ => format!("{number} {of}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_rate_is_not_shown_as_none() {
        let rates = [0.0, 0.02, 0.5, 2.5, 7.0, 250.4, 10_000.0];
        assert_eq!(
            rates.map(per_second),
            ["0", "0.020", "0.500", "2.5", "7", "250", "10000"]
        );
    }
}
