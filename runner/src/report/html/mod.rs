//! One page for all kept runs of a machine: readable as it is, and with a script that sorts, filters and compares. It
//! loads nothing, and its own policy lets nothing run but the script and the style that were made with it.

mod cost;
mod data;
mod lead;
mod table;

use super::beside::CLOSED_AND_OPEN;
use super::chart::Chart;
use super::escape;
use super::front::Kept;
use super::more::VARIANTS;
use super::page::{CHECKS, Section, Shown};
use super::pairs::SIGNS;
use super::svg;
use super::takeaways::takeaways;
use askama::Template;
use base64::Engine;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The style of the page.
const STYLE: &str = include_str!("../../../templates/report.css");

/// Its script.
const SCRIPT: &str = include_str!("../../../templates/report.js");

#[derive(Template)]
#[template(path = "report.html")]
struct Report {
    policy: String,
    style: String,
    script: &'static str,
    data: String,
    machine: String,
    lead: Option<lead::Lead>,
    beside: Vec<lead::Again>,
    closed_and_open: &'static str,
    runs: Vec<Run>,
    conditions: Vec<String>,
    variants: Vec<&'static str>,
    groups: Vec<&'static str>,
    measures: Vec<String>,
    contestants: Vec<String>,
    controls: Vec<String>,
    signs: &'static str,
    cost: Option<cost::Cost>,
}

/// A run on the page. All of its strings are HTML already.
struct Run {
    id: String,
    experiment: String,
    title: String,
    design: String,
    folder: String,
    takeaways: Vec<String>,
    charts: Vec<String>,
    sections: Vec<Part>,
    lists: Vec<(String, Vec<String>)>,
}

/// A section on the page.
struct Part {
    id: String,
    label: String,
    heading: String,
    condition: String,
    is_untrusted: bool,
    /// Whether the table leaves no room for charts beside it.
    is_wide: bool,
    takeaway: String,
    trust: String,
    charts: Vec<String>,
    table: String,
    explanation: String,
    remarks: Vec<String>,
    details: Vec<(&'static str, String)>,
}

/// The page of these runs, which are of one machine, the first ones first.
///
/// # Panics
///
/// Never: writing into a string does not fail.
#[must_use]
pub fn html_page(runs: &[&Kept]) -> String {
    let style = format!("{STYLE}{}", svg::page_rules());
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        source(&style),
        source(SCRIPT)
    );
    let sections = || runs.iter().flat_map(|run| shown(run));
    let pairs = || sections().flat_map(|section| &section.pairs);
    let arms: BTreeSet<&String> = pairs().flat_map(|pairs| &pairs.arms).collect();
    let is_contestant = |name: &str| {
        let mut facts = runs.iter().flat_map(|run| &run.page.arms);
        facts.any(|arm| arm.name == name && arm.kind.is_contestant())
    };
    let (contestants, controls): (Vec<String>, Vec<String>) = arms
        .into_iter()
        .cloned()
        .partition(|name| is_contestant(name));
    let headings = || sections().flat_map(|section| &section.grid.headings);
    let has_column = |variant: &&&str| headings().any(|heading| heading.long == **variant);
    let report = Report {
        policy,
        style,
        script: SCRIPT,
        data: data::json(runs),
        machine: runs
            .first()
            .map_or_else(String::new, |run| run.page.machine.clone()),
        lead: lead::Lead::of(runs),
        beside: lead::beside(runs),
        closed_and_open: CLOSED_AND_OPEN,
        conditions: distinct(
            sections()
                .filter(|one| one.level.is_some())
                .map(condition)
                .filter(|one| !one.is_empty()),
        ),
        variants: VARIANTS.iter().filter(has_column).copied().collect(),
        groups: distinct(
            headings()
                .map(|heading| heading.group)
                .filter(|one| !one.is_empty()),
        ),
        measures: distinct(pairs().map(|pairs| pairs.measure.to_owned())),
        contestants,
        controls,
        signs: SIGNS,
        cost: runs
            .iter()
            .enumerate()
            .find_map(|(at, run)| cost::Cost::of(at, run)),
        runs: runs
            .iter()
            .enumerate()
            .map(|(at, run)| self::run(at, run))
            .collect(),
    };
    report
        .render()
        .expect("writing into a string does not fail")
}

