//! What is shown of a run, whatever it measured.

use super::grid::Grid;

/// The heading of the list of warnings, which a terminal shows too.
pub const WARNINGS: &str = "Warnings";

/// A run as its readers see it.
#[derive(Debug, Default)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// How it was made, in sentences.
    pub design: String,
    /// Said in bold if the run has not been finished.
    pub unfinished: Option<String>,
    /// Its tables.
    pub sections: Vec<Section>,
    /// How to read them, an item each.
    pub reading: Vec<String>,
    /// Further lists with their headings.
    pub lists: Vec<(&'static str, Vec<String>)>,
    /// Machine, tools and command, an item each: what the numbers must be read with.
    pub circumstances: Vec<String>,
    /// Whether everything was measured without an error.
    pub is_good: bool,
}

/// A table with its heading and what has to be said under it.
#[derive(Debug, Default)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// Why it is not to be trusted, if it is not; this stands in the heading.
    pub untrusted: Vec<String>,
    /// The table.
    pub grid: Grid,
    /// Remarks under it, an item each.
    pub remarks: Vec<String>,
    /// A sentence under it.
    pub explanation: &'static str,
    /// Where it is shown.
    pub shown: Shown,
}

/// Where a section is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shown {
    /// On the front page, on the run's page and on a terminal.
    #[default]
    Everywhere,
    /// On the run's page and on a terminal.
    PageAndTerminal,
    /// On the run's page.
    Page,
    /// On a terminal, whose main table has no room for it.
    Terminal,
}

impl Section {
    /// The heading, with what makes the section untrusted.
    #[must_use]
    pub fn full_heading(&self) -> String {
        match self.untrusted.as_slice() {
            [] => self.heading.clone(),
            reasons => format!("{}: UNTRUSTED, {}", self.heading, reasons.join(", ")),
        }
    }
}
