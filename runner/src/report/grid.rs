//! A table of cells, for a page or for a terminal.

use super::cell::Cell;
use crate::run::Arm;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A column: its headings, and what it shows of a row `R`.
#[derive(Debug, Clone, Copy)]
pub struct Column<R> {
    /// Its headings.
    pub heading: Heading,
    /// What stands in it.
    pub cell: fn(&R) -> Cell,
}

/// The heading of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Heading {
    /// If there is room.
    pub long: &'static str,
    /// On a terminal; a column without one is left out there.
    pub short: Option<&'static str>,
    /// Whether it holds numbers.
    pub is_number: bool,
    /// The measure whose ratios to the baseline it holds, if it does.
    pub measure: Option<&'static str>,
    /// What it is a figure of, such as `CPU`; empty for what every choice of columns shows.
    pub group: &'static str,
    /// Whether it moves to the main columns if anything in it is not 0, such as an error.
    pub is_alarm: bool,
    /// Whether it is one of those that are shown apart, or on demand, so that the others fit on a page.
    pub is_detail: bool,
}

impl Heading {
    /// Of a column of numbers.
    #[must_use]
    pub const fn number(long: &'static str, short: Option<&'static str>) -> Self {
        Self {
            long,
            short,
            is_number: true,
            measure: None,
            group: "",
            is_alarm: false,
            is_detail: false,
        }
    }

    /// Of a column of words.
    #[must_use]
    pub const fn text(long: &'static str, short: Option<&'static str>) -> Self {
        Self {
            long,
            short,
            is_number: false,
            measure: None,
            group: "",
            is_alarm: false,
            is_detail: false,
        }
    }
}

impl Heading {
    /// The same, of a detail.
    #[must_use]
    pub const fn detail(mut self) -> Self {
        self.is_detail = true;
        self
    }

    /// The same, of a figure of this.
    #[must_use]
    pub const fn of(mut self, group: &'static str) -> Self {
        self.group = group;
        self
    }

    /// On a terminal.
    pub(super) fn brief(&self) -> &'static str {
        self.short.unwrap_or(self.long)
    }
}

impl<R> Column<R> {
    /// The same, holding ratios by this measure.
    #[must_use]
    pub const fn by(mut self, measure: &'static str) -> Self {
        self.heading.measure = Some(measure);
        self
    }

    /// The same, of a figure of this.
    #[must_use]
    pub const fn of(mut self, group: &'static str) -> Self {
        self.heading.group = group;
        self
    }

    /// The same, as a detail as long as all of it is 0.
    #[must_use]
    pub const fn detail_if_zero(mut self) -> Self {
        self.heading.is_detail = true;
        self.heading.is_alarm = true;
        self
    }

    /// The same, as a detail.
    #[must_use]
    pub const fn detail(mut self) -> Self {
        self.heading.is_detail = true;
        self
    }

    /// A column of numbers.
    #[must_use]
    pub const fn number(
        long: &'static str,
        short: Option<&'static str>,
        cell: fn(&R) -> Cell,
    ) -> Self {
        let heading = Heading::number(long, short);
        Self { heading, cell }
    }

    /// A column of words.
    #[must_use]
    pub const fn text(
        long: &'static str,
        short: Option<&'static str>,
        cell: fn(&R) -> Cell,
    ) -> Self {
        let heading = Heading::text(long, short);
        Self { heading, cell }
    }
}

/// More columns than these take most of a screen.
const MAIN_COLUMNS_MAX: usize = 10;

/// A row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GridRow {
    /// The arm it is of, as its table names it; `None` if it is not of one.
    pub arm: Option<String>,
    /// Whether it is not distinguishable from the row below it, and both are ranked.
    pub joins_next: bool,
    /// As many cells as there are columns.
    pub cells: Vec<Cell>,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Grid {
    /// Its columns.
    pub headings: Vec<Heading>,
    /// Its rows.
    pub rows: Vec<GridRow>,
}

impl Grid {
    /// A table of arms: rank, name and version, and then `columns`. `differ` says whether two ranked arms are
    /// distinguishable. Rows that are not ranked, such as the baseline among contestants, do not break a bracket.
    #[must_use]
    pub fn of_arms<R>(
        columns: &[Column<R>],
        rows: &[R],
        arm: fn(&R) -> &Arm,
        rank: impl Fn(&R) -> Cell,
        name: impl Fn(&R) -> Cell,
        differ: impl Fn(&str, &str) -> Option<bool>,
    ) -> Self {
        let mut headings = vec![
            Heading::number("rank", Some("rank")),
            Heading::text("contestant", Some("contestant")),
            Heading::text("version", None),
        ];
        headings.extend(columns.iter().map(|column| column.heading));
        let is_ranked = |row: &R| matches!(rank(row), Cell::Rank { .. });
        let ranked: Vec<Option<&str>> = rows
            .iter()
            .map(|row| is_ranked(row).then(|| arm(row).name.as_str()))
            .collect();
        let joins_next = |at: usize| {
            let one = ranked[..=at].iter().rev().flatten().next()?;
            let other = ranked[at + 1..].iter().flatten().next()?;
            differ(one, other).map(|differ| !differ)
        };
        let rows = rows.iter().enumerate().map(|(at, row)| {
            let version = arm(row).version.clone();
            let mut cells = vec![
                rank(row),
                name(row),
                version.map_or(Cell::Empty, Cell::text),
            ];
            cells.extend(columns.iter().map(|column| (column.cell)(row)));
            GridRow {
                arm: Some(arm(row).name.clone()),
                joins_next: joins_next(at) == Some(true),
                cells,
            }
        });
        let rows = rows.collect();
        let mut grid = Self { headings, rows };
        grid.raise_alarms();
        let mut grid = grid.without_empty_columns();
        // A version stands beside other details, and not in a table of its own.
        let has_details = grid.headings.iter().any(|heading| heading.is_detail);
        if let Some(version) = grid.column("version") {
            grid.headings[version].is_detail = has_details;
        }
        grid
    }

