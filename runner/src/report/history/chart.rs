//! A history as a chart: a row for each server, a bar for each run.

use super::text::percent;
use super::{Group, History, Table};
use crate::report::cell::{Bounds, Cell};
use crate::report::chart::{
    Chart, Drawing, Subject, TrackMark, TrackPart, TrackRow, TrackStep, Tracks,
};
use crate::run::ArmKind;

/// A chart for each table of a group, whose names are those of files beside those of other groups.
#[must_use]
pub fn charts(group: &Group) -> Vec<Chart> {
    let of_group = slug(&format!("{} {}", group.machine_slug, group.variant));
    let charts = group.tables.iter().map(|table| Chart {
        id: format!(
            "history-{of_group}-method-{}-{}",
            group.method,
            slug(&table.heading)
        ),
        title: table.title(),
        doubt: None,
        reading: reading(group, &[table]),
        finding: finding(table),
        drawing: Drawing::Tracks(Tracks {
            parts: vec![part(group, table, "")],
        }),
    });
    charts.collect()
}

/// One chart of all tables of all groups; `None` if no run is comparable with another.
#[must_use]
pub fn chart(history: &History) -> Option<Chart> {
    let first = history.groups.first()?;
    let tables: Vec<&Table> = history.groups.iter().flat_map(|one| &one.tables).collect();
    let is_single = history.groups.len() == 1;
    let parts = history.groups.iter().flat_map(|group| {
        group.tables.iter().map(move |table| {
            let heading = match is_single {
                true => table.title(),
                false => format!("{} ({}, {})", table.title(), group.machine, group.variant),
            };
            part(group, table, &heading)
        })
    });
    let findings: Vec<String> = tables.iter().map(|table| finding(table)).collect();
    Some(Chart {
        id: "history".to_owned(),
        title: format!("{} over {} runs", history.experiment, first.runs.len()),
        doubt: None,
        reading: reading(first, &tables),
        finding: findings.join(" "),
        drawing: Drawing::Tracks(Tracks {
            parts: parts.collect(),
        }),
    })
}

/// Letters, digits and dashes.
fn slug(text: &str) -> String {
    let plain = text.to_lowercase().replace(',', "");
    let words = plain.split(|one: char| !one.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

fn reading(group: &Group, tables: &[&Table]) -> Vec<String> {
    let mut reading = vec![format!(
        "Ratio to `{}` of the same run, with its 95% interval; each row has its own scale. A thick line is a step that \
         exceeds its interval.",
        group.baseline
    )];
    if tables.iter().any(|table| !table.untrusted.is_empty()) {
        reading.push("Grey: the table of that run is untrusted, so it has no step.".to_owned());
    }
    reading
}

/// Who changed when, in one sentence.
fn finding(table: &Table) -> String {
    let marked = table.marked();
    if marked.is_empty() {
        return format!("No step at {}.", table.heading);
    }
    let steps = marked.iter().map(|(server, run, step)| {
        let change = percent(step.change.estimate);
        format!("`{}` {change} in run {run}", server.name)
    });
    let steps: Vec<String> = steps.collect();
    format!("Steps at {}: {}.", table.heading, steps.join(", "))
}

fn part(group: &Group, table: &Table, heading: &str) -> TrackPart {
    let numbers = group.runs.iter().map(|run| run.run);
    let rows = table.servers.iter().map(|server| {
        let mark = |run: usize| {
            let point = server.points.iter().find(|point| point.run == run)?;
            let step = point.step.as_ref().map(|step| TrackStep {
                from: step.from - 1,
                change: step.change.estimate,
                is_marked: step.is_marked,
            });
            Some(TrackMark {
                ratio: point.ratio,
                interval: point.interval.map(|one| Bounds {
                    lower: one.lower,
                    upper: one.upper,
                }),
                is_doubted: !point.is_trusted,
                step,
            })
        };
        let last = server.points.last();
        let detail = last.map(|point| Cell::ratio(point.ratio, point.interval).full());
        TrackRow {
            subject: Subject {
                name: server.name.clone(),
                kind: ArmKind::Contestant,
                detail: detail.unwrap_or_default(),
            },
            marks: numbers.clone().map(mark).collect(),
        }
    });
    TrackPart {
        heading: heading.to_owned(),
        runs: numbers.clone().map(|run| run.to_string()).collect(),
        rows: rows.collect(),
    }
}
