//! The design of a throughput run: blocks, concurrencies, rounds and windows. Pure.

use crate::arms::{Variant, per_connection};
use crate::experiments::{Link, Outline};
use crate::framework::{BuildEnv, ServerKind};
use crate::load::{EngineKind, Window};
use crate::report::grouped;
use crate::run::Orders;
use crate::usage::{UsageError, within};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What takes part besides contestants.
const CONTROLS: [&str; 3] = ["null", "twin", "planted"];

/// Fewer requests than these make a run that is not worth keeping.
const KEPT_REQUESTS_MIN: u64 = 100_000;

const CONNECTIONS_MAX: usize = 50_000;
const REQUESTS_MAX: u64 = 1_000_000_000_000;
const BLOCKS_MAX: u32 = 10_000;
const TIME_MAX_MS: u64 = 60_000;

/// Each slice settles for up to this much longer than it has to, at random. A server whose answers come in step,
/// such as one that waits for a delayed ACK of 40 ms (RFC 9293, section 3.8.6.3), would otherwise have the same
/// number of steps in every window, one too many or one too few.
const JITTER_US: u64 = 40_000;

/// How much of the baseline's rate a contestant must reach so that the rounds suffice for the requests asked for.
const REACHED_SHARE: f64 = 0.4;

/// A block has at least four rounds: with two slices of an arm nothing can tell which of them was disturbed
/// (docs/ANALYSIS.md, section 7),
const ROUNDS_MIN: u32 = 4;

/// and no more than fit into this time for each arm, whatever number of requests they come to: more blocks say more
/// than longer ones.
const ARM_PER_BLOCK_MS: u64 = 900;

/// What a slice takes besides its load, in ms, and what each connection adds, in µs: the last answers of a window, and, if
/// the connections are of the slice alone, opening and closing them. As the kept runs took it; for the expected time only.
const SLICE_MS: f64 = 3.0;
const LAST_ANSWER_US: f64 = 30.0;
const OPENING_US: f64 = 90.0;

/// What starting and stopping a process takes, in ms; for the expected time only.
const PROCESS_MS: f64 = 100.0;

/// What is measured when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThroughputPlan {
    /// Which program of each contestant serves.
    pub server: ServerKind,
    /// How it is built.
    pub env: BuildEnv,
    /// The variants of each contestant that are compared, the first of them that of `server` and `env`; empty if
    /// the run measures that one alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// How many requests a connection carries in the variants that are compared with connections that are kept; empty
    /// if all are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests_per_connection: Vec<u32>,
    /// Whether each slice opens its connections and closes them, so that only one arm has any: all arms of a matrix
    /// together would need more open files than most systems allow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub connects_per_slice: bool,
    /// What lies between servers and generator.
    #[serde(default, skip_serializing_if = "Link::is_loopback")]
    pub link: Link,
    /// The numbers of connections, and how each is measured.
    pub levels: Vec<Level>,
    /// Counted requests per contestant and concurrency that the rounds are to suffice for.
    pub requests: u64,
    /// Blocks; with `until`, those of the first stage.
    pub blocks: u32,
    /// How precise the run has to be, if it is not to end after `blocks`.
    pub until: Option<Until>,
    /// After its window a slice sends nothing; what is open after this long is given up.
    pub rest_ms: u64,
    /// How long each arm is driven before its first slice at a concurrency; not counted.
    pub warm_up_ms: u64,
    /// An answer that takes longer is given up.
    pub timeout_ms: u64,
    /// The generator's engine.
    pub engine: EngineKind,
}

/// One concurrency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Connections, each with one request open at a time.
    pub connections: usize,
    /// Load before each window, which is not counted.
    pub settling_ms: u64,
    /// How long each window is counted.
    pub window_ms: u64,
    /// Rounds per block; 0 until the rate of the baseline has said how many it takes.
    pub rounds: u32,
}

/// A precision to reach: the second stage of a run adds blocks until the half-widths of all ratios to the
/// baseline are expected to be small enough. It looks at variances, never at who is ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Until {
    /// Half-width of the ratio, in parts per million: 20 000 for 2 %.
    pub half_width_ppm: u32,
    /// Blocks in all, whatever they still leave open.
    pub blocks_max: u32,
}

impl Level {
    /// Whether its windows are long enough to tell who was served within 100 ms.
    pub(super) fn tells_served(&self) -> bool {
        self.window_ms >= 100
    }

    /// The settling and window that this many connections need (docs/METHODOLOGY.md, "Settling").
    #[must_use]
    pub(super) fn of(connections: usize) -> Self {
        let connections_over = connections.saturating_sub(64) as u64;
        Self {
            connections,
            settling_ms: 30 + connections_over / 3,
            window_ms: (75 + connections_over / 7).min(1000),
            rounds: 0,
        }
    }

