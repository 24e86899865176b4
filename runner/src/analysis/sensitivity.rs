//! Whether another way to analyse the same records would rank otherwise.

use super::extract::{Measure, Measured};
use super::table::Ranked;
use crate::record::{Arm, Records};
use std::fmt;

/// Another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    /// A block's value is its best slice, since delays only add.
    BestSlice,
    /// CPU time instead of wall time.
    CpuForWall,
    /// Wall time instead of CPU time.
    WallForCpu,
    /// Blocks that were set aside count as well.
    AllBlocks,
}

/// What it would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sensitivity {
    /// The other way.
    pub alternative: Alternative,
    /// Contestants whose rank set by requests per second would be another.
    pub changed: Vec<String>,
}

impl Sensitivity {
    /// Tries all other ways against the ranking by requests per second; none where there is no
    /// ranking.
    pub(super) fn of(
        records: &Records,
        connections: usize,
        rps: &Ranked,
        cpu: &Ranked,
    ) -> Vec<Self> {
        if rps.ranking.is_err() {
            return Vec::new();
        }
        let (arms, seed) = (&records.run.arms, records.run.plan.seed);
        let rows = best_slices(&rps.measured);
        let best = Ranked::of_rows(Measure::Rps, rps.measured.clone(), rows, arms, seed);
        let mut found = vec![
            Self::against(Alternative::BestSlice, rps, &best),
            Self::against(Alternative::CpuForWall, rps, cpu),
        ];
        if !records.set_aside_slices.is_empty() {
            let slices = [records.slices.as_slice(), &records.set_aside_slices].concat();
            let all = Ranked::of(&slices, connections, arms, Measure::Rps, seed);
            found.push(Self::against(Alternative::AllBlocks, rps, &all));
        }
        found
    }

    fn against(alternative: Alternative, ours: &Ranked, theirs: &Ranked) -> Self {
        let theirs = theirs.rank_sets();
        let changed = ours
            .rank_sets()
            .into_iter()
            .filter(|one| !theirs.contains(one));
        Self {
            alternative,
            changed: changed.map(|(name, _)| name.to_owned()).collect(),
        }
    }
}

/// The same for what was timed inside one process and is ranked by CPU time.
pub(super) fn of_isolated(
    cpu: &Ranked,
    wall: &Ranked,
    arms: &[Arm],
    seed: u64,
) -> Vec<Sensitivity> {
    if cpu.ranking.is_err() {
        return Vec::new();
    }
    let rows = best_slices(&cpu.measured);
    let best = Ranked::of_rows(cpu.measure, cpu.measured.clone(), rows, arms, seed);
    vec![
        Sensitivity::against(Alternative::BestSlice, cpu, &best),
        Sensitivity::against(Alternative::WallForCpu, cpu, wall),
    ]
}

fn best_slices(measured: &Measured) -> Vec<Vec<f64>> {
    let best = |block: &Vec<crate::stats::Slice>| {
        let mut row = vec![f64::NEG_INFINITY; measured.arms.len()];
        for slice in block {
            row[slice.arm] = row[slice.arm].max(slice.log);
        }
        row
    };
    measured.blocks.iter().map(best).collect()
}

impl fmt::Display for Alternative {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::BestSlice => "the best slice of each block",
            Self::CpuForWall => "server CPU instead of wall time",
            Self::WallForCpu => "wall time instead of CPU time",
            Self::AllBlocks => "blocks set aside counted too",
        })
    }
}
