//! The columns of a throughput table: one list for every place a table is shown in.

use super::figures::{Figures, Level, Outcome, Row};
use super::format::{grouped, mib, percent, rounded};
use crate::stats::Interval;

/// One column.
pub(super) struct Column {
    /// The heading where there is room.
    pub(super) long: &'static str,
    /// The heading of a terminal's column; columns without one are left out there.
    pub(super) short: Option<&'static str>,
    /// Whether it holds numbers.
    pub(super) is_number: bool,
    cell: fn(&Row, &Figures) -> String,
}

/// All columns after the name.
pub(super) const COLUMNS: [Column; 13] = [
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

/// The rank set by requests per second, with a sign where the generator was the limit: there the
/// server could be faster than it shows.
pub(super) fn rank(row: &Row) -> String {
    let standing = row.figures().and_then(|figures| figures.rps_standing);
    let rank = standing
        .and_then(|one| one.rank)
        .map(|rank| rank.to_string());
    match rank {
        Some(rank) if row.is_client_bound() => format!("{rank}†"),
        rank => rank.unwrap_or_default(),
    }
}

/// What binds a row to the next: rows in one bracket cannot be told from their neighbours in it.
pub(super) fn brackets(level: &Level) -> Vec<&'static str> {
    let rows: Vec<&Row> = level.rows.iter().collect();
    let is_ranked = |row: &Row| {
        let standing = row.figures().and_then(|figures| figures.rps_standing);
        standing.is_some_and(|one| one.rank.is_some())
    };
    let joined = |one: Option<&&Row>, other: Option<&&Row>| match (one, other) {
        (Some(one), Some(other)) if is_ranked(one) && is_ranked(other) => {
            level
                .analysis
                .rps
                .told_apart(&one.arm.name, &other.arm.name)
                == Some(false)
        }
        _ => false,
    };
    let mark = |place: usize| {
        let above = place
            .checked_sub(1)
            .is_some_and(|one| joined(rows.get(one), rows.get(place)));
        match (above, joined(rows.get(place), rows.get(place + 1))) {
            (false, false) => "",
            (false, true) => "┌",
            (true, true) => "│",
            (true, false) => "└",
        }
    };
    (0..rows.len()).map(mark).collect()
}

/// A ratio, and half of its interval in percent where there is one.
fn ratio(estimate: f64, interval: Option<Interval>) -> String {
    match interval {
        Some(interval) if interval.half_width() > 0.0 => {
            format!("{estimate:.3} ±{:.1}%", interval.half_width() * 100.0)
        }
        _ => format!("{estimate:.3}"),
    }
}

impl Column {
    /// What the column shows of this row.
    pub(super) fn cell(&self, row: &Row) -> String {
        match &row.outcome {
            Outcome::Measured(figures) => (self.cell)(row, figures),
            _ if self.long == "version" => row.arm.version.clone().unwrap_or_default(),
            Outcome::Absent(_) => none(),
            Outcome::Failed(_) if self.long == "errors" => "failed".to_owned(),
            Outcome::Failed(_) => none(),
        }
    }

    /// The same where every character counts.
    pub(super) fn short_cell(&self, row: &Row) -> String {
        let cell = self.cell(row);
        match cell.split_once(" (") {
            Some((sum, _)) => sum.to_owned(),
            None => cell,
        }
    }
}

fn none() -> String {
    "-".to_owned()
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
