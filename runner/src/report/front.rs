//! The first screen of the project: the answer, how sure it is, and at what price.

use super::cell::Cell;
use super::escape::{link, markdown, xml};
use super::grid::{Grid, GridRow, Heading};
use super::lines::filled;
use super::page::{Page, Section, Shown};
use super::takeaways::takeaways;
use std::fmt::Write;

/// A kept run and where it is.
#[derive(Debug)]
pub struct Kept {
    /// Its folder, below that of kept runs.
    pub folder: String,
    /// What is shown of it.
    pub page: Page,
    /// The variant that the front page shows, and everything planned was measured.
    pub is_candidate: bool,
}

impl Kept {
    /// What it is called in a link: date, experiment and variant, and its number if it is not the first of them.
    pub(super) fn label(&self) -> String {
        format!("{} {}", self.page.date, self.undated())
    }

    /// Whether its folder is named by the experiment alone: it is not of another build, server or network.
    pub(super) fn is_plain(&self) -> bool {
        let mut after = self.after_experiment();
        after.all(|part| part.is_empty() || part.parse::<u32>().is_ok())
    }

    /// What follows the experiment in the folder's name: variant and number.
    fn after_experiment(&self) -> impl Iterator<Item = &str> {
        let experiment = format!("-{}-", self.page.experiment);
        let after = self.folder.rsplit_once(&experiment);
        after.map_or("", |(_, after)| after).split('-')
    }

    /// The same without the date.
    pub(super) fn undated(&self) -> String {
        let mut label = self.page.experiment.clone();
        for part in self.after_experiment() {
            match part.parse::<u32>() {
                Ok(number) => label.push_str(&format!(" ({number})")),
                Err(_) if part.is_empty() => {}
                Err(_) => label.push_str(&format!(" {part}")),
            }
        }
        label
    }

    /// Its table at the highest concurrency or rate.
    #[must_use]
    pub fn main_section(&self) -> Option<&Section> {
        let shown = self
            .page
            .sections
            .iter()
            .filter(|one| one.shown == Shown::Everywhere);
        // Of several without a level the first is meant.
        shown.rev().max_by_key(|one| one.level)
    }
}

/// The runs of an experiment that the front page may show, newest first: those with the most concurrencies or rates, so
/// that a run at one of them does not take the place of a whole one. `runs` are newest first.
fn candidates<'k>(runs: impl Iterator<Item = &'k Kept> + Clone, experiment: &str) -> Vec<&'k Kept> {
    let may_be = |one: &&Kept| one.is_candidate && one.page.experiment == experiment;
    let levels = |one: &Kept| {
        let sections = one.page.sections.iter();
        sections.filter(|section| section.level.is_some()).count()
    };
    let most = runs.clone().filter(may_be).map(levels).max();
    runs.filter(may_be)
        .filter(|one| Some(levels(one)) == most)
        .collect()
}

/// The one that every page of several runs shows: the newest whose main table passes its controls, which do not know who
/// is ahead, or else the newest.
#[must_use]
pub fn newest<'k>(
    runs: impl Iterator<Item = &'k Kept> + Clone,
    experiment: &str,
) -> Option<&'k Kept> {
    let all = candidates(runs, experiment);
    let is_trusted = |one: &&&Kept| {
        one.main_section()
            .is_some_and(|main| main.untrusted.is_empty())
    };
    all.iter().find(is_trusted).or_else(|| all.first()).copied()
}

/// The one that pages show of an experiment, even if the front page could not show it: the newest that is not of another
/// build, server or network, or else the newest.
#[must_use]
pub fn of_experiment<'k>(
    runs: impl Iterator<Item = &'k Kept> + Clone,
    experiment: &str,
) -> Option<&'k Kept> {
    let mut own = runs.clone().filter(|run| run.page.experiment == experiment);
    let mut plain = own.clone().filter(|run| run.is_plain());
    newest(runs, experiment)
        .or_else(|| plain.next())
        .or_else(|| own.next())
}

/// The columns of the table, as the tables they come from have them: rates of the main run, which is in a closed loop,
/// and what a request takes.
const COLUMNS: [&str; 3] = ["ratio to baseline (95%)", "requests/s", P99];
const P99: &str = "p99 µs";

/// The column of prices in the table that it comes from, and in this one.
const PRICE: &str = "instructions";
const PRICE_HERE: &str = "instructions per request";

