//! The columns of the table.

use super::figures::Figures;
use super::plan::{MemoryPlan, Stage};
use crate::report::{Cell, Grid, Heading};
use crate::stats::Mean;

/// The headings of figures that depend on the numbers of connections and on the times. Headings are fixed texts, so
/// other numbers than those of a kept run have words; the design of the run says which they are.
struct Words {
    slope: &'static str,
    first: &'static str,
    few: &'static str,
    most: &'static str,
    most_short: &'static str,
    soon: &'static str,
    late: &'static str,
    late_short: &'static str,
    back_soon: &'static str,
    back_late: &'static str,
}

const KEPT: Words = Words {
    slope: "KiB per idle connection, 1,000–10,000",
    first: "KiB, 0–1,000",
    few: "MiB, 1,000 idle",
    most: "MiB, 10,000 idle",
    most_short: "10k idle",
    soon: "MiB, 30 s after",
    late: "MiB, 5 min after",
    late_short: "5 min",
    back_soon: "given back after 30 s, %",
    back_late: "given back after 5 min, %",
};

const OTHER: Words = Words {
    slope: "KiB per idle connection, more",
    first: "KiB, first ones",
    few: "MiB, few idle",
    most: "MiB, most idle",
    most_short: "most",
    soon: "MiB, soon after",
    late: "MiB, long after",
    late_short: "after",
    back_soon: "given back soon, %",
    back_late: "given back at last, %",
};

fn words(plan: &MemoryPlan) -> &'static Words {
    let is_kept = plan.connections == [1000, 10_000] && plan.after_ms == [30_000, 300_000];
    if is_kept { &KEPT } else { &OTHER }
}

/// The table of a run, in this order of its rows.
pub(super) fn grid(plan: &MemoryPlan, rows: &[&Figures]) -> Grid {
    Grid::plain(
        headings(words(plan)),
        rows.iter().map(|row| cells(plan, row)),
    )
}

fn headings(words: &Words) -> Vec<Heading> {
    vec![
        Heading::text("contestant", Some("contestant")),
        Heading::text("version", None).detail(),
        Heading::number(words.slope, Some("KiB/conn")).of("memory"),
        Heading::number("± %", Some("±%")).of("memory"),
        Heading::number(words.first, None).of("memory").detail(),
        Heading::number("KiB, never used", None)
            .of("memory")
            .detail(),
        Heading::number("MiB, at the start", Some("MiB")).of("memory"),
        Heading::number(words.few, None).of("memory").detail(),
        Heading::number(words.most, Some(words.most_short)).of("memory"),
        Heading::number("MiB, under load", Some("load")).of("memory"),
        Heading::number(words.soon, None).of("memory").detail(),
        Heading::number(words.late, Some(words.late_short)).of("memory"),
        Heading::number(words.back_soon, None).of("memory").detail(),
        Heading::number(words.back_late, Some("back%")).of("memory"),
        Heading::number("processes that failed", Some("err")),
    ]
}

fn cells(plan: &MemoryPlan, row: &Figures) -> Vec<Cell> {
    let (few, most) = (plan.few(), plan.most());
    let soon = plan.after_ms.first().copied().unwrap_or(0);
    let late = plan.after_ms.last().copied().unwrap_or(0);
    let mib = |stage, connections, wait_ms| match row.level(stage, connections, wait_ms) {
        Some(level) => Cell::mib(level.median / 1024.0),
        None => Cell::Missing,
    };
    let back = |wait_ms: u64| {
        let share = row.returned.get(&wait_ms).copied();
        share.map_or(Cell::Missing, Cell::percent)
    };
    let half_width = row.slope.as_ref().and_then(Mean::half_width);
    vec![
        Cell::name(&row.arm.name, row.arm.kind, ""),
        row.arm.version.clone().map_or(Cell::Empty, Cell::text),
        row.slope.as_ref().map_or(Cell::Missing, estimate),
        half_width.map_or(Cell::Missing, Cell::percent),
        row.first_slope.as_ref().map_or(Cell::Missing, kib),
        row.unused_slope.as_ref().map_or(Cell::Missing, kib),
        mib(Stage::Started, 0, 0),
        mib(Stage::Idle, few, 0),
        mib(Stage::Idle, most, 0),
        mib(Stage::Loaded, most, 0),
        mib(Stage::Closed, 0, soon),
        mib(Stage::Closed, 0, late),
        back(soon),
        back(late),
        Cell::count(row.failed as u64),
    ]
}

fn kib(slope: &Mean) -> Cell {
    Cell::number(slope.value / 1024.0, 2)
}

fn estimate(slope: &Mean) -> Cell {
    let Some(interval) = slope.interval else {
        return kib(slope);
    };
    Cell::Estimate {
        value: interval.estimate / 1024.0,
        lower: interval.lower / 1024.0,
        upper: interval.upper / 1024.0,
    }
}
