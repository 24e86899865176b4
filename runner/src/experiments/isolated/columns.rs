//! The tables of an isolated run, as cells.

use super::figures::{Allocations, ArmRow, Figures, Timing, Work};
use super::growth::{Growth, Watched};
use super::plan::Entry;
use super::rows::Exercise;
use super::tables::CPU;
use crate::report::{Cell, Column, Grid, Heading, grouped, rounded};
use crate::run::ArmKind;

/// The original's msec are for this many requests.
const REQUESTS_OF_MSEC: f64 = 100_000.0;

/// Owners with a smaller share of the instructions are summed up.
const OWNER_SHARE_MIN: f64 = 0.03;

/// The main table after name and version: the original's four columns, and what is behind them.
const MAIN: [Column<ArmRow>; 15] = [
    Column::number("msec", Some("msec"), |row| {
        bytes(row, |one| {
            Cell::number(one.wall_ns * REQUESTS_OF_MSEC / 1e6, 1)
        })
    })
    .of("times"),
    Column::number("rps", Some("rps"), |row| {
        bytes(row, |one| Cell::whole(1e9 / one.wall_ns))
    })
    .of("times"),
    Column::number("ratio to baseline (95%)", Some("ratio ±95%"), |row| {
        ratio(row, Entry::Bytes)
    })
    .by(CPU.name)
    .of("CPU time"),
    Column::number("tcalls", Some("tcalls"), |row| work(row, |one| one.tcalls))
        .of("instructions and calls"),
    Column::number("funcs", Some("funcs"), |row| work(row, |one| one.funcs))
        .of("instructions and calls"),
    Column::number("funcs (source)", Some("src"), |row| {
        work(row, |one| one.funcs_source)
    })
    .detail()
    .of("instructions and calls"),
    Column::number("instructions", Some("instr"), |row| {
        work(row, |one| one.instructions)
    })
    .of("instructions and calls"),
    Column::number("system calls", None, system_calls).of("instructions and calls"),
    Column::number("allocations", Some("alloc"), |row| {
        allocated(row, Entry::Bytes, |one| Cell::number(one.count, 1))
    })
    .of("memory"),
    Column::number("reallocations", None, |row| {
        allocated(row, Entry::Bytes, |one| Cell::number(one.reallocations, 1))
    })
    .detail()
    .of("memory"),
    Column::number("allocated bytes", None, |row| {
        allocated(row, Entry::Bytes, |one| Cell::whole(one.bytes))
    })
    .detail()
    .of("memory"),
    Column::number("peak live KiB", None, |row| {
        allocated(row, Entry::Bytes, |one| {
            Cell::whole(one.peak_live_bytes as f64 / 1024.0)
        })
    })
    .detail()
    .of("memory"),
    Column::number("response bytes", None, |row| {
        bytes(row, |one| Cell::count(one.answer_bytes))
    })
    .detail()
    .of("answer size"),
    Column::number("ready ms", None, ready).detail().of("times"),
    Column::number("idle RSS MiB", None, idle_rss)
        .detail()
        .of("memory"),
];

/// The table of router and handler alone, after name and version.
const CALL: [Column<ArmRow>; 5] = [
    Column::number("ns per call", Some("ns/call"), |row| {
        timing(row, Entry::Call, |one| Cell::whole(one.wall_ns))
    })
    .of("times"),
    Column::number("ratio to baseline (95%)", Some("ratio ±95%"), |row| {
        ratio(row, Entry::Call)
    })
    .by(CPU.name)
    .of("CPU time"),
    Column::number("allocations", Some("allocs"), |row| {
        allocated(row, Entry::Call, |one| Cell::number(one.count, 1))
    }),
    Column::number("reallocations", Some("reallocs"), |row| {
        allocated(row, Entry::Call, |one| Cell::number(one.reallocations, 1))
    }),
    Column::number("allocated bytes", Some("bytes"), |row| {
        allocated(row, Entry::Call, |one| Cell::whole(one.bytes))
    }),
];

fn timing(row: &ArmRow, entry: Entry, cell: fn(&Timing) -> Cell) -> Cell {
    row.timing.get(&entry).map_or(Cell::Missing, cell)
}

