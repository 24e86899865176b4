//! From the slices of all blocks to one value per arm and block, and to what an arm carries over into
//! the slice after it.
//!
//! The log rate of a slice is the effect of its arm in this block, plus the carry-over of the arm that
//! ran right before, plus the machine's speed at that time. Slices close in time share that speed, so
//! their differences are regressed on the rest: an effect per arm and block, and one carry-over per
//! arm for the whole run, since a block of few rounds cannot tell it from the effects. A robust loss
//! keeps disturbed slices and the machine's sudden steps from mattering much: pseudo-Huber, √(1 + r²)
//! for a residual r in units of its bound (Charbonnier et al. 1994), by iterated reweighting.

use super::carry_over::CarryOver;
use super::least_squares::{Reduced, Unknowns, carried, information};
use super::slices::{Comparison, Slice, compare, robust_sd};

/// The bound of residuals in robust standard deviations: what is far beyond counts by its sign only.
/// Small because disturbed slices are common; docs/ANALYSIS.md has the values that were tried.
const BOUND_SDS: f64 = 0.35;

const ITERATIONS: usize = 12;

/// What the blocks of a run say of its arms.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockValues {
    /// One row per block: the log rate of each arm. Over blocks they vary as much as their mean is
    /// unsure: what is unsure about the carry-over, which all blocks share, is in them.
    pub rows: Vec<Vec<f64>>,
    /// What arms carry over; `None` if the orders of the run cannot tell it from the effects, as with
    /// two arms that take turns.
    pub carry_over: Option<CarryOver>,
    /// Per block, the robust standard deviation of the difference of two slices right after one
    /// another, once effects and carry-over are taken away.
    pub neighbour_sds: Vec<f64>,
}

/// Values of `arms` arms from the slices of each block, in the order they were measured; `None` if
/// there is no block, or one in which an arm has no slice.
#[must_use]
pub fn block_values(blocks: &[Vec<Slice>], arms: usize) -> Option<BlockValues> {
    if arms < 2 || blocks.is_empty() || blocks.iter().any(|block| has_gap(block, arms)) {
        return None;
    }
    let comparisons: Vec<Vec<Comparison>> =
        blocks.iter().map(|block| compare(block, arms)).collect();
    let runs_after_none = |slice: &Slice| slice.after.is_none();
    let has_none = blocks.iter().flatten().any(runs_after_none);
    let carrying = Unknowns {
        arms,
        carried: arms + usize::from(has_none),
    };
    let fit = Fit::of(&comparisons, carrying);
    let fit = fit.or_else(|| Fit::of(&comparisons, Unknowns { arms, carried: 0 }))?;
    let row = |block: usize| {
        let level = level(&blocks[block], &fit.effects[block]);
        let effects = fit.effects[block].iter().zip(&fit.shares[block]);
        effects
            .map(|(effect, share)| level + effect + share)
            .collect()
    };
    let places = 0..blocks.len();
    Some(BlockValues {
        rows: places.clone().map(row).collect(),
        neighbour_sds: places
            .map(|block| fit.neighbour_sd(&comparisons[block], block))
            .collect(),
        carry_over: CarryOver::of(&fit.carried, &fit.influence, arms),
    })
}

fn has_gap(block: &[Slice], arms: usize) -> bool {
    (0..arms).any(|arm| block.iter().all(|slice| slice.arm != arm))
}

/// The machine's speed in a block: the mean of its slices, less the effects of their arms.
fn level(slices: &[Slice], effects: &[f64]) -> f64 {
    let sum: f64 = slices
        .iter()
        .map(|slice| slice.log - effects[slice.arm])
        .sum();
    sum / slices.len() as f64
}

/// The solution of the robust regression.
struct Fit {
    /// Per block and arm; their sum over arms is 0, since only differences mean something.
    effects: Vec<Vec<f64>>,
    /// What is carried over; empty if nothing is.
    carried: Vec<f64>,
    /// Per block: how far it has moved `carried`, times the number of blocks. The mean is 0.
    influence: Vec<Vec<f64>>,
    /// Per block and arm: how far that has moved the run's mean effects, times the number of blocks. The
    /// mean over blocks is 0.
    shares: Vec<Vec<f64>>,
}

