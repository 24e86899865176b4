//! Measures a settling run: closed loop from idle, told interval by interval.

use super::Settling;
use super::plan::SettlingPlan;
use super::records::SettlingRecords;
use super::rows::IntervalRow;
use crate::experiments::Experiment;
use crate::interrupt;
use crate::load::{Generator, Interval, Intervals, LoadSpec, Pace};
use crate::report::grouped;
use crate::run::{
    Block, Job, Journal, Launch, ProcessRow, Servers, SliceEnd, Slices, Slot, before_blocks,
    run_blocks, summarize_blocks,
};
use crate::server::Tree;
use anyhow::Result;
use std::sync::mpsc;
use std::time::Duration;

/// Without load for this long before each slice, a server is idle.
const IDLE: Duration = Duration::from_millis(20);

pub(super) fn measure(
    job: &mut Job<SettlingPlan>,
    launches: Vec<Launch>,
    done: &SettlingRecords,
) -> Result<()> {
    let plan = job.run.plan.clone();
    before_blocks(job, plan.is_short(), plan.blocks)?;
    let processors = job.run.processors.clone();
    let generator = Box::new(Generator::start(plan.engine, &processors.generator, 1)?);
    let mut from_idle = FromIdle {
        servers: Servers::new(launches, &processors.server, generator, plan.timeout()),
        plan: plan.clone(),
    };
    let wanted = |_: &Job<SettlingPlan>, _| Ok(plan.blocks);
    run_blocks(job, &mut from_idle, &done.blocks, plan.blocks, wanted)?;
    let measured = Settling::read(job.folder.path())?;
    summarize_blocks(job, &measured.blocks);
    Ok(())
}

/// Slices that begin with nothing under way.
struct FromIdle {
    servers: Servers,
    plan: SettlingPlan,
}

impl FromIdle {
    fn closed_loop(&self, length_ms: u64) -> LoadSpec {
        LoadSpec {
            duration: Some(Duration::from_millis(length_ms)),
            stop: interrupt::flag(),
            ..LoadSpec::new(Pace::Closed, self.plan.timeout())
        }
    }
}

impl Slices for FromIdle {
    fn arms(&self) -> Vec<String> {
        self.servers.names()
    }

    fn conditions(&self) -> Vec<String> {
        let connections = self.plan.connections.iter();
        connections
            .map(|one| format!("{} connections", grouped(*one as u64)))
            .collect()
    }

    fn rounds(&self, _: usize) -> u32 {
        self.plan.rounds
    }

    fn start(&mut self, _: Block, arm: usize) -> Result<()> {
        self.servers.start(arm);
        Ok(())
    }

    fn ready(&mut self, _: Block, condition: usize, arm: usize) -> Result<()> {
        let warm_up = self.closed_loop(self.plan.warm_up_ms);
        let connections = self.plan.connections[condition];
        self.servers.ready(arm, connections, Some(&warm_up));
        Ok(())
    }

    fn slice(&mut self, slot: &Slot, journal: &mut Journal) -> Result<SliceEnd> {
        std::thread::sleep(IDLE);
        let connections = self.plan.connections[slot.condition];
        let (to, told) = mpsc::channel();
        let spec = LoadSpec {
            intervals: Some(Intervals {
                every: Duration::from_millis(self.plan.interval_ms),
                to,
            }),
            ..self.closed_loop(self.plan.length_ms)
        };
        let measured = self.servers.run(slot.arm, connections, &spec, || {});
        drop(spec);
        // What was broken off is not a slice.
        interrupt::check()?;
        for row in rows(told.into_iter().collect(), self.plan.intervals()) {
            journal.append(&IntervalRow {
                block: slot.block.number,
                connections,
                round: slot.round,
                position: slot.position,
                arm: self.servers.name(slot.arm).to_owned(),
                ..row
            })?;
        }
        Ok(measured
            .map_or(Duration::ZERO, |one| one.pauses.total)
            .into())
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
        let row = ProcessRow {
            block: block.number,
            connections: self.plan.connections[condition],
            ..ProcessRow::default()
        };
        journal.append(&self.servers.done(arm, row)?)
    }

    fn stop(&mut self, _: Block, _: &mut Journal) -> Result<()> {
        self.servers.stop()
    }
}

/// One row for each interval, over all threads; those in which nothing was told are rows of zeros.
fn rows(told: Vec<Interval>, intervals: u64) -> Vec<IntervalRow> {
    let of_index = |interval| {
        let mut parts = told.iter().filter(|one| one.index == interval);
        let first = parts.next()?;
        let mut service = first.service.clone();
        let mut row = IntervalRow {
            ok: first.tally.ok,
            errors: first.tally.errors(),
            served: first.served as u64,
            ..IntervalRow::default()
        };
        for part in parts {
            row.ok += part.tally.ok;
            row.errors += part.tally.errors();
            row.served += part.served as u64;
            service.add(&part.service).ok()?;
        }
        row.service_time_p50_us = service.value_at_quantile(0.5) / 1000;
        row.service_time_p99_us = service.value_at_quantile(0.99) / 1000;
        Some(row)
    };
    (0..intervals)
        .map(|interval| IntervalRow {
            interval,
            ..of_index(interval).unwrap_or_default()
        })
        .collect()
}
