//! One page for all kept runs of a machine: readable as it is, and with a script that sorts, filters and compares. It
//! loads nothing, and its own policy lets nothing run but the script and the style that were made with it.

mod cost;
mod data;
mod table;

use super::chart::Chart;
use super::escape;
use super::front::Kept;
use super::page::{Section, Shown};
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
    runs: Vec<Run>,
    conditions: Vec<String>,
    measures: Vec<String>,
    arms: Vec<String>,
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
    let arms: BTreeSet<String> = pairs()
        .flat_map(|pairs| pairs.arms.iter().cloned())
        .collect();
    let report = Report {
        policy,
        style,
        script: SCRIPT,
        data: data::json(runs),
        machine: runs
            .first()
            .map_or_else(String::new, |run| run.page.machine.clone()),
        conditions: distinct(
            sections()
                .filter(|one| one.level.is_some())
                .map(|one| one.heading.clone()),
        ),
        measures: distinct(pairs().map(|pairs| pairs.measure.to_owned())),
        arms: arms.into_iter().collect(),
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
fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
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
    run.page
        .sections
        .iter()
        .filter(|one| !matches!(one.shown, Shown::Terminal | Shown::RunPage))
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
        folder: run.folder.clone(),
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
    let details = evidence.chain(spread).map(|(heading, grid)| {
        let name = format!("{heading}, {label}");
        (heading, table::of(grid, "", &name))
    });
    let details = details.collect();
    Part {
        heading: escape::html(&section.full_heading()),
        condition: section
            .level
            .map_or_else(String::new, |_| section.heading.clone()),
        is_untrusted: !section.untrusted.is_empty(),
        takeaway: escape::html(&section.takeaway),
        trust: escape::html(&section.trust.join(" · ")),
        charts: charts(&section.charts, &id),
        table: table::of(&section.grid, &id, &label),
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

fn charts(charts: &[Chart], prefix: &str) -> Vec<String> {
    let chart = |chart: &Chart| svg::part(chart, &format!("{prefix}-{}", chart.id));
    charts.iter().map(chart).collect()
}

#[cfg(test)]
mod tests;
