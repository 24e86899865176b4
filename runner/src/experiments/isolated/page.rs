//! What is shown of an isolated run.

use super::charts::{allocations, instructions};
use super::claims;
use super::columns::{call_table, growth_table, main_table, owner_table, server_table};
use super::counted;
use super::figures::Figures;
use super::plan::Entry;
use super::records::IsolatedRecords;
use super::tables::Table;
use crate::report::{
    Answers, Body, Claims, Page, Pairs, Praise, Section, Shown, grouped, spread, takeaway, trust,
};

/// The page of a run.
pub(super) fn page(records: &IsolatedRecords) -> Page {
    let figures = Figures::of(records);
    let is_own = counted::is_own(records);
    let body = Body {
        design: match is_own {
            true => counted::design(records),
            false => design(records),
        },
        unfinished: "The run was not finished; only what is there counts.".to_owned(),
        is_good: figures.errors.is_empty(),
        sections: match is_own {
            true => counted::sections(&figures),
            false => sections(&figures),
        },
        reading: match is_own {
            true => counted::how_to_read(),
            false => claims::how_to_read(&figures),
        },
        ..Body::default()
    };
    Page::of(&records.run, "Isolated", body)
}

const PRAISE: Praise = Praise {
    one: "handles the most requests per CPU second",
    several: "handle the most requests per CPU second",
};

fn design(records: &IsolatedRecords) -> String {
    let plan = &records.run.plan;
    format!(
        "`ENV={}`: each framework alone. Timed in {} blocks of fresh processes, round robin in {} slices of about {} ms; work \
         counted in {} processes over {} requests each; memory watched over {} requests in {} processes.",
        plan.env,
        records.counting(),
        plan.rounds,
        plan.slice_ms,
        plan.work_processes,
        grouped(plan.work_requests),
        grouped(plan.leak_requests),
        plan.leak_processes
    )
}

fn sections(figures: &Figures) -> Vec<Section> {
    let mut sections = vec![main_section(figures)];
    sections.extend(call_section(figures));
    sections.extend(counted_sections(figures));
    sections
}

/// What the blocks of an entry point say as a whole.
fn under(figures: &Figures, entry: Entry) -> Claims {
    let table = figures.table(entry);
    table.map_or_else(Claims::default, |table| claims::under(figures, table))
}

fn main_section(figures: &Figures) -> Section {
    let Claims {
        mut remarks,
        checks,
    } = under(figures, Entry::Bytes);
    remarks.extend(claims::remarks(figures));
    let untrusted = claims::untrusted(figures);
    let bytes = figures.table(Entry::Bytes);
    let charts = [instructions(figures), allocations(figures)];
    Section {
        heading: Entry::Bytes.heading().to_owned(),
        takeaway: bytes.map_or_else(String::new, |table| take_home(table, !untrusted.is_empty())),
        pairs: bytes
            .and_then(|table| Pairs::of(&table.cpu))
            .into_iter()
            .collect(),
        untrusted,
        charts: charts.into_iter().flatten().collect(),
        trust: bytes.map_or_else(Vec::new, |table| trust_in(figures, table)),
        spread: bytes.and_then(|table| spread(&table.cpu, &figures.records.run.arms)),
        grid: main_table(figures),
        remarks,
        checks,
        ..Section::default()
    }
}

fn call_section(figures: &Figures) -> Option<Section> {
    let (table, grid) = figures.table(Entry::Call).zip(call_table(figures))?;
    let untrusted = claims::untrusted_entry(figures, table);
    let Claims { remarks, checks } = under(figures, Entry::Call);
    Some(Section {
        heading: Entry::Call.heading().to_owned(),
        takeaway: take_home(table, !untrusted.is_empty()),
        pairs: Pairs::of(&table.cpu).into_iter().collect(),
        untrusted,
        grid,
        trust: trust_in(figures, table),
        remarks,
        checks,
        shown: Shown::PageAndTerminal,
        ..Section::default()
    })
}

/// Counts and watches, which rank nobody.
fn counted_sections(figures: &Figures) -> impl Iterator<Item = Section> {
    let untrusted = claims::untrusted_record(figures);
    let server = server_table(figures).map(|grid| Section {
        heading: "The server".to_owned(),
        untrusted: untrusted.clone(),
        grid,
        shown: Shown::Terminal,
        ..Section::default()
    });
    let owners = owner_table(figures).map(|grid| Section {
        heading: "Instructions by owner".to_owned(),
        untrusted,
        grid,
        explanation: OWNERS,
        shown: Shown::Page,
        ..Section::default()
    });
    let growth = growth_table(figures).map(|grid| Section {
        heading: "Memory growth".to_owned(),
        untrusted: claims::untrusted_growth(figures),
        grid,
        explanation: GROWTH,
        shown: Shown::PageAndTerminal,
        ..Section::default()
    });
    [server, owners, growth].into_iter().flatten()
}

fn take_home(table: &Table, is_untrusted: bool) -> String {
    let condition = match table.entry {
        Entry::Bytes => "in one process, bytes in and bytes out",
        Entry::Call => "with router and handler alone",
    };
    takeaway(&table.cpu, PRAISE, condition, is_untrusted, |_| false)
}

fn trust_in(figures: &Figures, table: &Table) -> Vec<String> {
    let samples = figures.records.samples.iter();
    let samples = samples.filter(|row| row.entry == table.entry);
    let answers = Answers {
        counted: samples.clone().map(|row| row.requests).sum(),
        errors: samples.filter(|row| !row.err.is_empty()).count() as u64,
    };
    let warnings = &figures.records.run.warnings;
    trust(&table.cpu, &table.controls, answers, warnings)
}

const OWNERS: &str = "An owner is the crate whose function the instructions are in; generic code counts for the crate it is \
     written in. `std` is Rust's standard library, `allocator` is malloc and its relatives. Inlined code counts for the \
     function it was inlined into.";

const GROWTH: &str = "Bytes that were allocated and not freed, per repetition, with Sen's 95% interval; docs/ISOLATED.md \
     explains the test and its marks.";
