//! The tables of an isolated run, as cells.

use super::figures::{ArmRow, Figures, Timing, Work};
use super::growth::{Growth, Watched};
use super::plan::Entry;
use super::rows::Exercise;
use super::tables::Table;
use crate::report::{Grid, Heading, brackets, grouped, mib, none, ratio, rounded};
use crate::run::ArmKind;

/// The original's msec are for this many requests.
const REQUESTS_OF_MSEC: f64 = 100_000.0;

/// Owners with a smaller share of the instructions are summed up.
const OWNER_SHARE_MIN: f64 = 0.03;

const fn text(long: &'static str, short: Option<&'static str>) -> Heading {
    Heading {
        long,
        short,
        is_number: false,
    }
}

const fn number(long: &'static str, short: Option<&'static str>) -> Heading {
    Heading {
        long,
        short,
        is_number: true,
    }
}

/// The main table: the original's four columns, and what is behind them.
pub(super) fn main_table(figures: &Figures) -> Grid {
    let headings = vec![
        text("", Some("")),
        number("rank", Some("rank")),
        text("contestant", Some("contestant")),
        text("version", None),
        number("msec", Some("msec")),
        number("rps", Some("rps")),
        number("ratio to baseline (95 %)", Some("ratio ±95%")),
        number("tcalls", Some("tcalls")),
        number("funcs", Some("funcs")),
        number("funcs (source)", Some("src")),
        number("instructions", Some("instr")),
        number("system calls", None),
        number("allocations", Some("alloc")),
        number("reallocations", None),
        number("allocated bytes", None),
        number("peak live KiB", None),
        number("response bytes", None),
        number("ready ms", None),
        number("idle RSS MiB", None),
    ];
    let table = figures.table(Entry::Bytes);
    let brackets = brackets_of(figures, table);
    let rows = figures.rows.iter().zip(brackets);
    Grid {
        headings,
        rows: rows
            .map(|(row, bracket)| {
                let mut cells = vec![
                    bracket.to_owned(),
                    rank(row, Entry::Bytes),
                    name(figures, row),
                    row.arm.version.clone().unwrap_or_default(),
                ];
                cells.extend(main_cells(row));
                cells
            })
            .collect(),
    }
}

fn main_cells(row: &ArmRow) -> Vec<String> {
    let timing = row.timing.get(&Entry::Bytes);
    let allocations = row.allocations.get(&Entry::Bytes);
    let counted = |of: fn(&Work) -> f64| {
        row.work
            .as_ref()
            .map_or_else(none, |work| grouped(rounded(of(work))))
    };
    let [ready, idle_rss] = start_cells(row);
    vec![
        timing.map_or_else(none, |one| {
            format!("{:.1}", one.wall_ns * REQUESTS_OF_MSEC / 1e6)
        }),
        timing.map_or_else(none, |one| grouped(rounded(1e9 / one.wall_ns))),
        timing.map_or_else(none, standing),
        counted(|work| work.tcalls),
        counted(|work| work.funcs),
        counted(|work| work.funcs_source),
        counted(|work| work.instructions),
        system_calls(row),
        allocations.map_or_else(none, |one| format!("{:.1}", one.count)),
        allocations.map_or_else(none, |one| format!("{:.1}", one.reallocations)),
        allocations.map_or_else(none, |one| grouped(rounded(one.bytes))),
        allocations.map_or_else(none, |one| {
            format!("{:.0}", one.peak_live_bytes as f64 / 1024.0)
        }),
        timing.map_or_else(none, |one| one.answer_bytes.to_string()),
        ready,
        idle_rss,
    ]
}

/// What a terminal's main table has no room for.
pub(super) fn server_table(figures: &Figures) -> Option<Grid> {
    let headings = vec![
        text("contestant", Some("contestant")),
        number("system calls", Some("system calls")),
        number("ready ms", Some("ready ms")),
        number("idle RSS MiB", Some("idle RSS MiB")),
    ];
    let has_any = |row: &&ArmRow| row.system_calls.is_some() || row.start.is_some();
    let rows: Vec<Vec<String>> = figures
        .rows
        .iter()
        .filter(has_any)
        .map(|row| {
            let mut cells = vec![plain_name(row), system_calls(row)];
            cells.extend(start_cells(row));
            cells
        })
        .collect();
    (!rows.is_empty()).then_some(Grid { headings, rows })
}

fn system_calls(row: &ArmRow) -> String {
    let calls = row.system_calls;
    calls.map_or_else(none, |calls| format!("{calls:.2}"))
}

fn start_cells(row: &ArmRow) -> [String; 2] {
    [
        row.start
            .map_or_else(none, |start| format!("{:.1}", start.ready_us / 1000.0)),
        row.start.map_or_else(none, |start| mib(start.idle_rss_kib)),
    ]
}

/// Router and handler alone.
pub(super) fn call_table(figures: &Figures) -> Option<Grid> {
    figures.table(Entry::Call)?;
    let mut rows: Vec<&ArmRow> = figures
        .rows
        .iter()
        .filter(|row| row.timing.contains_key(&Entry::Call))
        .collect();
    rows.sort_by(|one, other| {
        let key = |row: &ArmRow| row.arm.kind.max(ArmKind::Baseline);
        let wall_ns = |row: &ArmRow| row.timing[&Entry::Call].wall_ns;
        key(one)
            .cmp(&key(other))
            .then(wall_ns(one).total_cmp(&wall_ns(other)))
    });
    let headings = vec![
        number("rank", Some("rank")),
        text("contestant", Some("contestant")),
        number("ns per call", Some("ns/call")),
        number("ratio to baseline (95 %)", Some("ratio ±95%")),
        number("allocations", Some("allocs")),
        number("reallocations", Some("reallocs")),
        number("allocated bytes", Some("bytes")),
    ];
    let rows = rows.into_iter().map(|row| {
        let timing = &row.timing[&Entry::Call];
        let allocations = row.allocations.get(&Entry::Call);
        vec![
            rank(row, Entry::Call),
            plain_name(row),
            grouped(rounded(timing.wall_ns)),
            standing(timing),
            allocations.map_or_else(none, |one| format!("{:.1}", one.count)),
            allocations.map_or_else(none, |one| format!("{:.1}", one.reallocations)),
            allocations.map_or_else(none, |one| grouped(rounded(one.bytes))),
        ]
    });
    Some(Grid {
        headings,
        rows: rows.collect(),
    })
}

