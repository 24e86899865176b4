//! What has to be said under the table: what could not be read and why, and what a figure is not.

use super::control::MARGIN;
use super::figures::Figures;
use super::plan::{Stage, Step};
use super::records::MemoryRecords;
use super::rows::StageRow;
use crate::report::{grouped, percent};
use crate::run::Arm;
use crate::stats::Mean;
use std::collections::BTreeMap;

/// The remarks, an item each.
pub(super) fn remarks(records: &MemoryRecords, figures: &[Figures]) -> Vec<String> {
    let mut remarks = Vec::new();
    for one in figures {
        remarks.extend(not_measured(one.arm));
        remarks.extend(not_read(records, one.arm));
        remarks.extend(closed_by_server(records, one.arm));
        remarks.extend(errors(records, one.arm));
        remarks.extend(several_processes(records, one.arm));
        remarks.extend(wide(one));
    }
    remarks
}

fn not_measured(arm: &Arm) -> Option<String> {
    let reason = arm.err.as_ref().or(arm.absent.as_ref())?;
    Some(format!("`{}` was not measured: {reason}", arm.name))
}

fn of_arm<'r>(records: &'r MemoryRecords, arm: &'r Arm) -> impl Iterator<Item = &'r StageRow> {
    let rows = records.stages.iter();
    rows.filter(move |row| row.arm == arm.name)
}

/// Where each process has failed first; what follows from it has the same reason.
fn not_read(records: &MemoryRecords, arm: &Arm) -> Vec<String> {
    let mut by_step: BTreeMap<Step, (usize, &str)> = BTreeMap::new();
    for block in 0..records.run.plan.blocks {
        let mut said = "";
        for row in records.of_process(&arm.name, block) {
            if !row.err.is_empty() && row.err != said {
                let (processes, _) = by_step.entry(row.step()).or_insert((0, &row.err));
                *processes += 1;
            }
            said = &row.err;
        }
    }
    let of = records.run.plan.blocks;
    let remark = |(step, (processes, reason)): (Step, (usize, &str))| {
        format!(
            "the memory of `{}` could not be read {step} in {processes} of {of} processes: {reason}",
            arm.name
        )
    };
    by_step.into_iter().map(remark).collect()
}

fn closed_by_server(records: &MemoryRecords, arm: &Arm) -> Option<String> {
    let idle = of_arm(records, arm).filter(|row| row.stage == Stage::Idle && row.err.is_empty());
    let closed: usize = idle.map(|row| row.connections - row.open).sum();
    (closed > 0).then(|| {
        format!(
            "`{}` had closed idle connections when its memory was read, {} over all processes; it is per connection that \
             was open.",
            arm.name,
            grouped(closed as u64)
        )
    })
}

fn errors(records: &MemoryRecords, arm: &Arm) -> Option<String> {
    let errors: u64 = of_arm(records, arm).map(|row| row.errors).sum();
    (errors > 0).then(|| {
        format!(
            "`{}`: requests without a right answer under load: {}.",
            arm.name,
            grouped(errors)
        )
    })
}

fn several_processes(records: &MemoryRecords, arm: &Arm) -> Option<String> {
    let most = of_arm(records, arm).map(|row| row.processes).max()?;
    (most > 1).then(|| {
        format!(
            "`{}` has {most} processes: what they share is divided among them (PSS).",
            arm.name
        )
    })
}

fn wide(figures: &Figures) -> Option<String> {
    let half_width = figures.slope.as_ref().and_then(Mean::half_width)?;
    // The null server keeps next to nothing, so that its share of that says nothing.
    let is_named = figures.arm.kind.is_contestant();
    (is_named && half_width > MARGIN).then(|| {
        format!(
            "The slope of `{}` is known to ±{}% only: its processes differ.",
            figures.arm.name,
            percent(half_width)
        )
    })
}
