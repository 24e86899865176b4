//! Measures a throughput run: windows of load that has settled, in a closed loop.

use super::plan::{ThroughputPlan, said};
use super::records::ThroughputRecords;
use super::rows::{SERVICE_TIMES, SliceRow};
use super::tables;
use super::tables::Table;
use crate::analysis::blocks_wanted;
use crate::duration::{micros, nanos};
use crate::experiments::Experiment;
use crate::interrupt;
use crate::load::{LoadSpec, Pace, Window, time_histogram};
use crate::record::HistogramTag;
use crate::run::{
    ArmKind, Block, Job, Journal, Launch, ProcessRow, Servers, SliceEnd, SliceKey, Slices, Slot,
    before_blocks, run_blocks, summarize_blocks,
};
use crate::server::Tree;
use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::time::Duration;

/// Measures a run of an experiment that has windows of closed loop; `is_short` if it is not worth keeping.
pub(super) fn measure<E>(
    job: &mut Job<ThroughputPlan>,
    launches: Vec<Launch>,
    done: &ThroughputRecords,
    is_short: bool,
) -> Result<()>
where
    E: Experiment<Plan = ThroughputPlan, Records = ThroughputRecords>,
{
    let plan = job.run.plan.clone();
    before_blocks(job, is_short, plan.blocks)?;
    let processors = job.run.processors.clone();
    let driver = job.driver(plan.engine, plan.open_at_a_time(launches.len()))?;
    let servers = Servers::new(launches, &processors.server, driver, plan.timeout());
    let mut closed_loop = ClosedLoop {
        servers,
        plan: plan.clone(),
        seed: job.run.seed,
        times: BTreeMap::new(),
    };
    let wanted = |job: &Job<ThroughputPlan>, complete| wanted::<E>(job, complete);
    run_blocks(job, &mut closed_loop, &done.blocks, plan.blocks, wanted)?;
    let measured = E::read(job.folder.path())?;
    summarize_blocks(job, &measured.blocks);
    Ok(())
}

/// How many blocks the run should have. Only the blocks of its first stage are looked at, so that the answer stays
/// the same while the second one goes on.
fn wanted<E>(job: &Job<ThroughputPlan>, complete: u32) -> Result<u32>
where
    E: Experiment<Records = ThroughputRecords>,
{
    let plan = &job.run.plan;
    let Some(until) = plan.until.filter(|_| complete >= plan.blocks) else {
        return Ok(plan.blocks);
    };
    let records = E::read(job.folder.path())?.first_stage();
    let half_width = f64::from(until.half_width_ppm) / 1e6;
    let levels = plan.connections().into_iter();
    let wanted = levels.filter_map(|connections| {
        let table = Table::of(&records, connections);
        blocks_wanted(&table.rate, half_width, |name| {
            tables::is_coarse(&records, connections, name)
        })
    });
    let wanted = wanted.max().unwrap_or(plan.blocks);
    Ok(wanted.clamp(plan.blocks, until.blocks_max))
}

/// Fits the rounds of each concurrency to the requests asked for, by the rate at which the baseline answers.
pub(super) fn fit_rounds(job: &mut Job<ThroughputPlan>, launches: &[Launch]) -> Result<()> {
    let plan = job.run.plan.clone();
    if plan.levels.iter().all(|level| level.rounds > 0) {
        return Ok(());
    }
    let baseline = launches
        .iter()
        .find(|launch| launch.kind == ArmKind::Baseline);
    let measured = baseline
        .or(launches.first())
        .context("nothing can be measured")?;
    let processors = job.run.processors.clone();
    let driver = job.driver(plan.engine, plan.open_at_a_time(launches.len()))?;
    let launches = vec![measured.clone()];
    let mut servers = Servers::new(launches, &processors.server, driver, plan.timeout());
    servers.start(0);
    for level in &mut job.run.plan.levels {
        servers.ready(0, level.connections, None);
        let spec = closed_loop(&plan, plan.window(level, 0, 0, 0));
        let measured = servers.run(0, level.connections, &spec, || {});
        interrupt::check()?;
        let rate = measured.map_or(0.0, |one| one.tally.ok as f64 / one.elapsed.as_secs_f64());
        level.fit(plan.requests, plan.blocks, rate);
        servers.driver.close(0)?;
    }
    servers.stop()
}

