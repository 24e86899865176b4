//! Measures a latency run: windows at a fixed rate, by schedule, whatever the answers do.

use super::plan::LatencyPlan;
use super::records::LatencyRecords;
use super::rows::{PacedRow, RESPONSE_TIMES};
use super::{Latency, searches};
use crate::duration::{micros, nanos};
use crate::experiments::Experiment;
use crate::interrupt;
use crate::load::{LoadSpec, Pace, time_histogram};
use crate::record::HistogramTag;
use crate::run::{
    Block, Job, Journal, Launch, ProcessRow, Servers, SliceEnd, SliceKey, Slices, Slot,
    before_blocks, run_blocks, summarize_blocks,
};
use crate::server::Tree;
use anyhow::Result;
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) fn measure(
    job: &mut Job<LatencyPlan>,
    launches: Vec<Launch>,
    done: &LatencyRecords,
) -> Result<()> {
    let plan = job.run.plan.clone();
    before_blocks(job, plan.has_few_blocks(), plan.blocks)?;
    let processors = job.run.processors.clone();
    let driver = job.driver(plan.engine, launches.len() * plan.connections)?;
    let servers = Servers::new(launches, &processors.server, driver, plan.timeout());
    let mut open_loop = OpenLoop {
        servers,
        seed: job.run.seed,
        plan: plan.clone(),
        times: BTreeMap::new(),
    };
    if !plan.rates.is_empty() {
        let wanted = |_: &Job<LatencyPlan>, _| Ok(plan.blocks);
        run_blocks(job, &mut open_loop, &done.blocks, plan.blocks, wanted)?;
        let measured = Latency::read(job.folder.path())?;
        summarize_blocks(job, &measured.blocks);
    }
    if plan.objective.is_some() {
        searches::measure(job, &mut open_loop.servers, done)?;
    }
    Ok(())
}

/// Windows of load by schedule.
struct OpenLoop {
    servers: Servers,
    plan: LatencyPlan,
    seed: u64,
    /// Response times of the current block and rate, by arm.
    times: BTreeMap<usize, Histogram<u64>>,
}

/// Load that warms an arm up, as fast as answers come.
pub(super) fn warm_up(plan: &LatencyPlan) -> LoadSpec {
    LoadSpec {
        duration: Some(Duration::from_millis(plan.warm_up_ms)),
        stop: interrupt::flag(),
        ..LoadSpec::new(Pace::Closed, plan.timeout())
    }
}

/// Load by schedule at this rate, counted in a window of this length.
pub(super) fn paced(plan: &LatencyPlan, rate: f64, seed: u64, window_ms: u64) -> LoadSpec {
    LoadSpec {
        window: Some(plan.window(window_ms)),
        stop: interrupt::flag(),
        ..LoadSpec::new(plan.pace(rate, seed), plan.timeout())
    }
}

impl Slices for OpenLoop {
    fn arms(&self) -> Vec<String> {
        self.servers.names()
    }

    fn conditions(&self) -> Vec<String> {
        let rates = self.plan.rates.iter();
        rates
            .map(|level| format!("{} requests/s", level.rate_per_s))
            .collect()
    }

    fn rounds(&self, condition: usize) -> u32 {
        self.plan.rates[condition].rounds
    }

    fn start(&mut self, _: Block, arm: usize) -> Result<()> {
        self.servers.start(arm);
        Ok(())
    }

    fn ready(&mut self, _: Block, _: usize, arm: usize) -> Result<()> {
        let warm_up = warm_up(&self.plan);
        self.servers
            .ready(arm, self.plan.connections, Some(&warm_up));
        Ok(())
    }

    fn slice(&mut self, slot: &Slot, journal: &mut Journal) -> Result<SliceEnd> {
        let level = self.plan.rates[slot.condition];
        // Each slice has a schedule of its own, the same for all arms of a round.
        let number = (u64::from(slot.block.ordinal) << 16) | u64::from(slot.round);
        let rate = level.rate_per_s as f64;
        let spec = paced(&self.plan, rate, self.seed ^ number, level.window_ms);
        let mut row = PacedRow {
            block: slot.block.number,
            connections: self.plan.connections,
            rate_per_s: level.rate_per_s,
            round: slot.round,
            position: slot.position,
            arm: self.servers.name(slot.arm).to_owned(),
            settling_ns: nanos(Duration::from_millis(self.plan.settling_ms)),
            ..PacedRow::default()
        };
        let mut started_us = 0;
        let on_start = || started_us = micros(slot.began.elapsed());
        let measured = self
            .servers
            .run(slot.arm, self.plan.connections, &spec, on_start);
        // What was broken off is not a slice.
        interrupt::check()?;
        row.started_us = started_us;
        let paused = measured
            .as_ref()
            .map_or(Duration::ZERO, |one| one.pauses.total);
        let mut end = SliceEnd::from(paused);
        if let Some(measured) = measured {
            let sum = self.times.entry(slot.arm).or_insert_with(time_histogram);
            sum.add(&measured.times.response)?;
            if let Some(window) = self.servers.driver.told() {
                let key = SliceKey {
                    block: row.block,
                    connections: row.connections,
                    rate_per_s: row.rate_per_s,
                    round: row.round,
                    arm: row.arm.clone(),
                };
                key.append(&window, journal)?;
                row.started_us = micros(measured.began.saturating_duration_since(slot.began));
                end.is_apart = !window.is_together;
            }
            row = row.measured(&measured);
        }
        row.err = self
            .servers
            .err_of_slice(slot.arm, row.ok, row.server_cpu_ns, row.err);
        journal.append(&row)?;
        Ok(end)
    }

    fn processes(&self) -> Vec<Tree> {
        self.servers.processes()
    }

    fn done(
        &mut self,
        block: Block,
        condition: usize,
        arm: usize,
        journal: &mut Journal,
    ) -> Result<()> {
        let rate_per_s = self.plan.rates[condition].rate_per_s;
        let row = ProcessRow {
            block: block.number,
            connections: self.plan.connections,
            rate_per_s,
            ..ProcessRow::default()
        };
        journal.append(&self.servers.done(arm, row)?)?;
        if let Some(times) = self.times.remove(&arm) {
            let tag = HistogramTag {
                arm: self.servers.name(arm).to_owned(),
                condition: rate_per_s,
                block: block.number,
            };
            journal.append_times(RESPONSE_TIMES, &tag, &times)?;
        }
        Ok(())
    }

    fn stop(&mut self, _: Block, _: &mut Journal) -> Result<()> {
        self.servers.stop()
    }
}
