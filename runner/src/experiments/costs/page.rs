//! What is shown of a run of costs.

use super::controls::Held;
use super::figures::{Figures, TableRow, figures, rows};
use super::plan::CostsPlan;
use super::records::CostsRecords;
use super::rows::{BuildRow, FactRow};
use super::{charts, columns, published};
use crate::analysis::{Completeness, Untrusted};
use crate::experiments::extremes::extremes;
use crate::report::{Body, Page, Section, Shown, listed, percent, warned};
use crate::run::{ArmKind, Row};
use std::collections::BTreeMap;

/// The page of a run.
pub(super) fn page(records: &CostsRecords) -> Page {
    let run = &records.run;
    let all = figures(records);
    let rows = rows(records, &all);
    let body = Body {
        design: design(&run.plan),
        unfinished: "The run was not finished; only builds that ended count.".to_owned(),
        charts: Vec::new(),
        sections: vec![builds(records, &all, &rows), facts(records, &rows)],
        reading: reading(&run.plan),
        is_good: is_good(records),
        circumstances: vec![format!("{} compilers at a time", run.plan.jobs)],
    };
    Page::of(run, "Costs", body)
}

fn design(plan: &CostsPlan) -> String {
    format!(
        "Cold builds of the quickstart servers by cargo's own release profile, in an empty folder, with all sources downloaded: {} \
         of each contestant, by the manifest here and, if that is more, with the default features of its framework, in an \
         order of its own in each block.",
        plan.blocks
    )
}

fn builds(records: &CostsRecords, all: &[Figures], rows: &[TableRow]) -> Section {
    let controls = [ArmKind::Twin, ArmKind::Planted];
    let held = controls.into_iter().filter_map(|kind| Held::of(all, kind));
    let held: Vec<Held> = held.collect();
    let mut untrusted = untrusted(records);
    let failures = held.iter().filter_map(|one| one.failure());
    untrusted.extend(failures.map(|one| one.to_string()));
    let takeaway = match untrusted.is_empty() {
        true => takeaway(rows),
        false => "The table is untrusted.".to_owned(),
    };
    let mut trust = match held.is_empty() {
        true => vec!["no control was built".to_owned()],
        false => held.into_iter().map(Held::said).collect(),
    };
    trust.push(warned(&records.run.warnings));
    Section {
        heading: "Cold builds".to_owned(),
        charts: charts::builds(rows, &takeaway).into_iter().collect(),
        grid: columns::builds(rows),
        takeaway,
        untrusted,
        trust,
        remarks: remarks(records),
        shown: Shown::PageAndTerminal,
        ..Section::default()
    }
}

fn facts(records: &CostsRecords, rows: &[TableRow]) -> Section {
    let mut untrusted = missing(records);
    let of = records.contestants();
    untrusted.extend(lacking(FactRow::FILE, records.facts.len(), of));
    let concerned: Vec<String> = rows
        .iter()
        .filter(|row| row.facts.is_some_and(|facts| !facts.advisories.is_empty()))
        .map(|row| format!("`{}`", row.own.arm.name))
        .collect();
    let takeaway = match concerned.is_empty() {
        true => String::new(),
        false => format!(
            "Crates that {} is built from have open advisories.",
            listed(&concerned)
        ),
    };
    Section {
        heading: "What is published".to_owned(),
        takeaway,
        untrusted: untrusted.iter().map(ToString::to_string).collect(),
        grid: columns::published(rows),
        explanation: "unsafe code: whether the framework's own crate forbids the lint `unsafe_code`, in its root or in its \
                      manifest; its dependencies may have some.",
        shown: Shown::PageAndTerminal,
        ..Section::default()
    }
}

