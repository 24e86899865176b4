//! What accepting a connection costs: each contestant with connections that are kept, and closed after 100, 10 and 1
//! requests, all interleaved. One request per connection is how the original measured.

mod charts;
mod columns;
mod costs;
mod page;

use super::options::{Defaults, ServedWindowOptions};
use super::plan::ThroughputPlan;
use super::records::ThroughputRecords;
use super::windows::Windows;
use crate::experiments::LoadOptions;
use crate::report::Page;
use crate::run::RunOptions;
use anyhow::Result;

/// After so many requests a connection is closed, in the arms beside the one whose connections are kept.
const REQUESTS_PER_CONNECTION: [u32; 3] = [100, 10, 1];

/// The experiment.
#[derive(Debug)]
pub struct Accepts;

const EXAMPLES: &str = "\
Examples:
  runner accepts                               all contestants, kept connections and 100, 10, 1 requests per connection
  runner accepts NAME -c 64 --blocks 8         one of them at 64 connections

Exit status: 0 good, 1 measured with errors, 2 wrong arguments, 130 interrupted (then --resume).";

impl Defaults for Accepts {
    const EXAMPLES: &'static str = EXAMPLES;
    const CONNECTIONS: &'static str = "64,1000";
    const BLOCKS: &'static str = "8";
    const ROUNDS: Option<&'static str> = Some("4");
}

impl Windows for Accepts {
    const NAME: &'static str = "accepts";
    const KEPT_BLOCKS_MIN: u32 = 8;

    type Options = ServedWindowOptions<Accepts>;

    fn run_options(options: &ServedWindowOptions<Accepts>) -> &RunOptions {
        &options.run
    }

    fn load(options: &ServedWindowOptions<Accepts>) -> &LoadOptions {
        &options.served.load
    }

    fn plan(options: &ServedWindowOptions<Accepts>) -> Result<ThroughputPlan> {
        Ok(ThroughputPlan {
            requests_per_connection: REQUESTS_PER_CONNECTION.to_vec(),
            ..options.plan()?
        })
    }

    fn page(records: &ThroughputRecords) -> Page {
        page::page(records)
    }
}
