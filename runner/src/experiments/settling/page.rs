//! What is shown of a settling run.

use super::charts::served;
use super::records::SettlingRecords;
use super::traces::{Trace, traces};
use crate::analysis::Completeness;
use crate::experiments::settling::IntervalRow;
use crate::report::{Body, Cell, Grid, Heading, Page, Section, Shown, grouped, listed};
use crate::run::{Arm, ProcessRow, Row};

/// The stretches of each trace that the table shows, in ms after the start.
const STRETCHES_MS: [(u64, u64); 6] = [
    (0, 10),
    (10, 30),
    (30, 100),
    (100, 200),
    (200, 400),
    (400, 600),
];

/// The windows for which it is said from when on they have settled.
const WINDOWS_MS: [u64; 2] = [60, 200];

/// The page of a run.
pub(super) fn page(records: &SettlingRecords) -> Page {
    let run = &records.run;
    let sections = run.plan.connections.iter();
    let body = Body {
        design: format!(
            "`SERVER={} ENV={}`: closed loop from idle, all connections at once; {} blocks of fresh processes, {} slices \
             of {} ms a block and concurrency, told every {} ms.",
            run.plan.server,
            run.plan.env,
            run.plan.blocks,
            run.plan.rounds,
            run.plan.length_ms,
            run.plan.interval_ms
        ),
        unfinished: "The run was not finished; only complete blocks count.".to_owned(),
        charts: Vec::new(),
        sections: sections
            .map(|&connections| section(records, connections))
            .collect(),
        reading: reading(),
        is_good: is_good(records),
        circumstances: vec![format!("engine {}", run.plan.engine)],
    };
    Page::of(run, "Settling", body)
}

fn section(records: &SettlingRecords, connections: usize) -> Section {
    let of_windows: Vec<Vec<Trace>> = WINDOWS_MS
        .iter()
        .map(|&window_ms| traces(records, connections, window_ms, &STRETCHES_MS))
        .collect();
    let rows = records.run.arms.iter().map(|arm| {
        let of_arm = of_windows.iter().map(|traces| {
            let mut traces = traces.iter();
            traces.find(|trace| trace.arm == arm.name)
        });
        let traces: Option<Vec<&Trace>> = of_arm.collect();
        let figures = traces.map(|traces| figures(&traces));
        let figures = figures.unwrap_or_else(|| vec![Cell::Missing; FIGURES]);
        let failed = records.failures(connections, &arm.name).len();
        let first = std::iter::once(Cell::name(&arm.name, arm.kind, ""));
        let last = std::iter::once(Cell::count(failed as u64));
        first.chain(figures).chain(last).collect()
    });
    let untrusted = untrusted(records, connections);
    let heading = format!("{} connections", grouped(connections as u64));
    Section {
        takeaway: match untrusted.is_empty() {
            true => takeaway(&of_windows[1], &heading),
            false => format!("Untrusted at {heading}."),
        },
        heading,
        level: Some(connections as u64),
        untrusted,
        charts: served(records, &of_windows[0], connections)
            .into_iter()
            .collect(),
        grid: Grid::plain(headings(), rows),
        remarks: remarks(records, connections),
        // The page of a machine has room for that at which fairness is in question.
        shown: match records.run.plan.connections.iter().max() {
            Some(&most) if connections < most => Shown::RunPageAndTerminal,
            _ => Shown::PageAndTerminal,
        },
        ..Section::default()
    }
}

/// What a row tells of an arm, besides its name and what failed.
const FIGURES: usize = 1 + WINDOWS_MS.len() + STRETCHES_MS.len() + 2;

/// The figures of an arm, of which there is a trace for each length of window.
fn figures(traces: &[&Trace]) -> Vec<Cell> {
    let Some(trace) = traces.first() else {
        return vec![Cell::Missing; FIGURES];
    };
    let mut cells = vec![Cell::whole(trace.plateau)];
    cells.extend(traces.iter().map(|trace| match trace.settled {
        Some(settled) => Cell::count(settled.after_ms),
        None => Cell::text("never"),
    }));
    let stretches = trace.stretches.iter();
    cells.extend(stretches.map(|share| share.map_or(Cell::Missing, Cell::percent)));
    let (p99_us, served) = (trace.p99_us.last().copied(), trace.served.last());
    cells.push(p99_us.flatten().map_or(Cell::Missing, Cell::whole));
    cells.push(served.map_or(Cell::Missing, |&share| Cell::percent(share)));
    cells
}

