//! Observations as blocks of slices: one list of logarithms per block, in the order they were measured.

use crate::run::{Arm, Measure, Observation};
use crate::stats::Slice;
use std::collections::BTreeMap;

/// An arm that was measured in a smaller share of the blocks takes no part: it would cost the others their
/// blocks.
const PRESENCE_MIN: f64 = 0.8;

/// The blocks of one table.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Who takes part; a slice's arm is an index into this.
    pub arms: Vec<String>,
    /// Slices per block; their logarithms are higher for what is better.
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

/// Takes observations apart into blocks.
///
/// A block in which an arm lacks a figure is left out whole, so that all blocks compare the same arms; an arm
/// that lacks figures in more than a fifth of the blocks is left out instead.
#[must_use]
pub fn collect(observations: &[Observation], arms: &[Arm], measure: Measure) -> Measured {
    let mut by_block: BTreeMap<u32, Vec<&Observation>> = BTreeMap::new();
    for one in observations {
        by_block.entry(one.block).or_default().push(one);
    }
    let has_all = |block: &[&Observation], name: &str| {
        let mut own = block.iter().filter(|one| one.arm == name).peekable();
        own.peek().is_some() && own.all(|one| one.value.is_some_and(|value| value > 0.0))
    };
    let presence = |name: &str| {
        let present = by_block
            .values()
            .filter(|block| has_all(block, name))
            .count();
        present as f64 / by_block.len().max(1) as f64
    };
    let started = arms.iter().filter(|arm| arm.takes_part());
    let started = started.filter(|arm| observations.iter().any(|one| one.arm == arm.name));
    let (arms, left_out): (Vec<String>, Vec<String>) = started
        .map(|arm| arm.name.clone())
        .partition(|name| presence(name) >= PRESENCE_MIN);
    let (mut blocks, mut incomplete) = (Vec::new(), 0);
    for block in by_block.values() {
        if arms.iter().all(|name| has_all(block, name)) {
            blocks.push(slices(block, &arms, measure));
        } else {
            incomplete += 1;
        }
    }
    Measured {
        arms,
        blocks,
        incomplete,
        left_out,
    }
}

fn slices(block: &[&Observation], arms: &[String], measure: Measure) -> Vec<Slice> {
    let mut block = block.to_vec();
    block.sort_by_key(|one| (one.round, one.position));
    let mut before = None;
    let slices = block.into_iter().filter_map(|one| {
        let arm = arms.iter().position(|name| name == one.arm);
        let after = std::mem::replace(&mut before, arm);
        let log = one.value?.ln();
        Some(Slice {
            arm: arm?,
            after,
            at_s: one.middle_s,
            log: if measure.higher_is_better { log } else { -log },
        })
    });
    slices.collect()
}
