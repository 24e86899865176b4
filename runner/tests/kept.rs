//! What holds of the pages of all kept runs, whatever their experiment: they fit a terminal, their remarks are sentences,
//! and what is untrusted is seen in their pictures.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use runner::experiments::publish;
use runner::output::Screen;
use runner::report::{Page, run_page, svg, tables};
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
