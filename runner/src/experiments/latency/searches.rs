//! Searches for the highest rate at which each arm keeps the objective, each on a fresh process.

use super::measure::{paced, warm_up};
use super::plan::LatencyPlan;
use super::records::LatencyRecords;
use super::rows::{ProbeRow, SearchRow};
use super::search::highest_held;
use crate::interrupt;
use crate::load::{Measured, Objective};
use crate::run::{Job, Journal, Orders, ProcessRow, Servers};
use anyhow::{Result, anyhow};
use std::time::Duration;

/// How long one rate is probed; in tests, long enough for some requests.
const PROBE_MS: u64 = if cfg!(test) { 20 } else { 500 };

/// How often a rate is tried before it counts as not held: a stall of the machine must not end a search.
const TRIES: u32 = 3;

/// Without load for this long, the backlog of a rate that was too high is gone.
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 100 });

pub(super) fn measure(
    job: &mut Job<LatencyPlan>,
    servers: &mut Servers,
    done: &LatencyRecords,
) -> Result<()> {
    let (plan, seed) = (job.run.plan.clone(), job.run.seed);
    let objective = plan.objective.as_deref().map(Objective::parse);
    let objective = objective.ok_or_else(|| anyhow!("there is not an objective"))?;
    let objective = objective.map_err(|why| anyhow!("{why}"))?;
    let orders = Orders {
        seed: !seed,
        series: 1,
    };
    for search in 0..plan.searches {
        for arm in orders.order(0, u64::from(search), servers.names().len()) {
            interrupt::check()?;
            let unit = unit(search, servers.name(arm));
            if done.units.contains(&unit) {
                continue;
            }
            crate::say!(
                "search {} of {}: {}",
                search + 1,
                plan.searches,
                servers.name(arm)
            );
            let mut one = Search {
                plan: &plan,
                objective: &objective,
                seed,
                number: search,
                arm,
                probes: 0,
            };
            let row = one.run(servers, &mut job.folder.journal)?;
            job.folder.journal.append(&row)?;
            job.folder.journal.close(&unit)?;
        }
    }
    Ok(())
}

/// The name of a search as a unit of the journal.
pub(super) fn unit(search: u32, arm: &str) -> String {
    format!("search {search} {arm}")
}

/// One search on one process.
struct Search<'s> {
    plan: &'s LatencyPlan,
    objective: &'s Objective,
    seed: u64,
    number: u32,
    arm: usize,
    probes: u32,
}

impl Search<'_> {
    fn run(&mut self, servers: &mut Servers, journal: &mut Journal) -> Result<SearchRow> {
        servers.start(self.arm);
        servers.ready(self.arm, self.plan.connections, Some(&warm_up(self.plan)));
        let highest = highest_held(|rate| self.is_held(rate, servers, journal))?;
        let err = servers.err(self.arm).to_owned();
        servers.done(self.arm, ProcessRow::default())?;
        servers.stop()?;
        Ok(SearchRow {
            search: self.number,
            arm: servers.name(self.arm).to_owned(),
            probes: self.probes,
            highest_rate_per_s: match err.is_empty() {
                true => highest.unwrap_or(0.0).round() as u64,
                false => 0,
            },
            err,
        })
    }

    fn is_held(&mut self, rate: f64, servers: &mut Servers, journal: &mut Journal) -> Result<bool> {
        for _ in 0..TRIES {
            let spec = paced(self.plan, rate, self.seed, PROBE_MS);
            let measured = servers.run(self.arm, self.plan.connections, &spec, || {});
            interrupt::check()?;
            let Some(measured) = measured else {
                return Ok(false);
            };
            // Hosts that did not begin together have not offered this rate.
            let is_offered = servers
                .driver
                .told()
                .is_none_or(|window| window.is_together);
            let is_met = is_offered && self.objective.is_met_by(&measured);
            journal.append(&self.row(servers.name(self.arm), rate, &measured, is_met))?;
            self.probes += 1;
            if is_met {
                return Ok(true);
            }
            std::thread::sleep(PAUSE);
        }
        Ok(false)
    }

    fn row(&self, arm: &str, rate: f64, measured: &Measured, is_met: bool) -> ProbeRow {
        let at = |quantile| measured.times.response.value_at_quantile(quantile);
        let tally = &measured.tally;
        ProbeRow {
            search: self.number,
            arm: arm.to_owned(),
            probe: self.probes,
            rate_per_s: rate.round() as u64,
            unsent: tally.unsent,
            sent: tally.sent,
            errors: tally.errors() + tally.connect_errors,
            response_time_p50_ns: at(0.5),
            response_time_p99_ns: at(0.99),
            met: u8::from(is_met),
        }
    }
}
