//! What is claimed of each contestant: its builds by the manifest here, and with default features. Pure.

use super::records::CostsRecords;
use super::rows::{BuildRow, FactRow};
use crate::run::Arm;
use crate::stats::{Mean, median};
use std::collections::BTreeMap;

/// What is claimed of one arm.
#[derive(Debug, Clone)]
pub(super) struct Figures<'r> {
    /// The arm.
    pub(super) arm: &'r Arm,
    /// CPU time of its builds in seconds, by block.
    pub(super) cpu_by_block: BTreeMap<u32, f64>,
    /// The mean of these.
    pub(super) cpu_s: Option<Mean>,
    /// The median time a build took, in seconds.
    pub(super) wall_s: Option<f64>,
    /// Crates that were compiled.
    pub(super) crates: Option<u64>,
    /// The size of the program.
    pub(super) size_bytes: Option<u64>,
    /// Instructions per request.
    pub(super) instructions: Option<f64>,
    /// Builds that have failed.
    pub(super) failed: usize,
}

impl<'r> Figures<'r> {
    fn of(records: &'r CostsRecords, arm: &'r Arm) -> Self {
        let builds = || records.of_arm(&arm.name).filter(|row| row.err.is_empty());
        let by_block = builds().filter_map(|row| Some((row.block, row.cpu_s()?)));
        let cpu_by_block: BTreeMap<u32, f64> = by_block.collect();
        let cpu: Vec<f64> = cpu_by_block.values().copied().collect();
        let wall: Vec<f64> = builds().map(|row| row.wall_ns as f64 / 1e9).collect();
        Self {
            arm,
            cpu_s: Mean::of(&cpu),
            cpu_by_block,
            wall_s: median(&wall),
            crates: builds().next().map(|row| row.crates),
            size_bytes: builds().next().map(|row| row.size_bytes),
            instructions: builds().find_map(BuildRow::instructions),
            failed: records.of_arm(&arm.name).count() - builds().count(),
        }
    }
}

/// What is claimed of all arms, in the order of the record.
pub(super) fn figures(records: &CostsRecords) -> Vec<Figures<'_>> {
    let arms = records.run.arms.iter();
    arms.map(|arm| Figures::of(records, arm)).collect()
}

/// A row of the table: a contestant with and without the default features of its framework; or a control.
#[derive(Debug, Clone, Copy)]
pub(super) struct TableRow<'f, 'r> {
    /// By the manifest here.
    pub(super) own: &'f Figures<'r>,
    /// With default features, if these are more.
    pub(super) default: Option<&'f Figures<'r>>,
    /// What is published.
    pub(super) facts: Option<&'r FactRow>,
}

impl TableRow<'_, '_> {
    /// By how much default features raise the instructions of a request, as a share.
    pub(super) fn added_instructions(&self) -> Option<f64> {
        Some(self.default?.instructions? / self.own.instructions? - 1.0)
    }
}

/// The rows by CPU time; controls and those without a figure last.
pub(super) fn rows<'f, 'r>(
    records: &'r CostsRecords,
    all: &'f [Figures<'r>],
) -> Vec<TableRow<'f, 'r>> {
    let is_own = |one: &&Figures| one.arm.variant_of.is_none();
    let mut rows: Vec<TableRow> = all
        .iter()
        .filter(is_own)
        .map(|own| TableRow {
            own,
            default: all.iter().find(|one| {
                let of = one.arm.variant_of.as_ref();
                of.is_some_and(|of| of.contestant == own.arm.name)
            }),
            facts: records.facts.iter().find(|row| row.arm == own.arm.name),
        })
        .collect();
    let key = |row: &TableRow| match &row.own.cpu_s {
        Some(mean) if row.own.arm.kind.is_contestant() => mean.value,
        _ => f64::INFINITY,
    };
    rows.sort_by(|one, other| key(one).total_cmp(&key(other)));
    rows
}
