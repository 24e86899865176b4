//! The servers of a block: one live process per arm, with its connections. An arm that fails stays failed for
//! the block, and says why in its rows.

use super::arm::{ArmKind, Launch};
use super::row::{Row, fault_of_numbers, one_line};
use crate::duration::{micros, millis};
use crate::environment::limits;
use crate::interrupt;
use crate::load::{Driver, LoadSpec, Measured, Probe};
use crate::record::Binary;
use crate::server::{Server, Tree, Usage, start_repeatedly};
use anyhow::{Result, anyhow};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// An arm that could not be measured in this many blocks running is no longer started.
const FAILURES_MAX: u32 = 3;

/// The servers of all arms, and what drives load at them.
pub struct Servers {
    arms: Vec<ServerArm>,
    processors: Vec<usize>,
    /// Connections are opened through it, and slices run by it.
    pub driver: Box<dyn Driver>,
    timeout: Duration,
}

struct ServerArm {
    launch: Launch,
    /// Its process; `None` if it has failed.
    server: Option<Server>,
    attempts: u32,
    /// Why it has failed in this block.
    err: String,
    /// Blocks running in which it failed.
    failures: u32,
    /// It has been started since all were stopped.
    is_tried: bool,
    /// Of the current condition: usage before its first slice, and requests sent in warm-up.
    before: Usage,
    warm_up_requests: u64,
}

/// One process under one condition of one block.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessRow {
    /// Number of the block, from 0.
    pub block: u32,
    /// Connections, each with one request open at a time.
    pub connections: usize,
    /// Open loop: requests per second; 0 in closed loop.
    pub rate_per_s: u64,
    /// Whose process.
    pub arm: String,
    /// How often it was started until it answered: more than once if a port was taken, or a start failed.
    pub attempts: u32,
    /// From the start of the process to its first right answer.
    pub ready_us: u64,
    /// Requests of the warm-up, which count nowhere else.
    pub warm_up_requests: u64,
    /// CPU time in user mode over the slices, sampled at the kernel's tick.
    pub user_ms: u64,
    /// CPU time in system mode, likewise.
    pub system_ms: u64,
    /// The most memory resident so far; if it has several processes, the sum over them.
    pub peak_rss_kib: u64,
    /// Threads at the end.
    pub threads: u64,
    /// Why the process was not measured to the end, if it was not.
    pub err: String,
}

impl ProcessRow {
    /// How many of these processes had to be started more than once, in words; `None` if none had to.
    pub fn restarts<'r>(rows: impl IntoIterator<Item = &'r Self>) -> Option<String> {
        let again = rows.into_iter().filter(|row| row.attempts > 1);
        // A process that lives under several conditions has a row for each.
        let processes: BTreeSet<(&str, u32)> =
            again.map(|row| (row.arm.as_str(), row.block)).collect();
        match processes.len() {
            0 => None,
            1 => Some("one process had to be started again".to_owned()),
            count => Some(format!("{count} processes had to be started again")),
        }
    }
}

impl Row for ProcessRow {
    const FILE: &'static str = "processes.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!(
            "block {}, {} connections, {} requests/s, {}",
            self.block, self.connections, self.rate_per_s, self.arm
        )
    }

    fn fault(&self) -> Option<String> {
        let numbers = [
            self.ready_us,
            self.warm_up_requests,
            self.user_ms,
            self.system_ms,
            self.peak_rss_kib,
            self.threads,
        ];
        if let Some(fault) = fault_of_numbers(&numbers) {
            return Some(fault);
        }
        let is_measured = self.err.is_empty();
        (is_measured && (self.peak_rss_kib == 0 || self.ready_us == 0))
            .then(|| "a process that was measured has memory and took time to start".to_owned())
    }
}