/// Each once, in the order of their first appearance.
fn distinct<T: PartialEq>(texts: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    for text in texts {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

/// How a policy names an inline style or script.
fn source(text: &str) -> String {
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
    format!("sha256-{digest}")
}

/// The sections that are on the page.
fn shown(run: &Kept) -> impl Iterator<Item = &Section> {
    run.page.sections.iter().filter(|one| {
        !matches!(
            one.shown,
            Shown::Terminal | Shown::RunPage | Shown::RunPageAndTerminal
        )
    })
}

/// What a section was measured at, such as `64 connections`: its heading may say more behind that, and so may a section
/// without a level of its own. Empty if it was not measured at a number of anything.
fn condition(section: &Section) -> String {
    let heading = section.heading.as_str();
    let end = [", ", ": "]
        .iter()
        .filter_map(|mark| heading.find(mark))
        .min();
    let first = &heading[..end.unwrap_or(heading.len())];
    match first.starts_with(|char: char| char.is_ascii_digit()) {
        true => first.to_owned(),
        false => String::new(),
    }
}

/// The id of a section's table.
fn table_id(run: usize, section: usize) -> String {
    format!("t{run}-{section}")
}

fn run(at: usize, run: &Kept) -> Run {
    let page = &run.page;
    let id = format!("r{at}");
    let html = |items: &[String]| {
        items
            .iter()
            .map(|item| escape::html(item))
            .collect::<Vec<_>>()
    };
    let reading = std::iter::once(("How to read it", &page.reading));
    let lists = page.lists.iter().map(|(heading, items)| (*heading, items));
    let circumstances = std::iter::once(("Circumstances", &page.circumstances));
    let lists = reading.chain(lists).chain(circumstances);
    let lists = lists.filter(|(_, items)| !items.is_empty());
    Run {
        experiment: page.experiment.clone(),
        title: escape::html(&page.title),
        design: escape::html(&page.design),
        folder: escape::link(&run.folder),
        takeaways: html(&takeaways(shown(run))),
        charts: charts(&page.charts, &id),
        sections: shown(run)
            .enumerate()
            .map(|(number, one)| part(run, at, number, one))
            .collect(),
        lists: lists
            .map(|(heading, items)| (heading.to_owned(), html(items)))
            .collect(),
        id,
    }
}

fn part(run: &Kept, at: usize, number: usize, section: &Section) -> Part {
    let id = table_id(at, number);
    // Each place on the page has a name of its own.
    let label = format!("{}, {}", run.page.experiment, section.heading);
    let evidence = section
        .evidence
        .iter()
        .map(|(heading, grid)| (*heading, grid));
    let spread = section
        .spread
        .iter()
        .map(|grid| ("How far blocks lie apart", grid));
    // Pages of machines lie in the folder of runs.
    let sources = run.page.sources_from("../");
    let mut details = Vec::new();
    if !section.checks.is_empty() {
        details.push((CHECKS, items(&section.checks)));
    }
    details.extend(evidence.chain(spread).map(|(heading, grid)| {
        let name = format!("{heading}, {label}");
        (heading, table::of(grid, "", &name, &sources))
    }));
    Part {
        heading: escape::html(&section.full_heading()),
        condition: condition(section),
        is_untrusted: !section.untrusted.is_empty(),
        is_wide: section.grid.is_wide(),
        takeaway: escape::html(&section.takeaway),
        trust: escape::html(&section.trust.join(" · ")),
        charts: charts(&section.charts, &id),
        table: table::of(&section.grid, &id, &label, &sources),
        explanation: escape::html(section.explanation),
        remarks: section
            .remarks
            .iter()
            .map(|one| escape::html(one))
            .collect(),
        details,
        label,
        id,
    }
}

/// The id of a chart of a run or section.
fn chart_id(prefix: &str, chart: &Chart) -> String {
    format!("{prefix}-{}", chart.id)
}

/// A list of these items.
fn items(items: &[String]) -> String {
    let items = items
        .iter()
        .map(|one| format!("<li>{}</li>", escape::html(one)));
    format!("<ul>{}</ul>", items.collect::<String>())
}

fn charts(charts: &[Chart], prefix: &str) -> Vec<String> {
    let chart = |chart: &Chart| svg::part(chart, &chart_id(prefix, chart));
    charts.iter().map(chart).collect()
}

#[cfg(test)]
mod tests;
