//! What each row of an isolated table shows, computed from the records of one run.

use super::growth::{Growth, LeakControl, Watched, leak_controls};
use super::plan::Entry;
use super::records::IsolatedRecords;
use super::rows::WorkRow;
use super::tables::Table;
use crate::analysis::Standing;
use crate::run::{Arm, ArmKind};
use crate::stats::median;
use std::collections::BTreeMap;

/// An isolated run as its readers see it.
#[derive(Debug)]
pub(super) struct Figures<'r> {
    /// Where it comes from.
    pub(super) records: &'r IsolatedRecords,
    /// What the blocks say of the arms, per entry point.
    pub(super) tables: Vec<Table>,
    /// One row per arm: contestants, the fastest first, then the controls.
    pub(super) rows: Vec<ArmRow>,
    /// What stays behind.
    pub(super) watched: Vec<Watched>,
    /// Whether planted leaks were found.
    pub(super) leak_controls: Vec<LeakControl>,
    /// What could not be measured, though it should have been.
    pub(super) errors: Vec<String>,
}

/// One arm.
#[derive(Debug, Clone)]
pub(super) struct ArmRow {
    /// Who it is.
    pub(super) arm: Arm,
    /// Its time per request, at the entry points it has.
    pub(super) timing: BTreeMap<Entry, Timing>,
    /// The work behind one request.
    pub(super) work: Option<Work>,
    /// System calls per request.
    pub(super) system_calls: Option<f64>,
    /// What it asks of the allocator, at the entry points it has.
    pub(super) allocations: BTreeMap<Entry, Allocations>,
    /// How it starts.
    pub(super) start: Option<Start>,
}

/// Time per request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    /// Wall time in ns; each block counts once, with the median of its slices.
    pub(super) wall_ns: f64,
    /// Bytes of one answer; 0 if there are none.
    pub(super) answer_bytes: u64,
    /// Where it stands by CPU time.
    pub(super) standing: Option<Standing>,
}

/// Counted work per request: the median over processes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    /// Instructions in user mode.
    pub(super) instructions: f64,
    /// Calls of machine functions.
    pub(super) tcalls: f64,
    /// Machine functions.
    pub(super) funcs: f64,
    /// Functions as written.
    pub(super) funcs_source: f64,
    /// The largest distance of two processes, instructions or calls, as a share.
    pub(super) spread: f64,
    /// How many processes were counted.
    pub(super) processes: usize,
}

/// Per request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allocations {
    /// Allocations.
    pub(super) count: f64,
    /// Reallocations.
    pub(super) reallocations: f64,
    /// Bytes of both.
    pub(super) bytes: f64,
    /// The most bytes that were live at a time.
    pub(super) peak_live_bytes: u64,
}

/// Medians over starts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// From the start of the process to its first right answer, in µs.
    pub(super) ready_us: f64,
    /// Memory resident then, in KiB.
    pub(super) idle_rss_kib: f64,
}

impl<'r> Figures<'r> {
    /// Computes all tables of a run.
    pub(super) fn of(records: &'r IsolatedRecords) -> Self {
        let tables = Entry::ALL
            .into_iter()
            .filter_map(|entry| Table::of(records, entry));
        let tables: Vec<Table> = tables.collect();
        let arms = records.run.arms.iter();
        let mut rows: Vec<ArmRow> = arms
            .filter(|arm| arm.kind != ArmKind::Leak)
            .map(|arm| ArmRow::of(records, &tables, arm))
            .collect();
        rows.sort_by(|one, other| {
            // The baseline stands among the contestants.
            let key = |row: &ArmRow| (row.arm.kind.max(ArmKind::Baseline), row.ratio().is_none());
            let ratio = |row: &ArmRow| row.ratio().unwrap_or(0.0);
            key(one)
                .cmp(&key(other))
                .then(ratio(other).total_cmp(&ratio(one)))
                .then(one.instructions().total_cmp(&other.instructions()))
                .then(one.arm.name.cmp(&other.arm.name))
        });
        let watched = Watched::of(&records.memory);
        Self {
            leak_controls: leak_controls(records, &watched),
            errors: errors(records),
            tables,
            rows,
            watched,
            records,
        }
    }

    /// The analysis of an entry point.
    pub(super) fn table(&self, entry: Entry) -> Option<&Table> {
        self.tables.iter().find(|one| one.entry == entry)
    }

    /// Whether something stays behind for each of this arm's right requests.
    pub(super) fn growth(&self, arm: &str) -> Vec<&Watched> {
        let all = self.watched.iter();
        all.filter(|one| {
            one.arm == arm && matches!(one.growth, Growth::Leak(_) | Growth::Allocator(_))
        })
        .collect()
    }
}

