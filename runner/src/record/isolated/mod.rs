//! What an isolated run leaves behind: `isolated.json` and one CSV file per kind of row, in one folder
//! that is never overwritten. Rows are flushed as they are measured.

mod folder;
mod rows;
mod run;
mod soundness;

pub use folder::{IsolatedFolder, IsolatedRecords, find_isolated_runs, is_isolated};
pub use rows::{
    AllocationRow, Exercise, FunctionRow, MemoryRow, OwnerRow, SampleRow, StartRow, SystemCallRow,
    WorkRow,
};
pub use run::IsolatedRun;

#[cfg(test)]
mod tests;
