//! Which side was saturated in a row: the verdict of [`Evidence`] on what the records hold.

use super::records::ThroughputRecords;
use super::rows::SliceRow;
use crate::analysis::Ranked;
use crate::load::{Bound, Evidence};
use crate::run::{Arm, ArmKind};

/// A verdict and the numbers it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limit {
    /// Which side.
    pub(super) bound: Bound,
    /// What that rests on.
    pub(super) evidence: Evidence,
    /// Neither: the network between hosts was. On a full link the null server is slow as well, so the other signs do not tell.
    pub(super) is_network_bound: bool,
}

impl Limit {
    /// In one word.
    pub(super) fn word(&self) -> String {
        match self.is_network_bound {
            true => "network-bound".to_owned(),
            false => self.bound.to_string(),
        }
    }
}

/// Under a table with rates of which that is not known.
pub(super) const UNCLEAR: &str = "‡: whether the server or the generator was the limit is unclear (docs/LOAD.md), so the server may be faster.";

/// The ratio of the null server to the baseline, if both were measured.
pub(super) fn null_ratio(records: &ThroughputRecords, rates: &Ranked) -> Option<f64> {
    let mut arms = records.run.arms.iter();
    let null = arms.find(|arm| arm.kind == ArmKind::Null)?;
    Some(rates.standing(&null.name)?.ratio)
}

/// Judges one arm at one number of connections by its `rates` there; `null_ratio` is that of the null server to the
/// baseline. `None` if the arm was not measured.
pub(super) fn limit_of(
    records: &ThroughputRecords,
    connections: usize,
    rates: &Ranked,
    arm: &Arm,
    null_ratio: Option<f64>,
) -> Option<Limit> {
    let ceiling_share = match arm.kind {
        ArmKind::Null => None,
        _ => rates
            .standing(&arm.name)
            .zip(null_ratio)
            .map(|(own, null)| own.ratio / null),
    };
    let slices = records.slices_of(connections, &arm.name);
    let slices: Vec<&SliceRow> = slices.into_iter().filter(|row| row.ok > 0).collect();
    let evidence = evidence(records, &slices, ceiling_share)?;
    let condition = (arm.name.as_str(), (connections, 0));
    Some(Limit {
        bound: evidence.judge().0,
        evidence,
        is_network_bound: records
            .hosts
            .is_network_bound(condition, &records.run.hosts),
    })
}

/// What the slices of one arm say of it.
fn evidence(
    records: &ThroughputRecords,
    slices: &[&SliceRow],
    ceiling_share: Option<f64>,
) -> Option<Evidence> {
    let sum = |value: fn(&SliceRow) -> u64| slices.iter().map(|row| value(row)).sum::<u64>() as f64;
    let elapsed_ns = sum(|row| row.elapsed_ns);
    if elapsed_ns == 0.0 {
        return None;
    }
    let processors = &records.run.processors;
    let threads = records.run.generator_threads();
    let share = |part_ns: f64, processors: usize| part_ns / elapsed_ns / processors.max(1) as f64;
    let generator_cpu_ns = sum(|row| row.generator_cpu_ns);
    Some(Evidence {
        elapsed_s: elapsed_ns / 1e9,
        answers: sum(|row| row.ok) as u64,
        idle_share: share(sum(|row| row.generator_idle_ns), 1),
        generator_cpu_share: share(generator_cpu_ns, threads),
        server_cpu_share: Some(share(sum(|row| row.server_cpu_ns), processors.server.len())),
        ceiling_share,
        steal_share: steal_share(records),
        ..Evidence::default()
    })
}

/// Over the whole run: the hypervisor's share of the time of the run's processors.
fn steal_share(records: &ThroughputRecords) -> f64 {
    let steal_ms: u64 = records.blocks.iter().map(|block| block.steal_ms).sum();
    let elapsed_ms: u64 = records.blocks.iter().map(|block| block.elapsed_ms).sum();
    let processors = records.run.processors.all().len().max(1) as u64;
    steal_ms as f64 / (elapsed_ms.max(1) * processors) as f64
}
