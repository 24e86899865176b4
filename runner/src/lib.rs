//! The runner of a shootout of web frameworks that can be trusted.
//!
//! Modules in layers, from the ground up; a module uses those of its own layer that come before it, and those of the
//! layers below (`tests/directions.rs` holds it):
//!
//! 1. [`usage`], [`interrupt`], [`duration`], `values`, [`mod@say`], [`output`]: wrong arguments, Ctrl-C, and what a
//!    command says and leaves
//! 2. [`http`], [`contract`], [`stats`], [`environment`]: one strict answer parser, what must be answered, pure functions of
//!    numbers, the machine's facts
//! 3. [`client`], [`load`], [`null`], [`result`], [`server`], [`work`], [`framework`], [`verify`], [`record`]: connections, the load
//!    generator, the null server, servers as child processes, counted work, the contestants, the contract's checks, files
//!    (and `ranks`, with the feature `mpi`: the processes of a run on several hosts)
//! 4. [`run`], [`analysis`], [`report`]: what all kinds of run share: the run itself, what its blocks say, tables and pages
//! 5. [`experiments`]: the kinds of run, one folder each
//! 6. [`cli`], [`commands`]: the command line, one module per command

// Results leave through `output::print` alone, which can say that they could not be written.
#![warn(clippy::print_stdout)]
// Words on standard error leave through `say`: whether anybody reads them changes nothing.
#![cfg_attr(not(test), warn(clippy::print_stderr))]

pub mod analysis;
pub mod arms;
pub mod cli;
pub mod client;
pub mod commands;
pub mod contract;
pub mod duration;
pub mod environment;
pub mod experiments;
#[cfg(test)]
mod fixtures;
pub mod framework;
pub mod http;
pub mod interrupt;
pub mod load;
pub mod null;
pub mod output;
#[cfg(feature = "mpi")]
pub mod ranks;
pub mod record;
pub mod report;
pub mod result;
pub mod run;
pub mod say;
pub mod server;
pub mod stats;
pub mod usage;
pub(crate) mod values;
pub mod verify;
pub mod work;
