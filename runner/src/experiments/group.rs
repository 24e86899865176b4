//! Runs that can be compared, and what is shown of them: their tables, and what changed with each step.

use super::entry::{Entry, Kin};
use super::history::Named;
use crate::analysis::{Chapter, Track, TrackPoint, steps, tracks};
use crate::report::history::{Doubt, Group, Member, Point, Server, Step, Table};
use crate::run::State;

/// A group with all of its tables by this measure, and of these servers if any are named.
pub(super) fn group(kin: &Kin, runs: &[Named], measure: &str, servers: &[String]) -> Group {
    let mut headings: Vec<&str> = Vec::new();
    for table in runs.iter().rev().flat_map(|named| &named.entry.tables) {
        if !headings.contains(&table.heading.as_str()) {
            headings.push(&table.heading);
        }
    }
    let tables = headings
        .into_iter()
        .filter_map(|heading| table(runs, heading, measure, servers));
    let members = runs.iter().enumerate().map(|(place, named)| {
        let before = place.checked_sub(1).map(|before| &runs[before].entry);
        member(place + 1, named, before)
    });
    Group {
        machine: kin.machine.clone(),
        machine_slug: runs
            .first()
            .map_or_else(String::new, |one| one.entry.run.machine.slug()),
        method: kin.method,
        variant: kin.described(),
        baseline: kin.baseline.clone(),
        tables: tables.collect(),
        runs: members.collect(),
    }
}

fn member(number: usize, named: &Named, before: Option<&Entry>) -> Member {
    let (entry, run) = (&named.entry, &named.entry.run);
    Member {
        run: number,
        folder: named.folder.clone(),
        date: run.started_at.chars().take("2026-11-26".len()).collect(),
        started_at: run.started_at.clone(),
        revision: run.toolchain.revision.clone(),
        compiler: entry.compiler(),
        kernel: run.machine.kernel.clone(),
        is_complete: run.state == State::Complete,
        changed: before.map_or_else(Vec::new, |before| before.changes_to(entry)),
    }
}

/// One table of all runs; `None` if fewer than two have it, or none of the servers that are wanted.
fn table(runs: &[Named], heading: &str, measure: &str, servers: &[String]) -> Option<Table> {
    let own: Vec<_> = runs
        .iter()
        .map(|named| named.entry.table(heading, measure))
        .collect();
    let first = own.iter().flatten().next()?;
    if own.iter().flatten().count() < 2 {
        return None;
    }
    let chapters = own.iter().map(|table| {
        table.map(|table| Chapter {
            ranked: &table.ranked,
            is_trusted: table.untrusted.is_empty(),
        })
    });
    let chapters: Vec<Option<Chapter>> = chapters.collect();
    let tracks = tracks(&chapters).into_iter();
    let tracks = tracks.filter(|track| servers.is_empty() || servers.contains(&track.name));
    let servers: Vec<Server> = tracks
        .map(|track| server(runs, &chapters, track, heading, measure))
        .collect();
    let doubts = own.iter().enumerate().filter_map(|(place, table)| {
        let reasons = table.map(|table| table.untrusted.clone())?;
        (!reasons.is_empty()).then_some(Doubt {
            run: place + 1,
            reasons,
        })
    });
    (!servers.is_empty()).then(|| Table {
        heading: heading.to_owned(),
        measure: first.ranked.measure.name,
        steps: steps(&chapters),
        untrusted: doubts.collect(),
        servers,
    })
}

fn server(
    runs: &[Named],
    chapters: &[Option<Chapter>],
    track: Track,
    heading: &str,
    measure: &str,
) -> Server {
    let name = track.name;
    let point = |point: TrackPoint| {
        let entry = &runs[point.run].entry;
        let step = point.step.map(|step| {
            let before = &runs[step.from].entry;
            Step {
                from: step.from + 1,
                change: step.change,
                is_marked: step.is_significant,
                server: before.server_in(entry, &name),
                around: before.around(entry, heading, measure),
            }
        });
        Point {
            run: point.run + 1,
            version: entry.arm(&name).and_then(|arm| arm.version.clone()),
            ratio: point.ratio,
            interval: point.interval,
            is_trusted: chapters[point.run].is_some_and(|one| one.is_trusted),
            step,
        }
    };
    let points = track.points.into_iter().map(point);
    Server {
        points: points.collect(),
        name: name.clone(),
    }
}