impl ArmRow {
    fn of(records: &IsolatedRecords, tables: &[Table], arm: &Arm) -> Self {
        let name = &arm.name;
        let timing = tables.iter().filter_map(|table| {
            let timing = timing(records, table, name)?;
            Some((table.entry, timing))
        });
        let allocations = records.allocations.iter().filter(|row| row.arm == *name);
        let calls = records.system_calls.iter().filter(|row| row.arm == *name);
        let calls: Vec<f64> = calls.map(|row| row.calls_per_request).collect();
        Self {
            timing: timing.collect(),
            work: Work::of(&records.work, name),
            system_calls: (!calls.is_empty()).then(|| calls.iter().sum()),
            allocations: allocations
                .map(|row| {
                    let per_request = |count: u64| count as f64 / row.requests.max(1) as f64;
                    let of = Allocations {
                        count: per_request(row.allocations),
                        reallocations: per_request(row.reallocations),
                        bytes: per_request(row.allocated_bytes),
                        peak_live_bytes: row.peak_live_bytes,
                    };
                    (row.entry, of)
                })
                .collect(),
            start: Start::of(records, name),
            arm: arm.clone(),
        }
    }

    /// What rows are sorted by: the ratio to the baseline if both are timed as bytes in, bytes out.
    fn ratio(&self) -> Option<f64> {
        Some(self.timing.get(&Entry::Bytes)?.standing?.ratio)
    }

    fn instructions(&self) -> f64 {
        self.work.map_or(f64::INFINITY, |work| work.instructions)
    }
}

fn timing(records: &IsolatedRecords, table: &Table, arm: &str) -> Option<Timing> {
    let mut blocks: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    let mut answer_bytes = 0;
    let rows = records.samples.iter();
    for row in rows.filter(|row| row.entry == table.entry && row.arm == arm && row.err.is_empty()) {
        let Some(rate) = row.rate() else { continue };
        blocks.entry(row.block).or_default().push(1e9 / rate);
        answer_bytes = row.answer_bytes;
    }
    let medians: Vec<f64> = blocks.values().filter_map(|all| median(all)).collect();
    Some(Timing {
        wall_ns: median(&medians)?,
        answer_bytes,
        standing: table.cpu.standing(arm),
    })
}

impl Work {
    fn of(rows: &[WorkRow], arm: &str) -> Option<Self> {
        let rows: Vec<&WorkRow> = rows
            .iter()
            .filter(|row| row.arm == arm && row.err.is_empty())
            .collect();
        let all = |of: fn(&WorkRow) -> f64| rows.iter().map(|row| of(row)).collect::<Vec<f64>>();
        let instructions = all(|row| row.instructions_per_request);
        let tcalls = all(|row| row.calls_per_request);
        Some(Self {
            instructions: median(&instructions)?,
            tcalls: median(&tcalls)?,
            funcs: median(&all(|row| row.funcs as f64))?,
            funcs_source: median(&all(|row| row.funcs_source as f64))?,
            spread: spread(&instructions).max(spread(&tcalls)),
            processes: rows.len(),
        })
    }
}

/// The distance of the outermost values, as a share of the smaller.
fn spread(values: &[f64]) -> f64 {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    most / least - 1.0
}

impl Start {
    fn of(records: &IsolatedRecords, arm: &str) -> Option<Self> {
        let rows = records.starts.iter();
        let rows: Vec<_> = rows
            .filter(|row| row.arm == arm && row.err.is_empty())
            .collect();
        let ready: Vec<f64> = rows.iter().map(|row| row.ready_us as f64).collect();
        let rss: Vec<f64> = rows.iter().map(|row| row.idle_rss_kib as f64).collect();
        Some(Self {
            ready_us: median(&ready)?,
            idle_rss_kib: median(&rss)?,
        })
    }
}

/// The first error of each arm and part.
fn errors(records: &IsolatedRecords) -> Vec<String> {
    let arms = records.run.arms.iter();
    let built = arms.filter_map(|arm| Some(format!("`{}`: {}", arm.name, arm.err.as_ref()?)));
    let first = |rows: &mut dyn Iterator<Item = (&str, &str)>| {
        let mut first: BTreeMap<String, String> = BTreeMap::new();
        for (arm, err) in rows.filter(|(_, err)| !err.is_empty()) {
            first
                .entry(arm.to_owned())
                .or_insert_with(|| err.to_owned());
        }
        first
            .into_iter()
            .map(|(arm, err)| format!("`{arm}`: {err}"))
            .collect::<Vec<_>>()
    };
    let samples = records.samples.iter();
    let timed = first(&mut samples.map(|row| (row.arm.as_str(), row.err.as_str())));
    let work = records.work.iter();
    let counted = first(&mut work.map(|row| (row.arm.as_str(), row.err.as_str())));
    let starts = records.starts.iter();
    let started = first(&mut starts.map(|row| (row.arm.as_str(), row.err.as_str())));
    let failures = records.run.failures.iter().cloned();
    built
        .chain(timed)
        .chain(counted)
        .chain(started)
        .chain(failures)
        .collect()
}
