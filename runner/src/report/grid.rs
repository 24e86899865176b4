//! A table of cells, for a page or for a terminal.

use super::format::none;
use comfy_table::{Attribute, Cell, CellAlignment, Table, presets};

use std::fmt::Write;

/// The heading of a column.
#[derive(Debug, Clone, Copy)]
pub struct Heading {
    /// If there is room.
    pub long: &'static str,
    /// On a terminal; a column without one is left out there.
    pub short: Option<&'static str>,
    /// Whether it holds numbers.
    pub is_number: bool,
}

/// A table.
#[derive(Debug, Default)]
pub struct Grid {
    /// Its columns.
    pub headings: Vec<Heading>,
    /// As many cells per row as there are columns.
    pub rows: Vec<Vec<String>>,
}

impl Grid {
    /// Without the columns that have a figure in no row.
    #[must_use]
    pub fn without_empty_columns(self) -> Self {
        let is_kept = |column: &usize| {
            let mut cells = self.rows.iter().map(|row| &row[*column]);
            self.rows.is_empty()
                || !self.headings[*column].is_number
                || cells.any(|cell| *cell != none())
        };
        let kept: Vec<usize> = (0..self.headings.len()).filter(is_kept).collect();
        Self {
            headings: kept.iter().map(|&column| self.headings[column]).collect(),
            rows: self
                .rows
                .iter()
                .map(|row| kept.iter().map(|&column| row[column].clone()).collect())
                .collect(),
        }
    }

    /// As Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::from("|");
        for heading in &self.headings {
            match heading.long {
                "" => text.push_str(" |"),
                long => {
                    let _ = write!(text, " {long} |");
                }
            }
        }
        text.push_str("\n|");
        for heading in &self.headings {
            text.push_str(if heading.is_number { "---:|" } else { "---|" });
        }
        text.push('\n');
        for row in &self.rows {
            text.push('|');
            for cell in row {
                let _ = write!(text, " {cell} |");
            }
            text.push('\n');
        }
        text
    }

    /// For a terminal: the columns with a short heading, and of each cell what stands before a
    /// parenthesis.
    #[must_use]
    pub fn terminal(&self) -> Table {
        let shown: Vec<(usize, &Heading)> = self
            .headings
            .iter()
            .enumerate()
            .filter(|(_, heading)| heading.short.is_some())
            .collect();
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let bold = |text| Cell::new(text).add_attribute(Attribute::Bold);
        table.set_header(
            shown
                .iter()
                .filter_map(|(_, heading)| heading.short)
                .map(bold),
        );
        for row in &self.rows {
            table.add_row(shown.iter().map(|&(place, _)| short(&row[place])));
        }
        for (column, (_, heading)) in table.column_iter_mut().zip(shown) {
            column.set_padding((0, 1));
            if heading.is_number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }
}

/// What is in italics or escaped on a page is plain on a terminal.
fn short(cell: &str) -> String {
    let cell = cell.split_once(" (").map_or(cell, |(before, _)| before);
    let italic = cell
        .strip_prefix('*')
        .and_then(|cell| cell.strip_suffix('*'));
    italic.unwrap_or(cell).replace("\\*", "*")
}

/// What binds each of `rows` rows to the next, given whether the row of a number is joined to the one
/// after it.
#[must_use]
pub fn brackets(rows: usize, is_joined: impl Fn(usize) -> bool) -> Vec<&'static str> {
    let joined = |place: usize| place + 1 < rows && is_joined(place);
    let bracket = |place: usize| {
        let above = place.checked_sub(1).is_some_and(joined);
        match (above, joined(place)) {
            (false, false) => "",
            (false, true) => "┌",
            (true, true) => "│",
            (true, false) => "└",
        }
    };
    (0..rows).map(bracket).collect()
}
