//! How many blocks a run needs for the precision it was asked for: Stein's second stage (1945), decided from
//! the variances of the first one and from nothing else.

use super::ranked::Ranked;
use crate::stats::blocks_for_half_width;

/// The blocks that a table needs until the ratios of its contestants to the baseline have this half-width,
/// a share such as 0.02. Contestants for which `is_coarse` holds do not set the length. `None` if the table has no
/// intervals.
#[must_use]
pub fn blocks_wanted(
    ranked: &Ranked,
    half_width: f64,
    is_coarse: impl Fn(&str) -> bool,
) -> Option<u32> {
    let (ranking, baseline) = (ranked.ranking.as_ref().ok()?, ranked.baseline?);
    let field = ranked.field.iter();
    let others = field.filter(|&&arm| !is_coarse(&ranked.measured.arms[arm]));
    let root = (ranking.blocks() as f64).sqrt();
    let wanted = others.map(|&arm| {
        let of_block = ranking.pair(arm, baseline).standard_error * root;
        blocks_for_half_width(of_block, ranking.critical(), half_width)
    });
    wanted.max()
}
