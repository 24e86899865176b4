//! What is shown of a run by requests per connection.

use super::charts::costs_of;
use super::columns::grid;
use super::costs::{Costs, costs};
use crate::experiments::extremes::extremes;
use crate::experiments::throughput::by_variant::ByVariant;
use crate::experiments::throughput::records::ThroughputRecords;
use crate::report::{Body, Page, Section, listed};
use crate::stats::{Interval, Mean};
use std::collections::BTreeMap;

/// The page of a run.
pub(super) fn page(records: &ThroughputRecords) -> Page {
    let run = &records.run;
    let connections = run.plan.connections().into_iter();
    let levels: Vec<ByVariant> = connections
        .map(|connections| ByVariant::of(records, connections))
        .collect();
    let body = Body {
        design: design(records),
        unfinished: records.unfinished(),
        sections: levels.iter().map(|level| section(records, level)).collect(),
        reading: reading(),
        is_good: levels.iter().all(ByVariant::is_good),
        circumstances: vec![format!("engine {}", run.plan.engine)],
        ..Body::default()
    };
    Page::of(run, "Requests per connection", body)
}

fn design(records: &ThroughputRecords) -> String {
    let plan = &records.run.plan;
    format!(
        "`SERVER={} ENV={}`, {}: {} blocks of fresh processes, measured round robin under sustained load, each slice \
         after it had time to settle: {}. A connection that has carried its requests is closed by the generator (the \
         first 4,000 of a slice in order, the others by a reset), and another one opened in its place.",
        plan.server,
        plan.env,
        listed(&plan.labels()),
        plan.blocks,
        plan.slices()
    )
}

fn section(records: &ThroughputRecords, level: &ByVariant) -> Section {
    let costs = costs(records, level.connections);
    let takeaway = takeaway(level, &costs);
    let mut remarks = level.remarks();
    remarks.extend(miss(&costs));
    remarks.extend(records.restarts());
    Section {
        heading: format!("{}, by requests per connection", level.heading()),
        level: Some(level.connections as u64),
        untrusted: level.untrusted.iter().map(ToString::to_string).collect(),
        charts: costs_of(level, &costs, &takeaway).into_iter().collect(),
        grid: grid(level, &costs),
        trust: level.trust(&records.run.warnings),
        remarks,
        takeaway,
        ..Section::default()
    }
}

/// Who pays least and who most, as far as the intervals say.
fn takeaway(level: &ByVariant, costs: &BTreeMap<String, Costs>) -> String {
    let condition = format!("at {}", level.heading());
    if !level.untrusted.is_empty() {
        return format!("The table {condition} is untrusted; its costs are not to be relied on.");
    }
    let said = |what: &str, of: fn(&Costs) -> Interval| {
        let means: Vec<(&str, Mean)> = costs
            .iter()
            .map(|(name, costs)| (name.as_str(), mean(of(costs))))
            .collect();
        let named = means.iter().map(|(name, mean)| (*name, mean));
        let us = |ns: f64| format!("{:.1} µs", ns / 1000.0);
        extremes(&format!("{what} {condition}"), named.collect(), us)
    };
    let accept = said("Server CPU for accepting and closing a connection", |one| {
        one.accept_ns
    });
    let request = said("Server CPU for a request on an open connection", |one| {
        one.request_ns
    });
    match accept.zip(request) {
        Some((accept, request)) => format!("{accept} {request}"),
        None => format!("What an accept costs {condition} is not known: too few blocks."),
    }
}

/// The middle of an interval as the value it is of.
fn mean(interval: Interval) -> Mean {
    Mean {
        value: interval.estimate,
        interval: Some(interval),
        count: 1,
    }
}

/// A line that misses its points by less describes them.
const MISS_MAX: f64 = 0.05;

/// How far the line is from what was measured.
fn miss(costs: &BTreeMap<String, Costs>) -> Option<String> {
    let (name, costs) = costs
        .iter()
        .max_by(|one, other| one.1.miss.total_cmp(&other.1.miss))?;
    let so = match costs.miss < MISS_MAX {
        true => "a request costs the same whatever its connection has carried before",
        false => "for it, a request costs more or less with what its connection has carried before",
    };
    Some(format!(
        "The line through the CPU times misses none of them by more than {:.1}% (`{name}`): {so}.",
        costs.miss * 100.0
    ))
}

fn reading() -> Vec<String> {
    vec![
        "A rate is in right answers per second: the median over blocks of the median over slices. In parentheses: the \
         gain over kept connections in percent, from slices that are next to each other in time, and its 95% interval; \
         the intervals of all gains of a table are jointly valid."
            .to_owned(),
        "request, accept: server CPU time, user and system, of a request on a connection that is there, and of accepting \
         and closing a connection on top of it. They are the height at 0 and the slope of a line through the CPU per \
         request over accepts per request (0, 0.01, 0.1, 1), fitted in each block; the intervals are jointly valid at \
         95%."
            .to_owned(),
        "The CPU time is that of the server's threads. What the kernel does for a handshake on the generator's side of \
         loopback is not in it."
            .to_owned(),
    ]
}
