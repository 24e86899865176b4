//! What a run leaves behind: `run.json`, three CSV files and a histogram log in one folder that is
//! never overwritten. Rows are flushed as they are measured.

mod folder;
mod histograms;
mod rows;
mod run;

pub(crate) use folder::write_whole;
pub use folder::{Folder, Records, find_runs};
pub use histograms::{ServiceTimes, Tagged};
pub use rows::{BlockRow, ProcessRow, SetAside, SliceRow};
pub use run::{Arm, ArmKind, Processors, Run, State};

/// The version of these formats; it changes where an old reader would misread a new record.
pub const SCHEMA: u32 = 1;

/// The version of the method; it changes where numbers are no longer comparable with older ones.
pub const METHOD: u32 = 2;

#[cfg(test)]
mod tests;