/// Who takes least and most, and what default features add at most.
fn takeaway(rows: &[TableRow]) -> String {
    let contestants = rows
        .iter()
        .filter(|row| row.own.arm.kind == ArmKind::Contestant);
    let cpu =
        contestants.filter_map(|row| Some((row.own.arm.name.as_str(), row.own.cpu_s.as_ref()?)));
    let said = extremes("CPU time of a cold build", cpu.collect(), |cpu_s| {
        format!("{cpu_s:.1} s")
    });
    [said, most_added(rows)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

fn most_added(rows: &[TableRow]) -> Option<String> {
    let added = rows.iter().filter_map(|row| {
        let (with, own) = (row.default?.cpu_s.as_ref()?, row.own.cpu_s.as_ref()?);
        let is_more = with.value > own.value && !with.overlaps(own);
        is_more.then_some((row, with.value / own.value))
    });
    let (row, factor) = added.max_by(|one, other| one.1.total_cmp(&other.1))?;
    Some(format!(
        "Default features add most to `{}` ({}% more CPU time).",
        row.own.arm.name,
        percent(factor - 1.0)
    ))
}

fn remarks(records: &CostsRecords) -> Vec<String> {
    let arms = records.run.arms.iter();
    let not_built = arms.filter_map(|arm| {
        let reason = arm.err.as_ref().or(arm.absent.as_ref())?;
        Some(format!("`{}` was not built: {reason}", arm.name))
    });
    let rows = records.builds.iter();
    let failed = rows.filter_map(|row| {
        let (arm, block) = (&row.arm, row.block);
        match (row.err.as_str(), row.not_counted.as_str()) {
            ("", "") => None,
            ("", reason) => Some(format!("the work of `{arm}` was not counted: {reason}")),
            (reason, _) => Some(format!(
                "`{arm}` did not build in block {}: {reason}",
                block + 1
            )),
        }
    });
    let missing = records.run.missing.iter();
    let missing = missing.map(|what| format!("work was not counted: {what}"));
    not_built.chain(failed).chain(missing).collect()
}

/// Why no table is to be trusted: something is missing from the record.
fn missing(records: &CostsRecords) -> Vec<Untrusted> {
    let completeness = Completeness {
        missing: records.missing.clone(),
        ..Completeness::default()
    };
    completeness.untrusted()
}

/// Rows of a file that a finished run has and this one lacks.
fn lacking(file: &'static str, there: usize, of: usize) -> Option<Untrusted> {
    (there < of).then(|| Untrusted::RowsMissing {
        file,
        rows: of - there,
        of,
    })
}

fn untrusted(records: &CostsRecords) -> Vec<String> {
    let mut reasons = missing(records);
    let planned = records.planned();
    reasons.extend(lacking(BuildRow::FILE, records.builds.len(), planned));
    let mut shapes = BTreeMap::new();
    for row in records.builds.iter().filter(|row| row.err.is_empty()) {
        let shape = (row.crates, row.size_bytes);
        if *shapes.entry(&row.arm).or_insert(shape) != shape {
            let what = format!("builds of {} differ in crates or size", row.arm);
            reasons.push(Untrusted::Disagree(what));
            break;
        }
    }
    reasons.iter().map(ToString::to_string).collect()
}

/// Whether everything was built and counted.
fn is_good(records: &CostsRecords) -> bool {
    let arms_were_had = records.run.arms.iter().all(|arm| arm.err.is_none());
    let is_right = |row: &BuildRow| row.err.is_empty() && row.not_counted.is_empty();
    let was_counted = records.run.missing.is_empty();
    arms_were_had && was_counted && records.builds.iter().all(is_right)
}

fn reading(plan: &CostsPlan) -> Vec<String> {
    vec![
        "CPU s: user and system time of cargo, the compilers and linkers; mean over blocks with its 95% interval by \
         Student's t. Rows are sorted by it, and nobody is ranked. s on this machine: the median time a build took."
            .to_owned(),
        "crates: what was compiled, build scripts' and macros' own dependencies included. MiB: the program without symbols."
            .to_owned(),
        format!(
            "default features: what `cargo add` gives, on top of what the contestant's manifest asks for; `same` if that \
             adds nothing; a feature that changes nothing of what is compiled may be left out. instructions per request: in \
             user space, counted over {} requests on one keep-alive connection, in one process of each program; processes \
             differ by up to half a percent.",
            plan.counted_requests
        ),
        format!(
            "Days of releases and advisories are data of `{}`, which names its sources. An advisory is open if it has not \
             been withdrawn and concerns the version of a crate that was locked on the day it was looked up.",
            published::FILE
        ),
        "Start-up times and lines of code do not tell the contestants apart, so neither is a column.".to_owned(),
    ]
}
