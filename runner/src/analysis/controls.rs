//! Arms whose truth is known: the floor's twin, which must not be told apart, and the planted control,
//! which must be found and whose interval must hold what was planted.

use super::extract::Measure;
use super::table::Ranked;
use crate::record::{Arm, ArmKind, BlockRow, SetAside};
use crate::stats::{ControlFailure, Interval, Unsound};
use std::fmt;

/// More blocks set aside than this share, in percent, and the rest are no longer typical.
const SET_ASIDE_MAX_PERCENT: u32 = 20;

/// One control by one measure. Ratios are of rates, to the floor.
#[derive(Debug, Clone, PartialEq)]
pub enum Control {
    /// The floor's binary once more.
    Twin {
        /// Its name.
        name: String,
        /// By what.
        measure: Measure,
        /// Its interval among all of the table. Step-down does not sharpen it: where all contestants
        /// differ it would leave the twin a test at 5 %, and condemn one good run in twenty.
        ratio: Interval,
    },
    /// The floor's binary, of whose answers a known share is not counted.
    Planted {
        /// Its name.
        name: String,
        /// By what.
        measure: Measure,
        /// How much, in percent of what is counted.
        percent: u64,
        /// Its interval among all of the table.
        ratio: Interval,
        /// Its interval as the only question, which it is: it was asked before the run.
        alone: Interval,
    },
}

/// Why a level is not to be trusted.
#[derive(Debug, Clone, PartialEq)]
pub enum Distrust {
    /// Two equal programs were told apart.
    TwinToldApart(Measure),
    /// A known difference was not found.
    PlantedNotFound(Measure, u64),
    /// It was measured as something else than it is.
    PlantedNotCovered(Measure, u64),
    /// Slices of complete blocks are not among the records.
    SlicesMissing {
        /// How many.
        slices: usize,
        /// All that the blocks had.
        of: usize,
    },
    /// Some processes of an arm were in a rare state.
    RareState {
        /// By what.
        measure: Measure,
        /// The arm.
        arm: String,
        /// In how many blocks.
        blocks: usize,
        /// Their rate relative to the arm's others.
        ratio: f64,
    },
    /// Blocks follow their neighbours too closely for intervals to hold.
    CorrelatedBlocks(Measure, f64),
    /// The machine spoilt too many blocks.
    SetAside {
        /// Blocks that were set aside.
        blocks: u32,
        /// All complete blocks.
        of: u32,
    },
}

/// Holds the controls among `arms` against what is known of them: equal to the floor, or less by what
/// leaves out `planted_percent` of what is counted.
#[must_use]
pub fn judge(ranked: &Ranked, arms: &[Arm], planted_percent: u64) -> Vec<Control> {
    let arms = arms.iter();
    arms.filter_map(|arm| of_arm(ranked, arm, planted_percent))
        .collect()
}

fn of_arm(ranked: &Ranked, arm: &Arm, percent: u64) -> Option<Control> {
    let ranking = ranked.ranking.as_ref().ok()?;
    let (index, floor) = (ranked.measured.index(&arm.name)?, ranked.floor?);
    let (name, measure) = (arm.name.clone(), ranked.measure);
    let ratio = ranking.ratio_of_control(index, floor);
    match arm.kind {
        ArmKind::Twin => Some(Control::Twin {
            name,
            measure,
            ratio,
        }),
        ArmKind::Planted => Some(Control::Planted {
            name,
            measure,
            percent,
            ratio,
            alone: ranking.ratio_alone(index, floor),
        }),
        ArmKind::Framework | ArmKind::Null | ArmKind::Leak => None,
    }
}

impl Control {
    /// Rates of the planted control relative to the floor's.
    #[must_use]
    pub fn planted_ratio(percent: u64) -> f64 {
        100.0 / (100.0 + percent as f64)
    }

    /// Why it fails, if it does.
    #[must_use]
    pub fn failure(&self) -> Option<Distrust> {
        let (measure, failure) = match self {
            Self::Twin { measure, ratio, .. } => (*measure, ControlFailure::of_twin(ratio)?),
            Self::Planted {
                measure,
                percent,
                ratio,
                alone,
                ..
            } => {
                let truth = Self::planted_ratio(*percent);
                (*measure, ControlFailure::of_planted(ratio, alone, truth)?)
            }
        };
        Some(match (failure, self) {
            (ControlFailure::TwinDiffers, _) | (_, Self::Twin { .. }) => {
                Distrust::TwinToldApart(measure)
            }
            (ControlFailure::PlantedNotFound, Self::Planted { percent, .. }) => {
                Distrust::PlantedNotFound(measure, *percent)
            }
            (ControlFailure::PlantedMistaken, Self::Planted { percent, .. }) => {
                Distrust::PlantedNotCovered(measure, *percent)
            }
        })
    }
}

impl Distrust {
    /// Whether slices of a level are missing that complete blocks have had: whatever happens to an arm, each
    /// of its slices leaves a row.
    pub(super) fn of_slices(
        slices: usize,
        arms: usize,
        laps: u32,
        blocks: &[BlockRow],
    ) -> Option<Self> {
        let of = arms * (laps * BlockRow::counting(blocks)) as usize;
        (slices < of).then(|| Self::SlicesMissing {
            slices: of - slices,
            of,
        })
    }

    /// What is wrong with the blocks of a ranking.
    pub(super) fn of_ranking(ranked: &Ranked) -> Vec<Self> {
        let unsound = ranked.ranking.iter().flat_map(|ranking| ranking.unsound());
        let reason = |unsound: &Unsound| match unsound {
            Unsound::RareState(state) => Self::RareState {
                measure: ranked.measure,
                arm: ranked.measured.arms[state.arm].clone(),
                blocks: state.blocks.len(),
                ratio: state.log_ratio.exp(),
            },
            Unsound::CorrelatedBlocks { lag_one } => {
                Self::CorrelatedBlocks(ranked.measure, *lag_one)
            }
        };
        unsound.map(reason).collect()
    }

    /// Whether the machine spoilt too many blocks of a run.
    pub(super) fn of_blocks(rows: &[BlockRow]) -> Option<Self> {
        let set_aside = rows.iter().filter(|row| row.set_aside != SetAside::No);
        let blocks = set_aside.map(|row| u32::from(row.complete)).sum();
        let of = rows.iter().map(|row| u32::from(row.complete)).sum();
        (blocks * 100 > of * SET_ASIDE_MAX_PERCENT).then_some(Self::SetAside { blocks, of })
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Rps => "requests/s",
            Self::ServerCpu => "server CPU",
            Self::Wall => "wall time",
            Self::Cpu => "CPU time",
        })
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::TwinToldApart(measure) => write!(f, "two equal programs differ in {measure}"),
            Self::PlantedNotFound(measure, percent) => {
                write!(f, "a planted {percent} % is not found in {measure}")
            }
            Self::PlantedNotCovered(measure, percent) => {
                write!(f, "a planted {percent} % is mistaken in {measure}")
            }
            Self::SlicesMissing { slices, of } => {
                write!(f, "{slices} of {of} slices are missing in the records")
            }
            Self::RareState {
                measure,
                arm,
                blocks,
                ratio,
            } => write!(
                f,
                "{blocks} of the processes of `{arm}` had {ratio:.2} times the usual {measure}"
            ),
            Self::CorrelatedBlocks(measure, lag_one) => write!(
                f,
                "blocks follow their neighbours in {measure} (correlation {lag_one:.2})"
            ),
            Self::SetAside { blocks, of } => {
                write!(f, "{blocks} of {of} blocks were spoilt by the machine")
            }
        }
    }
}
