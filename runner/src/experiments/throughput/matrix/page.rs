//! What is shown of a matrix.

use super::VARIANTS;
use super::charts::{gains, p99s};
use super::columns::{rates, service};
use super::takeaway::{cuts, takeaway};
use crate::experiments::throughput::by_variant::ByVariant;
use crate::experiments::throughput::records::ThroughputRecords;
use crate::report::{Body, Page, Section, Shown, listed};

/// The page of a run.
pub(super) fn page(records: &ThroughputRecords) -> Page {
    let run = &records.run;
    let connections = run.plan.connections().into_iter();
    let levels: Vec<ByVariant> = connections.map(|one| ByVariant::of(records, one)).collect();
    let most = levels.iter().map(|level| level.connections).max();
    let sections = levels.iter().flat_map(|level| {
        let is_most = Some(level.connections) == most;
        [section(records, level), service_section(level, is_most)]
    });
    let body = Body {
        design: design(records),
        unfinished: records.unfinished(),
        sections: sections.collect(),
        reading: reading(),
        is_good: levels.iter().all(ByVariant::is_good),
        circumstances: vec![format!("engine {}", run.plan.engine)],
        ..Body::default()
    };
    Page::of(run, "Servers and builds", body)
}

fn design(records: &ThroughputRecords) -> String {
    let plan = &records.run.plan;
    format!(
        "Each contestant as {}, keep-alive: {} blocks of fresh processes, all alive together, measured round robin under sustained \
         load; each slice opens its connections and has time to settle: {}.",
        listed(&plan.labels()),
        plan.blocks,
        plan.slices()
    )
}

fn section(records: &ThroughputRecords, level: &ByVariant) -> Section {
    let takeaway = takeaway(level);
    Section {
        heading: level.heading(),
        level: Some(level.connections as u64),
        untrusted: level.untrusted.iter().map(ToString::to_string).collect(),
        charts: gains(level, &takeaway).into_iter().collect(),
        grid: rates(level),
        trust: level.trust(&records.run.warnings),
        remarks: level
            .remarks()
            .into_iter()
            .chain(records.restarts())
            .collect(),
        takeaway,
        ..Section::default()
    }
}

/// With a chart if there are `is_most` connections: that is where requests wait.
fn service_section(level: &ByVariant, is_most: bool) -> Section {
    Section {
        heading: format!("{}: service time and connections served", level.heading()),
        takeaway: cuts(level),
        untrusted: level.untrusted.iter().map(ToString::to_string).collect(),
        charts: p99s(level).filter(|_| is_most).into_iter().collect(),
        grid: service(level),
        shown: Shown::PageAndTerminal,
        ..Section::default()
    }
}

fn reading() -> Vec<String> {
    let [first, ..] = VARIANTS;
    vec![
        format!(
            "A rate is in right answers per second: the median over blocks of the median over slices. In parentheses: \
             the gain over the same contestant's {first} in percent, from slices that are next to each other in time, \
             and its 95% interval; the intervals of all gains of a table are jointly valid. A gain whose interval \
             contains 0 may be none."
        ),
        "quickstart: what the framework's own guide teaches; tuned: what its documented API offers on top. release: \
         cargo's release profile; max: fat LTO, one codegen unit, abort on panic, and mimalloc. The lines in which the \
         servers differ: results/variants.md."
            .to_owned(),
        "p99: 99th percentile of the service time in a closed loop, over all slices, and in the blocks in which it was \
         shortest and longest. served: the share of the connections that got a right answer within 100 ms; shown if \
         windows are long enough."
            .to_owned(),
        "The baseline is one of the contestants here: each is held against itself.".to_owned(),
    ]
}