    /// The rounds per block that suffice for `requests` requests over all blocks, if the baseline answers this
    /// many per second.
    pub(super) fn fit(&mut self, requests: u64, blocks: u32, rate: f64) {
        let per_round = REACHED_SHARE * rate * self.window_ms as f64 / 1000.0 * f64::from(blocks);
        let rounds = (requests as f64 / per_round.max(1.0)).ceil();
        // A float beyond the range becomes the end of the range.
        let slices = ARM_PER_BLOCK_MS / (self.settling_ms + self.window_ms).max(1);
        let rounds_max = u32::try_from(slices).unwrap_or(u32::MAX).max(ROUNDS_MIN);
        self.rounds = (rounds as u32).clamp(ROUNDS_MIN, rounds_max);
    }
}

impl ThroughputPlan {
    /// Checks that the plan can be carried out as meant.
    pub(super) fn validate(&self) -> Result<(), UsageError> {
        let all = |of: fn(&Level) -> u64| self.levels.iter().map(of).collect::<Vec<u64>>();
        let connections = all(|level| level.connections as u64);
        within("connections (C)", &connections, 1, CONNECTIONS_MAX as u64)?;
        within(
            "settling in ms",
            &all(|level| level.settling_ms),
            0,
            TIME_MAX_MS,
        )?;
        within(
            "window in ms",
            &all(|level| level.window_ms),
            1,
            TIME_MAX_MS,
        )?;
        within("rounds", &all(|level| u64::from(level.rounds)), 0, 1000)?;
        within("requests (N)", &[self.requests], 1, REQUESTS_MAX)?;
        within("blocks (BLOCKS)", &[self.blocks], 1, BLOCKS_MAX)?;
        if let Some(until) = self.until {
            within("max-blocks", &[until.blocks_max], self.blocks, BLOCKS_MAX)?;
        }
        Ok(())
    }

    /// The numbers of connections.
    #[must_use]
    pub fn connections(&self) -> Vec<usize> {
        self.levels.iter().map(|level| level.connections).collect()
    }

    /// The level of this many connections.
    #[must_use]
    pub fn level(&self, connections: usize) -> Option<&Level> {
        self.levels
            .iter()
            .find(|level| level.connections == connections)
    }

    /// The window of a slice. Its settling is a little longer each time, the same for all arms of a round.
    #[must_use]
    pub(super) fn window(&self, level: &Level, seed: u64, block: u32, round: u32) -> Window {
        let number = (u64::from(block) << 32) | u64::from(round) | (level.connections as u64) << 48;
        let mut random = Pcg64::seed_from_u64(seed ^ number);
        let jitter = Duration::from_micros(random.random_range(0..JITTER_US));
        Window {
            settling: Duration::from_millis(level.settling_ms) + jitter,
            length: Duration::from_millis(level.window_ms),
            rest: Duration::from_millis(self.rest_ms),
        }
    }

    /// How much of its work the planted control withholds at this concurrency, in percent of what counts: the
    /// least that can be found on a busy host with so many blocks.
    ///
    /// Fixed before the run. On a virtual machine whose neighbours are active, the ratio of one block varies by
    /// 5 % at 64 connections and by 11 % at a thousand, where an arm has half as many slices (docs/METHODOLOGY.md).
    #[must_use]
    pub fn withheld_percent(&self, connections: usize) -> u64 {
        const CONNECTIONS_MAX: usize = 256;
        match self.blocks {
            48.. if connections <= CONNECTIONS_MAX => 2,
            20.. if connections <= CONNECTIONS_MAX => 5,
            48.. => 5,
            _ => 10,
        }
    }

    /// Whether the run is too short to be kept among the results, which takes this many blocks.
    #[must_use]
    pub(super) fn is_short(&self, blocks_min: u32) -> bool {
        self.blocks < blocks_min || self.requests < KEPT_REQUESTS_MIN
    }

    /// The variant that the run measures, or that the others are held against.
    #[must_use]
    pub(super) fn variant(&self) -> Variant {
        Variant {
            server: self.server,
            env: self.env,
        }
    }

    /// What says of the run, in the name of its folder, that it is not what is measured by default.
    #[must_use]
    pub(super) fn label(&self) -> Option<String> {
        self.link.labelled(self.variant().unless_default())
    }

    /// How many connections are open at a time, with this many arms.
    #[must_use]
    pub(super) fn open_at_a_time(&self, arms: usize) -> usize {
        let connections_max = self.connections().into_iter().max().unwrap_or(0);
        match self.connects_per_slice {
            true => connections_max,
            false => arms * connections_max,
        }
    }

