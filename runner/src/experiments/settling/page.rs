//! What is shown of a settling run.

use super::charts::served;
use super::records::SettlingRecords;
use super::traces::{Trace, traces};
use crate::analysis::Completeness;
use crate::experiments::settling::IntervalRow;
use crate::report::{Body, Cell, Grid, Heading, Page, Section, Shown};
use crate::run::Row;

/// When the table looks at each trace, in ms after the start.
const LOOKS_MS: [u64; 6] = [10, 30, 100, 200, 400, 800];

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
    let plan = &records.run.plan;
    let of_windows: Vec<Vec<Trace>> = WINDOWS_MS
        .iter()
        .map(|&window_ms| traces(records, connections, window_ms))
        .collect();
    let looks: Vec<u64> = LOOKS_MS
        .into_iter()
        .filter(|&ms| ms <= plan.length_ms)
        .collect();
    let rows = of_windows[0].iter().enumerate().map(|(at, trace)| {
        let mut cells = vec![Cell::text(&trace.arm), Cell::whole(trace.plateau)];
        for traces in &of_windows {
            let settled = traces[at].settled;
            cells
                .push(settled.map_or(Cell::text("never"), |settled| Cell::count(settled.after_ms)));
        }
        let at = |ms: u64| (ms / plan.interval_ms).saturating_sub(1) as usize;
        cells.extend(
            looks
                .iter()
                .map(|&ms| Cell::percent(trace.rate[at(ms)] / trace.plateau)),
        );
        for &ms in [looks.first(), looks.last()].into_iter().flatten() {
            cells.push(Cell::whole(trace.p99_us[at(ms)]));
            cells.push(Cell::percent(trace.served[at(ms)]));
        }
        cells
    });
    Section {
        heading: format!("{connections} connections"),
        level: Some(connections as u64),
        untrusted: untrusted(records, connections),
        charts: served(records, &of_windows[0], connections)
            .into_iter()
            .collect(),
        grid: Grid::plain(headings(looks.len()), rows),
        shown: Shown::PageAndTerminal,
        ..Section::default()
    }
}

fn headings(looks: usize) -> Vec<Heading> {
    const RATE_AT: [&str; 6] = [
        "% at 10 ms",
        "% at 30 ms",
        "% at 100 ms",
        "% at 200 ms",
        "% at 400 ms",
        "% at 800 ms",
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
    headings.extend(
        RATE_AT
            .iter()
            .take(looks)
            .map(|heading| Heading::number(heading, Some(heading))),
    );
    headings.extend([
        Heading::number("p99 µs, first look", None),
        Heading::number("served %, first look", None),
        Heading::number("p99 µs, last look", None),
        Heading::number("served %, last look", None),
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
        "settled: from then on every window of this length has the plateau's rate to 2 % (the rate of a window relative \
         to the plateau of its own slice, the median over slices)."
            .to_owned(),
        "% at: the rate of the 10 ms up to then, as a share of the plateau. served %: connections that got an answer in \
         these 10 ms."
            .to_owned(),
    ]
}
