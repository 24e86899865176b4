//! What a run leaves behind: `run.json`, three CSV files and a histogram log in one folder that is
//! never overwritten; and the same of isolated runs. Rows are flushed as they are measured.

mod folder;
mod histograms;
mod isolated;
mod rows;
mod run;
mod soundness;
mod table;

pub use folder::{Folder, Records, find_runs};
pub use histograms::{ServiceTimes, Tagged};
pub use isolated::{
    AllocationRow, Exercise, FunctionRow, IsolatedFolder, IsolatedRecords, IsolatedRun, MemoryRow,
    OwnerRow, SampleRow, StartRow, SystemCallRow, WorkRow, find_isolated_runs, is_isolated,
};
pub use rows::{BlockRow, ProcessRow, SetAside, SliceRow};
pub use run::{Arm, ArmKind, Processors, Run, State};
pub(crate) use table::write_whole;

/// The version of these formats; it changes where an old reader would misread a new record.
pub const SCHEMA: u32 = 1;

/// The version of the method; it changes where numbers are no longer comparable with older ones.
pub const METHOD: u32 = 2;

/// The same of isolated runs.
pub const ISOLATED_METHOD: u32 = 1;

#[cfg(test)]
mod tests;
