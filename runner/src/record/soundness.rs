//! Whether slices can have been measured as recorded: what a run cannot have written is refused with its
//! place, before a rate is made of it.

use super::{METHOD, Run, SCHEMA, SliceRow};
use anyhow::{Result, bail};
use std::collections::BTreeSet;
use std::path::Path;

/// Whether this runner understands the formats and the method.
pub(super) fn check_versions(run: &Run, folder: &Path) -> Result<()> {
    if run.schema != SCHEMA || run.method > METHOD {
        bail!(
            "{} has records of schema {} and method {}, and this runner reads schema {SCHEMA} and methods up to \
             {METHOD}",
            folder.display(),
            run.schema,
            run.method
        );
    }
    Ok(())
}

/// Checks all slices of a run; the error names the file and the row.
pub(super) fn check(run: &Run, slices: &[SliceRow], file: &Path) -> Result<()> {
    let mut seen = BTreeSet::new();
    for (index, row) in slices.iter().enumerate() {
        let place = (row.block, row.connections, row.lap, row.arm.as_str());
        let fault = match fault(row) {
            None if !seen.insert(place) => Some("the same slice was there before".to_owned()),
            None => misplaced(run, row),
            fault => fault,
        };
        if let Some(fault) = fault {
            // The header is line 1.
            bail!(
                "{}, row {} (line {} where no err spans lines): {fault} ({} in block {})",
                file.display(),
                index + 1,
                index + 2,
                row.arm,
                row.block
            );
        }
    }
    Ok(())
}

/// A slice with right answers took time and processor time; one without any says why; and every request
/// has one outcome. Otherwise there would be an infinite rate or a missing one.
fn fault(row: &SliceRow) -> Option<String> {
    if !row.balances() {
        let sum = row.ok + row.errors();
        return Some(format!(
            "sent is {}, and its outcomes add up to {sum}",
            row.sent
        ));
    }
    if row.uncounted > row.ok {
        return Some(format!(
            "uncounted is {}, of {} right answers",
            row.uncounted, row.ok
        ));
    }
    let zero = match (row.ok, row.err.is_empty()) {
        (0, true) => "ok",
        (0, false) => return None,
        _ if row.elapsed_ns == 0 => "elapsed_ns",
        _ if row.server_cpu_ns == 0 => "server_cpu_ns",
        _ => return None,
    };
    Some(format!("{zero} is 0: no rate can be made of it"))
}

/// What the plan does not know.
fn misplaced(run: &Run, row: &SliceRow) -> Option<String> {
    if !run.arms.iter().any(|arm| arm.name == row.arm) {
        return Some("run.json has no such arm".to_owned());
    }
    if !run.plan.levels.contains(&row.connections) || row.lap >= run.plan.laps {
        let (connections, lap) = (row.connections, row.lap);
        return Some(format!(
            "the plan has no lap {lap} at {connections} connections"
        ));
    }
    None
}
