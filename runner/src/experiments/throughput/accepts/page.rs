//! What is shown of a run by requests per connection.

use super::charts::costs_of;
use super::columns::grid;
use super::costs::{Costs, costs};
use crate::experiments::throughput::by_variant::ByVariant;
use crate::experiments::throughput::records::ThroughputRecords;
use crate::report::{Body, Page, Section, listed};
use crate::stats::Interval;
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

/// From whom to whom the costs go, as far as the intervals say.
fn takeaway(level: &ByVariant, costs: &BTreeMap<String, Costs>) -> String {
    let condition = format!("at {}", level.heading());
    if !level.untrusted.is_empty() {
        return format!("The table {condition} is untrusted; its costs are not to be relied on.");
    }
    match (
        range(costs, |one| one.accept_ns),
        range(costs, |one| one.request_ns),
    ) {
        (Some(accept), Some(request)) => format!(
            "Accepting and closing a connection {condition} costs {accept} of server CPU, and a request on one that is \
             there {request}."
        ),
        _ => format!("What an accept costs {condition} is not known: too few blocks."),
    }
}

fn range(costs: &BTreeMap<String, Costs>, of: fn(&Costs) -> Interval) -> Option<String> {
    let by_cost = |one: &(&String, &Costs), other: &(&String, &Costs)| {
        of(one.1).estimate.total_cmp(&of(other.1).estimate)
    };
    let (least, most) = (costs.iter().min_by(by_cost)?, costs.iter().max_by(by_cost)?);
    let (low, high) = (of(least.1), of(most.1));
    let us = |ns: f64| format!("{:.1}", ns / 1000.0);
    Some(match low.upper < high.lower {
        true => format!(
            "from {} µs (`{}`) to {} µs (`{}`)",
            us(low.estimate),
            least.0,
            us(high.estimate),
            most.0
        ),
        false => format!(
            "between {} and {} µs, which differ by less than their intervals",
            us(low.lower),
            us(high.upper)
        ),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn costs_of(name: &str, lower: f64, upper: f64) -> (String, Costs) {
        let interval = Interval {
            estimate: (lower * upper).sqrt(),
            lower,
            upper,
        };
        let costs = Costs {
            request_ns: interval,
            accept_ns: interval,
            miss: 0.01,
        };
        (name.to_owned(), costs)
    }

    #[test]
    fn a_range_names_its_ends_only_if_they_differ() {
        let said = |all: [(String, Costs); 2]| range(&all.into(), |one| one.accept_ns).unwrap();
        let apart = [
            costs_of("a", 9_000.0, 9_100.0),
            costs_of("b", 12_000.0, 12_200.0),
        ];
        assert_eq!(said(apart), "from 9.0 µs (`a`) to 12.1 µs (`b`)");
        let alike = [
            costs_of("a", 9_000.0, 11_000.0),
            costs_of("b", 9_500.0, 12_000.0),
        ];
        assert_eq!(
            said(alike),
            "between 9.0 and 12.0 µs, which differ by less than their intervals"
        );
    }
}