fn bytes(row: &ArmRow, cell: fn(&Timing) -> Cell) -> Cell {
    timing(row, Entry::Bytes, cell)
}

fn allocated(row: &ArmRow, entry: Entry, cell: fn(&Allocations) -> Cell) -> Cell {
    row.allocations.get(&entry).map_or(Cell::Missing, cell)
}

fn work(row: &ArmRow, of: fn(&Work) -> f64) -> Cell {
    row.work
        .as_ref()
        .map_or(Cell::Missing, |work| Cell::whole(of(work)))
}

fn ratio(row: &ArmRow, entry: Entry) -> Cell {
    let standing = row.timing.get(&entry).and_then(|one| one.standing);
    standing.map_or(Cell::Missing, |one| Cell::ratio(one.ratio, one.interval))
}

fn system_calls(row: &ArmRow) -> Cell {
    row.system_calls
        .map_or(Cell::Missing, |calls| Cell::number(calls, 2))
}

fn ready(row: &ArmRow) -> Cell {
    row.start.map_or(Cell::Missing, |start| {
        Cell::number(start.ready_us / 1000.0, 1)
    })
}

fn idle_rss(row: &ArmRow) -> Cell {
    row.start
        .map_or(Cell::Missing, |start| Cell::mib(start.idle_rss_kib))
}

/// The main table.
pub(super) fn main_table(figures: &Figures) -> Grid {
    let rows = &figures.rows;
    let table = figures.table(Entry::Bytes);
    let rank = |row: &ArmRow| rank(row, Entry::Bytes);
    let name =
        |row: &ArmRow| Cell::name(&row.arm.name, row.arm.kind, marks(figures, &row.arm.name));
    Grid::of_arms(
        &MAIN,
        rows,
        |row| &row.arm,
        rank,
        name,
        |one, other| table?.cpu.differ(one, other),
    )
}

/// What a terminal's main table has no room for.
pub(super) fn server_table(figures: &Figures) -> Option<Grid> {
    let has_any = |row: &&ArmRow| row.system_calls.is_some() || row.start.is_some();
    let mut rows = figures.rows.iter().filter(has_any).peekable();
    rows.peek()?;
    let headings = vec![
        Heading::text("contestant", Some("contestant")),
        Heading::number("system calls", Some("system calls")),
        Heading::number("ready ms", Some("ready ms")),
        Heading::number("idle RSS MiB", Some("idle RSS MiB")),
    ];
    let cells = |row: &ArmRow| {
        vec![
            plain_name(row),
            system_calls(row),
            ready(row),
            idle_rss(row),
        ]
    };
    Some(Grid::plain(headings, rows.map(cells)))
}

/// Router and handler alone.
pub(super) fn call_table(figures: &Figures) -> Option<Grid> {
    let table = figures.table(Entry::Call)?;
    let is_timed = |row: &&ArmRow| row.timing.contains_key(&Entry::Call);
    let mut rows: Vec<ArmRow> = figures.rows.iter().filter(is_timed).cloned().collect();
    // By the ratio that ranks are of; an arm without one, by its time.
    let key = |row: &ArmRow| {
        let ratio = table.cpu.standing(&row.arm.name).map(|one| one.ratio);
        (
            row.arm.kind.max(ArmKind::Baseline),
            -ratio.unwrap_or(0.0),
            row.timing[&Entry::Call].wall_ns,
        )
    };
    rows.sort_by(|one, other| {
        let (one, other) = (key(one), key(other));
        let by_figures = one.1.total_cmp(&other.1).then(one.2.total_cmp(&other.2));
        one.0.cmp(&other.0).then(by_figures)
    });
    let rank = |row: &ArmRow| rank(row, Entry::Call);
    let name = |row: &ArmRow| Cell::name(&row.arm.name, row.arm.kind, "");
    Some(Grid::of_arms(
        &CALL,
        &rows,
        |row| &row.arm,
        rank,
        name,
        |one, other| table.cpu.differ(one, other),
    ))
}

/// Whose code the instructions are in.
pub(super) fn owner_table(figures: &Figures) -> Option<Grid> {
    let rows: Vec<Vec<Cell>> = figures
        .rows
        .iter()
        .filter_map(|row| Some(vec![plain_name(row), Cell::text(owners(figures, row)?)]))
        .collect();
    let headings = vec![
        Heading::text("contestant", Some("contestant")),
        Heading::text("instructions per request, by owner", None),
    ];
    (!rows.is_empty()).then(|| Grid::plain(headings, rows.into_iter()))
}

