//! Who was the limit of a row: the verdict of `load::bound` on what the records hold.

use super::figures::{Level, Row};
use super::format::percent;
use crate::load::{Bound, Evidence};
use crate::record::{ArmKind, Records, SliceRow};

/// A verdict and the numbers it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Whose limit it was.
    pub bound: Bound,
    /// What that rests on.
    pub evidence: Evidence,
}

impl Limit {
    /// The verdict with its first numbers.
    pub(super) fn text(&self) -> String {
        let mut numbers = vec![format!(
            "generator idle {}%",
            percent(self.evidence.idle_share)
        )];
        if let Some(share) = self.evidence.server_cpu_share {
            numbers.push(format!("server busy {}%", percent(share)));
        }
        if let Some(share) = self.evidence.ceiling_share {
            numbers.push(format!("{}% of null", percent(share)));
        }
        format!("{}: {}", self.bound, numbers.join(", "))
    }
}

/// Judges the measured rows of a level. Records of the first method do not say how long the
/// generator had nothing to do; their rows have no verdict.
pub(super) fn judge(records: &Records, level: &mut Level) {
    let null = level.rows.iter().find(|row| row.arm.kind == ArmKind::Null);
    let null_ratio = null.and_then(ratio);
    for row in &mut level.rows {
        let ceiling_share = match row.arm.kind {
            ArmKind::Null | ArmKind::Leak => None,
            _ => ratio(row).zip(null_ratio).map(|(row, null)| row / null),
        };
        let slices = records.slices.iter().filter(|slice| {
            slice.connections == level.connections && slice.arm == row.arm.name && slice.ok > 0
        });
        let slices: Vec<&SliceRow> = slices.collect();
        row.limit = evidence(records, &slices, ceiling_share).map(|evidence| Limit {
            bound: evidence.judge().0,
            evidence,
        });
    }
}

fn ratio(row: &Row) -> Option<f64> {
    Some(row.figures()?.rps_standing?.ratio)
}

fn evidence(
    records: &Records,
    slices: &[&SliceRow],
    ceiling_share: Option<f64>,
) -> Option<Evidence> {
    let sum = |value: fn(&SliceRow) -> u64| slices.iter().map(|row| value(row)).sum::<u64>() as f64;
    let elapsed_ns = sum(|row| row.elapsed_ns);
    if elapsed_ns == 0.0 || slices.iter().any(|row| row.generator_idle_ns.is_none()) {
        return None;
    }
    let processors = &records.run.processors;
    let share = |part_ns: f64, processors: usize| part_ns / elapsed_ns / processors.max(1) as f64;
    let generator_cpu_ns = sum(|row| row.generator_cpu_ns);
    Some(Evidence {
        elapsed_s: elapsed_ns / 1e9,
        answers: sum(|row| row.ok) as u64,
        idle_share: share(sum(|row| row.generator_idle_ns.unwrap_or(0)), 1),
        generator_cpu_share: share(generator_cpu_ns, processors.generator.len()),
        server_cpu_share: Some(share(sum(|row| row.server_cpu_ns), processors.server.len())),
        ceiling_share,
        steal_share: steal_share(records),
        ..Evidence::default()
    })
}

/// Over the whole run: the hypervisor's share of the processors' time.
fn steal_share(records: &Records) -> f64 {
    let (mut steal_ms, mut elapsed_ms) = (0, 0);
    for block in &records.blocks {
        steal_ms += block.steal_ms;
        elapsed_ms += block.elapsed_ms;
    }
    let processors = records.run.machine.processors.max(1);
    steal_ms as f64 / (elapsed_ms.max(1) * processors as u64) as f64
}
