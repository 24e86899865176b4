//! What has to be said under the tables of an isolated run.

use super::figures::Figures;
use super::growth::{Growth, LeakControl};
use super::plan::Entry;
use super::rows::Exercise;
use super::tables::{self, Table};
use crate::report::{Claims, HOW_TO_READ_RANKS, grouped, rank_claims};
use crate::run::ArmKind;

/// Why the main table is not to be trusted.
pub(super) fn untrusted(figures: &Figures) -> Vec<String> {
    let mut reasons = match figures.table(Entry::Bytes) {
        Some(table) => untrusted_entry(figures, table),
        None => untrusted_record(figures),
    };
    reasons.extend(failed_leak_controls(figures));
    reasons
}

/// Why nothing at an entry point is to be trusted.
pub(super) fn untrusted_entry(figures: &Figures, table: &Table) -> Vec<String> {
    let mut reasons = untrusted_record(figures);
    reasons.extend(table.untrusted.iter().map(ToString::to_string));
    reasons
}

/// Why no figure of growth is to be trusted.
pub(super) fn untrusted_growth(figures: &Figures) -> Vec<String> {
    let mut reasons = untrusted_record(figures);
    reasons.extend(failed_leak_controls(figures));
    reasons
}

/// Why no section is to be trusted: the record lacks something.
pub(super) fn untrusted_record(figures: &Figures) -> Vec<String> {
    let reasons = tables::untrusted_record(figures.records).into_iter();
    reasons.map(|reason| reason.to_string()).collect()
}

fn failed_leak_controls(figures: &Figures) -> impl Iterator<Item = String> {
    let failed = figures.leak_controls.iter().filter(|one| !one.passes());
    failed.map(|one| format!("the leak control {} fails", one.arm))
}

/// What the blocks of a table say as a whole.
pub(super) fn under(figures: &Figures, table: &Table) -> Claims {
    let blocks = &figures.records.blocks;
    rank_claims(&table.cpu, &[], &table.controls, &table.sensitivity, blocks)
}

/// What has to be said of single rows and columns.
pub(super) fn remarks(figures: &Figures) -> Vec<String> {
    let mut lines = Vec::new();
    let run = &figures.records.run;
    for row in &figures.rows {
        let name = &row.arm.name;
        if let Some(reason) = figures.records.reason_without(name, Entry::Bytes) {
            lines.push(format!("`{name}` is not timed as bytes: {reason}."));
        }
        if let Some(reason) = &row.arm.absent {
            lines.push(format!("`{name}`: {reason}."));
        }
    }
    lines.extend(repeatability(figures));
    lines.extend(growth(figures));
    lines.extend(too_few(figures));
    lines.extend(figures.leak_controls.iter().map(leak_control));
    lines.extend(
        figures
            .errors
            .iter()
            .map(|error| format!("failed: {error}")),
    );
    lines.extend(run.missing.iter().cloned());
    lines
}

/// Counts of one binary that lie further apart than this are not repeatable.
pub(super) const SPREAD_MAX: f64 = 0.005;

/// How far the counts of several processes of one binary lie apart.
fn repeatability(figures: &Figures) -> Option<String> {
    let counted: Vec<_> = figures
        .rows
        .iter()
        .filter_map(|row| {
            Some((
                row.arm.name.as_str(),
                row.work.filter(|work| work.processes > 1)?,
            ))
        })
        .collect();
    let processes = counted.iter().map(|(_, work)| work.processes).min()?;
    let apart: Vec<String> = counted
        .iter()
        .map(|(name, work)| format!("{name} {:.2}%", work.spread * 100.0))
        .collect();
    let unsteady: Vec<&str> = counted
        .iter()
        .filter(|(_, work)| work.spread > SPREAD_MAX)
        .map(|&(name, _)| name)
        .collect();
    let verdict = match unsteady.as_slice() {
        [] => "none above 0.5%".to_owned(),
        names => format!("above 0.5%: {}", names.join(", ")),
    };
    Some(format!(
        "Spread between {processes} processes of the same binary (tcalls, instructions): {}; {verdict}.",
        apart.join(", ")
    ))
}