/// The owners of the instructions of one arm, the largest first; small ones are summed up.
fn owners(figures: &Figures, row: &ArmRow) -> Option<String> {
    let all = figures.records.owners.iter();
    let mut owners: Vec<(&str, f64)> = all
        .filter(|one| one.arm == row.arm.name)
        .map(|one| (one.owner.as_str(), one.instructions_per_request))
        .collect();
    owners.sort_by(|one, other| other.1.total_cmp(&one.1));
    let sum: f64 = owners.iter().map(|one| one.1).sum();
    if sum <= 0.0 {
        return None;
    }
    // Owners are of one process and the total is the median over processes: they are scaled to it, as in the chart.
    let total = row.work.map_or(sum, |work| work.instructions);
    for one in &mut owners {
        one.1 *= total / sum;
    }
    let sum = total;
    let (mut shown, rest): (Vec<_>, Vec<_>) = owners
        .into_iter()
        .partition(|one| one.1 >= OWNER_SHARE_MIN * sum);
    let rest: f64 = rest.iter().map(|one| one.1).sum();
    shown.extend((rest > 0.0).then_some(("others", rest)));
    let shares = shown.iter().map(|(owner, instructions)| {
        let percent = 100.0 * instructions / sum;
        format!(
            "{owner} {} ({percent:.0}%)",
            grouped(rounded(*instructions))
        )
    });
    Some(shares.collect::<Vec<_>>().join(", "))
}

/// What stays behind, per repetition.
pub(super) fn growth_table(figures: &Figures) -> Option<Grid> {
    let exercises = [
        Exercise::Requests,
        Exercise::Connections,
        Exercise::Elsewhere,
    ];
    let arms = figures.rows.iter().map(|row| &row.arm);
    let recorded = figures.records.run.arms.iter();
    let leaks = recorded.filter(|arm| arm.kind == ArmKind::Leak);
    let rows: Vec<Vec<Cell>> = arms
        .chain(leaks)
        .filter_map(|arm| {
            let name = arm.name.as_str();
            let of = |exercise| {
                let mut all = figures.watched.iter();
                all.find(|one| one.arm == name && one.exercise == exercise)
            };
            let cells = exercises.map(|exercise| of(exercise).map_or(Cell::Missing, growth));
            exercises.iter().any(|&one| of(one).is_some()).then(|| {
                let mut row = vec![Cell::name(name, arm.kind, "")];
                row.extend(cells);
                row.push(Cell::text(marks(figures, name)));
                row
            })
        })
        .collect();
    let headings = vec![
        Heading::text("contestant", Some("contestant")),
        Heading::number("live bytes per request", Some("B/request")),
        Heading::number("per connection", Some("B/connection")),
        Heading::number("per unknown path", Some("B/unknown")),
        Heading::text("mark", Some("mark")),
    ];
    (!rows.is_empty()).then(|| Grid::plain(headings, rows.into_iter()))
}

fn growth(watched: &Watched) -> Cell {
    let slope = watched.live_bytes;
    Cell::Estimate {
        value: slope.estimate,
        lower: slope.lower,
        upper: slope.upper,
    }
}

/// `*`: leaks; `°`: the allocator keeps pages.
pub(super) fn marks(figures: &Figures, arm: &str) -> String {
    let mut marks = String::new();
    for watched in figures.growth(arm) {
        let mark = match watched.growth {
            Growth::Leak(_) => '*',
            _ => '°',
        };
        if !marks.contains(mark) {
            marks.push(mark);
        }
    }
    marks
}

fn plain_name(row: &ArmRow) -> Cell {
    Cell::name(&row.arm.name, row.arm.kind, "")
}

fn rank(row: &ArmRow, entry: Entry) -> Cell {
    let standing = row.timing.get(&entry).and_then(|one| one.standing);
    match (row.arm.kind, standing.and_then(|one| one.rank)) {
        (_, Some(rank)) => Cell::rank(rank, false),
        (ArmKind::Contestant, None) => Cell::Missing,
        _ => Cell::Empty,
    }
}
