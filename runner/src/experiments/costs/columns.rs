//! The columns of the tables.

use super::figures::{Figures, TableRow};
use crate::report::{Cell, Grid, Heading};
use crate::stats::Mean;

/// What stands in the columns of default features if the manifest here has them all.
const SAME: &str = "same";

/// The table of builds.
pub(super) fn builds(rows: &[TableRow]) -> Grid {
    let headings = vec![
        Heading::text("contestant", Some("contestant")),
        Heading::text("version", None).detail(),
        Heading::number("CPU s of a cold build", Some("CPU s")).of("builds"),
        Heading::number("± %", Some("±%")).of("builds"),
        Heading::number("CPU s, default features", Some("default")).of("builds"),
        Heading::number("s on this machine", Some("s"))
            .of("builds")
            .detail(),
        Heading::number("crates", Some("crates")).of("builds"),
        Heading::number("crates, default features", Some("default"))
            .of("builds")
            .detail(),
        Heading::number("MiB, stripped", Some("MiB")).of("builds"),
        Heading::number("MiB, default features", None)
            .of("builds")
            .detail(),
        Heading::number("instructions per request", Some("instr")).of("instructions and calls"),
        Heading::number("default features add, %", Some("+%")).of("builds"),
        Heading::number("builds that failed", Some("err")),
    ];
    Grid::plain(headings, rows.iter().map(build_cells))
}

fn build_cells(row: &TableRow) -> Vec<Cell> {
    let (own, is_contestant) = (row.own, row.own.arm.kind.is_contestant());
    let default = |cell: &dyn Fn(&Figures) -> Cell| match row.default {
        Some(default) => cell(default),
        None if is_contestant => Cell::text(SAME),
        None => Cell::Empty,
    };
    let half_width = own.cpu_s.as_ref().and_then(Mean::half_width);
    let added = match row.default {
        Some(_) => row
            .added_instructions()
            .map_or(Cell::Missing, Cell::percent),
        None => Cell::Empty,
    };
    let failed = own.failed + row.default.map_or(0, |one| one.failed);
    vec![
        Cell::name(&own.arm.name, own.arm.kind, ""),
        own.arm.version.clone().map_or(Cell::Empty, Cell::text),
        cpu(own),
        half_width.map_or(Cell::Missing, Cell::percent),
        default(&cpu),
        own.wall_s
            .map_or(Cell::Missing, |wall| Cell::number(wall, 1)),
        crates(own),
        default(&crates),
        size(own),
        default(&size),
        match own.instructions {
            Some(count) => Cell::whole(count),
            None if is_contestant => Cell::Missing,
            None => Cell::Empty,
        },
        added,
        Cell::count(failed as u64),
    ]
}

fn cpu(one: &Figures) -> Cell {
    let Some(mean) = &one.cpu_s else {
        return Cell::Missing;
    };
    match mean.interval {
        Some(interval) => Cell::Estimate {
            value: interval.estimate,
            lower: interval.lower,
            upper: interval.upper,
        },
        None => Cell::number(mean.value, 1),
    }
}

fn crates(one: &Figures) -> Cell {
    one.crates.map_or(Cell::Missing, Cell::count)
}

fn size(one: &Figures) -> Cell {
    let bytes = one.size_bytes;
    bytes.map_or(Cell::Missing, |bytes| Cell::mib(bytes as f64 / 1024.0))
}

/// The table of what is published.
pub(super) fn published(rows: &[TableRow]) -> Grid {
    let headings = vec![
        Heading::text("contestant", Some("contestant")),
        Heading::text("version", Some("version")),
        Heading::text("released", Some("released")),
        Heading::text("oldest Rust", Some("Rust")),
        Heading::text("licence", Some("licence")),
        Heading::text("unsafe code", Some("unsafe")),
        Heading::text("open advisories", None),
        Heading::text("advisories as of", None),
    ];
    let mut rows: Vec<&TableRow> = rows.iter().filter(|row| row.facts.is_some()).collect();
    rows.sort_by_key(|row| &row.own.arm.name);
    Grid::plain(headings, rows.into_iter().map(published_cells))
}

fn published_cells(row: &TableRow) -> Vec<Cell> {
    let Some(facts) = row.facts else {
        return Vec::new();
    };
    let or_missing = |text: &str| match text {
        "" => Cell::Missing,
        text => Cell::text(text),
    };
    let advisories = match (facts.advisories.as_str(), facts.advisories_as_of.as_str()) {
        (_, "") => Cell::Missing,
        ("", _) => Cell::text("none"),
        (advisories, _) => Cell::text(advisories),
    };
    vec![
        Cell::name(&facts.arm, row.own.arm.kind, ""),
        Cell::text(&facts.version),
        or_missing(&facts.released),
        or_missing(&facts.rust_version),
        or_missing(&facts.licence),
        Cell::text(match facts.forbids_unsafe {
            true => "forbidden",
            false => "allowed",
        }),
        advisories,
        or_missing(&facts.advisories_as_of),
    ]
}
