//! The experiments: kinds of run, one folder each. An experiment says what it plans, what it measures, what its
//! rows are and what its page shows; the rest is the same for all ([`crate::run`]).
//!
//! Adding an experiment is adding its folder and its line in the list below.

mod claim;
pub mod compare;
pub mod costs;
mod curves;
mod drive;
mod entry;
mod experiment;
mod extremes;
mod group;
pub mod history;
mod hosts;
pub mod isolated;
pub mod latency;
mod link;
mod list;
pub mod memory;
pub mod publish;
mod served;
mod server_lines;
pub mod settling;
mod then_and_now;
pub mod throughput;
mod today;

pub use drive::drive;
pub use entry::Entry;
pub use experiment::{Experiment, Outline};
pub use link::{Apart, ApartOptions, Link};
pub use list::{Kind, renew_page};
pub use served::{LoadOptions, ServedOptions};

list::experiments! {
    /// Measure throughput: closed loop, all contestants interleaved
    Bench => throughput::Throughput,
    /// Compare servers and builds of each contestant: throughput by SERVER and ENV, all interleaved
    Matrix => throughput::Matrix,
    /// Tell what accepting a connection costs from what a request costs: 1, 10, 100 requests per connection, interleaved
    Accepts => throughput::Accepts,
    /// Follow throughput, service time and fairness over the number of connections, 1 to 4000
    Sweep => throughput::Sweep,
    /// Measure response times and CPU at equal rates: open loop, all contestants interleaved
    Latency => latency::Latency,
    /// Time, count and watch each framework alone, in one process and under an instruction counter
    Isolated => isolated::Isolated,
    /// Follow the first second of load, every 10 ms: what the windows of a throughput run follow from
    Settling => settling::Settling,
    /// Read the memory of live servers: per idle connection, under load, and long after the last one was closed
    Memory => memory::Memory,
    /// Build each framework from nothing, with and without its default features: CPU time, crates, size, work of a request
    Costs => costs::Costs,
}
