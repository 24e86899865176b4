//! What is shown of a sweep.

use super::charts::curves;
use super::controls::Pooled;
use super::figures::{LevelRows, Spread, Swept, SweptPoint, swept};
use crate::analysis::Untrusted;
use crate::experiments::throughput::figures::rows;
use crate::experiments::throughput::limit::UNCLEAR;
use crate::experiments::throughput::records::ThroughputRecords;
use crate::experiments::throughput::signatures::{self, Parts, Seen};
use crate::experiments::throughput::tables::Table;
use crate::report::{
    Body, Cell, Column, Grid, Heading, Page, Section, Shown, grouped, listed, warned,
};
use crate::run::ArmKind;
use std::collections::BTreeMap;

/// The page of a run.
pub(super) fn page(records: &ThroughputRecords) -> Page {
    let run = &records.run;
    let levels = run.plan.connections().into_iter();
    let tables: Vec<Table> = levels.map(|level| Table::of(records, level)).collect();
    let rows: Vec<LevelRows> = tables
        .iter()
        .map(|table| (table.connections, rows(records, table)))
        .collect();
    let all = swept(records, &rows);
    let mut first = summary(records, &tables, &all);
    first.remarks.extend(signed(records, &rows));
    let untrusted: Vec<String> = match first.untrusted.is_empty() {
        true => Vec::new(),
        false => vec!["as the first table is".to_owned()],
    };
    let mut sections = vec![first];
    let measured = all.iter().filter(|one| !one.points.is_empty());
    sections.extend(measured.map(|one| Section {
        untrusted: untrusted.clone(),
        ..of_arm(one)
    }));
    let body = Body {
        design: design(records),
        unfinished: records.unfinished(),
        charts: curves(&all),
        sections,
        reading: reading(),
        is_good: all.iter().all(is_good),
        circumstances: vec![format!("engine {}", run.plan.engine)],
    };
    Page::of(run, "Over connections", body)
}

/// The signatures that contestants show, over all numbers of connections.
fn signed(records: &ThroughputRecords, rows: &[LevelRows]) -> Vec<String> {
    let seen = rows.iter().flat_map(|(connections, rows)| {
        let of = move |row| Seen::of_row(*connections, row);
        rows.iter().filter_map(of)
    });
    signatures::remarks(records, &seen.collect::<Vec<_>>(), Parts::Connections)
}

fn is_good(swept: &Swept) -> bool {
    let is_measured = swept.failure.is_none() || swept.arm.absent.is_some();
    is_measured && swept.points.iter().all(|point| point.errors == 0)
}

fn design(records: &ThroughputRecords) -> String {
    let plan = &records.run.plan;
    let connections: Vec<String> = plan.connections().iter().map(usize::to_string).collect();
    let rounds = plan.levels.first().map_or(0, |level| level.rounds);
    format!(
        "`SERVER={} ENV={}`, closed loop with keep-alive at {} connections: {} blocks of fresh processes, {rounds} slices a block and \
         concurrency, measured round robin; each slice opens its connections and has time to settle.",
        plan.server,
        plan.env,
        listed(&connections),
        plan.blocks,
    )
}

const SUMMARY: [Column<Swept>; 6] = [
    Column::number(
        "saturates at connections, at the earliest",
        Some("saturates"),
        |swept| match swept.saturated_from {
            Some(connections) => Cell::count(connections as u64),
            None => Cell::Missing,
        },
    ),
    Column::number("highest requests/s", Some("most req/s"), |swept: &Swept| {
        of(swept.highest(), |point| {
            Some(Cell::whole(point.rate.median))
        })
    })
    .of("requests/s"),
    Column::number(
        "at connections (lowest–highest block)",
        Some("at"),
        |swept: &Swept| swept.highest_at.map_or(Cell::Missing, between),
    )
    .of("requests/s"),
    Column::number(
        "fairness breaks at connections",
        Some("unfair at"),
        |swept: &Swept| match swept.breaks() {
            Some(point) => Cell::count(point.connections as u64),
            None if swept.tells_fairness() => Cell::text("never"),
            None => Cell::Missing,
        },
    )
    .of("connections served"),
    Column::number(
        "served in 100 ms % at most connections",
        Some("served%"),
        |swept: &Swept| {
            of(swept.points.last(), |point| {
                Some(Cell::percent(point.served?.median))
            })
        },
    )
    .of("connections served"),
    Column::number("errors", Some("err"), |swept: &Swept| {
        match (&swept.arm.absent, swept.points.is_empty()) {
            (Some(_), _) => Cell::Missing,
            (None, true) => Cell::Failed,
            (None, false) => Cell::count(swept.points.iter().map(|point| point.errors).sum()),
        }
    }),
];

