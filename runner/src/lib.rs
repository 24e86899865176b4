//! The runner of a shootout of web frameworks that can be trusted.
//!
//! Modules, from the ground up; each uses only those before it:
//!
//! - [`usage`], [`interrupt`]: what a person can get wrong, and Ctrl-C
//! - [`http`], [`contract`], [`client`]: one strict answer parser, what must be answered, and a
//!   careful connection to ask with
//! - [`stats`]: pure functions of numbers: summaries, rankings, simulations
//! - [`environment`]: the machine's facts, its processors and limits
//! - [`server`]: the server under test as a child process
//! - [`framework`]: the contestants, discovered and built
//! - [`work`]: what one request costs in instructions, calls and system calls, and whose code it is
//! - [`plan`], [`warning`]: what is measured when, and every doubt about it
//! - [`load`], [`null`]: the load generator, and the canned responder it is held against
//! - [`isolated`]: a contestant inside one process
//! - [`verify`]: is a contestant what the contract says
//! - [`record`], [`analysis`], [`report`]: rows on disk, what they say, and tables of it
//! - [`say`]: words on standard error
//! - [`cli`], [`commands`]: the command line, one module per command

// Results leave through `commands::print` alone, which can say that they could not be written.
#![warn(clippy::print_stdout)]

pub mod analysis;
pub mod cli;
pub mod client;
pub mod commands;
pub mod contract;
pub mod environment;
pub mod framework;
pub mod http;
pub mod interrupt;
pub mod isolated;
pub mod load;
pub mod null;
pub mod plan;
pub mod record;
pub mod report;
pub mod result;
pub mod say;
pub mod server;
pub mod stats;
pub mod usage;
pub mod verify;
pub mod warning;
pub mod work;