/// Whose growth could not be judged.
fn too_few(figures: &Figures) -> Option<String> {
    let mut names: Vec<&str> = figures
        .watched
        .iter()
        .filter(|one| one.growth == Growth::TooFew)
        .map(|one| one.arm.as_str())
        .collect();
    names.dedup();
    (!names.is_empty()).then(|| {
        format!(
            "no verdict on growth, which takes three processes: {}.",
            names.join(", ")
        )
    })
}

fn growth(figures: &Figures) -> Vec<String> {
    let rows = figures.rows.iter();
    let grown = rows.flat_map(|row| figures.growth(&row.arm.name));
    grown
        .map(|watched| {
            let repetitions = grouped(watched.repetitions);
            match watched.growth {
                Growth::Leak(slope) => format!(
                    "*: `{}` leaks {:.3} bytes ({:.3}–{:.3}) with each of {repetitions} {}.",
                    watched.arm,
                    slope.estimate,
                    slope.lower,
                    slope.upper,
                    noun(watched.exercise)
                ),
                Growth::Allocator(slope) => format!(
                    "°: `{}` has as many live bytes after {repetitions} {}, but {:.3} more bytes \
                     resident with each: the allocator keeps pages.",
                    watched.arm,
                    noun(watched.exercise),
                    slope.estimate
                ),
                Growth::None | Growth::TooFew => String::new(),
            }
        })
        .filter(|line| !line.is_empty())
        .collect()
}

/// What an exercise repeats.
fn noun(exercise: Exercise) -> &'static str {
    match exercise {
        Exercise::Requests => "requests",
        Exercise::Connections => "connections",
        Exercise::Elsewhere => "requests for unknown paths",
    }
}

fn leak_control(control: &LeakControl) -> String {
    let Some(watched) = &control.watched else {
        return format!(
            "`{}` FAILS the leak test: it could not be watched.",
            control.arm
        );
    };
    let slope = watched.live_bytes;
    format!(
        "`{}` {} the leak test: {:.2} bytes per request are planted, {:.3} ({:.3}–{:.3}) found.",
        control.arm,
        if control.passes() { "passes" } else { "FAILS" },
        control.planted_bytes,
        slope.estimate,
        slope.lower,
        slope.upper
    )
}

/// For first-time readers of the tables.
pub(super) fn how_to_read(figures: &Figures) -> Vec<String> {
    let mut rows = figures.rows.iter();
    let baseline = rows.find(|row| row.arm.kind == ArmKind::Baseline);
    let baseline = baseline.map_or("the baseline", |row| row.arm.name.as_str());
    vec![
        HOW_TO_READ_RANKS.to_owned(),
        "msec: for 100,000 requests, as in the original; rps: requests per second; both by wall clock, in one \
         process on one processor, bytes of HTTP/1.1 in and out through the framework's own connection \
         handler, with no socket and no kernel. `canned` is the harness itself."
            .to_owned(),
        format!(
            "ratio: requests per second of CPU time, to `{baseline}`, the baseline, from slices next to each other in \
             time; all intervals of a table are jointly valid at 95%. msec and rps are medians over blocks, which \
             drift with the machine, so their order can differ from the rank."
        ),
        "tcalls, funcs: calls of functions in the quickstart server's machine code per request, and functions \
         that at least nine of ten requests run through; (source): functions as written, inlined ones \
         included. They are exact for this binary and this compiler, not for the framework as an idea: \
         inlining moves calls. instructions: counted, in user mode; they are not time, and kernel work is not \
         in them. system calls: per request, of the same server."
            .to_owned(),
        "allocations, reallocations and allocated bytes: per request, bytes in and bytes out, counted in a \
         process of its own; peak live: the most that was allocated at any time, the harness's buffers \
         included. ready: from the start of the server to its first right answer; idle \
         RSS: memory resident after it."
            .to_owned(),
    ]
}
