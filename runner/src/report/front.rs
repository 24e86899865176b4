//! The first screen of the project: the answer, how sure it is, at what price, and where the rest is.

use super::cell::Cell;
use super::escape::{link, markdown, xml};
use super::grid::{Grid, GridRow, Heading};
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
    /// What it is called in a link: date, experiment and variant, and its number if it is not the first of them. The
    /// last two follow the experiment in the folder's name.
    pub(super) fn label(&self) -> String {
        let experiment = &self.page.experiment;
        let mut label = format!("{} {experiment}", self.page.date);
        let after = self.folder.rsplit_once(&format!("-{experiment}-"));
        for part in after.map_or("", |(_, after)| after).split('-') {
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

/// The columns of the table, as the tables they come from have them: rates of the main run, which is in a closed loop,
/// and what a request takes.
const COLUMNS: [&str; 3] = ["ratio to baseline (95%)", "requests/s", "p99 µs"];
const PRICE: &str = "instructions";

/// The columns of a table by server and build.
pub const VARIANTS: [&str; 4] = [
    "quickstart·release",
    "quickstart·max",
    "tuned·release",
    "tuned·max",
];

/// The generated part of the front page, whose folder of kept runs is `results`; `None` if no run is kept that it
/// could show. `experiments` are shown in this order, the first of them large.
#[must_use]
pub fn front_page(runs: &[Kept], results: &str, experiments: &[&str]) -> Option<String> {
    let main = newest(runs.iter(), experiments.first()?)?;
    let section = main.main_section()?;
    let isolated = runs.iter().filter(|one| one.is_candidate);
    let price = isolated
        .filter_map(|one| Some((one, one.main_section()?)))
        .find(|(_, section)| section.grid.column(PRICE).is_some());
    let folder = format!("{results}/{}", link(&main.folder));
    let mut text = String::new();
    for takeaway in takeaways(shown(&main.page)) {
        text.push_str(&filled(&format!("**{}**", markdown(&takeaway)), ""));
    }
    let _ = write!(text, "\n{}", filled(&trust_line(section), ""));
    for chart in main.page.charts.iter().take(1) {
        // Narrow, so that the table begins on the first screen.
        let _ = writeln!(
            text,
            "\n<img src=\"{folder}/{}\" width=\"420\" alt=\"{}\">",
            chart.file_name(),
            xml(&chart.in_words())
        );
    }
    let table = table(section, price.map(|(_, section)| section));
    let _ = write!(
        text,
        "\nAt {}, closed loop:\n\n{}",
        markdown(&section.heading),
        table.markdown(&main.page.sources_from(""))
    );
    let mut under = under(main, section, price.map(|(run, _)| run), results);
    let newer = candidates(runs.iter(), &main.page.experiment);
    let newer = newer
        .into_iter()
        .take_while(|one| one.folder != main.folder);
    for run in newer {
        let _ = write!(
            under,
            " A newer run is untrusted at {}: [{}]({results}/{}/).",
            markdown(&section.heading),
            markdown(&run.label()),
            link(&run.folder)
        );
    }
    let _ = write!(text, "\n{}", filled(&under, ""));
    text.push_str(&others(runs, results, &experiments[1..]));
    text.push_str(&by_variant(runs, results, experiments));
    Some(text)
}

/// The table by server and build at the highest concurrency that passes its controls, or else at the highest.
fn section_by_variant(page: &Page) -> Option<&Section> {
    let has_all = |section: &&Section| {
        let mut columns = VARIANTS.iter();
        columns.all(|name| section.grid.column(name).is_some())
    };
    let sections = || shown(page).filter(has_all);
    let trusted = sections().filter(|one| one.untrusted.is_empty());
    trusted.last().or_else(|| sections().last())
}

/// The table by server and build, if a run is kept that has one.
fn by_variant(runs: &[Kept], results: &str, experiments: &[&str]) -> String {
    let newest = experiments
        .iter()
        .filter_map(|name| newest(runs.iter(), name));
    let mut with_all = newest.filter_map(|run| Some((run, section_by_variant(&run.page)?)));
    let Some((run, section)) = with_all.next() else {
        return String::new();
    };
    let columns: Vec<&str> = std::iter::once("contestant").chain(VARIANTS).collect();
    let doubt = match section.untrusted.is_empty() {
        true => "",
        false => ", UNTRUSTED",
    };
    // What else the run says, such as of the slowest requests.
    let sections = run.page.sections.iter().rev();
    let mut others = sections.filter(|one| one.shown == Shown::PageAndTerminal);
    let also = others.find(|one| !one.takeaway.is_empty());
    let also = also.map_or_else(String::new, |one| format!("{} ", one.takeaway));
    let above = format!(
        "{also}By server and build at {}{doubt}, requests/s and gain over the first column \
         ([run]({results}/{}/), [what differs]({results}/variants.md)):",
        markdown(&section.heading),
        link(&run.folder)
    );
    format!(
        "\n{}\n{}",
        filled(&above, ""),
        chosen(section, &columns).markdown(&run.page.sources)
    )
}

fn shown(page: &Page) -> impl Iterator<Item = &Section> {
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
fn chosen(section: &Section, columns: &[&str]) -> Grid {
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
            .map(|&column| grid.headings[column])
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
    let heading = Heading::number("instructions per request", None);
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

/// Characters of a line of prose.
const LINE: usize = 120;

/// Prose in lines that are broken between words; further lines begin with `indent`.
fn filled(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    // Of the line: an indent is not one.
    let mut words = 0;
    for word in text.split(' ') {
        let is_full = line.chars().count() + 1 + word.chars().count() > LINE;
        if is_full && words > 0 {
            lines.push_str(&line);
            lines.push('\n');
            line = indent.to_owned();
            words = 0;
        } else if words > 0 {
            line.push(' ');
        }
        line.push_str(word);
        words += 1;
    }
    lines + &line + "\n"
}

/// What else was measured, an item for each experiment of which a run is kept.
fn others(runs: &[Kept], results: &str, experiments: &[&str]) -> String {
    let mut text = String::new();
    // A run by server and build has a table of its own below.
    let newest = experiments
        .iter()
        .filter_map(|name| newest(runs.iter(), name))
        .filter(|run| section_by_variant(&run.page).is_none());
    // What is untrusted is in the list of all runs: it has nothing to say on the first screen.
    let trusted = newest.filter(|run| {
        let main = run.main_section();
        main.is_some_and(|section| section.untrusted.is_empty())
    });
    for run in trusted {
        let takeaway = run
            .main_section()
            .map_or("", |section| section.takeaway.as_str());
        let link = format!(
            "[{}]({results}/{}/)",
            markdown(&run.page.experiment),
            link(&run.folder)
        );
        let item = match takeaway {
            "" => format!("- {link}"),
            takeaway => format!("- {link}: {}", markdown(takeaway)),
        };
        text.push_str(&filled(&item, "  "));
    }
    match text.is_empty() {
        true => text,
        false => format!("\n{text}"),
    }
}
