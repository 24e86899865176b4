//! Why a table is not to be trusted.

use crate::run::{BlockRow, Disturbance, Measure, Missing};
use std::collections::BTreeSet;
use std::fmt;

/// If more blocks than this were excluded, in percent, the others are no longer typical.
const EXCLUDED_MAX_PERCENT: u32 = 20;

/// One reason.
#[derive(Debug, Clone, PartialEq)]
pub enum Untrusted {
    /// Two copies of one program differ significantly.
    TwinDiffers(Measure),
    /// A planted effect was not found.
    PlantedNotFound(Measure, u64),
    /// It was measured as something else than it is.
    PlantedMistaken(Measure, u64),
    /// Some processes of an arm were in a rare state.
    RareState {
        /// By what.
        measure: Measure,
        /// The arm.
        arm: String,
        /// In how many blocks.
        blocks: usize,
        /// Their figure relative to that of the arm's other processes.
        ratio: f64,
    },
    /// Blocks follow their neighbours too closely for intervals to hold: the measure, and the correlation.
    CorrelatedBlocks(Measure, f64),
    /// A control fails, for the reason given.
    ControlFails(String),
    /// The record lacks something.
    Missing(Missing),
    /// Rows of blocks that count are not there.
    RowsMissing {
        /// Of which file.
        file: &'static str,
        /// How many.
        rows: usize,
        /// How many the blocks have.
        of: usize,
    },
    /// Counts of two files do not agree.
    Disagree(String),
    /// Fewer blocks count than the plan has, and yet the run says it is complete.
    BlocksMissing {
        /// Blocks that count.
        blocks: u32,
        /// Blocks planned.
        of: u32,
    },
    /// Too many blocks were disturbed and excluded.
    Excluded {
        /// Blocks that were excluded.
        blocks: u32,
        /// All blocks.
        of: u32,
        /// By what, each once, with its size.
        by: Vec<String>,
    },
    /// Blocks were disturbed and count all the same, since too many were excluded already.
    Disturbed {
        /// Blocks that count and were disturbed.
        blocks: u32,
        /// By what, each once, with its size.
        by: Vec<String>,
    },
}

/// What a table should have been made of.
#[derive(Debug, Clone, Default)]
pub struct Completeness {
    /// What the record lacks.
    pub missing: Vec<Missing>,
    /// All blocks.
    pub blocks: Vec<BlockRow>,
    /// Blocks planned; 0 if the run has not ended, and so may have fewer.
    pub planned: u32,
}

impl Completeness {
    /// The reasons that hold for every table of a run.
    #[must_use]
    pub fn untrusted(&self) -> Vec<Untrusted> {
        let mut reasons: Vec<Untrusted> = self
            .missing
            .iter()
            .cloned()
            .map(Untrusted::Missing)
            .collect();
        let counting = BlockRow::counting(&self.blocks);
        if counting < self.planned {
            reasons.push(Untrusted::BlocksMissing {
                blocks: counting,
                of: self.planned,
            });
        }
        let of = u32::try_from(self.blocks.len()).unwrap_or(u32::MAX);
        let excluded = of - counting;
        if u64::from(excluded) * 100 > u64::from(of) * u64::from(EXCLUDED_MAX_PERCENT) {
            reasons.push(Untrusted::Excluded {
                blocks: excluded,
                of,
                by: self.disturbances(|row| !row.counts()),
            });
        }
        let is_disturbed = |row: &BlockRow| row.counts() && row.disturbed_by != Disturbance::None;
        let disturbed = self.blocks.iter().filter(|row| is_disturbed(row)).count();
        if disturbed > 0 {
            reasons.push(Untrusted::Disturbed {
                blocks: u32::try_from(disturbed).unwrap_or(u32::MAX),
                by: self.disturbances(is_disturbed),
            });
        }
        reasons
    }

    /// What has disturbed these blocks, each cause once, with its size.
    fn disturbances(&self, which: impl Fn(&BlockRow) -> bool) -> Vec<String> {
        let rows: Vec<&BlockRow> = self.blocks.iter().filter(|row| which(row)).collect();
        let causes: BTreeSet<Disturbance> = rows.iter().map(|row| row.disturbed_by).collect();
        let of_cause = |cause: Disturbance| {
            let own = rows.iter().filter(|row| row.disturbed_by == cause);
            cause.with_size(&own.copied().collect::<Vec<_>>())
        };
        causes.into_iter().map(of_cause).collect()
    }

    /// Whether a file has fewer rows than its blocks have: whatever happens to an arm, each of its slices and
    /// processes leaves a row.
    #[must_use]
    pub fn rows(&self, file: &'static str, rows: usize, per_block: usize) -> Option<Untrusted> {
        let of = per_block * BlockRow::counting(&self.blocks) as usize;
        (rows < of).then(|| Untrusted::RowsMissing {
            file,
            rows: of - rows,
            of,
        })
    }
}

impl Untrusted {
    /// Whether a file's histograms hold another number of times of an arm than its slices have, given as the times of
    /// each slice: only right answers, timeouts and requests that were due and never sent have one.
    #[must_use]
    pub fn of_times(
        file: &str,
        arm: &str,
        recorded: impl Iterator<Item = u64>,
        of_slices: impl Iterator<Item = u64>,
    ) -> Option<Self> {
        let recorded: u64 = recorded.sum();
        let times: u64 = of_slices.sum();
        (times != recorded).then(|| {
            Self::Disagree(format!(
                "{file} has {recorded} times of {arm}, and its slices have {times}"
            ))
        })
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::TwinDiffers(measure) => {
                write!(f, "two copies of one program differ in {measure}")
            }
            Self::PlantedNotFound(measure, percent) => {
                write!(f, "a planted {percent}% was not found in {measure}")
            }
            Self::PlantedMistaken(measure, percent) => {
                write!(
                    f,
                    "a planted {percent}% was measured as something else in {measure}"
                )
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
            Self::ControlFails(what) | Self::Disagree(what) => f.write_str(what),
            Self::Missing(missing) => write!(f, "{missing}"),
            Self::RowsMissing { file, rows, of } => {
                write!(f, "{rows} of {of} rows of {file} are missing")
            }
            Self::BlocksMissing { blocks, of } => {
                write!(f, "only {blocks} of {of} blocks are in the record")
            }
            Self::Excluded { blocks, of, by } => {
                write!(
                    f,
                    "{blocks} of {of} blocks disturbed by {}",
                    by.join(" and ")
                )
            }
            Self::Disturbed { blocks, by } => {
                write!(
                    f,
                    "disturbed by {} in {blocks} of the blocks that count",
                    by.join(" and ")
                )
            }
        }
    }
}