/// What a first screen shows of a run.
pub(super) struct Summary<'k> {
    /// The table it comes from.
    pub(super) section: &'k Section,
    /// A few of its columns, for contestants and the baseline, with the price of a request.
    pub(super) table: Grid,
    /// The run that knows the price.
    price: Option<&'k Kept>,
}

impl<'k> Summary<'k> {
    /// Of this run; the first of `others` that knows the price of a request says it.
    pub(super) fn of(main: &'k Kept, others: impl Iterator<Item = &'k Kept>) -> Option<Self> {
        let section = main.main_section()?;
        let mut others = others.filter_map(|one| Some((one, one.main_section()?)));
        let price = others.find(|(_, section)| section.grid.column(PRICE).is_some());
        Some(Self {
            section,
            table: table(section, price.map(|(_, section)| section)),
            price: price.map(|(run, _)| run),
        })
    }
}

/// The first screen, whose folder of kept runs is `results`; `None` if no run is kept that it could show. `experiments` are
/// in their order, the first of them is shown.
#[must_use]
pub fn front_page(runs: &[Kept], results: &str, experiments: &[&str]) -> Option<String> {
    let main = newest(runs.iter(), experiments.first()?)?;
    let others = experiments
        .iter()
        .filter_map(|name| newest(of_machine(runs, main), name));
    let Summary {
        section,
        table,
        price,
    } = Summary::of(main, others)?;
    let mut text = String::new();
    for takeaway in takeaways(shown(&main.page)) {
        let takeaway = markdown(&takeaway).replace(" ±", "\u{a0}±");
        text.push_str(&filled(&format!("**{takeaway}**"), ""));
    }
    let _ = write!(text, "\n{}", filled(&prices(section, &table), ""));
    for chart in main.page.charts.iter().take(1) {
        // Narrow, so that the table begins on the first screen.
        let _ = writeln!(
            text,
            "\n<img src=\"{results}/{}/{}\" width=\"420\" alt=\"{}\">",
            link(&main.folder),
            chart.file_name(),
            xml(&chart.in_words())
        );
    }
    let _ = write!(
        text,
        "\nAt {}, closed loop:\n\n{}\n{}",
        markdown(&section.heading),
        table.markdown(&main.page.sources_from("")),
        filled(&trust_line(section), "")
    );
    let under = under(main, section, price, results);
    let _ = write!(
        text,
        "\n{}",
        filled(&(under + &newer(runs, main, section, results)), "")
    );
    Some(text)
}

/// The runs of the machine that the first screen shows: figures of others are not comparable.
pub(super) fn of_machine<'k>(
    runs: &'k [Kept],
    main: &'k Kept,
) -> impl Iterator<Item = &'k Kept> + Clone {
    let slug = &main.page.machine_slug;
    runs.iter()
        .filter(move |run| run.page.machine_slug == *slug)
}

/// Newer runs that are not shown, since their table is untrusted.
fn newer(runs: &[Kept], main: &Kept, section: &Section, results: &str) -> String {
    let all = candidates(runs.iter(), &main.page.experiment).into_iter();
    let newer = all.take_while(|one| one.folder != main.folder);
    let said = newer.map(|run| {
        format!(
            " A newer run is untrusted at {}: [{}]({results}/{}/).",
            markdown(&section.heading),
            markdown(&run.label()),
            link(&run.folder)
        )
    });
    said.collect()
}

/// Between which figures the slowest requests and the prices of a request lie, in a sentence.
fn prices(section: &Section, table: &Grid) -> String {
    // Times of several rows may lie as near to an end as the one that has it, so nobody is named.
    let p99 = range(table, P99).map(|[(least, _), (most, _)]| {
        format!(
            "At {}, p99 lies between {least} and {most} µs.",
            section.heading
        )
    });
    let price = range(table, PRICE_HERE).map(|[(least, lightest), (most, heaviest)]| {
        format!(
            "A request takes between {least} (`{lightest}`) and {most} (`{heaviest}`) instructions."
        )
    });
    let said: Vec<String> = p99.into_iter().chain(price).collect();
    markdown(&said.join(" "))
}

