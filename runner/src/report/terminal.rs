//! Tables for a terminal of 80 columns.

use super::format::wrapped;
use super::page::{Page, Shown, WARNINGS};

/// All tables of a run, with what has to be said under them.
#[must_use]
pub fn tables(page: &Page) -> String {
    let mut text = String::new();
    if let Some(unfinished) = &page.unfinished {
        text.push_str(&format!("\n{}", wrapped(unfinished)));
    }
    for section in page.sections.iter().filter(|one| one.shown != Shown::Page) {
        text.push_str(&format!(
            "\n{}\n{}\n",
            section.full_heading(),
            section.grid.terminal()
        ));
        if !section.takeaway.is_empty() {
            text.push_str(&wrapped(&section.takeaway));
        }
        for remark in &section.remarks {
            text.push_str(&wrapped(remark));
        }
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
