//! One block: a fresh process per arm, all live together; at each level every arm is connected and
//! warmed up, then measured slice by slice, round robin, lap after lap; then all are ended.

use super::arms::Contender;
use super::progress::Progress;
use crate::commands::spoilt::Watch;
use crate::environment::Counters;
use crate::interrupt;
use crate::load::{Generator, LoadSpec, Pace, Target, time_histogram};
use crate::plan::Plan;
use crate::record::{BlockRow, Folder, ProcessRow, Run, ServiceTimes, SliceRow, Tagged};
use crate::server::{Server, Usage};
use anyhow::Result;
use std::collections::BTreeMap;
use std::time::Instant;

/// An arm that could not be measured in this many blocks running is no longer started.
const FAILURES_MAX: u32 = 3;

/// Everything that lasts from block to block.
pub(super) struct Bench<'p> {
    plan: &'p Plan,
    server_processors: &'p [usize],
    /// Of the machine.
    processors: usize,
    contenders: Vec<Contender>,
    generator: Generator,
    watch: Watch,
    /// Blocks running in which an arm failed, and why it did the last time.
    failures: BTreeMap<String, (u32, String)>,
}

/// One arm in one block.
struct Live {
    name: String,
    /// A known share of its answers is not counted.
    is_planted: bool,
    /// Its process; nothing where it has failed.
    server: Option<Server>,
    /// Why it has.
    err: String,
    /// At the current level: use before its slices, and requests of its warm-up.
    before: Usage,
    warmup_requests: u64,
}

/// Where a slice stands in the run.
#[derive(Clone, Copy)]
struct Place {
    block: u32,
    ordinal: u32,
    level: usize,
    connections: usize,
    /// When the block came to this level.
    started: Instant,
}

impl<'p> Bench<'p> {
    pub(super) fn new(
        run: &'p Run,
        contenders: Vec<Contender>,
        generator: Generator,
        watch: Watch,
    ) -> Self {
        Self {
            plan: &run.plan,
            server_processors: &run.processors.server,
            processors: run.machine.processors,
            contenders,
            generator,
            watch,
            failures: BTreeMap::new(),
        }
    }

    /// Measures a block. `block` is its number in the records; `ordinal` counts complete blocks.
    pub(super) fn run_block(
        &mut self,
        block: u32,
        ordinal: u32,
        folder: &mut Folder,
        progress: &Progress,
    ) -> Result<BlockRow> {
        let started = Instant::now();
        let counters = Counters::read()?;
        let mut times = ServiceTimes::new();
        let mut live = self.start_all(ordinal)?;
        for (level, &connections) in self.plan.levels.iter().enumerate() {
            let place = Place {
                block,
                ordinal,
                level,
                connections,
                started: Instant::now(),
            };
            self.run_level(place, &mut live, folder, &mut times, progress)?;
        }
        self.end_all(live)?;
        let during = Counters::read()?.since(&counters);
        let mut row = BlockRow {
            block,
            complete: 1,
            elapsed_ms: milliseconds(started.elapsed()),
            steal_ms: milliseconds(during.steal),
            listen_overflows: during.listen_overflows,
            ..BlockRow::default()
        };
        self.watch.judge(&mut row, self.processors);
        folder.write_block(&row, &times)?;
        Ok(row)
    }

    /// Starts every arm's process, in an order of the block's own; indices stay those of contenders.
    fn start_all(&self, ordinal: u32) -> Result<Vec<Live>> {
        let mut live = BTreeMap::new();
        for key in self.plan.warmup_order(ordinal, 0, self.contenders.len()) {
            let contender = &self.contenders[key];
            interrupt::check()?;
            let mut arm = Live {
                name: contender.name.clone(),
                is_planted: contender.is_planted,
                server: None,
                err: String::new(),
                before: Usage::default(),
                warmup_requests: 0,
            };
            match self.failures.get(&arm.name) {
                Some((count, err)) if *count >= FAILURES_MAX => arm.err.clone_from(err),
                _ => match Server::start(&contender.program, self.server_processors) {
                    Ok(server) => arm.server = Some(server),
                    Err(error) => arm.fail(format!("{error:#}")),
                },
            }
            live.insert(key, arm);
        }
        interrupt::check()?;
        Ok(live.into_values().collect())
    }

    fn run_level(
        &mut self,
        place: Place,
        live: &mut [Live],
        folder: &mut Folder,
        times: &mut ServiceTimes,
        progress: &Progress,
    ) -> Result<()> {
        let order = self
            .plan
            .warmup_order(place.ordinal, place.level, live.len());
        for key in order {
            interrupt::check()?;
            let arm = &mut live[key];
            progress.say(
                place.ordinal,
                place.connections,
                &format!("warming up {}", arm.name),
            );
            arm.attempt(|arm, address| self.warm_up(place, key, arm, address));
        }
        for lap in 0..self.plan.laps {
            self.watch.look()?;
            let order = self.plan.order(place.ordinal, place.level, lap, live.len());
            for (position, key) in order.into_iter().enumerate() {
                interrupt::check()?;
                let arm = &mut live[key];
                progress.say(place.ordinal, place.connections, &arm.name);
                let empty = SliceRow {
                    block: place.block,
                    connections: place.connections,
                    lap,
                    position,
                    arm: arm.name.clone(),
                    requests: self.plan.share(place.ordinal, lap),
                    ..SliceRow::default()
                };
                let row = self.run_slice(place, key, arm, empty, times);
                folder.write_slice(&row)?;
                progress.slice_ended();
            }
        }
        for (key, arm) in live.iter_mut().enumerate() {
            self.generator.close(key)?;
            folder.write_process(&arm.process_row(place))?;
        }
        Ok(())
    }

