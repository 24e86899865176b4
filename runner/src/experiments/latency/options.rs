//! What can be asked of a latency run.

use super::plan::{LatencyPlan, RateLevel, SEARCHES};
use crate::arms::OwnOptions;
use crate::duration::millis;
use crate::environment::limits;
use crate::experiments::{ApartOptions, Link, ServedOptions};
use crate::framework::Workspace;
use crate::load::{Arrivals, Objective};
use crate::run::{Design, RunOptions};
use crate::usage::UsageError;
use crate::values::{connections, count, whole_millis};
use anyhow::Result;
use clap::Args;
use std::time::Duration;

/// Options of `latency`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct LatencyOptions {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub design: DesignOptions,
    #[command(flatten, next_help_heading = "Servers and load")]
    #[allow(missing_docs)]
    pub served: ServedOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub own: OwnOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub apart: ApartOptions,
}

const EXAMPLES: &str = "\
Examples:
  runner latency                            all contestants at 1 000 and 20 000 requests per second
  runner latency --slo p99=5ms              the highest rate at which each keeps this
  runner latency --arm old='./old --port {port}' --arm new='./new --port {port}' --rate 1k
                                            two servers of your own (docs/YOUR-SERVERS.md)

Exit status: 0 good, 1 measured with errors, 2 wrong arguments, 130 interrupted (then --resume).";

/// What makes up the plan.
#[derive(Debug, Args)]
#[group(id = "design", multiple = true, conflicts_with = "resume")]
#[command(next_help_heading = "Plan")]
pub struct DesignOptions {
    /// Requests per second, the same for all contestants; 1k,20k if neither this nor --slo is given
    #[arg(long, value_delimiter = ',', value_parser = count, value_name = "RATE")]
    pub rate: Vec<u64>,
    /// Search for each contestant's highest rate that keeps this objective, such as p99=5ms
    #[arg(long, value_name = "OBJECTIVE", value_parser = Objective::parse)]
    pub slo: Option<Objective>,
    /// Searches per contestant, each on a fresh process
    #[arg(long, default_value_t = SEARCHES, requires = "slo")]
    pub searches: u32,
    /// Connections that carry the requests
    #[arg(short, long, default_value = "64", value_parser = connections)]
    pub connections: usize,
    /// How arrivals are spread
    #[arg(long, value_enum, default_value_t = Arrivals::Uniform)]
    pub arrivals: Arrivals,
    /// Blocks, 12 if not given; each starts fresh processes
    #[arg(long)]
    pub blocks: Option<u32>,
    /// Rounds per block and rate, 2 if not given: each measures every contestant once, in a new order
    #[arg(long)]
    pub rounds: Option<u32>,
    /// How long each window is counted; by the rate if not given
    #[arg(long, value_parser = whole_millis)]
    pub window: Option<Duration>,
    /// Load before each window, which is not counted; 50ms if not given
    #[arg(long, value_parser = whole_millis)]
    pub settling: Option<Duration>,
}

/// The rates at which contestants are measured by default: what being a running server costs, and what a busy one
/// does to response times.
const RATES_PER_S: [u64; 2] = [1_000, 20_000];

impl LatencyOptions {
    /// The design of the run.
    pub(super) fn design(
        &self,
        workspace: &Workspace,
        experiment: &'static str,
        method: u32,
    ) -> Result<Design<LatencyPlan>> {
        let plan = LatencyPlan {
            link: self.apart.link(),
            ..self.design.plan(&self.served)?
        };
        plan.validate()?;
        workspace.refuse_without_server(&self.run.names, plan.server)?;
        limits::allow_connections(plan.open_at_a_time(16))?;
        Ok(Design {
            experiment,
            method,
            is_kept: !plan.is_short(),
            processors: self.served.load.processors(plan.link)?,
            variant: plan.link.labelled(self.served.variant().unless_default()),
            plan,
        })
    }
}

impl DesignOptions {
    /// A search has no blocks, rounds or windows of a chosen length; each probe settles.
    fn refuse_what_only_rates_have(&self) -> Result<(), UsageError> {
        let given = [
            ("--blocks", self.blocks.is_some()),
            ("--rounds", self.rounds.is_some()),
            ("--window", self.window.is_some()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => Err(UsageError(format!(
                "{option} has no effect on a search; name a rate as well: --slo p99=5ms --rate 20k {option} ..."
            ))),
            None => Ok(()),
        }
    }

    fn plan(&self, served: &ServedOptions) -> Result<LatencyPlan> {
        let mut rates = self.rate.clone();
        if rates.is_empty() && self.slo.is_none() {
            rates.extend(RATES_PER_S);
        }
        if rates.is_empty() {
            self.refuse_what_only_rates_have()?;
        }
        rates.sort_unstable();
        rates.dedup();
        let level = |rate_per_s| {
            let level = RateLevel::of(rate_per_s);
            RateLevel {
                window_ms: self.window.map_or(level.window_ms, millis),
                rounds: self.rounds.unwrap_or(2),
                ..level
            }
        };
        Ok(LatencyPlan {
            server: served.server,
            env: served.env,
            link: Link::Loopback,
            connections: self.connections,
            rates: rates.into_iter().map(level).collect(),
            arrivals: self.arrivals,
            blocks: self.blocks.unwrap_or(12),
            objective: self
                .slo
                .as_ref()
                .map(|objective| objective.text().to_owned()),
            searches: self.searches,
            settling_ms: self.settling.map_or(50, millis),
            rest_ms: 1000,
            warm_up_ms: 150,
            timeout_ms: millis(served.load.timeout),
            engine: served.load.engine.resolve()?,
        })
    }
}
