//! What has to be said under the tables of an isolated run.

use super::figures::IsolatedReport;
use crate::analysis::{Growth, IsolatedLevel, LeakControl};
use crate::plan::InProcess;
use crate::record::Exercise;
use crate::report::claims;

/// The heading of the main table: whether it is to be trusted.
pub(super) fn heading(report: &IsolatedReport) -> String {
    let heading = "Bytes in, bytes out";
    let mut reasons: Vec<String> = report
        .level(InProcess::Bytes)
        .into_iter()
        .flat_map(|level| &level.distrust)
        .map(ToString::to_string)
        .collect();
    let failed = report.leak_controls.iter().filter(|one| !one.passes());
    reasons.extend(failed.map(|one| format!("the leak control {} fails", one.arm)));
    untrusted(heading, &reasons)
}

/// The heading of the second table.
pub(super) fn call_heading(level: &IsolatedLevel) -> String {
    let reasons: Vec<String> = level.distrust.iter().map(ToString::to_string).collect();
    untrusted("Router and handler alone", &reasons)
}

fn untrusted(heading: &str, reasons: &[String]) -> String {
    match reasons {
        [] => heading.to_owned(),
        reasons => format!("{heading}: UNTRUSTED, {}", reasons.join(", ")),
    }
}

/// What the blocks of a level say as a whole.
pub(super) fn under_level(level: &IsolatedLevel) -> Vec<String> {
    let mut lines = Vec::new();
    if let Err(too_few) = &level.cpu.ranking {
        lines.push(format!("no ranks: {too_few}."));
    }
    lines.extend(level.controls.iter().map(claims::control));
    lines.extend(claims::close_calls(&level.cpu));
    lines.extend(claims::noise(&level.cpu));
    lines.extend(claims::sensitivity(&level.sensitivity));
    lines
}

/// What has to be said of single rows and columns.
pub(super) fn remarks(report: &IsolatedReport) -> Vec<String> {
    let mut lines = Vec::new();
    let run = &report.records.run;
    for row in &report.rows {
        let name = &row.arm.name;
        if let Some(reason) = run.reason_without(name, InProcess::Bytes) {
            lines.push(format!("`{name}` is not timed as bytes: {reason}."));
        }
        if let Some(reason) = &row.arm.absent {
            lines.push(format!("`{name}`: {reason}."));
        }
    }
    lines.extend(repeatability(report));
    lines.extend(growth(report));
    lines.extend(too_few(report));
    lines.extend(report.leak_controls.iter().map(leak_control));
    lines.extend(report.errors.iter().map(|error| format!("failed: {error}")));
    lines.extend(run.missing.iter().cloned());
    lines
}

/// Counts of one binary that lie further apart than this are not repeatable.
const SPREAD_MAX: f64 = 0.005;

/// How far the counts of several processes of one binary lie apart.
fn repeatability(report: &IsolatedReport) -> Option<String> {
    let counted: Vec<_> = report
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
        .map(|(name, work)| format!("{name} {:.2} %", work.spread * 100.0))
        .collect();
    let unsteady: Vec<&str> = counted
        .iter()
        .filter(|(_, work)| work.spread > SPREAD_MAX)
        .map(|&(name, _)| name)
        .collect();
    let verdict = match unsteady.as_slice() {
        [] => "none by more than half a percent".to_owned(),
        names => format!("more than half a percent: {}", names.join(", ")),
    };
    Some(format!(
        "tcalls and instructions of {processes} processes of one binary lie so far apart: {}; {verdict}.",
        apart.join(", ")
    ))
}

/// Whose growth could not be judged.
fn too_few(report: &IsolatedReport) -> Option<String> {
    let mut names: Vec<&str> = report
        .watched
        .iter()
        .filter(|one| one.growth == Growth::TooFew)
        .map(|one| one.arm.as_str())
        .collect();
    names.dedup();
    (!names.is_empty()).then(|| {
        format!(
            "no verdict on what stays behind, since it takes three processes: {}.",
            names.join(", ")
        )
    })
}

fn growth(report: &IsolatedReport) -> Vec<String> {
    let rows = report.rows.iter();
    let grown = rows.flat_map(|row| report.growth(&row.arm.name));
    grown
        .map(|watched| {
            let repetitions = crate::report::format::grouped(watched.repetitions);
            match watched.growth {
                Growth::Leak(slope) => format!(
                    "\\*: `{}` leaks {:.3} bytes ({:.3}–{:.3}) with each of {repetitions} {}.",
                    watched.arm,
                    slope.estimate,
                    slope.lower,
                    slope.upper,
                    noun(watched.exercise)
                ),
                Growth::Allocator(slope) => format!(
                    "°: `{}` has no more live bytes after {repetitions} {}, but {:.3} more bytes resident \
                     with each: the allocator keeps pages.",
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
        "`{}` {} the leak test: {:.2} bytes a request are planted, {:.3} ({:.3}–{:.3}) found.",
        control.arm,
        if control.passes() { "passes" } else { "FAILS" },
        control.planted_bytes,
        slope.estimate,
        slope.lower,
        slope.upper
    )
}

/// For who has never read such a table.
pub(super) fn how_to_read(report: &IsolatedReport) -> Vec<String> {
    let floor = report.rows.iter().find(|row| row.arm.is_floor());
    let floor = floor.map_or("the floor", |row| row.arm.name.as_str());
    vec![
        claims::HOW_TO_READ.to_owned(),
        "msec: for 100,000 requests, as in the original; rps: requests per second; both by wall clock, in one \
         process on one processor, bytes of HTTP/1.1 in and out through the framework's own connection \
         handler, with no socket and no kernel. *canned* is the harness itself."
            .to_owned(),
        format!(
            "ratio: requests per second of CPU time, to `{floor}`; all intervals of a table hold together at 95 %."
        ),
        "tcalls, funcs: calls of functions in the quickstart server's machine code per request, and functions \
         that at least nine of ten requests run through; (source): functions as written, inlined ones \
         included. They are exact for this binary and this compiler, not for the framework as an idea: \
         inlining moves calls. instructions: in user mode, counted, so they are no time; kernel work is not \
         in them. system calls: per request, of the same server."
            .to_owned(),
        "allocations, reallocations and allocated bytes: per request, bytes in and bytes out, counted in a \
         process of its own; peak live: the most that was allocated at a time, the harness's buffers \
         included. ready: from the start of the server to its first right answer; idle \
         RSS: memory resident after it."
            .to_owned(),
    ]
}
