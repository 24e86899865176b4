//! The columns of a latency table: one list for every place a table is shown in.

use super::figures::{Figures, TableRow};
use super::records::LatencyRecords;
use super::tables::{CPU, P50, P99, P999, Table};
use crate::report::{Cell, Column, Grid, Heading};
use crate::run::ArmKind;
use crate::stats::Quartiles;

/// All columns after name and version.
const COLUMNS: [Column<TableRow>; 14] = [
    Column::number("p50 µs", Some("p50µs"), |row| micros(row, P50)).of("times"),
    Column::number("p50, ratio to baseline (95%)", None, |row| ratio(row, P50))
        .by("p50")
        .detail()
        .of("times"),
    Column::number("p99 µs", Some("p99µs"), |row| micros(row, P99)).of("times"),
    Column::number("p99, ratio to baseline (95%)", Some("ratio ±95%"), |row| {
        ratio(row, P99)
    })
    .by("p99")
    .of("times"),
    Column::number("p99.9 µs", Some("p99.9µs"), |row| micros(row, P999))
        .detail()
        .of("times"),
    Column::number("p99.9, ratio to baseline (95%)", None, |row| {
        ratio(row, P999)
    })
    .by("p99.9")
    .detail()
    .of("times"),
    Column::number("rank by p50", None, |row| rank(row, P50))
        .detail()
        .of("times"),
    Column::number("rank by p99.9", None, |row| rank(row, P999))
        .detail()
        .of("times"),
    Column::number("server CPU ns per request", Some("CPUns"), |row| {
        of(row, |one| one.cpu_ns.map(Cell::whole))
    })
    .of("CPU time"),
    Column::number("CPU, ratio to baseline (95%)", None, |row| ratio(row, CPU))
        .by("CPU per request")
        .of("CPU time"),
    Column::number("rank by CPU", Some("by CPU"), |row| rank(row, CPU))
        .detail()
        .of("CPU time"),
    Column::number("rate held %", Some("held%"), |row| {
        of(row, |one| Some(Cell::percent(one.held_share)))
    })
    .of("requests/s"),
    Column::number("dispatch delay p99 µs", None, |row| {
        of(row, |one| Some(Cell::whole(one.dispatch_delay_ns / 1000.0)))
    })
    .detail()
    .of("times"),
    Column::number("errors", Some("errors"), |row: &TableRow| {
        match row.figures.is_err() && row.arm.absent.is_none() {
            true => Cell::Failed,
            false => of(row, |one| Some(Cell::count(one.errors))),
        }
    })
    .detail_if_zero()
    .of("requests/s"),
];

/// A cell of an arm that was measured.
fn of(row: &TableRow, cell: impl Fn(&Figures) -> Option<Cell>) -> Cell {
    let figures = row.figures.as_ref().ok();
    figures.and_then(cell).unwrap_or(Cell::Missing)
}

fn micros(row: &TableRow, quantile: usize) -> Cell {
    of(row, |one| {
        Some(Cell::whole(one.response_ns[quantile] as f64 / 1000.0))
    })
}

fn ratio(row: &TableRow, measure: usize) -> Cell {
    of(row, |one| {
        let standing = one.standing(measure)?;
        Some(Cell::ratio(standing.ratio, standing.interval))
    })
}

fn rank(row: &TableRow, measure: usize) -> Cell {
    of(row, |one| {
        Some(Cell::rank(one.standing(measure)?.rank?, false))
    })
}

/// The table of one rate.
pub(super) fn grid(table: &Table, rows: &[TableRow]) -> Grid {
    let differ = |one: &str, other: &str| table.measures[P99].differ(one, other);
    // A contestant without a rank has a sign for that; the others are not ranked at all.
    let first = |row: &TableRow| match row.arm.kind {
        ArmKind::Contestant => rank(row, P99),
        _ => Cell::Empty,
    };
    let name = |row: &TableRow| Cell::name(&row.arm.name, row.arm.kind, "");
    Grid::of_arms(&COLUMNS, rows, |row| &row.arm, first, name, differ)
}

/// The highest rates that kept the objective, highest first; `None` if none was searched for.
pub(super) fn search_grid(records: &LatencyRecords) -> Option<Grid> {
    records.run.plan.objective.as_ref()?;
    let arms = records.run.arms.iter().filter(|arm| arm.takes_part());
    let mut rows: Vec<(f64, Vec<Cell>)> = arms
        .map(|arm| {
            // A search that failed has found nothing, which is not a rate of 0.
            let own = records.searches.iter();
            let own = own.filter(|row| row.arm == arm.name && row.err.is_empty());
            let rates: Vec<f64> = own.map(|row| row.highest_rate_per_s as f64).collect();
            let rate = |rate: f64| match rate {
                0.0 => Cell::Missing,
                rate => Cell::whole(rate),
            };
            let median = Quartiles::of(&rates).map_or(0.0, |all| all.median);
            let least = rates.iter().copied().reduce(f64::min).unwrap_or(0.0);
            let most = rates.iter().copied().reduce(f64::max).unwrap_or(0.0);
            let mut cells = vec![Cell::name(&arm.name, arm.kind, "")];
            cells.extend([median, least, most].map(rate));
            cells.push(Cell::count(rates.len() as u64));
            (median, cells)
        })
        .collect();
    rows.sort_by(|one, other| other.0.total_cmp(&one.0));
    let number = |long| Heading::number(long, Some(long));
    let headings = vec![
        Heading::text("contestant", Some("contestant")),
        number("highest rate"),
        number("lowest search"),
        number("highest search"),
        number("searches"),
    ];
    Some(Grid::plain(
        headings,
        rows.into_iter().map(|(_, cells)| cells),
    ))
}
