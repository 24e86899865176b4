//! What a request costs, beside what a reader's own handler takes.

use super::{Kept, shown, table_id};
use crate::report::cell::Cell;

/// The reader's own time of which the page speaks first, in µs.
const OWN_US: f64 = 1000.0;

/// The column that holds the price of a request.
const COLUMN: &str = "server CPU ns (user + system)";

/// The measure whose pairs say how far prices lie apart.
const MEASURE: &str = "requests per CPU second";

/// What a request costs each contestant.
pub(super) struct Cost {
    /// The table it comes from.
    pub(super) table: String,
    /// What that table is about.
    pub(super) condition: String,
    /// The measure of its pairs.
    pub(super) measure: &'static str,
    /// The reader's own time, in µs.
    pub(super) own_us: f64,
    /// A row for each contestant and the baseline.
    pub(super) rows: Vec<Price>,
}

/// What a request costs one of them.
pub(super) struct Price {
    pub(super) name: String,
    /// CPU time in µs.
    pub(super) us: f64,
    /// As it is written.
    pub(super) written: String,
    /// Its share of a request beside the reader's own time, in percent.
    pub(super) share: String,
}

impl Cost {
    /// Of the table with the most connections; `None` if the run has no such column.
    pub(super) fn of(at: usize, run: &Kept) -> Option<Self> {
        let sections = shown(run).enumerate();
        let (number, section) = sections
            .filter(|(_, section)| section.grid.column(COLUMN).is_some())
            .max_by_key(|(_, section)| section.level)?;
        let rows = section.grid.rows.iter().filter_map(|row| {
            let is_shown = row
                .cells
                .iter()
                .any(|cell| matches!(cell, Cell::Name { role, .. } if role.is_contestant()));
            let name = row.arm.clone().filter(|_| is_shown)?;
            let us = section.grid.cell(&name, COLUMN)?.key()? / 1000.0;
            Some(Price {
                name,
                us,
                written: format!("{us:.1}"),
                share: format!("{:.1}", 100.0 * us / (us + OWN_US)),
            })
        });
        Some(Self {
            table: table_id(at, number),
            condition: section.heading.clone(),
            measure: MEASURE,
            own_us: OWN_US,
            rows: rows.collect(),
        })
    }
}