/// A range of numbers of connections.
fn between((least, most): (usize, usize)) -> Cell {
    let [least, most] = [least, most].map(|one| grouped(one as u64));
    match least == most {
        true => Cell::text(least),
        false => Cell::text(format!("{least}–{most}")),
    }
}

fn of(point: Option<&SweptPoint>, cell: impl Fn(&SweptPoint) -> Option<Cell>) -> Cell {
    point.and_then(cell).unwrap_or(Cell::Missing)
}

fn summary(records: &ThroughputRecords, tables: &[Table], all: &[Swept]) -> Section {
    let kinds = [ArmKind::Twin, ArmKind::Planted].into_iter();
    let pooled: Vec<Pooled> = kinds.filter_map(|kind| Pooled::of(records, kind)).collect();
    let failures = pooled.iter().filter_map(|one| one.failure());
    let mut untrusted: Vec<String> = failures.map(|one| one.to_string()).collect();
    untrusted.extend(tables.iter().filter_map(|table| {
        let reasons: Vec<String> = reasons(table).map(ToString::to_string).collect();
        (!reasons.is_empty()).then(|| format!("at {}: {}", table.heading(), reasons.join(", ")))
    }));
    let remarks = all.iter().filter_map(|swept| {
        let failure = swept.failure.as_ref()?;
        Some(format!("`{}`: {failure}.", swept.arm.name))
    });
    Section {
        heading: "From one connection to thousands".to_owned(),
        takeaway: [takeaway(all), doubt(tables)].concat(),
        untrusted,
        grid: Grid::of_arms(
            &SUMMARY,
            all,
            |swept| &swept.arm,
            |_| Cell::Empty,
            |swept| Cell::name(&swept.arm.name, swept.arm.kind, ""),
            |_, _| None,
        ),
        trust: trust(records, &pooled, all),
        remarks: remarks.chain(records.restarts()).collect(),
        ..Section::default()
    }
}

/// Why the ratios at one number of connections are not to be relied on. That a planted loss is not found there alone is no
/// reason: the intervals are as wide as that takes.
fn reasons(table: &Table) -> impl Iterator<Item = &Untrusted> {
    let is_reason = |one: &&Untrusted| !matches!(one, Untrusted::PlantedNotFound(..));
    table.untrusted.iter().filter(is_reason)
}

/// At which numbers of connections no ratio is to be relied on.
fn doubt(tables: &[Table]) -> String {
    let untrusted = tables
        .iter()
        .filter(|table| reasons(table).next().is_some());
    let numbers: Vec<String> = untrusted
        .map(|table| grouped(table.connections as u64))
        .collect();
    match numbers.is_empty() {
        true => String::new(),
        false => format!(
            " Ratios to the baseline are untrusted at {} connections.",
            listed(&numbers)
        ),
    }
}

/// At how many connections whom is unfair first. Saturation is in the table.
fn takeaway(all: &[Swept]) -> String {
    let mut breaks: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut fair = Vec::new();
    let contestants = all.iter().filter(|one| one.arm.kind.is_contestant());
    for swept in contestants.filter(|one| one.tells_fairness()) {
        let name = format!("`{}`", swept.arm.name);
        match swept.breaks() {
            Some(point) => breaks.entry(point.connections).or_default().push(name),
            None => fair.push(name),
        }
    }
    let most = all.iter().flat_map(|one| &one.points);
    let most = most.map(|point| point.connections).max().unwrap_or(0);
    let mut parts: Vec<String> = breaks
        .into_iter()
        .map(|(connections, names)| {
            let connections = grouped(connections as u64);
            format!("first at {connections} connections with {}", listed(&names))
        })
        .collect();
    if !fair.is_empty() {
        parts.push(format!(
            "at no measured number of connections (up to {}) with {}",
            grouped(most as u64),
            listed(&fair)
        ));
    }
    match parts.is_empty() {
        true => "Nobody knows who was served: windows hold too few answers.".to_owned(),
        false => format!(
            "One connection in twenty gets less than three quarters of the median one's answers: {}.",
            parts.join("; ")
        ),
    }
}

