//! What is shown of a memory run.

use super::columns::grid;
use super::control::Held;
use super::figures::{Figures, figures};
use super::plan::{MemoryPlan, in_words};
use super::records::MemoryRecords;
use super::remarks::remarks;
use super::rows::StageRow;
use super::{charts, control};
use crate::analysis::{Completeness, Untrusted};
use crate::experiments::extremes::extremes;
use crate::report::{Body, Page, Section, Shown, grouped, listed, percent, warned};
use crate::run::{ArmKind, Row, Warning};
use crate::stats::Mean;

/// The page of a run.
pub(super) fn page(records: &MemoryRecords) -> Page {
    let run = &records.run;
    let body = Body {
        design: design(&run.plan),
        unfinished: "The run was not finished; only processes that were seen to their ends count."
            .to_owned(),
        charts: Vec::new(),
        sections: vec![section(records)],
        reading: reading(&run.plan),
        is_good: is_good(records),
        circumstances: vec![format!("engine {}", run.plan.engine)],
    };
    Page::of(run, "Memory", body)
}

fn design(plan: &MemoryPlan) -> String {
    let connections = std::iter::once(&0).chain(&plan.connections);
    let connections: Vec<String> = connections.map(|&one| grouped(one as u64)).collect();
    let after: Vec<String> = plan.after_ms.iter().map(|&one| in_words(one)).collect();
    format!(
        "`SERVER={} ENV={}`: resident memory of live servers with {} idle connections, each of which has had one right \
         answer; with the first {} of them under load, closed loop, for {}; and {} after the last one was closed. {} fresh \
         processes of each.",
        plan.server,
        plan.env,
        listed(&connections),
        grouped(plan.few() as u64),
        in_words(plan.load_ms),
        listed(&after),
        plan.blocks
    )
}

fn section(records: &MemoryRecords) -> Section {
    let all = figures(records);
    let held = Held::of(&all);
    let mut untrusted = untrusted(records);
    untrusted.extend(held.and_then(Held::failure).map(|one| one.to_string()));
    let plan = &records.run.plan;
    let takeaway = match untrusted.is_empty() {
        true => takeaway(plan, &all),
        false => "The table is untrusted.".to_owned(),
    };
    let rows = sorted(&all);
    Section {
        heading: "Memory per connection".to_owned(),
        charts: charts::memory(plan, &rows, &takeaway).into_iter().collect(),
        grid: grid(plan, &rows),
        takeaway,
        untrusted,
        trust: trust(held, &records.run.warnings),
        remarks: remarks(records, &all),
        shown: Shown::PageAndTerminal,
        ..Section::default()
    }
}

/// By memory per idle connection; controls and those without a figure last.
fn sorted<'f, 'r>(all: &'f [Figures<'r>]) -> Vec<&'f Figures<'r>> {
    let mut rows: Vec<&Figures> = all.iter().collect();
    let key = |row: &Figures| match &row.slope {
        Some(slope) if row.arm.kind.is_contestant() => slope.value,
        _ => f64::INFINITY,
    };
    rows.sort_by(|one, other| key(one).total_cmp(&key(other)));
    rows
}

fn trust(held: Option<Held>, warnings: &[Warning]) -> Vec<String> {
    let control = match held {
        Some(held) => held.said(),
        None => format!("no planted control (`{}`)", control::NAME),
    };
    vec![control, warned(warnings)]
}

/// Who needs least and most for a connection, as far as that is known, and what comes back.
fn takeaway(plan: &MemoryPlan, all: &[Figures]) -> String {
    let contestants = all
        .iter()
        .filter(|one| one.arm.kind == ArmKind::Contestant)
        .filter_map(|one| Some((one, one.slope.as_ref()?)));
    let contestants: Vec<(&Figures, &Mean)> = contestants.collect();
    let (lower, upper) = plan.slope_between();
    let what = format!(
        "Memory per connection between {} and {} idle connections",
        grouped(lower as u64),
        grouped(upper as u64)
    );
    let named = contestants.iter();
    let named = named.map(|(one, slope)| (one.arm.name.as_str(), *slope));
    let kib = |bytes: f64| format!("{:.1} KiB", bytes / 1024.0);
    let said = [
        extremes(&what, named.collect(), kib),
        given_back(plan, &contestants),
    ];
    said.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn given_back(plan: &MemoryPlan, contestants: &[(&Figures, &Mean)]) -> Option<String> {
    let last = plan.after_ms.last()?;
    let shares = contestants
        .iter()
        .filter_map(|(one, _)| Some((*one.returned.get(last)?, &one.arm.name)));
    let by_share = |one: &(f64, &String), other: &(f64, &String)| one.0.total_cmp(&other.0);
    let (least, least_name) = shares.clone().min_by(by_share)?;
    let (most, most_name) = shares.max_by(by_share)?;
    Some(format!(
        "{} after the last connection `{most_name}` had given back {}% of what connections and load had taken, \
         `{least_name}` {}%.",
        in_words(*last),
        percent(most),
        percent(least)
    ))
}

fn untrusted(records: &MemoryRecords) -> Vec<String> {
    let completeness = Completeness {
        missing: records.missing.clone(),
        ..Completeness::default()
    };
    let mut reasons = completeness.untrusted();
    let (there, of) = (records.stages.len(), records.planned());
    if there < of {
        reasons.push(Untrusted::RowsMissing {
            file: StageRow::FILE,
            rows: of - there,
            of,
        });
    }
    let late = records.late();
    if late > 0 {
        let what = format!("{late} readings were taken late: something stopped the runner");
        reasons.push(Untrusted::Disagree(what));
    }
    let swapped = records.stages.iter().filter(|row| row.swapped_bytes > 0);
    let swapped = swapped.count();
    if swapped > 0 {
        let what = format!("memory was swapped out in {swapped} readings");
        reasons.push(Untrusted::Disagree(what));
    }
    reasons.iter().map(ToString::to_string).collect()
}

/// Whether everything was measured without an error.
fn is_good(records: &MemoryRecords) -> bool {
    let arms_were_had = records.run.arms.iter().all(|arm| arm.err.is_none());
    let is_right = |row: &StageRow| row.err.is_empty() && row.errors == 0;
    arms_were_had && records.stages.iter().all(is_right)
}

fn reading(plan: &MemoryPlan) -> Vec<String> {
    vec![
        "KiB per idle connection: how much more memory is resident, per connection that was opened in between; mean over \
         processes, with its 95% interval by Student's t. Rows are sorted by it, and nobody is ranked. Memory is that of all \
         processes of a server: RSS, or PSS if there are several, from `/proc/PID/smaps_rollup`. What the kernel has for the \
         sockets is not in it."
            .to_owned(),
        "never used: the same for connections that have not asked anything yet.".to_owned(),
        format!(
            "MiB: medians over processes. under load: the most that was read while {} of the connections had a request open \
             at all times.",
            grouped(plan.few() as u64)
        ),
        "given back: the share of what connections and load had added to the memory after the start."
            .to_owned(),
    ]
}
