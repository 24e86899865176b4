//! The columns of a latency table: one list for every place a table is shown in.

use super::figures::{Figures, TableRow};
use super::records::LatencyRecords;
use super::tables::{CPU, P50, P99, P999, Table};
use crate::report::{Grid, Heading, brackets, grouped, none, percent, ratio, rounded};
use crate::run::ArmKind;
use crate::stats::Quartiles;

/// One column.
struct Column {
    /// The heading if there is room.
    long: &'static str,
    /// The heading of a terminal's column; a column without one is left out there.
    short: Option<&'static str>,
    cell: fn(&Figures) -> String,
}

/// All columns after the version.
const COLUMNS: [Column; 13] = [
    column("p50 µs", Some("p50µs"), |figures| {
        micros(figures.response_ns[P50])
    }),
    column("p50, ratio to baseline (95 %)", None, |figures| {
        ratio_of(figures, P50)
    }),
    column("p99 µs", Some("p99µs"), |figures| {
        micros(figures.response_ns[P99])
    }),
    column(
        "p99, ratio to baseline (95 %)",
        Some("ratio ±95%"),
        |figures| ratio_of(figures, P99),
    ),
    column("p99.9 µs", Some("p99.9µs"), |figures| {
        micros(figures.response_ns[P999])
    }),
    column("p99.9, ratio to baseline (95 %)", None, |figures| {
        ratio_of(figures, P999)
    }),
    column("rank by p50", None, |figures| rank_of(figures, P50)),
    column("rank by p99.9", None, |figures| rank_of(figures, P999)),
    column("server CPU ns per request", Some("CPUns"), |figures| {
        figures.cpu_ns.map_or_else(none, |ns| grouped(rounded(ns)))
    }),
    column("CPU, ratio to baseline (95 %)", None, |figures| {
        ratio_of(figures, CPU)
    }),
    column("rank by CPU", Some("by CPU"), |figures| {
        figures.cpu_rank().unwrap_or_else(none)
    }),
    column("rate held %", Some("held%"), |figures| {
        percent(figures.held_share)
    }),
    column("dispatch delay p99 µs", None, |figures| {
        rounded(figures.dispatch_delay_ns / 1000.0).to_string()
    }),
];

const fn column(
    long: &'static str,
    short: Option<&'static str>,
    cell: fn(&Figures) -> String,
) -> Column {
    Column { long, short, cell }
}

fn micros(ns: u64) -> String {
    grouped(rounded(ns as f64 / 1000.0))
}

fn ratio_of(figures: &Figures, measure: usize) -> String {
    let standing = figures.standing(measure);
    standing.map_or_else(none, |one| ratio(one.ratio, one.interval))
}

fn rank_of(figures: &Figures, measure: usize) -> String {
    let rank = figures.standing(measure).and_then(|one| one.rank);
    rank.map_or_else(none, |rank| rank.to_string())
}

/// The table of one rate.
pub(super) fn grid(table: &Table, rows: &[TableRow]) -> Grid {
    let heading = |long, is_number| Heading {
        long,
        short: Some(long),
        is_number,
    };
    let mut headings = vec![
        heading("", false),
        heading("rank", true),
        heading("contestant", false),
        Heading {
            long: "version",
            short: None,
            is_number: false,
        },
    ];
    headings.extend(COLUMNS.iter().map(|column| Heading {
        long: column.long,
        short: column.short,
        is_number: true,
    }));
    headings.push(heading("errors", true));
    let is_ranked = |row: &TableRow| {
        row.figures.as_ref().is_ok_and(|figures| {
            figures
                .standing(P99)
                .is_some_and(|standing| standing.rank.is_some())
        })
    };
    let brackets = brackets(rows.len(), |at| {
        let (one, other) = (&rows[at], &rows[at + 1]);
        is_ranked(one)
            && is_ranked(other)
            && table.measures[P99].differ(&one.arm.name, &other.arm.name) == Some(false)
    });
    let cells = rows.iter().zip(brackets).map(|(row, bracket)| {
        let mut cells = vec![
            bracket.to_owned(),
            rank(row),
            name(&row.arm.name, row.arm.kind),
            row.arm.version.clone().unwrap_or_default(),
        ];
        match &row.figures {
            Ok(figures) => {
                cells.extend(COLUMNS.iter().map(|column| (column.cell)(figures)));
                cells.push(grouped(figures.errors));
            }
            Err(_) => {
                cells.extend(COLUMNS.iter().map(|_| none()));
                cells.push(if row.arm.absent.is_some() {
                    none()
                } else {
                    "failed".to_owned()
                });
            }
        }
        cells
    });
    Grid {
        rows: cells.collect(),
        headings,
    }
}

/// The rank set by the 99th percentile.
fn rank(row: &TableRow) -> String {
    match (&row.figures, row.arm.kind) {
        (Ok(figures), ArmKind::Contestant) => rank_of(figures, P99),
        (Err(_), ArmKind::Contestant) => none(),
        _ => String::new(),
    }
}

/// A row's name; those of controls are in italics.
fn name(name: &str, kind: ArmKind) -> String {
    match kind {
        ArmKind::Contestant | ArmKind::Baseline => name.to_owned(),
        _ => format!("*{name}*"),
    }
}

/// The highest rates that kept the objective, highest first; `None` if none was searched for.
pub(super) fn search_grid(records: &LatencyRecords) -> Option<Grid> {
    records.run.plan.objective.as_ref()?;
    let arms = records.run.arms.iter().filter(|arm| arm.takes_part());
    let mut rows: Vec<(f64, Vec<String>)> = arms
        .map(|arm| {
            let own = records.searches.iter().filter(|row| row.arm == arm.name);
            let rates: Vec<f64> = own.map(|row| row.highest_rate_per_s as f64).collect();
            let rate = |rate: f64| match rate {
                0.0 => none(),
                rate => grouped(rounded(rate)),
            };
            let mut cells = vec![name(&arm.name, arm.kind)];
            let all = Quartiles::of(&rates);
            let least = rates.iter().copied().reduce(f64::min).unwrap_or(0.0);
            let most = rates.iter().copied().reduce(f64::max).unwrap_or(0.0);
            let median = all.map_or(0.0, |all| all.median);
            cells.extend([median, least, most].map(rate));
            cells.push(rates.len().to_string());
            (median, cells)
        })
        .collect();
    rows.sort_by(|one, other| other.0.total_cmp(&one.0));
    let heading = |long, is_number| Heading {
        long,
        short: Some(long),
        is_number,
    };
    Some(Grid {
        headings: vec![
            heading("contestant", false),
            heading("highest rate", true),
            heading("lowest search", true),
            heading("highest search", true),
            heading("searches", true),
        ],
        rows: rows.into_iter().map(|(_, cells)| cells).collect(),
    })
}
