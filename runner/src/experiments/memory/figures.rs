//! What is claimed of each arm: memory per idle connection, memory at each stage, and what has come back. Pure.

use super::plan::{Stage, Step};
use super::records::MemoryRecords;
use crate::run::Arm;
use crate::stats::{Mean, median};
use std::collections::BTreeMap;

/// What is claimed of one arm.
#[derive(Debug, Clone)]
pub(super) struct Figures<'r> {
    /// The arm.
    pub(super) arm: &'r Arm,
    /// Memory at each stage at which it was read.
    pub(super) levels: BTreeMap<Step, Level>,
    /// Memory per idle connection between the two highest numbers of them, in bytes, over the processes.
    pub(super) slope: Option<Mean>,
    /// The same from no connection to the fewest.
    pub(super) first_slope: Option<Mean>,
    /// The same for connections that have not asked anything yet.
    pub(super) unused_slope: Option<Mean>,
    /// The share of what connections and load took that was given back, by the time after the last connection.
    pub(super) returned: BTreeMap<u64, f64>,
    /// Processes of which some reading has failed.
    pub(super) failed: usize,
}

/// Memory at one stage, over the processes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    /// The median, in bytes.
    pub(super) median: f64,
    /// The least.
    pub(super) least: f64,
    /// The most.
    pub(super) most: f64,
}

impl Level {
    fn of(values: &[f64]) -> Option<Self> {
        Some(Self {
            median: median(values)?,
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            most: values.iter().copied().fold(0.0, f64::max),
        })
    }
}

/// What is claimed of all arms, in the order of the record.
pub(super) fn figures(records: &MemoryRecords) -> Vec<Figures<'_>> {
    let arms = records.run.arms.iter();
    arms.map(|arm| Figures::of(records, arm)).collect()
}

/// One of these connections is the unit of a slope.
fn idle(connections: usize) -> Step {
    Step {
        stage: match connections {
            0 => Stage::Started,
            _ => Stage::Idle,
        },
        connections,
        wait_ms: 0,
    }
}

impl<'r> Figures<'r> {
    fn of(records: &'r MemoryRecords, arm: &'r Arm) -> Self {
        let plan = &records.run.plan;
        let blocks = || 0..plan.blocks;
        let over =
            |of: &dyn Fn(u32) -> Option<f64>| -> Vec<f64> { blocks().filter_map(of).collect() };
        let slope = |from: Step, to: Step| {
            Mean::of(&over(&|block| slope(records, &arm.name, block, (from, to))))
        };
        let level = |step: Step| {
            let bytes = |block| records.reading(&arm.name, block, step)?.bytes();
            Some((step, Level::of(&over(&bytes))?))
        };
        let returned = |wait_ms: u64| {
            let share = |block| returned(records, &arm.name, block, wait_ms);
            Some((wait_ms, median(&over(&share))?))
        };
        let (lower, upper) = plan.slope_between();
        let unused = Step {
            stage: Stage::Unused,
            ..idle(plan.few())
        };
        let has_failed = |block: &u32| {
            let mut own = records.of_process(&arm.name, *block);
            own.any(|row| !row.err.is_empty())
        };
        Self {
            arm,
            levels: plan.steps().into_iter().filter_map(level).collect(),
            slope: slope(idle(lower), idle(upper)),
            first_slope: slope(idle(0), idle(plan.few())),
            unused_slope: slope(idle(0), unused),
            returned: plan.after_ms.iter().copied().filter_map(returned).collect(),
            failed: blocks().filter(has_failed).count(),
        }
    }

    /// Memory at this stage with so many connections, so long after the last one.
    pub(super) fn level(&self, stage: Stage, connections: usize, wait_ms: u64) -> Option<Level> {
        let step = Step {
            stage,
            connections,
            wait_ms,
        };
        self.levels.get(&step).copied()
    }
}

/// Bytes per connection of one process from one reading to another.
fn slope(records: &MemoryRecords, arm: &str, block: u32, (from, to): (Step, Step)) -> Option<f64> {
    let from = records.reading(arm, block, from)?;
    let to = records.reading(arm, block, to)?;
    let connections = to.open as f64 - from.open as f64;
    (connections > 0.0).then_some((to.bytes()? - from.bytes()?) / connections)
}

/// The share of what one process took for connections and load that it has given back; `None` if it took nothing.
fn returned(records: &MemoryRecords, arm: &str, block: u32, wait_ms: u64) -> Option<f64> {
    let plan = &records.run.plan;
    let bytes = |step| records.reading(arm, block, step)?.bytes();
    let after = bytes(Step {
        stage: Stage::Closed,
        wait_ms,
        ..idle(0)
    })?;
    let started = bytes(idle(0))?;
    let taken = plan
        .steps()
        .into_iter()
        .filter(|step| matches!(step.stage, Stage::Idle | Stage::Loaded));
    let most = taken.filter_map(bytes).fold(0.0, f64::max);
    if most <= started {
        return None;
    }
    let share = (most - after) / (most - started);
    // A page or two more than before is nothing, and not less than nothing.
    Some(if share.abs() < 0.0005 { 0.0 } else { share })
}
