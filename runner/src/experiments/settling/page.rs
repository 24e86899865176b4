//! What is shown of a settling run.

use super::charts::served;
use super::records::SettlingRecords;
use super::traces::{Trace, traces};
use crate::analysis::Completeness;
use crate::experiments::settling::IntervalRow;
use crate::report::{Body, Cell, Grid, Heading, Page, Section, Shown, listed};
use crate::run::Row;

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
        is_good: records.intervals.iter().all(|row| row.errors == 0),
        circumstances: vec![format!("engine {}", run.plan.engine)],
    };
    Page::of(run, "Settling", body)
}

fn section(records: &SettlingRecords, connections: usize) -> Section {
    let of_windows: Vec<Vec<Trace>> = WINDOWS_MS
        .iter()
        .map(|&window_ms| traces(records, connections, window_ms, &STRETCHES_MS))
        .collect();
    let rows = of_windows[0].iter().enumerate().map(|(at, trace)| {
        let mut cells = vec![Cell::text(&trace.arm), Cell::whole(trace.plateau)];
        for traces in &of_windows {
            let settled = traces[at].settled;
            cells
                .push(settled.map_or(Cell::text("never"), |settled| Cell::count(settled.after_ms)));
        }
        cells.extend(trace.stretches.iter().map(|&share| Cell::percent(share)));
        let last = trace.p99_us.len().saturating_sub(1);
        cells.push(Cell::whole(trace.p99_us.get(last).copied().unwrap_or(0.0)));
        cells.push(Cell::percent(
            trace.served.get(last).copied().unwrap_or(0.0),
        ));
        cells
    });
    let untrusted = untrusted(records, connections);
    Section {
        heading: format!("{connections} connections"),
        takeaway: match untrusted.is_empty() {
            true => takeaway(&of_windows[1], connections),
            false => format!("The table at {connections} connections is untrusted."),
        },
        level: Some(connections as u64),
        untrusted,
        charts: served(records, &of_windows[0], connections)
            .into_iter()
            .collect(),
        grid: Grid::plain(headings(), rows),
        shown: Shown::PageAndTerminal,
        ..Section::default()
    }
}

/// Who settles last, by the longer windows, and who never does.
fn takeaway(traces: &[Trace], connections: usize) -> String {
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
        return format!("At {connections} connections nobody has settled within a slice.");
    };
    let who = match never.is_empty() {
        true => "each contestant has".to_owned(),
        false => format!(
            "{} never settled within a slice; the others have",
            listed(&never)
        ),
    };
    let when = match after_ms {
        0 => "settled from the start".to_owned(),
        _ => format!("settled {after_ms} ms after the start or earlier (`{last}` is the last)"),
    };
    format!("At {connections} connections {who} {when}, by windows of {window_ms} ms.")
}

fn headings() -> Vec<Heading> {
    const SHARES: [&str; 6] = [
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
        Heading::number("p99 µs, last 10 ms", None),
        Heading::number("served %, last 10 ms", None),
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
        "plateau: right answers per second in the last 40 % of a slice, the median over slices.".to_owned(),
        "settled: from then on every window of this length has the plateau's rate to 2 %, or differs from it by no more than \
         two standard errors beyond that (the rate of a window relative to the plateau of its own slice, the median over \
         slices)."
            .to_owned(),
        "% in: the rate of that stretch, as a share of the plateau. served %: connections that got an answer in these 10 ms."
            .to_owned(),
    ]
}
