//! The columns of a throughput table: one list for every place a table is shown in.

use super::figures::{Figures, Outcome, TableRow};
use super::tables::{CPU, RATE, Table};
use crate::analysis::{Effect, Standing};
use crate::report::{Cell, Column, Grid, Heading};

/// All columns after name and version.
const COLUMNS: [Column<TableRow>; 16] = [
    Column::number("requests/s", Some("req/s"), |row| {
        of(row, |one| Some(Cell::whole(one.rate.median)))
    })
    .of("requests/s"),
    Column::number("IQR %", None, |row| {
        of(row, |one| Some(Cell::percent(one.rate.relative_spread())))
    })
    .detail()
    .of("requests/s"),
    Column::number("ratio to baseline (95%)", Some("ratio ±95%"), |row| {
        of(row, |one| one.rate_standing.map(ratio))
    })
    .by(RATE.name)
    .of("requests/s"),
    Column::number("p50 µs", Some("p50µs"), |row| {
        of(row, |one| one.service_time_p50_us.map(Cell::count))
    })
    .of("times"),
    Column::number("p99 µs", Some("p99µs"), |row| {
        of(row, |one| one.service_time_p99_us.map(Cell::count))
    })
    .of("times"),
    Column::number("p99.9 µs", None, |row| {
        of(row, |one| one.service_time_p999_us.map(Cell::count))
    })
    .detail()
    .of("times"),
    Column::number("served in 100 ms %", Some("served%"), |row| {
        of(row, |one| one.served_per_100_ms.map(Cell::percent))
    })
    .detail()
    .of("connections served"),
    Column::number("served in a window %", None, |row| {
        of(row, |one| one.served_per_window.map(Cell::percent))
    })
    .detail()
    .of("connections served"),
    Column::text("answers per connection (5th–50th–95th)", None, |row| {
        of(row, |one| {
            let [p5, p50, p95] = one.answers_per_connection?;
            Some(Cell::text(format!("{p5:.0}–{p50:.0}–{p95:.0}")))
        })
    })
    .detail()
    .of("connections served"),
    Column::number("server CPU ns (user + system)", Some("CPUns"), |row| {
        of(row, |one| Some(server_cpu(one)))
    })
    .detail()
    .of("CPU time"),
    Column::number("rank by CPU", Some("by CPU"), |row| {
        let rank = |one: &Figures| Some(Cell::rank(one.cpu_standing?.rank?, false));
        of(row, rank)
    })
    .detail()
    .of("CPU time"),
    Column::number(
        "requests per CPU second, ratio to baseline (95%)",
        None,
        |row| of(row, |one| one.cpu_standing.map(ratio)),
    )
    .by(CPU.name)
    .detail()
    .of("CPU time"),
    Column::number("peak RSS MiB", None, |row| {
        of(row, |one| one.peak_rss_kib.map(Cell::mib))
    })
    .detail()
    .of("memory"),
    Column::number("response bytes", None, |row| {
        of(row, |_| Some(Cell::count(row.arm.answer_bytes? as u64)))
    })
    .detail()
    .of("answer size"),
    Column::text("limit", None, |row| {
        of(row, |_| row.limit.map(|limit| Cell::text(limit.word())))
    })
    .of("requests/s"),
    Column::number("errors", Some("err"), |row: &TableRow| match &row.outcome {
        Outcome::Failed(_) => Cell::Failed,
        _ => of(row, |one| Some(Cell::count(one.errors))),
    })
    .detail_if_zero()
    .of("requests/s"),
];

/// A cell of an arm that was measured.
fn of<'r>(row: &'r TableRow, cell: impl Fn(&'r Figures) -> Option<Cell>) -> Cell {
    row.figures().and_then(cell).unwrap_or(Cell::Missing)
}

fn ratio(standing: Standing) -> Cell {
    Cell::ratio(standing.ratio, standing.interval)
}

fn server_cpu(figures: &Figures) -> Cell {
    let value = figures.server_cpu_ns;
    match figures.user_share {
        Some(share) => Cell::Sum {
            value,
            parts: [value * share, value - value * share],
        },
        None => Cell::whole(value),
    }
}

/// The table of one concurrency.
pub(super) fn grid(table: &Table, rows: &[TableRow]) -> Grid {
    let differ = |one: &str, other: &str| table.rate.differ(one, other);
    let name = |row: &TableRow| name(table, row);
    Grid::of_arms(&COLUMNS, rows, |row| &row.arm, rank, name, differ)
}

/// What the verdicts on the limit rest on; `None` if there are none.
pub(super) fn evidence(table: &Table, rows: &[TableRow]) -> Option<Grid> {
    let headings = vec![
        Heading::text("contestant", None),
        Heading::text("limit", None),
        Heading::number("generator idle %", None),
        Heading::number("server busy %", None),
        Heading::number("rate, % of the null server's", None),
    ];
    let percent = |share: Option<f64>| share.map_or(Cell::Missing, Cell::percent);
    let cells = rows.iter().filter_map(|row| {
        let limit = row.figures().and(row.limit)?;
        Some(vec![
            name(table, row),
            Cell::text(limit.word()),
            Cell::percent(limit.evidence.idle_share),
            percent(limit.evidence.server_cpu_share),
            percent(limit.evidence.ceiling_share),
        ])
    });
    let grid = Grid::plain(headings, cells);
    (!grid.rows.is_empty()).then_some(grid)
}

/// A row's name; the planted control says how much it withholds.
fn name(table: &Table, row: &TableRow) -> Cell {
    let mut controls = table.controls.iter();
    let control = controls.find(|control| control.name == row.arm.name);
    match control.map(|control| control.effect) {
        Some(Effect::Withheld { percent }) => {
            Cell::name(format!("{}-{percent}%", row.arm.name), row.arm.kind, "")
        }
        _ => Cell::name(&row.arm.name, row.arm.kind, ""),
    }
}

/// The rank set by requests per second, with a sign if the generator was saturated: then the server could be
/// faster than it shows.
pub(super) fn rank(row: &TableRow) -> Cell {
    let rank = |one: &Figures| {
        Some(Cell::rank(
            one.rate_standing?.rank?,
            row.is_limited_elsewhere(),
        ))
    };
    row.figures().and_then(rank).unwrap_or(Cell::Empty)
}