/// Load as fast as answers come, counted in a window.
fn closed_loop(plan: &ThroughputPlan, window: Window) -> LoadSpec {
    LoadSpec {
        window: Some(window),
        stop: interrupt::flag(),
        ..LoadSpec::new(Pace::Closed, plan.timeout())
    }
}

/// Windows of load that has settled, on all connections at once.
struct ClosedLoop {
    servers: Servers,
    plan: ThroughputPlan,
    seed: u64,
    /// Service times of the current block and concurrency, by arm.
    times: BTreeMap<usize, Histogram<u64>>,
}

impl ClosedLoop {
    /// Closes the connections of an arm, if the next slice opens its own.
    fn after_load(&self, arm: usize) -> Result<()> {
        match self.plan.connects_per_slice {
            true => self.servers.driver.close(arm),
            false => Ok(()),
        }
    }
}

impl Slices for ClosedLoop {
    fn arms(&self) -> Vec<String> {
        self.servers.names()
    }

    fn conditions(&self) -> Vec<String> {
        let levels = self.plan.levels.iter();
        levels.map(|level| said(level.connections)).collect()
    }

    fn rounds(&self, condition: usize) -> u32 {
        self.plan.levels[condition].rounds
    }

    fn start(&mut self, _: Block, arm: usize) -> Result<()> {
        self.servers.start(arm);
        Ok(())
    }

    fn ready(&mut self, _: Block, condition: usize, arm: usize) -> Result<()> {
        let warm_up = LoadSpec {
            duration: Some(Duration::from_millis(self.plan.warm_up_ms)),
            stop: interrupt::flag(),
            ..LoadSpec::new(Pace::Closed, self.plan.timeout())
        };
        let connections = self.plan.levels[condition].connections;
        self.servers.ready(arm, connections, Some(&warm_up));
        self.after_load(arm)
    }

    fn slice(&mut self, slot: &Slot, journal: &mut Journal) -> Result<SliceEnd> {
        let level = self.plan.levels[slot.condition];
        let (block, round) = (slot.block.ordinal, slot.round);
        let window = self.plan.window(&level, self.seed, block, round);
        let spec = closed_loop(&self.plan, window);
        let mut row = SliceRow {
            block: slot.block.number,
            connections: level.connections,
            round,
            position: slot.position,
            arm: self.servers.name(slot.arm).to_owned(),
            settling_ns: nanos(window.settling),
            ..SliceRow::default()
        };
        let mut started_us = 0;
        let on_start = || started_us = micros(slot.began.elapsed());
        let measured = self
            .servers
            .run(slot.arm, level.connections, &spec, on_start);
        // What was broken off is not a slice.
        interrupt::check()?;
        row.started_us = started_us;
        let paused = measured
            .as_ref()
            .map_or(Duration::ZERO, |one| one.pauses.total);
        let mut end = SliceEnd::from(paused);
        if let Some(measured) = measured {
            let sum = self.times.entry(slot.arm).or_insert_with(time_histogram);
            sum.add(&measured.times.service)?;
            row = row.measured(&measured);
            if let Some(window) = self.servers.driver.told() {
                let key = SliceKey {
                    block: row.block,
                    connections: row.connections,
                    rate_per_s: 0,
                    round,
                    arm: row.arm.clone(),
                };
                key.append(&window, journal)?;
                row.started_us = micros(measured.began.saturating_duration_since(slot.began));
                end.is_apart = !window.is_together;
            }
            if self.servers.kind(slot.arm) == ArmKind::Planted {
                row.withhold(self.plan.withheld_percent(level.connections));
            }
        }
        row.err = self
            .servers
            .err_of_slice(slot.arm, row.ok, row.server_cpu_ns, row.err);
        journal.append(&row)?;
        self.after_load(slot.arm)?;
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
        let connections = self.plan.levels[condition].connections;
        let row = ProcessRow {
            block: block.number,
            connections,
            ..ProcessRow::default()
        };
        journal.append(&self.servers.done(arm, row)?)?;
        if let Some(times) = self.times.remove(&arm) {
            let tag = HistogramTag {
                arm: self.servers.name(arm).to_owned(),
                condition: connections as u64,
                block: block.number,
            };
            journal.append_times(SERVICE_TIMES, &tag, &times)?;
        }
        Ok(())
    }

    fn stop(&mut self, _: Block, _: &mut Journal) -> Result<()> {
        self.servers.stop()
    }
}
