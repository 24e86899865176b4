//! How many blocks a run needs for the precision it was asked for: Stein's second stage, decided from
//! the variances of the first one and from nothing else.

use super::table::LevelAnalysis;
use crate::record::Records;
use crate::stats::blocks_for_half_width;

/// An arm with a larger share of cut slices is measured too coarsely to set the length of a run.
const CUT_SHARE_MAX: f64 = 0.5;

/// The blocks that the run of these records should have in all. Only the blocks of its first stage are
/// looked at, so that the answer stays the same while the second one goes on.
#[must_use]
pub fn blocks_wanted(records: &Records) -> u32 {
    let plan = &records.run.plan;
    let Some(until) = plan
        .until
        .filter(|_| records.complete_blocks() >= plan.blocks)
    else {
        return plan.blocks;
    };
    let first = first_stage(records);
    let half_width = f64::from(until.half_width_ppm) / 1e6;
    let levels = plan.levels.iter();
    let wanted = levels
        .filter_map(|&level| level_wants(&first, level, half_width))
        .max();
    wanted
        .unwrap_or(plan.blocks)
        .clamp(plan.blocks, until.blocks_max)
}

fn first_stage(records: &Records) -> Records {
    let counting = records.blocks.iter().filter(|block| block.counts());
    let numbers: Vec<u32> = counting
        .map(|block| block.block)
        .take(records.run.plan.blocks as usize)
        .collect();
    let slices = records.slices.iter();
    Records {
        next_block: 0,
        run: records.run.clone(),
        slices: slices
            .filter(|row| numbers.contains(&row.block))
            .cloned()
            .collect(),
        set_aside_slices: Vec::new(),
        processes: Vec::new(),
        blocks: Vec::new(),
        service_times: records.service_times.clone(),
    }
}

/// For the widest ratio of a contestant to the floor.
fn level_wants(records: &Records, connections: usize, half_width: f64) -> Option<u32> {
    let rps = LevelAnalysis::of(records, connections).rps;
    let (ranking, floor) = (rps.ranking.as_ref().ok()?, rps.floor?);
    let is_coarse = |name: &str| {
        let own = || {
            let rows = records.slices.iter();
            rows.filter(|row| row.connections == connections && row.arm == name)
        };
        let cut = own().filter(|row| row.cut == 1).count();
        cut as f64 > CUT_SHARE_MAX * own().count() as f64
    };
    let others = rps
        .field
        .iter()
        .filter(|&&arm| arm != floor && !is_coarse(&rps.measured.arms[arm]));
    let root = (ranking.blocks() as f64).sqrt();
    others
        .map(|&arm| {
            let of_block = ranking.pair(arm, floor).standard_error * root;
            blocks_for_half_width(of_block, ranking.critical(), half_width)
        })
        .max()
}