    /// What has to be seen is not a detail.
    fn raise_alarms(&mut self) {
        let is_zero = |cell: &Cell| match cell {
            Cell::Failed => false,
            Cell::Number { value, .. } => *value == 0.0,
            _ => true,
        };
        for (column, heading) in self.headings.iter_mut().enumerate() {
            let is_quiet = self.rows.iter().all(|row| is_zero(&row.cells[column]));
            heading.is_detail &= !heading.is_alarm || is_quiet;
        }
    }

    /// The column with this long heading.
    #[must_use]
    pub fn column(&self, heading: &str) -> Option<usize> {
        self.headings.iter().position(|one| one.long == heading)
    }

    /// The cell of an arm under this long heading.
    pub(super) fn cell(&self, arm: &str, heading: &str) -> Option<&Cell> {
        let column = self.column(heading)?;
        let mut rows = self.rows.iter();
        rows.find(|row| row.arm.as_deref() == Some(arm))?
            .cells
            .get(column)
    }

    /// A table whose rows begin with a name.
    #[must_use]
    pub fn plain(headings: Vec<Heading>, rows: impl Iterator<Item = Vec<Cell>>) -> Self {
        let name = |cells: &[Cell]| {
            cells.iter().find_map(|cell| match cell {
                Cell::Name { name, .. } => Some(name.clone()),
                _ => None,
            })
        };
        let rows = rows.map(|cells| GridRow {
            arm: name(&cells),
            joins_next: false,
            cells,
        });
        Self {
            headings,
            rows: rows.collect(),
        }
    }

    /// Without the columns that have nothing in any row.
    fn without_empty_columns(mut self) -> Self {
        let has_any = |column: usize| {
            let mut cells = self.rows.iter().map(|row| &row.cells[column]);
            cells.any(|cell| !matches!(cell, Cell::Missing | Cell::Empty))
        };
        let kept: Vec<bool> = (0..self.headings.len())
            .map(|column| self.rows.is_empty() || has_any(column))
            .collect();
        let mut of_heading = kept.iter();
        self.headings
            .retain(|_| *of_heading.next().unwrap_or(&true));
        for row in &mut self.rows {
            let mut of_cell = kept.iter();
            row.cells.retain(|_| *of_cell.next().unwrap_or(&true));
        }
        self
    }

    /// Whether its main columns take most of a screen.
    pub(super) fn is_wide(&self) -> bool {
        let main = self.headings.iter().filter(|heading| !heading.is_detail);
        let mut cells = self.rows.iter().flat_map(|row| &row.cells);
        let has_gains = cells.any(|cell| matches!(cell, Cell::Gain { ratio: Some(_), .. }));
        has_gains || main.count() > MAIN_COLUMNS_MAX
    }

    /// What stands before each row, in a column of its own: rows that are not distinguishable from their neighbours
    /// are in one bracket.
    pub(super) fn brackets(&self) -> Option<Vec<&'static str>> {
        let joined = |place: usize| self.rows[place].joins_next && place + 1 < self.rows.len();
        let bracket = |place: usize| {
            let above = place.checked_sub(1).is_some_and(joined);
            match (above, joined(place)) {
                (false, false) => "",
                (false, true) => "┌",
                (true, true) => "│",
                (true, false) => "└",
            }
        };
        let has_any = self.rows.iter().any(|row| row.joins_next);
        has_any.then(|| (0..self.rows.len()).map(bracket).collect())
    }

    /// As Markdown; `sources` are where contestants link to, by name. Details are in a table of their own. Without
    /// brackets: a column without a heading is not Markdown, and in the cells of ranks they would run on through sets that
    /// differ.
    #[must_use]
    pub fn markdown(&self, sources: &BTreeMap<String, String>) -> String {
        let (mut details, main): (Vec<usize>, Vec<usize>) =
            (0..self.headings.len()).partition(|&column| self.headings[column].is_detail);
        let mut text = self.columns(&main, sources);
        if !details.is_empty() {
            details.insert(0, self.column("contestant").unwrap_or(0));
            let _ = write!(
                text,
                "\nFurther columns:\n\n{}",
                self.columns(&details, sources)
            );
        }
        text
    }

    /// These columns as one table of Markdown.
    fn columns(&self, columns: &[usize], sources: &BTreeMap<String, String>) -> String {
        let mut text = String::from("|");
        for &column in columns {
            let _ = write!(text, " {} |", self.headings[column].long);
        }
        text.push_str("\n|");
        for &column in columns {
            let is_number = self.headings[column].is_number;
            text.push_str(if is_number { "---:|" } else { "---|" });
        }
        text.push('\n');
        for row in &self.rows {
            text.push('|');
            for &column in columns {
                let cell = &row.cells[column];
                let source = match cell {
                    Cell::Name { .. } => row.arm.as_ref().and_then(|arm| sources.get(arm)),
                    _ => None,
                };
                let _ = write!(text, " {} |", cell.markdown(source.map(String::as_str)));
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests;
