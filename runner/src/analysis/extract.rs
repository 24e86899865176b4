//! Log rates out of rows: one list of slices per block, in the order they were measured.

use crate::record::{Arm, SliceRow};
use crate::stats::Slice;
use serde::Serialize;
use std::collections::BTreeMap;

/// An arm that was measured in a smaller share of the blocks takes no part: it would cost the others
/// their blocks.
const PRESENCE_MIN: f64 = 0.8;

/// What arms are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Right answers per second.
    Rps,
    /// Server CPU time per request.
    ServerCpu,
    /// Wall time per request inside one process.
    Wall,
    /// CPU time per request of that process.
    Cpu,
}

impl Measure {
    /// The logarithm of a slice's rate: of answers per second, or of requests per CPU second.
    /// Higher is better in both.
    fn log(self, row: &SliceRow) -> f64 {
        match self {
            Self::Rps | Self::Wall => (row.counted() as f64 * 1e9 / row.elapsed_ns as f64).ln(),
            Self::ServerCpu | Self::Cpu => {
                (row.counted_requests() as f64 * 1e9 / row.server_cpu_ns as f64).ln()
            }
        }
    }
}

/// The blocks of one level.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Who takes part; a slice's arm is an index into this.
    pub arms: Vec<String>,
    /// Numbers of the blocks.
    pub numbers: Vec<u32>,
    /// Slices per block.
    pub blocks: Vec<Vec<Slice>>,
    /// Blocks in which an arm was missing: they are left out whole.
    pub incomplete: usize,
    /// Who was measured in too few blocks to take part.
    pub left_out: Vec<String>,
}

impl Measured {
    /// The index of an arm.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<usize> {
        self.arms.iter().position(|arm| arm == name)
    }
}

/// Takes the slices of one level.
///
/// A block in which an arm lacks a slice is left out whole, so that all blocks compare the same arms;
/// an arm that lacks slices in more than a fifth of the blocks is left out instead.
#[must_use]
pub fn extract(
    slices: &[SliceRow],
    connections: usize,
    arms: &[Arm],
    measure: Measure,
) -> Measured {
    let mut by_block: BTreeMap<u32, Vec<&SliceRow>> = BTreeMap::new();
    for row in slices.iter().filter(|row| row.connections == connections) {
        by_block.entry(row.block).or_default().push(row);
    }
    let has_all = |rows: &[&SliceRow], name: &str| {
        let mut own = rows.iter().filter(|row| row.arm == name).peekable();
        own.peek().is_some() && own.all(|row| is_measured(row))
    };
    let presence = |name: &str| {
        let present = by_block.values().filter(|rows| has_all(rows, name)).count();
        present as f64 / by_block.len().max(1) as f64
    };
    let started = arms
        .iter()
        .filter(|arm| arm.err.is_none() && arm.absent.is_none());
    let (arms, left_out): (Vec<String>, Vec<String>) = started
        .map(|arm| arm.name.clone())
        .partition(|name| presence(name) >= PRESENCE_MIN);
    let (mut numbers, mut blocks, mut incomplete) = (Vec::new(), Vec::new(), 0);
    for (number, rows) in &by_block {
        if arms.iter().all(|name| has_all(rows, name)) {
            numbers.push(*number);
            blocks.push(block(rows, &arms, measure));
        } else {
            incomplete += 1;
        }
    }
    Measured {
        arms,
        numbers,
        blocks,
        incomplete,
        left_out,
    }
}

/// Whether the row gives both rates.
fn is_measured(row: &SliceRow) -> bool {
    row.counted() > 0 && row.elapsed_ns > 0 && row.server_cpu_ns > 0
}

fn block(rows: &[&SliceRow], arms: &[String], measure: Measure) -> Vec<Slice> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| (row.lap, row.position));
    // Records of method 1 do not say when a slice began: then one followed the other at once.
    let has_times = rows.iter().any(|row| row.started_us > 0);
    let mut followed_s = 0.0;
    let mut after = None;
    let mut slices = Vec::with_capacity(rows.len());
    for row in rows {
        let elapsed_s = row.elapsed_ns as f64 / 1e9;
        let started_s = if has_times {
            row.started_us as f64 / 1e6
        } else {
            followed_s
        };
        followed_s += elapsed_s;
        let arm = arms.iter().position(|name| *name == row.arm);
        if let Some(arm) = arm {
            let at_s = started_s + elapsed_s / 2.0;
            slices.push(Slice {
                arm,
                after,
                at_s,
                log: measure.log(row),
            });
        }
        after = arm;
    }
    slices
}
