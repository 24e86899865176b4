//! What holds of the pages of all kept runs, whatever their experiment: they fit a terminal, their remarks are sentences,
//! what is untrusted is seen in their pictures, and a figure is the same wherever it stands.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use runner::experiments::publish;
use runner::output::Screen;
use runner::report::{Cell, GridRow, Page, Section, Shown, run_page, svg, tables};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// The folder of each kept run, and what is shown of it.
static PAGES: LazyLock<Vec<(String, Page)>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let shown = publish::shown(root).unwrap().0.into_iter();
    shown.map(|one| (one.folder, one.page)).collect()
});

#[test]
fn every_table_of_a_kept_run_fits_eighty_columns() {
    for (folder, page) in PAGES.iter() {
        for line in tables(page, Screen::PLAIN).lines() {
            assert!(line.chars().count() <= 80, "{folder}: {line}");
        }
    }
}

#[test]
fn every_remark_of_a_kept_run_begins_with_a_capital() {
    for (folder, page) in PAGES.iter() {
        for remark in page.sections.iter().flat_map(|section| &section.remarks) {
            let first = remark.chars().next().unwrap();
            assert!(!first.is_lowercase(), "{folder}: {remark}");
        }
    }
}

#[test]
fn every_chart_of_an_untrusted_table_of_a_kept_run_says_so() {
    for (folder, page) in PAGES.iter() {
        for section in page.sections.iter().filter(|one| !one.untrusted.is_empty()) {
            for chart in &section.charts {
                let svg = svg::file(chart);
                assert!(svg.contains(">UNTRUSTED"), "{folder}: {}", chart.id);
            }
        }
    }
}

#[test]
fn the_numbers_behind_a_limit_of_a_kept_run_are_folded() {
    for (folder, page) in PAGES
        .iter()
        .filter(|(_, page)| page.experiment == "throughput")
    {
        let text = run_page(page);
        assert!(!text.contains("generator idle 2"), "{folder}");
        let row = |line: &&str| line.starts_with('|') && line.contains("server-bound");
        let longest = text
            .lines()
            .filter(row)
            .map(|line| line.chars().count())
            .max();
        assert!(
            longest.is_some_and(|longest| longest < 300),
            "{folder}: {longest:?}"
        );
        assert!(
            text.contains("<summary>Numbers behind the limit</summary>"),
            "{folder}"
        );
    }
}

/// The figures of a row as pages write them: those of its main columns, and those of its details.
fn written(section: &Section, row: &GridRow) -> [Vec<String>; 2] {
    let mut parts = [Vec::new(), Vec::new()];
    for (heading, cell) in section.grid.headings.iter().zip(&row.cells) {
        let json = serde_json::to_value(cell).unwrap();
        if let Some(value) = json["value"].as_f64() {
            assert_is_rounded(value, &cell.full());
            parts[usize::from(heading.is_detail)].push(cell.full());
        }
    }
    parts
}

/// What is written is what a program reads, rounded to the digits that are shown.
fn assert_is_rounded(value: f64, written: &str) {
    let bare = written.trim_start_matches("≥ ").replace(',', "");
    let end = bare.find(|char: char| !char.is_ascii_digit() && !".-".contains(char));
    let figure = &bare[..end.unwrap_or(bare.len())];
    let digits = figure.split_once('.').map_or(0, |(_, after)| after.len());
    let step = 10_f64.powi(-(digits as i32));
    // Two significant digits are all that a wide interval leaves.
    let step = if written.contains('–') {
        step.max(0.1 * value.abs())
    } else {
        step
    };
    let parsed: f64 = figure
        .parse()
        .unwrap_or_else(|_| panic!("{value}: {written}"));
    assert!(
        (parsed - value).abs() <= 0.5001 * step,
        "{value}: {written}"
    );
}

/// Whether these figures stand in the text in this order, each as a cell of its own.
fn holds_in_order(mut text: &str, figures: &[String], before: &str, after: &str) -> bool {
    figures.iter().all(|figure| {
        let cell = format!("{before}{figure}{after}");
        let found = text.find(&cell);
        text = &text[found.map_or(text.len(), |at| at + cell.len() - 1)..];
        found.is_some()
    })
}

fn read(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    // Some of the spaces in figures do not break.
    let text = fs::read_to_string(root.join(file)).unwrap();
    text.replace('\u{a0}', " ")
}

#[test]
fn every_figure_of_a_kept_run_is_the_same_on_its_page_and_on_that_of_its_machine() {
    let mut seen = 0;
    for (folder, page) in PAGES.iter() {
        let of_run = read(&format!("results/{folder}/README.md"));
        let of_machine = read(&format!("results/report-{}.html", page.machine_slug));
        let is_there = of_machine.contains(&format!("href=\"{folder}/README.md\""));
        let rows: Vec<&str> = of_machine.split("<tr").collect();
        for section in page
            .sections
            .iter()
            .filter(|one| one.shown != Shown::Terminal)
        {
            for row in &section.grid.rows {
                let [main, details] = written(section, row);
                let name = row.cells.iter().find_map(|cell| match cell {
                    Cell::Name { name, .. } => Some(name.as_str()),
                    _ => None,
                });
                let is_of_row = |text: &str| text.contains(name.unwrap_or_default());
                for figures in [&main, &details] {
                    assert!(
                        of_run.lines().any(
                            |line| is_of_row(line) && holds_in_order(line, figures, "| ", " |")
                        ),
                        "{folder}, {}: {figures:?}",
                        section.heading
                    );
                }
                let is_elsewhere =
                    matches!(section.shown, Shown::RunPage | Shown::RunPageAndTerminal);
                if is_there && !is_elsewhere {
                    for figures in [&main, &details] {
                        assert!(
                            rows.iter()
                                .any(|one| is_of_row(one)
                                    && holds_in_order(one, figures, ">", "</td>")),
                            "{folder}, {}: {figures:?}",
                            section.heading
                        );
                    }
                }
                seen += main.len() + details.len();
            }
        }
    }
    assert!(seen > 5_000, "{seen}");
}

#[test]
fn every_figure_of_the_front_page_is_one_of_a_kept_run() {
    let figures: Vec<String> = PAGES
        .iter()
        .flat_map(|(_, page)| &page.sections)
        .flat_map(|section| {
            section
                .grid
                .rows
                .iter()
                .map(move |row| written(section, row))
        })
        .flatten()
        .flatten()
        .collect();
    let front = read("README.md");
    let rows = front
        .lines()
        .filter(|line| line.contains("](frameworks/") && line.starts_with('|'));
    let mut seen = 0;
    for row in rows {
        let cells = row.split('|').map(str::trim);
        for cell in cells.filter(|cell| cell.contains(char::is_numeric) && !cell.contains("](")) {
            let is_version = cell.matches('.').count() == 2 && !cell.contains('%');
            let is_rank = cell.chars().count() < 8 && !cell.contains([',', '.']);
            let is_known = || figures.iter().any(|figure| figure == cell);
            assert!(is_version || is_rank || is_known(), "{row}: {cell}");
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
}