impl Fit {
    /// `None` if the comparisons do not determine all unknowns.
    fn of(comparisons: &[Vec<Comparison>], unknowns: Unknowns) -> Option<Self> {
        let all = comparisons.iter().map(|block| vec![1.0; block.len()]);
        let mut kept: Vec<Vec<f64>> = all.collect();
        let mut fit = Self::weighted(&reduce(comparisons, &kept, 1, unknowns)?)?;
        for _ in 1..ITERATIONS {
            kept = comparisons
                .iter()
                .enumerate()
                .map(|(block, own)| fit.kept(own, block))
                .collect();
            fit = Self::weighted(&reduce(comparisons, &kept, 1, unknowns)?)?;
        }
        let slopes = reduce(comparisons, &kept, 1, unknowns)?;
        // The loss rises by r·kept and bends by kept³. How far one block has moved the common solution
        // goes with the bend; with the weights of the solution it would seem less by half or more.
        let bends = reduce(comparisons, &kept, 3, unknowns)?;
        fit.set_influence(&slopes, &bends)?;
        Some(fit)
    }

    /// The solution of least squares.
    fn weighted(blocks: &[Reduced]) -> Option<Self> {
        let carried = carried(blocks)?;
        Some(Self {
            effects: blocks.iter().map(|block| block.effects(&carried)).collect(),
            carried,
            influence: Vec::new(),
            shares: Vec::new(),
        })
    }

    fn set_influence(&mut self, slopes: &[Reduced], bends: &[Reduced]) -> Option<()> {
        let bend = information(bends)?;
        let count = slopes.len() as f64;
        let influence = |block: &Reduced| {
            let rest = block.rest(&self.carried);
            bend.solve(&rest.iter().map(|rest| count * rest).collect::<Vec<f64>>())
        };
        self.influence = slopes.iter().map(influence).collect();
        let mean_response = mean_response(bends);
        let share = |influence: &Vec<f64>| -> Vec<f64> {
            let mut share = vec![0.0; self.effects[0].len()];
            for (response, by) in mean_response.iter().zip(influence) {
                share
                    .iter_mut()
                    .zip(response)
                    .for_each(|(share, of)| *share -= of * by);
            }
            share
        };
        self.shares = self.influence.iter().map(share).collect();
        Some(())
    }

    /// How much of its weight each comparison of a block keeps; 1 if the fit is exact.
    fn kept(&self, comparisons: &[Comparison], block: usize) -> Vec<f64> {
        let scaled = |one: &Comparison| self.residual(one, block) * one.weight.sqrt();
        let residuals: Vec<f64> = comparisons.iter().map(scaled).collect();
        let bound = BOUND_SDS * robust_sd(residuals.iter().copied());
        if bound == 0.0 {
            return vec![1.0; residuals.len()];
        }
        let kept = |residual: &f64| 1.0 / (residual / bound).hypot(1.0);
        residuals.iter().map(kept).collect()
    }

    fn residual(&self, one: &Comparison, block: usize) -> f64 {
        let effects = &self.effects[block];
        let carried = match self.carried.as_slice() {
            [] => 0.0,
            carried => carried[one.one_after] - carried[one.other_after],
        };
        one.difference - (effects[one.one] - effects[one.other]) - carried
    }

    fn neighbour_sd(&self, comparisons: &[Comparison], block: usize) -> f64 {
        let next = comparisons.iter().filter(|one| one.are_neighbours);
        robust_sd(next.map(|one| self.residual(one, block)))
    }
}

/// The equations of all blocks, comparisons weighing their own weight times a power of what is `kept`.
fn reduce(
    comparisons: &[Vec<Comparison>],
    kept: &[Vec<f64>],
    power: i32,
    unknowns: Unknowns,
) -> Option<Vec<Reduced>> {
    let blocks = comparisons.iter().zip(kept);
    let reduced = blocks.map(|(comparisons, kept)| {
        let both = comparisons.iter().zip(kept);
        let weights: Vec<f64> = both
            .map(|(one, kept)| one.weight * kept.powi(power))
            .collect();
        Reduced::of(comparisons, &weights, unknowns)
    });
    reduced.collect()
}

/// Per unknown of the carry-over and arm: how effects fall with it, the mean over blocks.
fn mean_response(blocks: &[Reduced]) -> Vec<Vec<f64>> {
    let mut mean = blocks[0].response().to_vec();
    for block in &blocks[1..] {
        for (mean, response) in mean.iter_mut().zip(block.response()) {
            mean.iter_mut()
                .zip(response)
                .for_each(|(sum, one)| *sum += one);
        }
    }
    mean.iter_mut()
        .flatten()
        .for_each(|sum| *sum /= blocks.len() as f64);
    mean
}

#[cfg(test)]
mod tests;
