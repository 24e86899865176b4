//! What can be asked of a run of windows of a closed loop.

use super::plan::{Level, ThroughputPlan};
use crate::arms::Variant;
use crate::duration::millis;
use crate::experiments::{Link, LoadOptions, ServedOptions};
use crate::run::RunOptions;
use crate::values::{connections, whole_millis};
use anyhow::Result;
use clap::Args;
use clap::builder::ArgPredicate;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::time::Duration;

/// Longer than an answer waits at a thousand connections, so that none has to be given up.
const REST_MS: u64 = 1000;

/// Counted requests are not what sets the length of a run, unless it is told their number.
const ANY_REQUESTS: u64 = 1_000_000;

/// The plan that an experiment has if nothing is asked for, in the words of the command line.
pub trait Defaults: Debug {
    /// Examples of its command, and what its exit status says.
    const EXAMPLES: &'static str;
    /// Numbers of connections, separated by commas.
    const CONNECTIONS: &'static str;
    /// The options that name a user's own servers, if the experiment has them: with these it is 64 connections alone.
    const CONNECTIONS_OF_OWN: &'static [&'static str] = &[];
    /// Blocks.
    const BLOCKS: &'static str;
    /// Rounds per block; none if they follow from the number of requests.
    const ROUNDS: Option<&'static str>;
    /// How long a server is driven before its first slice at a concurrency.
    const WARM_UP: &'static str = "100ms";
    /// The shortest window, in ms.
    const WINDOW_MIN_MS: u64 = 0;
}

/// Options of an experiment that loads one variant of each contestant.
#[derive(Debug, Args)]
#[command(after_help = D::EXAMPLES)]
pub struct ServedWindowOptions<D: Defaults> {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub windows: WindowOptions<D>,
    #[command(flatten, next_help_heading = "Servers and load")]
    #[allow(missing_docs)]
    pub served: ServedOptions,
}

/// What makes up the plan.
#[derive(Debug, Args)]
#[group(id = "windows", multiple = true, conflicts_with = "resume")]
#[command(next_help_heading = "Plan")]
pub struct WindowOptions<D: Defaults> {
    /// Concurrency: numbers of connections, each with one request open at a time
    #[arg(short, long, value_delimiter = ',', default_value = D::CONNECTIONS, value_parser = connections,
          default_value_ifs(D::CONNECTIONS_OF_OWN.iter().map(|&option| (option, ArgPredicate::IsPresent, Some("64")))))]
    pub connections: Vec<usize>,
    /// Blocks; each starts fresh processes for all arms
    #[arg(long, default_value = D::BLOCKS)]
    pub blocks: u32,
    /// Rounds per block and concurrency: each measures every arm once, in a new order; without a default, as many
    /// as suffice for --requests
    #[arg(long, default_value = D::ROUNDS, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: Option<u32>,
    /// Load before each window, which is not counted; by the number of connections if not given
    #[arg(long, value_parser = whole_millis)]
    pub settling: Option<Duration>,
    /// How long each window is counted; by the number of connections if not given
    #[arg(long, value_parser = whole_millis)]
    pub window: Option<Duration>,
    /// How long a server is driven before its first slice at a concurrency
    #[arg(long, default_value = D::WARM_UP, value_parser = whole_millis)]
    pub warm_up: Duration,
    #[arg(skip)]
    #[allow(missing_docs)]
    pub defaults: PhantomData<D>,
}

impl<D: Defaults> ServedWindowOptions<D> {
    /// The plan in which every slice has connections of its own.
    ///
    /// # Errors
    ///
    /// If the engine cannot be had.
    pub(super) fn plan(&self) -> Result<ThroughputPlan> {
        let served = &self.served;
        self.windows.plan(served.variant(), &served.load)
    }
}

impl<D: Defaults> WindowOptions<D> {
    /// The plan in which every slice has connections of its own.
    ///
    /// # Errors
    ///
    /// If the engine cannot be had.
    pub(super) fn plan(&self, variant: Variant, load: &LoadOptions) -> Result<ThroughputPlan> {
        let mut connections = self.connections.clone();
        connections.sort_unstable();
        connections.dedup();
        let level = |connections| {
            let level = Level::of(connections);
            let window_ms = level.window_ms.max(D::WINDOW_MIN_MS);
            Level {
                connections,
                settling_ms: self.settling.map_or(level.settling_ms, millis),
                window_ms: self.window.map_or(window_ms, millis),
                rounds: self.rounds.unwrap_or(0),
            }
        };
        Ok(ThroughputPlan {
            server: variant.server,
            env: variant.env,
            variants: Vec::new(),
            requests_per_connection: Vec::new(),
            connects_per_slice: true,
            link: Link::Loopback,
            levels: connections.into_iter().map(level).collect(),
            requests: ANY_REQUESTS,
            blocks: self.blocks,
            until: None,
            rest_ms: REST_MS,
            warm_up_ms: millis(self.warm_up),
            timeout_ms: millis(load.timeout),
            engine: load.engine.resolve()?,
        })
    }
}
