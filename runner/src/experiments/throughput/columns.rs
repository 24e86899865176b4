//! The columns of a throughput table: one list for every place a table is shown in.

use super::figures::{Figures, Outcome, TableRow};
use super::tables::Table;
use crate::analysis::Effect;
use crate::report::{Grid, Heading, brackets, grouped, mib, none, percent, ratio, rounded};
use crate::run::ArmKind;

/// One column.
struct Column {
    /// The heading if there is room.
    long: &'static str,
    /// The heading of a terminal's column; a column without one is left out there.
    short: Option<&'static str>,
    /// Whether it holds numbers.
    is_number: bool,
    cell: fn(&TableRow, &Figures) -> String,
}

/// All columns after the name.
const COLUMNS: [Column; 14] = [
    Column {
        long: "version",
        short: None,
        is_number: false,
        cell: |row, _| row.arm.version.clone().unwrap_or_default(),
    },
    number("requests/s", Some("req/s"), |_, figures| {
        grouped(rounded(figures.rate.median))
    }),
    number("IQR %", None, |_, figures| {
        percent(figures.rate.relative_spread())
    }),
    number(
        "ratio to baseline (95 %)",
        Some("ratio ±95%"),
        |_, figures| {
            figures
                .rate_standing
                .map_or_else(none, |one| ratio(one.ratio, one.interval))
        },
    ),
    number("p50 µs", Some("p50µs"), |_, figures| {
        figures
            .service_time_p50_us
            .map_or_else(none, |us| us.to_string())
    }),
    number("p99 µs", Some("p99µs"), |_, figures| {
        figures
            .service_time_p99_us
            .map_or_else(none, |us| us.to_string())
    }),
    number("served in 100 ms %", Some("served%"), |_, figures| {
        figures.served_per_100_ms.map_or_else(none, percent)
    }),
    number(
        "server CPU ns (user + system)",
        Some("CPUns"),
        |_, figures| {
            let Some(user_share) = figures.user_share else {
                return grouped(rounded(figures.server_cpu_ns));
            };
            let user_ns = figures.server_cpu_ns * user_share;
            let system_ns = figures.server_cpu_ns - user_ns;
            format!(
                "{} ({} + {})",
                grouped(rounded(figures.server_cpu_ns)),
                grouped(rounded(user_ns)),
                grouped(rounded(system_ns))
            )
        },
    ),
    number("rank by CPU", Some("by CPU"), |_, figures| {
        let rank = figures.cpu_standing.and_then(|one| one.rank);
        rank.map_or_else(none, |rank| rank.to_string())
    }),
    number(
        "requests per CPU second, ratio to baseline (95 %)",
        None,
        |_, figures| {
            figures
                .cpu_standing
                .map_or_else(none, |one| ratio(one.ratio, one.interval))
        },
    ),
    number("peak RSS MiB", None, |_, figures| {
        figures.peak_rss_kib.map_or_else(none, mib)
    }),
    number("response bytes", None, |row, _| {
        row.arm
            .answer_bytes
            .map_or_else(none, |bytes| bytes.to_string())
    }),
    Column {
        long: "limit",
        short: None,
        is_number: false,
        cell: |row, _| row.limit.map_or_else(none, |limit| limit.text()),
    },
    number("errors", Some("err"), |_, figures| grouped(figures.errors)),
];

/// The table of one concurrency.
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
    ];
    headings.extend(COLUMNS.iter().map(|column| Heading {
        long: column.long,
        short: column.short,
        is_number: column.is_number,
    }));
    let brackets = brackets(rows.len(), |at| {
        let (one, other) = (&rows[at], &rows[at + 1]);
        rank_of(one).is_some()
            && rank_of(other).is_some()
            && table.rate.differ(&one.arm.name, &other.arm.name) == Some(false)
    });
    let grid = Grid {
        headings,
        rows: rows
            .iter()
            .zip(brackets)
            .map(|(row, bracket)| {
                let first = [bracket.to_owned(), rank(row), name(table, row)];
                let cells = COLUMNS.iter().map(|column| column.cell(row));
                first.into_iter().chain(cells).collect()
            })
            .collect(),
    };
    grid.without_empty_columns()
}

/// A row's name; those of controls are in italics, and the planted control says how much it withholds.
fn name(table: &Table, row: &TableRow) -> String {
    let controls = table
        .controls
        .iter()
        .filter(|control| control.name == row.arm.name);
    let percent = controls.filter_map(|control| match control.effect {
        Effect::Withheld { percent } => Some(percent),
        Effect::None => None,
    });
    match (row.arm.kind, percent.into_iter().next()) {
        (ArmKind::Contestant | ArmKind::Baseline, _) => row.arm.name.clone(),
        (_, Some(percent)) => format!("*{}-{percent}%*", row.arm.name),
        (_, None) => format!("*{}*", row.arm.name),
    }
}

fn rank_of(row: &TableRow) -> Option<String> {
    let rank = row.figures()?.rate_standing?.rank?;
    Some(rank.to_string())
}

/// The rank set by requests per second, with a sign if the generator was saturated: then the server could be
/// faster than it shows.
fn rank(row: &TableRow) -> String {
    match rank_of(row) {
        Some(rank) if row.is_client_bound() => format!("{rank}†"),
        rank => rank.unwrap_or_default(),
    }
}

impl Column {
    /// What the column shows of this row.
    fn cell(&self, row: &TableRow) -> String {
        match &row.outcome {
            Outcome::Measured(figures) => (self.cell)(row, figures),
            _ if self.long == "version" => row.arm.version.clone().unwrap_or_default(),
            Outcome::Failed(_) if self.long == "errors" => "failed".to_owned(),
            Outcome::Absent(_) | Outcome::Failed(_) => none(),
        }
    }
}

const fn number(
    long: &'static str,
    short: Option<&'static str>,
    cell: fn(&TableRow, &Figures) -> String,
) -> Column {
    Column {
        long,
        short,
        is_number: true,
        cell,
    }
}
