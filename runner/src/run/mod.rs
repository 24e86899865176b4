//! A run, whatever it measures: its record, its folder, its arms, its block loop.
//!
//! In reading order: a [`Job`] begins or continues a run, and has its record ([`Run`]) and its [`Folder`]; the
//! folder's [`Journal`] takes rows and closes units; [`run_blocks`] measures block after block through an
//! experiment's [`Slices`]; [`Servers`] are the processes that most experiments load; a [`Reader`] reads it all
//! back, and an [`Observation`] is what analysis takes of it.

mod arm;
mod blocks;
mod circumstances;
mod disturbance;
mod exclusive;
#[cfg(test)]
pub(crate) mod failpoint;
mod folder;
mod header;
mod host_row;
mod identity;
mod job;
mod journal;
mod observation;
mod options;
mod order;
mod origin;
mod own_server;
mod place;
mod progress;
mod reader;
mod row;
mod servers;
mod stops;
mod warning;
mod watch;
mod williams;

pub use arm::{Arm, ArmKind, Launch, VariantOf};
pub use blocks::{Block, BlockRow, SliceEnd, Slices, Slot, run_blocks};
pub use circumstances::{before_blocks, look_around, summarize_blocks};
pub use disturbance::Disturbance;
pub use exclusive::Exclusive;
pub use folder::{Folder, Found, Unreadable, find_runs, is_run, open_run};
pub use header::{Facts, Processors, Run, SCHEMA, State};
pub use host_row::{GeneratorRow, ServerHostRow, SliceKey};
pub use identity::changed_tools;
pub use job::{Design, Job};
pub use journal::Journal;
pub use observation::{Measure, Observation};
pub use options::RunOptions;
pub use order::Orders;
pub use origin::Origin;
pub use own_server::OwnServer;
pub use place::Place;
pub use progress::Builds;
pub use reader::{Missing, Reader};
pub use row::{Row, TimesFile, fault_of_numbers, fault_of_outcomes, fault_of_quantiles, one_line};
pub use servers::{ProcessRow, Servers};
pub use warning::Warning;

#[cfg(test)]
mod tests;
