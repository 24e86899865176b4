//! What is shown of a user's own servers: their counted work, how it differs from the baseline's, and in whose code.

mod counts;
mod difference;
mod verdict;

pub(super) use counts::{INSTRUCTIONS, MEASURES};

use super::charts;
use super::claims;
use super::columns::owner_table;
use super::figures::Figures;
use super::records::IsolatedRecords;
use crate::report::{Cell, Column, Grid, Pairs, Section, Shown, grouped};
use crate::run::ArmKind;
use counts::{Counts, Range};

/// A row: a server, and its ratio to the baseline.
struct Row {
    counts: Counts,
    ratio: Option<crate::report::Pair>,
}

const COLUMNS: [Column<Row>; 7] = [
    Column::number("instructions", Some("instr"), |row| {
        whole(row.counts.instructions)
    }),
    Column::number("ratio to baseline (range)", Some("ratio (range)"), ratio),
    Column::number("calls", Some("calls"), |row| whole(row.counts.calls)),
    Column::number("functions", Some("funcs"), |row| {
        row.counts.functions.map_or(Cell::Missing, Cell::whole)
    }),
    Column::number("system calls", Some("syscalls"), |row| {
        hundredths(row.counts.system_calls)
    }),
    Column::number("allocations", Some("alloc"), |row| {
        hundredths(row.counts.allocations)
    }),
    Column::number("spread of instructions", Some("spread"), |row| {
        let spread = row.counts.instructions.map(|one| one.spread());
        spread.map_or(Cell::Missing, |spread| {
            Cell::text(format!("{:.2}%", 100.0 * spread))
        })
    }),
];

fn whole(range: Option<Range>) -> Cell {
    range.map_or(Cell::Missing, |range| Cell::whole(range.median))
}

fn hundredths(range: Option<Range>) -> Cell {
    range.map_or(Cell::Missing, |range| Cell::number(range.median, 2))
}

fn ratio(row: &Row) -> Cell {
    if row.counts.arm.kind == ArmKind::Baseline {
        return Cell::Empty;
    }
    row.ratio.map_or(Cell::Missing, |pair| {
        Cell::text(format!(
            "{:.4} ({:.4}–{:.4})",
            pair.ratio, pair.lower, pair.upper
        ))
    })
}

/// Whether a run is of a user's own servers.
pub(super) fn is_own(records: &IsolatedRecords) -> bool {
    records.run.arms.iter().any(|arm| arm.own.is_some())
}

/// How such a run was made, in sentences.
pub(super) fn design(records: &IsolatedRecords) -> String {
    let plan = &records.run.plan;
    format!(
        "Servers by their commands: work counted in {} processes of each over {} requests, one at a time to a server at \
         rest; system calls traced over as many.",
        plan.work_processes,
        grouped(plan.work_requests)
    )
}

/// The sections of such a run.
pub(super) fn sections(figures: &Figures) -> Vec<Section> {
    let counts = Counts::of(figures.records);
    let untrusted = claims::untrusted_record(figures);
    let baseline = counts.iter().find(|one| one.arm.kind == ArmKind::Baseline);
    let others = counts.iter();
    let others: Vec<&Counts> = others
        .filter(|one| one.arm.kind != ArmKind::Baseline)
        .collect();
    let mut sections = vec![Section {
        heading: "Counted work".to_owned(),
        takeaway: match baseline {
            Some(baseline) if untrusted.is_empty() => verdict::verdicts(baseline, &others),
            _ => String::new(),
        },
        pairs: MEASURES
            .iter()
            .map(|measure| pairs(measure, &counts))
            .collect(),
        charts: charts::instructions(figures).into_iter().collect(),
        grid: table(&counts, baseline),
        remarks: claims::remarks(figures),
        untrusted: untrusted.clone(),
        ..Section::default()
    }];
    if let Some(baseline) = baseline {
        let is_counted = |one: &&Counts| one.instructions.is_some();
        let both = Some(baseline).filter(is_counted).map(|_| others.iter());
        let differing = both.into_iter().flatten().copied().filter(is_counted);
        sections.extend(
            differing.filter_map(|one| {
                difference(figures, &one.arm.name, &baseline.arm.name, &untrusted)
            }),
        );
    }
    sections.extend(owner_table(figures).map(|grid| Section {
        heading: "Instructions by owner".to_owned(),
        untrusted,
        grid,
        shown: Shown::Page,
        ..Section::default()
    }));
    sections
}

fn table(counts: &[Counts], baseline: Option<&Counts>) -> Grid {
    let of_baseline = baseline.and_then(|one| one.instructions);
    let rows = counts.iter().map(|one| Row {
        ratio: one
            .instructions
            .zip(of_baseline)
            .map(|(own, to)| own.ratio(&to)),
        counts: one.clone(),
    });
    let rows: Vec<Row> = rows.collect();
    Grid::of_arms(
        &COLUMNS,
        &rows,
        |row| &row.counts.arm,
        |_| Cell::Empty,
        |row| Cell::name(&row.counts.arm.name, row.counts.arm.kind, ""),
        |_, _| None,
    )
}

/// Where the signs and bounds of counted pairs come from.
const SIGNS: &str = "Bounds are those of any counted process of the one to any of the other; two servers differ if all processes \
     of one lie above all of the other.";

fn pairs(measure: &'static str, counts: &[Counts]) -> Pairs {
    let pair = |one: &Counts, other: &Counts| {
        let is_same = one.arm.name == other.arm.name;
        let (own, to) = one.by(measure).zip(other.by(measure))?;
        (!is_same).then(|| own.ratio(&to))
    };
    let row = |one: &Counts| counts.iter().map(|other| pair(one, other)).collect();
    Pairs {
        measure,
        higher_is_better: false,
        signs: Some(SIGNS),
        arms: counts.iter().map(|one| one.arm.name.clone()).collect(),
        ratios: counts.iter().map(row).collect(),
    }
}

fn difference(
    figures: &Figures,
    name: &str,
    baseline: &str,
    untrusted: &[String],
) -> Option<Section> {
    let records = figures.records;
    let grid = difference::by_function(records, name, baseline)?;
    let mut remarks = difference::by_allocation(records, name, baseline);
    remarks.extend(difference::by_system_call(records, name, baseline));
    Some(Section {
        heading: format!("How `{name}` differs from `{baseline}`, per request"),
        untrusted: untrusted.to_vec(),
        grid,
        remarks,
        explanation: DIFFERENCE,
        shown: Shown::PageAndTerminal,
        ..Section::default()
    })
}

const DIFFERENCE: &str = "Counted in one process of each. Functions are matched by owner and path; the largest differences come \
     first, and instructions are a function's own, without its callees'.";

/// How to read the tables.
pub(super) fn how_to_read() -> Vec<String> {
    vec![
        "instructions, calls: in user mode, per request, in all processes of the server; medians over counted processes. The \
         range of the ratio is from the least of the one over the most of the baseline to the most over the least. Two \
         servers of equal work lie apart like that by chance once in 126 runs of five processes each."
            .to_owned(),
        "functions: functions of the machine code that at least nine of ten requests run through. system calls: by strace, \
         one request at a time. allocations: calls of an allocator's functions that hand out memory, reallocations included, \
         as far as its functions have names."
            .to_owned(),
        "They are counts of these binaries and not times: the kernel's work is not in them, and an instruction may take longer \
         than another one. A server that closes each connection is asked on a new one each time, whose acceptance is counted."
            .to_owned(),
    ]
}