/// The controls, and what was answered.
fn trust(records: &ThroughputRecords, pooled: &[Pooled], all: &[Swept]) -> Vec<String> {
    let points = || all.iter().flat_map(|one| &one.points);
    let errors: u64 = points().map(|point| point.errors).sum();
    let counted: u64 = points().map(|point| point.requests).sum();
    let mut items: Vec<String> = pooled.iter().map(|one| one.said()).collect();
    items.extend([
        format!("{} errors in {} answers", grouped(errors), grouped(counted)),
        warned(&records.run.warnings),
    ]);
    items
}

/// One arm over all numbers of connections.
fn of_arm(swept: &Swept) -> Section {
    let headings = vec![
        Heading::number("connections", Some("conn.")),
        Heading::number("requests/s (lowest–highest block)", Some("req/s")),
        Heading::number("ratio to baseline (95%)", Some("ratio ±95%")),
        Heading::number("p50 ms (lowest–highest block)", Some("p50 ms")),
        Heading::number("p99 ms (lowest–highest block)", Some("p99 ms")),
        Heading::number("served in 100 ms %", Some("served%")),
        Heading::number("answers per connection (5th–50th–95th)", None),
        Heading::number("server CPU µs (lowest–highest block)", Some("CPU µs")),
        Heading::number("errors", None),
    ];
    let mut remarks = Vec::new();
    if swept.points.iter().any(|point| point.is_client_bound) {
        remarks.push("≥: the generator was saturated, so the server may be faster.".to_owned());
    }
    if swept.points.iter().any(|point| point.is_unclear) {
        remarks.push(UNCLEAR.to_owned());
    }
    Section {
        heading: swept.arm.name.clone(),
        grid: Grid::plain(headings, swept.points.iter().map(cells)),
        remarks,
        shown: Shown::RunPage,
        ..Section::default()
    }
}

fn cells(point: &SweptPoint) -> Vec<Cell> {
    let estimate = |spread: Option<Spread>| {
        spread.map_or(Cell::Missing, |spread| Cell::Estimate {
            value: spread.median,
            lower: spread.least,
            upper: spread.most,
        })
    };
    let bound = if point.is_client_bound { "≥ " } else { "" };
    let sign = if point.is_unclear { "‡" } else { "" };
    let [median, least, most] = [point.rate.median, point.rate.least, point.rate.most]
        .map(|rate| grouped(rate.round() as u64));
    vec![
        Cell::count(point.connections as u64),
        Cell::text(format!("{bound}{median}{sign} ({least}–{most})")),
        point
            .standing
            .map_or(Cell::Missing, |one| Cell::ratio(one.ratio, one.interval)),
        estimate(point.p50_ms),
        estimate(point.p99_ms),
        point
            .served
            .map_or(Cell::Missing, |served| Cell::percent(served.median)),
        point.fairness.map_or(Cell::Missing, |fairness| {
            let [p5, p50, p95] = fairness.answers.map(|one| grouped(one.round() as u64));
            Cell::text(format!("{p5}–{p50}–{p95}"))
        }),
        estimate(point.cpu_us),
        Cell::count(point.errors),
    ]
}

fn reading() -> Vec<String> {
    vec![
        "requests/s, p50, p99, served, server CPU: the median over blocks, and in parentheses the lowest block and the \
         highest. p50 and p99: service time in a closed loop. served: the share of the connections that got a right \
         answer within 100 ms. server CPU: per request, over all threads of the server."
            .to_owned(),
        "ratio: to the baseline at the same number of connections, from slices that are next to each other in time; the \
         intervals of all arms at one number of connections are jointly valid at 95%. The controls are held against the \
         baseline over all numbers of connections together."
            .to_owned(),
        "saturates: the least number of connections at which the rate is not significantly lower than at any other \
         number; the intervals of an arm's pairs of numbers, from the rates of the same block, are jointly valid at 95%. \
         It may saturate later by less than the blocks can show. at connections: where the rate of a block was highest, \
         the lowest number over blocks and the highest."
            .to_owned(),
        "answers per connection: right answers in a window, the 5th, 50th and 95th percentile over connections. fairness \
         breaks: the least number of connections at which the 5th percentile is below three quarters of the median and at \
         least two answers below it, both in the median over blocks. Connections that are served in turn differ by one \
         answer. Between the numbers of connections that were measured nothing is known."
            .to_owned(),
    ]
}