/// Whose code the instructions are in.
pub(super) fn owner_table(figures: &Figures) -> Option<Grid> {
    let all = &figures.records.owners;
    let rows: Vec<Vec<String>> = figures
        .rows
        .iter()
        .filter_map(|row| {
            let mut owners: Vec<_> = all.iter().filter(|one| one.arm == row.arm.name).collect();
            owners.sort_by(|one, other| {
                other
                    .instructions_per_request
                    .total_cmp(&one.instructions_per_request)
            });
            let sum: f64 = owners.iter().map(|one| one.instructions_per_request).sum();
            let (shown, rest): (Vec<_>, Vec<_>) = owners
                .into_iter()
                .partition(|one| one.instructions_per_request >= OWNER_SHARE_MIN * sum);
            let share = |instructions: f64| {
                format!(
                    "{} ({:.0} %)",
                    grouped(rounded(instructions)),
                    100.0 * instructions / sum
                )
            };
            let mut cells: Vec<String> = shown
                .iter()
                .map(|one| format!("{} {}", one.owner, share(one.instructions_per_request)))
                .collect();
            let rest: f64 = rest.iter().map(|one| one.instructions_per_request).sum();
            if rest > 0.0 {
                cells.push(format!("others {}", share(rest)));
            }
            (sum > 0.0).then(|| vec![row.arm.name.clone(), cells.join(", ")])
        })
        .collect();
    let headings = vec![
        text("contestant", Some("contestant")),
        text("instructions per request, by owner", None),
    ];
    (!rows.is_empty()).then_some(Grid { headings, rows })
}

/// What stays behind, per repetition.
pub(super) fn growth_table(figures: &Figures) -> Option<Grid> {
    let exercises = [
        Exercise::Requests,
        Exercise::Connections,
        Exercise::Elsewhere,
    ];
    let headings = vec![
        text("contestant", Some("contestant")),
        number("live bytes per request", Some("B/request")),
        number("per connection", Some("B/connection")),
        number("per unknown path", Some("B/unknown")),
        text("mark", Some("mark")),
    ];
    let mut names: Vec<&str> = figures
        .rows
        .iter()
        .map(|row| row.arm.name.as_str())
        .collect();
    let arms = &figures.records.run.arms;
    let leaks = arms.iter().filter(|arm| arm.kind == ArmKind::Leak);
    names.extend(leaks.map(|arm| arm.name.as_str()));
    let rows: Vec<Vec<String>> = names
        .into_iter()
        .filter_map(|name| {
            let of = |exercise| {
                let mut all = figures.watched.iter();
                all.find(|one| one.arm == name && one.exercise == exercise)
            };
            let cells = exercises.map(|exercise| of(exercise).map_or_else(none, growth));
            exercises.iter().any(|&one| of(one).is_some()).then(|| {
                let mut row = vec![name.to_owned()];
                row.extend(cells);
                row.push(marks(figures, name).replace('*', "\\*"));
                row
            })
        })
        .collect();
    (!rows.is_empty()).then_some(Grid { headings, rows })
}

fn growth(watched: &Watched) -> String {
    let slope = watched.live_bytes;
    match slope.estimate {
        0.0 if slope.lower == 0.0 && slope.upper == 0.0 => "0".to_owned(),
        estimate => format!("{estimate:.3} ({:.3}–{:.3})", slope.lower, slope.upper),
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

fn name(figures: &Figures, row: &ArmRow) -> String {
    let marks = marks(figures, &row.arm.name).replace('*', "\\*");
    format!("{}{marks}", plain_name(row))
}

/// A row's name; those of controls are in italics.
fn plain_name(row: &ArmRow) -> String {
    match row.arm.kind {
        ArmKind::Contestant | ArmKind::Baseline => row.arm.name.clone(),
        _ => format!("*{}*", row.arm.name),
    }
}

fn rank(row: &ArmRow, entry: Entry) -> String {
    let standing = row.timing.get(&entry).and_then(|one| one.standing);
    match (row.arm.kind, standing.and_then(|one| one.rank)) {
        (_, Some(rank)) => rank.to_string(),
        (ArmKind::Contestant, None) => none(),
        _ => String::new(),
    }
}

fn standing(timing: &Timing) -> String {
    let standing = timing.standing;
    standing.map_or_else(none, |one| ratio(one.ratio, one.interval))
}

/// Rows in one bracket are not distinguishable from their neighbours in it.
fn brackets_of(figures: &Figures, table: Option<&Table>) -> Vec<&'static str> {
    let rows = &figures.rows;
    brackets(rows.len(), |at| {
        let (one, other) = (&rows[at].arm, &rows[at + 1].arm);
        let both = [one, other];
        both.iter().all(|arm| arm.kind == ArmKind::Contestant)
            && table.and_then(|table| table.cpu.differ(&one.name, &other.name)) == Some(false)
    })
}
