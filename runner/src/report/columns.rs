//! The columns of a throughput table: one list for every place a table is shown in.

use super::claims;
use super::figures::{Figures, Level, Outcome, Row};
use super::format::{grouped, mib, none, percent, ratio, rounded};
use super::grid::{self, Grid, Heading};
use crate::record::ArmKind;

/// One column.
struct Column {
    /// The heading where there is room.
    long: &'static str,
    /// The heading of a terminal's column; columns without one are left out there.
    short: Option<&'static str>,
    /// Whether it holds numbers.
    is_number: bool,
    cell: fn(&Row, &Figures) -> String,
}

/// All columns after the name.
const COLUMNS: [Column; 13] = [
    Column {
        long: "version",
        short: None,
        is_number: false,
        cell: |row, _| row.arm.version.clone().unwrap_or_default(),
    },
    number("requests/s", Some("req/s"), |_, figures| {
        grouped(rounded(figures.rps.median))
    }),
    number("IQR %", None, |_, figures| {
        percent(figures.rps.relative_spread())
    }),
    number(
        "ratio to floor (95 %)",
        Some("ratio ±95%"),
        |_, figures| {
            figures
                .rps_standing
                .map_or_else(none, |one| ratio(one.ratio, one.interval))
        },
    ),
    number("p50 µs", Some("p50µs"), |_, figures| {
        figures.service_time_p50_us.to_string()
    }),
    number("p99 µs", Some("p99µs"), |_, figures| {
        figures.service_time_p99_us.to_string()
    }),
    number(
        "server CPU ns (user + system)",
        Some("CPUns"),
        |_, figures| {
            let user_ns = figures.server_cpu_ns * figures.user_share;
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
        "requests per CPU second, ratio to floor (95 %)",
        None,
        |_, figures| {
            figures
                .cpu_standing
                .map_or_else(none, |one| ratio(one.ratio, one.interval))
        },
    ),
    number("peak RSS MiB", Some("MiB"), |_, figures| {
        mib(figures.peak_rss_kib)
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

/// The table of a level.
pub(super) fn grid(level: &Level) -> Grid {
    let heading = |long, is_number| Heading {
        long,
        short: Some(long),
        is_number,
    };
    let mut headings = vec![
        heading("", false),
        heading("rank", true),
        heading("framework", false),
    ];
    headings.extend(COLUMNS.iter().map(|column| Heading {
        long: column.long,
        short: column.short,
        is_number: column.is_number,
    }));
    let rows = level.rows.iter().zip(brackets(level));
    Grid {
        headings,
        rows: rows
            .map(|(row, bracket)| {
                let first = [bracket.to_owned(), rank(row), name(level, row)];
                let cells = COLUMNS.iter().map(|column| column.cell(row));
                first.into_iter().chain(cells).collect()
            })
            .collect(),
    }
}

/// A row's name; those of controls are in italics.
fn name(level: &Level, row: &Row) -> String {
    let name = claims::name(level, row);
    match row.arm.kind {
        ArmKind::Framework => name,
        ArmKind::Twin | ArmKind::Planted | ArmKind::Null | ArmKind::Leak => format!("*{name}*"),
    }
}

/// The rank set by requests per second, with a sign where the generator was the limit: there the
/// server could be faster than it shows.
fn rank(row: &Row) -> String {
    let standing = row.figures().and_then(|figures| figures.rps_standing);
    let rank = standing
        .and_then(|one| one.rank)
        .map(|rank| rank.to_string());
    match rank {
        Some(rank) if row.is_client_bound() => format!("{rank}†"),
        rank => rank.unwrap_or_default(),
    }
}

/// Rows in one bracket cannot be told from their neighbours in it.
fn brackets(level: &Level) -> Vec<&'static str> {
    let rows = &level.rows;
    let is_ranked = |row: &Row| {
        let standing = row.figures().and_then(|figures| figures.rps_standing);
        standing.is_some_and(|one| one.rank.is_some())
    };
    grid::brackets(rows.len(), |place| {
        let (one, other) = (&rows[place], &rows[place + 1]);
        let rps = &level.analysis.rps;
        is_ranked(one)
            && is_ranked(other)
            && rps.told_apart(&one.arm.name, &other.arm.name) == Some(false)
    })
}

impl Column {
    /// What the column shows of this row.
    fn cell(&self, row: &Row) -> String {
        match &row.outcome {
            Outcome::Measured(figures) => (self.cell)(row, figures),
            _ if self.long == "version" => row.arm.version.clone().unwrap_or_default(),
            Outcome::Absent(_) => none(),
            Outcome::Failed(_) if self.long == "errors" => "failed".to_owned(),
            Outcome::Failed(_) => none(),
        }
    }
}

const fn number(
    long: &'static str,
    short: Option<&'static str>,
    cell: fn(&Row, &Figures) -> String,
) -> Column {
    Column {
        long,
        short,
        is_number: true,
        cell,
    }
}
