//! What can be asked of a throughput run, and its plan.

use super::options::{Defaults, ServedWindowOptions};
use super::plan::{ThroughputPlan, Until};
use super::windows::Windows;
use super::{CPU, RATE, Throughput, page};
use crate::arms::OwnOptions;
use crate::experiments::claim::Claim;
use crate::experiments::throughput::ThroughputRecords;
use crate::experiments::{Apart, ApartOptions, Link, LoadOptions};
use crate::report::Page;
use crate::run::{Arm, RunOptions};
use crate::values::{count, percent};
use anyhow::Result;
use clap::Args;

/// Options of `bench`.
#[derive(Debug, Args)]
pub struct ThroughputOptions {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub windows: ServedWindowOptions<Throughput>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub size: SizeOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub own: OwnOptions,
    /// Give the servers a network namespace of their own, which the generator reaches over a veth pair instead of loopback;
    /// needs root and the program ip (package iproute2)
    #[arg(long, help_heading = "Servers and load", conflicts_with = "resume")]
    #[cfg_attr(feature = "mpi", arg(conflicts_with = "server_addr"))]
    pub netns: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub apart: ApartOptions,
}

impl ThroughputOptions {
    fn link(&self) -> Link {
        match self.netns {
            true => Link::Netns,
            false => self.apart.link(),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  runner bench                                  all contestants, 64 and 1,000 connections
  runner bench NAME OTHER -c 64 --blocks 12     two of them at 64 connections, fewer blocks
  runner bench --arm old='./old --port {port}' --arm new='./new --port {port}' --fail-if 'new<0.98'
                                                two servers of your own (docs/YOUR-SERVERS.md)

Exit status: 0 good, 1 measured with errors, 2 wrong arguments, 130 interrupted (then --resume).";

/// What a claim can be about.
const MEASURES: [&str; 2] = [RATE.name, CPU.name];

/// How much is measured.
#[derive(Debug, Args)]
#[group(id = "size", multiple = true, conflicts_with = "resume")]
#[command(next_help_heading = "Plan")]
pub struct SizeOptions {
    /// Requests to count per contestant and concurrency; fewer if a block's time is up (suffixes k, M, G)
    #[arg(short = 'n', long, default_value = "1M", value_parser = count, conflicts_with = "rounds")]
    pub requests: u64,
    /// Add blocks until ratios to the baseline are this precise, such as 2%; the number follows from the variance
    /// of the first --blocks, never from who is ahead
    #[arg(long, visible_alias = "until", value_parser = percent, value_name = "PERCENT")]
    pub precision: Option<u32>,
    /// With --precision: never more blocks than this
    #[arg(long, default_value_t = 64, requires = "precision")]
    pub max_blocks: u32,
    /// Exit with status 1 if the interval of this ratio of requests per second to the baseline lies wholly on the wrong
    /// side, such as new<0.98, or if the table is untrusted; new:requests-per-CPU-second<0.98 is about server CPU; may be
    /// repeated
    #[arg(long, value_name = "NAME[:MEASURE]<RATIO", value_parser = Claim::parse)]
    pub fail_if: Vec<Claim>,
}

impl Defaults for Throughput {
    const EXAMPLES: &'static str = EXAMPLES;
    const CONNECTIONS: &'static str = "64,1000";
    const CONNECTIONS_OF_OWN: &'static [&'static str] = &["arms", "arms_file"];
    const BLOCKS: &'static str = "20";
    const ROUNDS: Option<&'static str> = None;
}

impl Windows for Throughput {
    const NAME: &'static str = "throughput";
    const KEPT_BLOCKS_MIN: u32 = 12;

    type Options = ThroughputOptions;

    fn run_options(options: &ThroughputOptions) -> &RunOptions {
        &options.windows.run
    }

    fn load(options: &ThroughputOptions) -> &LoadOptions {
        &options.windows.served.load
    }

    fn own_servers(options: &ThroughputOptions) -> Result<Vec<Arm>> {
        let own = options.own.read()?;
        for claim in &options.size.fail_if {
            claim.refuse_unknown(&own, &MEASURES)?;
        }
        Ok(own)
    }

    fn gate(options: &ThroughputOptions, page: &Page) -> Vec<String> {
        let claims = options.size.fail_if.iter();
        claims
            .flat_map(|claim| claim.failures(page, RATE.name))
            .collect()
    }

    fn apart(options: &ThroughputOptions) -> Option<Apart> {
        options.apart.read(Self::load(options))
    }

    fn plan(options: &ThroughputOptions) -> Result<ThroughputPlan> {
        let size = &options.size;
        Ok(ThroughputPlan {
            connects_per_slice: false,
            link: options.link(),
            requests: size.requests,
            until: size.precision.map(|half_width_ppm| Until {
                half_width_ppm,
                blocks_max: size.max_blocks,
            }),
            ..options.windows.plan()?
        })
    }

    fn page(records: &ThroughputRecords) -> Page {
        page::page(records)
    }
}
