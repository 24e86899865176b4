//! Tables for a terminal: as much of them as its lines have room for.

use super::format::{heading, wrapped};
use super::page::{Page, Section, Shown, WARNINGS};
use crate::output::Screen;

/// Prose is not wider than this, however wide the terminal is.
const PROSE_COLUMNS: usize = 110;

/// All tables of a run, with what has to be said under them.
#[must_use]
pub fn tables(page: &Page, screen: Screen) -> String {
    let wrapped = |text: &str| wrapped(text, screen.columns.min(PROSE_COLUMNS));
    let mut text = String::new();
    if let Some(unfinished) = &page.unfinished {
        text.push_str(&format!("\n{}", wrapped(unfinished)));
    }
    for section in shown(page) {
        text.push_str(&format!(
            "\n{}{}\n",
            heading(&section.full_heading(), screen.columns),
            section.grid.terminal(screen)
        ));
        if !section.takeaway.is_empty() {
            text.push_str(&wrapped(&section.takeaway));
        }
        if !section.trust.is_empty() {
            text.push_str(&wrapped(&format!("Trust: {}.", section.trust.join(" · "))));
        }
        for remark in &section.remarks {
            text.push_str(&wrapped(remark));
        }
    }
    if shown(page).any(|section| !section.checks.is_empty()) {
        let where_from = "How the checks of the method came out is on the page of the run, README.md in its folder.";
        text.push_str(&format!("\n{}", wrapped(where_from)));
    }
    if let Some(first) = page.reading.first() {
        text.push_str(&format!("\n{}", wrapped(first)));
    }
    let warnings = page
        .lists
        .iter()
        .filter(|(heading, _)| *heading == WARNINGS);
    for warning in warnings.flat_map(|(_, warnings)| warnings) {
        text.push_str(&format!("\n{}", wrapped(&format!("warning: {warning}"))));
    }
    text
}

/// The sections that a terminal has room for.
fn shown(page: &Page) -> impl Iterator<Item = &Section> {
    let is_shown = |one: &&Section| !matches!(one.shown, Shown::Page | Shown::RunPage);
    page.sections.iter().filter(is_shown)
}
