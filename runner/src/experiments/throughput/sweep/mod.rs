//! Over connections: throughput, service time, fairness and CPU from one connection to thousands.

mod charts;
mod controls;
mod fairness;
mod figures;
mod page;
mod saturation;

use super::options::{Defaults, ServedWindowOptions};
use super::plan::ThroughputPlan;
use super::records::ThroughputRecords;
use super::windows::Windows;
use crate::experiments::LoadOptions;
use crate::report::Page;
use crate::run::RunOptions;
use anyhow::Result;

/// The experiment.
#[derive(Debug)]
pub struct Sweep;

const EXAMPLES: &str = "\
Examples:
  runner sweep                                 all contestants, 1 to 4000 connections
  runner sweep NAME -c 64,256,1024 --blocks 6  one of them, three numbers of connections

Exit status: 0 good, 1 measured with errors, 2 wrong arguments, 130 interrupted (then --resume).";

impl Defaults for Sweep {
    const EXAMPLES: &'static str = EXAMPLES;
    const CONNECTIONS: &'static str = "1,8,64,200,300,512,1000,4000";
    const BLOCKS: &'static str = "8";
    const ROUNDS: Option<&'static str> = Some("2");
    const WARM_UP: &'static str = "50ms";
    // As long as it takes to say who was served within 100 ms.
    const WINDOW_MIN_MS: u64 = 125;
}

impl Windows for Sweep {
    const NAME: &'static str = "sweep";
    const KEPT_BLOCKS_MIN: u32 = 8;

    type Options = ServedWindowOptions<Sweep>;

    fn run_options(options: &ServedWindowOptions<Sweep>) -> &RunOptions {
        &options.run
    }

    fn load(options: &ServedWindowOptions<Sweep>) -> &LoadOptions {
        &options.served.load
    }

    fn plan(options: &ServedWindowOptions<Sweep>) -> Result<ThroughputPlan> {
        options.plan()
    }

    fn page(records: &ThroughputRecords) -> Page {
        page::page(records)
    }
}
