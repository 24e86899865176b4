//! Throughput: how many requests per second each contestant answers, and how much CPU time a request costs it, in
//! a closed loop at a fixed number of connections.

mod accepts;
mod bench;
mod by_variant;
mod charts;
mod columns;
mod figures;
mod limit;
mod matrix;
mod measure;
mod options;
mod page;
mod plan;
mod records;
mod rows;
mod settled;
mod signatures;
mod sweep;
mod tables;
mod variant;
mod verdict;
mod windows;

pub use accepts::Accepts;
pub use bench::ThroughputOptions;
pub use matrix::Matrix;
pub use plan::{Level, ThroughputPlan, Until};
pub use records::ThroughputRecords;
pub use rows::SliceRow;
pub use sweep::Sweep;
pub use tables::{CPU, RATE, Table};

/// The experiment.
#[derive(Debug)]
pub struct Throughput;

#[cfg(test)]
mod tests;
