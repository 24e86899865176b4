//! The columns of a matrix: one for each variant, as the original has one for each server.

use crate::experiments::throughput::by_variant::{ByVariant, Outcome, VariantsRow};
use crate::experiments::throughput::variant::Figures;
use crate::report::{Cell, Column, Grid, GridRow};

/// Rates, and gains over the first variant.
const RATES: [Column<VariantsRow>; 4] = [
    Column::number("quickstart·release", Some("qs·release"), |row| {
        rate(row, 0)
    })
    .of("requests/s"),
    Column::number("quickstart·max", Some("qs·max"), |row| rate(row, 1)).of("requests/s"),
    Column::number("tuned·release", Some("tuned·release"), |row| rate(row, 2)).of("requests/s"),
    Column::number("tuned·max", Some("tuned·max"), |row| rate(row, 3)).of("requests/s"),
];

/// What each variant makes of all connections.
const SERVICE: [Column<VariantsRow>; 8] = [
    Column::number("p99 ms, quickstart·release", Some("p99 qs·rel"), |row| {
        p99(row, 0)
    })
    .of("times"),
    Column::number("p99 ms, quickstart·max", Some("qs·max"), |row| {
        p99(row, 1)
    })
    .of("times"),
    Column::number("p99 ms, tuned·release", Some("tuned·rel"), |row| {
        p99(row, 2)
    })
    .of("times"),
    Column::number("p99 ms, tuned·max", Some("tuned·max"), |row| p99(row, 3)).of("times"),
    Column::number("served in 100 ms %, quickstart·release", None, |row| {
        served(row, 0)
    })
    .of("connections served")
    .detail(),
    Column::number("served in 100 ms %, quickstart·max", None, |row| {
        served(row, 1)
    })
    .of("connections served")
    .detail(),
    Column::number("served in 100 ms %, tuned·release", None, |row| {
        served(row, 2)
    })
    .of("connections served")
    .detail(),
    Column::number("served in 100 ms %, tuned·max", None, |row| served(row, 3))
        .of("connections served")
        .detail(),
];

fn of(row: &VariantsRow, variant: usize, cell: impl Fn(&Figures) -> Option<Cell>) -> Cell {
    match row.variants.get(variant) {
        Some(Outcome::Measured(figures)) => cell(figures).unwrap_or(Cell::Missing),
        Some(Outcome::Failed(_)) => Cell::Failed,
        Some(Outcome::Absent(_)) => Cell::Missing,
        None => Cell::Empty,
    }
}

fn rate(row: &VariantsRow, variant: usize) -> Cell {
    of(row, variant, |one| Some(row.rate_cell(one)))
}

fn p99(row: &VariantsRow, variant: usize) -> Cell {
    of(row, variant, |one| {
        let p99 = one.p99?;
        Some(Cell::Estimate {
            value: p99.whole_ms,
            lower: p99.least_ms,
            upper: p99.most_ms,
        })
    })
}

fn served(row: &VariantsRow, variant: usize) -> Cell {
    let figures = row.figures(variant);
    let served = figures.and_then(|one| one.served_per_100_ms);
    served.map_or(Cell::Missing, Cell::percent)
}

/// Requests per second by variant, the controls below.
pub(super) fn rates(level: &ByVariant) -> Grid {
    grid(level, &RATES, true)
}

/// Service times and connections served by variant.
pub(super) fn service(level: &ByVariant) -> Grid {
    grid(level, &SERVICE, false)
}

fn grid(level: &ByVariant, columns: &[Column<VariantsRow>], has_controls: bool) -> Grid {
    let mut grid = Grid::of_arms(
        columns,
        &level.rows,
        |row| &row.arm,
        |_| Cell::Empty,
        |row| level.name(&row.arm),
        |_, _| None,
    );
    grid.rows.retain(|row: &GridRow| {
        let is_contestant = |row: &GridRow| {
            let mut names = level.contestants().map(|one| &one.arm.name);
            names.any(|name| row.arm.as_ref() == Some(name))
        };
        has_controls || is_contestant(row)
    });
    grid
}