/// Why an arm has no figures, or processes of it do not count.
fn remarks(records: &SettlingRecords, connections: usize) -> Vec<String> {
    let remark = |arm: &Arm| {
        let name = &arm.name;
        let reason = arm.err.as_ref().or(arm.absent.as_ref());
        let failures = records.failures(connections, name);
        match (reason, failures.as_slice()) {
            (Some(reason), _) => Some(format!("`{name}` was not measured: {reason}")),
            (None, []) => None,
            (None, [first]) => Some(format!("One process of `{name}` does not count: {first}")),
            (None, [first, ..]) => Some(format!(
                "{} processes of `{name}` do not count; the first: {first}",
                failures.len()
            )),
        }
    };
    let mut remarks: Vec<String> = records.run.arms.iter().filter_map(remark).collect();
    for arm in &records.run.arms {
        let processes = records.processes.iter();
        let own = processes.filter(|row| row.connections == connections && row.arm == arm.name);
        let restarts = ProcessRow::restarts(own);
        remarks.extend(restarts.map(|restarts| format!("`{}`: {restarts}.", arm.name)));
        let rows = records.intervals_of(connections, &arm.name);
        let errors: u64 = rows.iter().map(|row| row.errors).sum();
        if errors > 0 {
            remarks.push(format!(
                "`{}`: requests without a right answer: {}.",
                arm.name,
                grouped(errors)
            ));
        }
    }
    remarks
}

/// Whether everything was measured without an error.
fn is_good(records: &SettlingRecords) -> bool {
    let arms_were_had = records.run.arms.iter().all(|arm| arm.err.is_none());
    let processes_lasted = records.processes.iter().all(|row| row.err.is_empty());
    arms_were_had && processes_lasted && records.intervals.iter().all(|row| row.errors == 0)
}

/// Who settles last, by the longer windows, and who never does.
fn takeaway(traces: &[Trace], heading: &str) -> String {
    let settled = traces
        .iter()
        .filter_map(|trace| Some((trace.settled.as_ref()?.after_ms, &trace.arm)));
    let never: Vec<String> = traces
        .iter()
        .filter(|trace| trace.settled.is_none())
        .map(|trace| format!("`{}`", trace.arm))
        .collect();
    let window_ms = WINDOWS_MS[1];
    let Some((after_ms, last)) = settled.max_by_key(|(after_ms, _)| *after_ms) else {
        return format!("At {heading} nobody has settled within a slice.");
    };
    let by = format!("by windows of {window_ms} ms");
    let when = match after_ms {
        0 => "from the start".to_owned(),
        _ => format!("within {after_ms} ms"),
    };
    let last = match after_ms {
        0 => String::new(),
        _ => format!("; `{last}` is the last"),
    };
    match never.is_empty() {
        true => format!(
            "At {heading} every contestant that was measured has settled {when}, {by}{last}."
        ),
        false => format!(
            "At {heading} {} never settled within a slice; the others that were measured have settled {when}, \
             {by}{last}.",
            listed(&never)
        ),
    }
}

fn headings() -> Vec<Heading> {
    const SHARES: [&str; STRETCHES_MS.len()] = [
        "% in 0–10 ms",
        "10–30 ms",
        "30–100 ms",
        "100–200 ms",
        "200–400 ms",
        "400–600 ms",
    ];
    let mut headings = vec![
        Heading::text("contestant", Some("contestant")),
        Heading::number("plateau, requests/s", Some("plateau")),
        Heading::number("settled for windows of 60 ms after ms", Some("60 ms after")),
        Heading::number(
            "settled for windows of 200 ms after ms",
            Some("200 ms after"),
        ),
    ];
    let shares = SHARES
        .iter()
        .map(|heading| Heading::number(heading, Some(heading)));
    headings.extend(shares);
    headings.extend([
        Heading::number("p99 µs, last interval", None),
        Heading::number("served %, last interval", None),
        Heading::number("processes that failed", Some("err")),
    ]);
    headings
}

fn untrusted(records: &SettlingRecords, connections: usize) -> Vec<String> {
    let completeness = Completeness {
        missing: records.missing.clone(),
        blocks: records.blocks.clone(),
        planned: records.planned(),
    };
    let (plan, arms) = (&records.run.plan, records.run.arms.iter());
    let arms = arms.filter(|arm| arm.takes_part()).count();
    let rows = records
        .intervals
        .iter()
        .filter(|row| row.connections == connections);
    let of_block = plan.rounds as usize * plan.intervals() as usize * arms;
    let mut reasons = completeness.untrusted();
    reasons.extend(completeness.rows(IntervalRow::FILE, rows.count(), of_block));
    reasons.iter().map(ToString::to_string).collect()
}

fn reading() -> Vec<String> {
    vec![
        "plateau: right answers per second in the last 40% of a slice, the median over slices.".to_owned(),
        "settled: from then on every window of this length has the plateau's rate to 2%, or differs from it by no more than \
         two standard errors beyond that (the rate of a window relative to the plateau of its own slice, the median over \
         slices)."
            .to_owned(),
        "% in: the rate of that stretch, as a share of the plateau. served %: connections that got an answer in the last \
         interval."
            .to_owned(),
    ]
}