/// The least and the greatest figure of a column, as they are written, each with whose it is.
fn range(table: &Grid, heading: &str) -> Option<[(String, String); 2]> {
    let column = table.column(heading)?;
    let mut all: Vec<(f64, String, String)> = table
        .rows
        .iter()
        .filter_map(|row| {
            let cell = &row.cells[column];
            Some((cell.key()?, cell.full(), row.arm.clone()?))
        })
        .collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let [(_, least, lightest), .., (_, most, heaviest)] = all.as_slice() else {
        return None;
    };
    let end = |figure: &String, name: &String| (figure.clone(), name.clone());
    Some([end(least, lightest), end(most, heaviest)])
}

/// The tables of a run that every page shows.
pub(super) fn shown(page: &Page) -> impl Iterator<Item = &Section> {
    page.sections
        .iter()
        .filter(|one| one.shown == Shown::Everywhere)
}

/// These columns of the newest run of an experiment, after name and version, for contestants and the baseline; with
/// the run and the heading of its table.
#[must_use]
pub fn pick<'k>(
    runs: &'k [Kept],
    experiment: &str,
    columns: &[&str],
) -> Option<(&'k Kept, &'k Section, Grid)> {
    let run = newest(runs.iter(), experiment)?;
    let section = run.main_section()?;
    let columns: Vec<&str> = ["contestant", "version"]
        .iter()
        .chain(columns)
        .copied()
        .collect();
    Some((run, section, chosen(section, &columns)))
}

/// These columns of a section, for contestants and the baseline.
pub(super) fn chosen(section: &Section, columns: &[&str]) -> Grid {
    let grid = &section.grid;
    let columns: Vec<usize> = columns
        .iter()
        .filter_map(|name| grid.column(name))
        .collect();
    let is_shown = |row: &&GridRow| {
        let mut cells = row.cells.iter();
        cells.any(|cell| matches!(cell, Cell::Name { role, .. } if role.is_contestant()))
    };
    let rows = grid.rows.iter().filter(is_shown).map(|row| GridRow {
        cells: columns
            .iter()
            .map(|&column| row.cells[column].clone())
            .collect(),
        ..row.clone()
    });
    Grid {
        headings: columns
            .iter()
            .map(|&column| Heading {
                is_detail: false,
                ..grid.headings[column]
            })
            .collect(),
        rows: rows.collect(),
    }
}

/// Contestants and the baseline, with the price of a request beside what they reach.
fn table(section: &Section, price: Option<&Section>) -> Grid {
    // What matters least comes last: on a phone the first columns are seen.
    let columns: Vec<&str> = ["rank", "contestant"]
        .iter()
        .chain(&COLUMNS)
        .chain(&["version"])
        .copied()
        .collect();
    let mut grid = chosen(section, &columns);
    let Some(price) = price else { return grid };
    let before_version = grid.headings.len().saturating_sub(1);
    let heading = Heading::number(PRICE_HERE, None);
    grid.headings.insert(before_version, heading);
    for row in &mut grid.rows {
        let own = row.arm.as_ref().and_then(|arm| price.grid.cell(arm, PRICE));
        let at = before_version.min(row.cells.len());
        row.cells.insert(at, own.cloned().unwrap_or(Cell::Missing));
    }
    grid
}

fn under(main: &Kept, section: &Section, price: Option<&Kept>, results: &str) -> String {
    let page = &main.page;
    let mut text = format!(
        "[{}]({results}/{}/), {}",
        markdown(&main.label()),
        link(&main.folder),
        markdown(&page.machine)
    );
    if let Some(revision) = &page.revision {
        let _ = write!(text, ", revision {}", markdown(revision));
    }
    if let Some(price) = price {
        let _ = write!(
            text,
            "; instructions: [{}]({results}/{}/), counted with a browser's header fields",
            markdown(&price.label()),
            link(&price.folder)
        );
    }
    text.push_str(". The baseline is not ranked.");
    let cells = section.grid.rows.iter().flat_map(|row| &row.cells);
    let ranks: String = cells
        .filter(|cell| matches!(cell, Cell::Rank { .. }))
        .map(Cell::full)
        .collect();
    if ranks.contains('†') {
        text.push_str(" †: the generator was the limit.");
    }
    text
}

fn trust_line(section: &Section) -> String {
    let mut items = section.trust.clone();
    if !section.untrusted.is_empty() {
        items.insert(0, format!("UNTRUSTED, {}", section.untrusted.join(", ")));
    }
    format!(
        "Trust at {}: {}.",
        markdown(&section.heading),
        markdown(&items.join(" · "))
    )
}