impl Servers {
    /// The servers of these arms, none of which runs yet.
    #[must_use]
    pub fn new(
        launches: Vec<Launch>,
        processors: &[usize],
        driver: Box<dyn Driver>,
        timeout: Duration,
    ) -> Self {
        Self {
            arms: launches.into_iter().map(ServerArm::new).collect(),
            processors: processors.to_vec(),
            driver,
            timeout,
        }
    }

    /// The arms' names.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let launches = self.arms.iter().map(|arm| &arm.launch);
        launches.map(|launch| launch.name.clone()).collect()
    }

    /// The processes of each server that runs.
    #[must_use]
    pub fn processes(&self) -> Vec<Tree> {
        let servers = self.arms.iter().filter_map(|arm| arm.server.as_ref());
        servers.map(Server::tree).collect()
    }

    /// An arm's name.
    #[must_use]
    pub fn name(&self, arm: usize) -> &str {
        &self.arms[arm].launch.name
    }

    /// What an arm is.
    #[must_use]
    pub fn kind(&self, arm: usize) -> ArmKind {
        self.arms[arm].launch.kind
    }

    /// Starts the process of an arm, unless it has failed too often.
    pub fn start(&mut self, arm: usize) {
        let arm = &mut self.arms[arm];
        if arm.failures >= FAILURES_MAX {
            // The reason of the last block stands.
            arm.attempts = 0;
            return;
        }
        arm.is_tried = true;
        arm.err.clear();
        let launch = &arm.launch;
        let is_recorded = launch
            .binary
            .as_ref()
            .map_or(Ok(()), Binary::refuse_another);
        let started = is_recorded.and_then(|()| match &launch.program {
            Ok(program) => start_repeatedly(
                program,
                &launch.exchange,
                &self.processors,
                launch.ready_within,
            ),
            Err(why) => Err(anyhow!("{why}")),
        });
        match started {
            Ok((server, attempts)) => (arm.server, arm.attempts) = (Some(server), attempts),
            Err(error) => {
                arm.attempts = 0;
                arm.fail(&error);
            }
        }
    }

    /// Connects an arm and drives it for a while, which is not counted.
    pub fn ready(&mut self, key: usize, connections: usize, warm_up: Option<&LoadSpec>) {
        self.arms[key].warm_up_requests = 0;
        self.attempt(key, |arm, driver, timeout| {
            limits::allow_connections(connections)?;
            arm.open(key, connections, driver, timeout)?;
            if let Some(spec) = warm_up {
                arm.warm_up_requests = driver.run(key, spec)?.tally.sent;
            }
            arm.before = arm.usage()?;
            Ok(())
        });
    }

    /// Loads an arm by this spec, with its server's CPU clock as the probe of a window. What the server has
    /// closed since the last slice is opened again off the clock. `on_start` is called when everything is ready.
    pub fn run(
        &mut self,
        key: usize,
        connections: usize,
        spec: &LoadSpec,
        on_start: impl FnOnce(),
    ) -> Option<Measured> {
        let mut measured = None;
        self.attempt(key, |arm, driver, timeout| {
            arm.open(key, connections, driver, timeout)?;
            let spec = LoadSpec {
                probe: spec.window.and_then(|_| arm.cpu_probe()),
                ..spec.clone()
            };
            on_start();
            measured = Some(driver.run(key, &spec)?);
            // Its connections ended with it, and what it has used can no longer be read.
            let death = arm.server.as_mut().and_then(Server::died);
            death.map_or(Ok(()), |death| Err(anyhow!(death)))
        });
        measured
    }

    /// Why an arm has failed in this block; empty if it has not.
    #[must_use]
    pub fn err(&self, arm: usize) -> &str {
        &self.arms[arm].err
    }

    /// What is said of a slice with so many right answers and this CPU time of its server: why its arm has failed, or
    /// what its own row says, or that no right answer came, or that no CPU time was seen.
    #[must_use]
    pub fn err_of_slice(&self, arm: usize, ok: u64, cpu_ns: u64, of_row: String) -> String {
        match self.err(arm) {
            "" if ok == 0 && of_row.is_empty() => "no right answer came".to_owned(),
            "" if cpu_ns == 0 && of_row.is_empty() => {
                "no CPU time of the server was seen".to_owned()
            }
            "" => of_row,
            err => err.to_owned(),
        }
    }

    /// Closes the connections of an arm, and says what its process has used.
    ///
    /// # Errors
    ///
    /// If what drives load is gone.
    pub fn done(&mut self, key: usize, row: ProcessRow) -> Result<ProcessRow> {
        self.driver.close(key)?;
        let mut row = ProcessRow {
            arm: self.arms[key].launch.name.clone(),
            attempts: self.arms[key].attempts,
            warm_up_requests: self.arms[key].warm_up_requests,
            ..row
        };
        self.attempt(key, |arm, _, _| {
            let Some(server) = &arm.server else {
                return Ok(());
            };
            let after = server.usage()?;
            let before = arm.before.cpu;
            row.ready_us = micros(server.ready_after).max(1);
            row.user_ms = millis(after.cpu.user.saturating_sub(before.user));
            row.system_ms = millis(after.cpu.system.saturating_sub(before.system));
            row.peak_rss_kib = after.peak_rss_kib;
            row.threads = after.threads;
            Ok(())
        });
        row.err.clone_from(&self.arms[key].err);
        Ok(row)
    }

    /// Ends all servers, first asking each so that they end side by side.
    ///
    /// # Errors
    ///
    /// If the kernel cannot say what became of one.
    pub fn stop(&mut self) -> Result<()> {
        for server in self.arms.iter().filter_map(|arm| arm.server.as_ref()) {
            server.ask_to_end();
        }
        for arm in &mut self.arms {
            if let Some(server) = arm.server.take() {
                server.stop()?;
            }
            // Only what has been started since the last stop: an arm that failed earlier has been counted.
            if std::mem::take(&mut arm.is_tried) {
                arm.failures = match arm.err.is_empty() {
                    true => 0,
                    false => arm.failures + 1,
                };
            }
        }
        Ok(())
    }

    /// Does something with a live server; if that fails, the arm has failed for this block.
    fn attempt(
        &mut self,
        arm: usize,
        step: impl FnOnce(&mut ServerArm, &dyn Driver, Duration) -> Result<()>,
    ) {
        let arm = &mut self.arms[arm];
        if arm.server.is_none() {
            return;
        }
        if let Err(error) = step(arm, self.driver.as_ref(), self.timeout) {
            // What an interruption broke off is not the server's failure.
            if interrupt::is_requested() {
                return;
            }
            let death = arm.server.as_mut().and_then(Server::died_lately);
            arm.fail(&death.map_or(error, |death| anyhow!(death)));
        }
    }
}

impl ServerArm {
    fn new(launch: Launch) -> Self {
        Self {
            launch,
            server: None,
            attempts: 0,
            err: String::new(),
            failures: 0,
            is_tried: false,
            before: Usage::default(),
            warm_up_requests: 0,
        }
    }

    fn open(
        &self,
        key: usize,
        connections: usize,
        driver: &dyn Driver,
        timeout: Duration,
    ) -> Result<()> {
        if let Some(server) = &self.server {
            let to = (&self.launch.exchange, server.address);
            driver.open(key, to, connections, timeout)?;
        }
        Ok(())
    }

    fn usage(&self) -> Result<Usage> {
        self.server
            .as_ref()
            .map_or(Ok(Usage::default()), Server::usage)
    }

    fn cpu_probe(&self) -> Option<Probe> {
        let clock = self.server.as_ref()?.cpu_clock();
        Some(Probe::new(clock))
    }

    fn fail(&mut self, error: &anyhow::Error) {
        self.err = one_line(&format!("{error:#}"));
        self.server = None;
    }
}

#[cfg(test)]
mod tests;