    fn warm_up(
        &self,
        place: Place,
        key: usize,
        arm: &mut Live,
        address: std::net::SocketAddr,
    ) -> Result<()> {
        let target = Target::welcome(address);
        self.generator
            .open(key, &target, place.connections, self.plan.timeout())?;
        let limits = LoadSpec {
            requests: None,
            duration: Some(self.plan.warmup()),
            ..self.limits()
        };
        arm.warmup_requests = match self.plan.warmup_ms {
            0 => 0,
            _ => self.generator.run(key, &limits)?.tally.sent,
        };
        if let Some(server) = &arm.server {
            arm.before = server.usage()?;
        }
        Ok(())
    }

    /// Measures one slice; whatever goes wrong is in the row.
    fn run_slice(
        &self,
        place: Place,
        key: usize,
        arm: &mut Live,
        empty: SliceRow,
        times: &mut ServiceTimes,
    ) -> SliceRow {
        let mut row = empty;
        arm.attempt(|arm, address| {
            // What the server has closed since the last slice is opened again off the clock.
            let target = Target::welcome(address);
            self.generator
                .open(key, &target, place.connections, self.plan.timeout())?;
            let limits = LoadSpec {
                requests: Some(row.requests),
                duration: Some(self.plan.slice_limit()),
                ..self.limits()
            };
            row.started_us = microseconds(place.started.elapsed());
            let before = arm.cpu()?;
            let measured = self.generator.run(key, &limits)?;
            let cpu = arm.cpu()?.saturating_sub(before);
            let tag = Tagged {
                arm: arm.name.clone(),
                connections: place.connections,
                block: place.block,
            };
            let sum = times.entry(tag).or_insert_with(time_histogram);
            sum.add(&measured.times.service)?;
            row = std::mem::take(&mut row).measured(&measured, nanoseconds(cpu));
            if arm.is_planted {
                row.plant(self.plan.planted_percent(place.connections));
            }
            Ok(())
        });
        if row.sent == 0 {
            row.err.clone_from(&arm.err);
        }
        row
    }

    fn limits(&self) -> LoadSpec {
        LoadSpec {
            stop: interrupt::flag(),
            ..LoadSpec::new(Pace::Closed, self.plan.timeout())
        }
    }

    /// Ends all servers, first asking each so that they end side by side.
    fn end_all(&mut self, live: Vec<Live>) -> Result<()> {
        for server in live.iter().filter_map(|arm| arm.server.as_ref()) {
            server.ask_to_end();
        }
        for arm in live {
            if let Some(server) = arm.server {
                server.stop()?;
            }
            if arm.err.is_empty() {
                self.failures.remove(&arm.name);
            } else {
                let entry = self.failures.entry(arm.name).or_default();
                *entry = (entry.0 + 1, arm.err);
            }
        }
        Ok(())
    }
}

impl Live {
    /// Does something with a live server; where that fails, the arm has failed for this block.
    fn attempt(&mut self, step: impl FnOnce(&mut Self, std::net::SocketAddr) -> Result<()>) {
        let Some(address) = self.server.as_ref().map(|server| server.address) else {
            return;
        };
        if let Err(error) = step(self, address) {
            let died = self.server.as_mut().and_then(Server::died);
            self.fail(died.unwrap_or_else(|| format!("{error:#}")));
        }
    }

    fn fail(&mut self, err: String) {
        self.err = err;
        self.server = None;
    }

    fn cpu(&self) -> Result<std::time::Duration> {
        self.server
            .as_ref()
            .map_or(Ok(std::time::Duration::ZERO), Server::cpu)
    }

    fn process_row(&mut self, place: Place) -> ProcessRow {
        let mut row = ProcessRow {
            block: place.block,
            connections: place.connections,
            arm: self.name.clone(),
            warmup_requests: self.warmup_requests,
            ..ProcessRow::default()
        };
        self.attempt(|arm, _| {
            let Some(server) = &arm.server else {
                return Ok(());
            };
            let after = server.usage()?;
            row.ready_us = microseconds(server.ready_after);
            row.user_ms = milliseconds(after.cpu.user.saturating_sub(arm.before.cpu.user));
            row.system_ms = milliseconds(after.cpu.system.saturating_sub(arm.before.cpu.system));
            row.peak_rss_kib = after.peak_rss_kib;
            row.threads = after.threads;
            Ok(())
        });
        row.err.clone_from(&self.err);
        row
    }
}

fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn microseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
