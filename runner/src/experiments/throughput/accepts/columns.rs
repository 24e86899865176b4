//! The columns of a run by requests per connection: a rate for each, and what a request and an accept cost.

use super::costs::Costs;
use crate::experiments::throughput::by_variant::{ByVariant, Outcome, VariantsRow};
use crate::report::{Cell, Column, Grid};
use crate::stats::Interval;
use std::collections::BTreeMap;

/// A contestant with its costs.
struct AcceptsRow {
    row: VariantsRow,
    costs: Option<Costs>,
}

const COLUMNS: [Column<AcceptsRow>; 6] = [
    Column::number("keep-alive", Some("keep-alive"), |row| rate(row, 0)).of("requests/s"),
    Column::number("100 per connection", Some("100"), |row| rate(row, 1)).of("requests/s"),
    Column::number("10 per connection", Some("10"), |row| rate(row, 2)).of("requests/s"),
    Column::number("1 per connection", Some("1 per conn."), |row| rate(row, 3)).of("requests/s"),
    Column::number("request, server CPU µs (95%)", None, |row| {
        cost(row, |costs| costs.request_ns)
    })
    .of("CPU time"),
    Column::number("accept, server CPU µs (95%)", Some("accept µs"), |row| {
        cost(row, |costs| costs.accept_ns)
    })
    .of("CPU time"),
];

fn rate(row: &AcceptsRow, variant: usize) -> Cell {
    match row.row.variants.get(variant) {
        Some(Outcome::Measured(one)) => row.row.rate_cell(one),
        Some(Outcome::Failed(_)) => Cell::Failed,
        Some(Outcome::Absent(_)) => Cell::Missing,
        None => Cell::Empty,
    }
}

fn cost(row: &AcceptsRow, of: impl Fn(&Costs) -> Interval) -> Cell {
    match &row.costs {
        Some(costs) => {
            let cost_ns = of(costs);
            Cell::Estimate {
                value: cost_ns.estimate / 1000.0,
                lower: cost_ns.lower / 1000.0,
                upper: cost_ns.upper / 1000.0,
            }
        }
        None if row.row.arm.kind.is_contestant() => Cell::Missing,
        None => Cell::Empty,
    }
}

/// The table of one concurrency.
pub(super) fn grid(level: &ByVariant, costs: &BTreeMap<String, Costs>) -> Grid {
    let rows = level.rows.iter().map(|row| AcceptsRow {
        row: row.clone(),
        costs: costs.get(&row.arm.name).copied(),
    });
    Grid::of_arms(
        &COLUMNS,
        &rows.collect::<Vec<_>>(),
        |row| &row.row.arm,
        |_| Cell::Empty,
        |row| level.name(&row.row.arm),
        |_, _| None,
    )
}
