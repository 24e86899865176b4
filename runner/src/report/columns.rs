//! The columns of a throughput table: one list for every place a table is shown in.

use super::figures::{Figures, Outcome, Row};
use super::format::{grouped, mib, percent, rounded};

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
pub(super) const COLUMNS: [Column; 11] = [
    text("version", Some("version"), |row, _| {
        row.arm.version.clone().unwrap_or_default()
    }),
    number("requests/s", Some("req/s"), |_, figures| {
        grouped(rounded(figures.rps.median))
    }),
    number("IQR %", Some("IQR%"), |_, figures| {
        percent(figures.rps.relative_spread())
    }),
    number("ratio to floor", Some("ratio"), |_, figures| {
        figures
            .ratio
            .map_or_else(none, |ratio| format!("{:.3}", ratio.median))
    }),
    number("quartiles of the ratio", None, |_, figures| {
        figures.ratio.map_or_else(none, |ratio| {
            format!("{:.3}–{:.3}", ratio.lower, ratio.upper)
        })
    }),
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
    number("peak RSS MiB", Some("MiB"), |_, figures| {
        mib(figures.peak_rss_kib)
    }),
    number("response bytes", None, |row, _| {
        row.arm
            .answer_bytes
            .map_or_else(none, |bytes| bytes.to_string())
    }),
    number("errors", Some("err"), |_, figures| grouped(figures.errors)),
];

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

const fn text(
    long: &'static str,
    short: Option<&'static str>,
    cell: fn(&Row, &Figures) -> String,
) -> Column {
    Column {
        long,
        short,
        is_number: false,
        cell,
    }
}