    /// The slices of a block at each number of connections, in words.
    #[must_use]
    pub(super) fn slices(&self) -> String {
        let levels = self.levels.iter().map(|level| {
            format!(
                "{} slices of {} ms a block at {} connections",
                level.rounds, level.window_ms, level.connections
            )
        });
        levels.collect::<Vec<_>>().join(", ")
    }

    /// [`ThroughputPlan::timeout_ms`] as a duration.
    #[must_use]
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// What the variants of a contestant are called, the first of them the one that has its name.
    #[must_use]
    pub(super) fn labels(&self) -> Vec<String> {
        if self.requests_per_connection.is_empty() {
            return self.variants.iter().map(Variant::to_string).collect();
        }
        let limited = self.requests_per_connection.iter();
        let limited = limited.map(|&requests| per_connection(requests));
        std::iter::once("keep-alive".to_owned())
            .chain(limited)
            .collect()
    }

    /// What is built of each contestant.
    fn built(&self) -> String {
        if self.variants.is_empty() {
            return format!("{} {}", self.server, self.env);
        }
        let variants = self.variants.iter().map(Variant::to_string);
        variants.collect::<Vec<_>>().join(", ")
    }

    /// The arms in the order of the record, if everything can be built.
    fn arms(&self, contestants: &[String]) -> Vec<String> {
        let labels = self.labels();
        let each = |labels: &[String]| {
            let of = |name: &String| {
                let named = labels.iter().map(|label| format!("{name} {label}"));
                named.collect::<Vec<String>>()
            };
            contestants.iter().flat_map(of).collect::<Vec<String>>()
        };
        let controls = CONTROLS.map(str::to_owned);
        match labels.split_first() {
            None => [contestants, &controls].concat(),
            // Modes are of programs that were checked, after the null server.
            Some((kept, modes)) if self.variants.is_empty() => {
                let kept = each(std::slice::from_ref(kept));
                [&kept, &controls[..1], &each(modes), &controls[1..]].concat()
            }
            Some(_) => [&each(&labels)[..], &controls].concat(),
        }
    }

    /// How long a slice takes, with opening its connections and waiting for its last answers.
    fn slice_ms(&self, level: &Level) -> f64 {
        let opening_us = if self.connects_per_slice {
            OPENING_US
        } else {
            0.0
        };
        let connections_us = level.connections as f64 * (opening_us + LAST_ANSWER_US);
        let load_ms = level.settling_ms + JITTER_US / 2000 + level.window_ms;
        load_ms as f64 + SLICE_MS + connections_us / 1000.0
    }

    /// How long it takes until an arm is ready: its connections opened and its server warmed up.
    fn ready_ms(&self, level: &Level) -> f64 {
        let connections_us = level.connections as f64 * (OPENING_US + LAST_ANSWER_US);
        self.warm_up_ms as f64 + connections_us / 1000.0
    }

    /// The plan in words.
    pub(super) fn outline(&self, seed: u64, contestants: &[String]) -> Outline {
        /// What a baseline answers per second on a machine of two processors.
        const RATE: f64 = 100_000.0;
        let arms = self.arms(contestants);
        let orders = Orders {
            seed,
            series: 2 * self.levels.len() as u64,
        };
        let mut steps = vec![
            format!("build and check each contestant ({})", self.built()),
            format!(
                "{} blocks, each with fresh processes for all arms{}",
                self.blocks,
                self.link.in_sentence()
            ),
        ];
        let mut slices_ms = 0.0;
        for level in &self.levels {
            let mut fitted = *level;
            if level.rounds == 0 {
                fitted.fit(self.requests, self.blocks, RATE);
            }
            slices_ms += f64::from(fitted.rounds) * self.slice_ms(level) + self.ready_ms(level);
            steps.push(format!(
                "{}: {} rounds a block; a slice settles {} ms (and up to {} more) and counts {} ms",
                said(level.connections),
                fitted.rounds,
                level.settling_ms,
                JITTER_US / 1000,
                level.window_ms
            ));
        }
        let block_s = arms.len() as f64 * (slices_ms + PROCESS_MS) / 1000.0;
        Outline {
            steps,
            order: Some(orders.first_round(0, &arms)),
            arms,
            expected: Duration::from_secs_f64(block_s * f64::from(self.blocks)),
        }
    }
}

/// A number of connections in words.
#[must_use]
pub(super) fn said(connections: usize) -> String {
    match connections {
        1 => "1 connection".to_owned(),
        _ => format!("{} connections", grouped(connections as u64)),
    }
}

#[cfg(test)]
mod tests;
