//! What is known of a run besides what the generator measured: the machine around it, the server's
//! CPU time where it is ours, and what the null server reaches on the same processors.

use super::drive;
use crate::cli::LoadOptions;
use crate::environment::{Counters, Host, Throttling, processors};
use crate::interrupt;
use crate::load::{Address, Evidence, Exchange, Generator, LoadSpec, Measured, Pace, Target};
use crate::result::Around;
use crate::server::{Launched, Program, Server};
use anyhow::{Context, Result};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How long the null server is loaded, after a first tenth of it that is not counted.
const CEILING_FOR: Duration = Duration::from_millis(400);

/// The key of its connections; those of the target have 0.
const CEILING_KEY: usize = 1;

/// A reading before the run; [`Before::after`] says what has happened since.
pub(super) struct Before {
    host: Host,
    counters: Counters,
    throttling: Throttling,
    server_cpu: Option<Duration>,
    at: SystemTime,
    clock: Instant,
}

impl Before {
    pub(super) fn read(server: Option<&Launched>, target: &Target) -> Result<Self> {
        let place = match target.address {
            Address::Tcp(place) => Some(place),
            Address::Unix(_) => None,
        };
        Ok(Self {
            host: Host::read(place)?,
            counters: Counters::read()?,
            throttling: Throttling::read(),
            server_cpu: server.map(Launched::cpu).transpose()?,
            at: SystemTime::now(),
            clock: Instant::now(),
        })
    }

    /// What the verdict rests on, but for the ceiling and what came before.
    pub(super) fn after(
        &self,
        server: Option<&Launched>,
        measured: &Measured,
        options: &LoadOptions,
        spec: &LoadSpec,
    ) -> Result<Around> {
        let allowed = processors::allowed()?.len();
        // Not the run's own span, which in the open loop is that of the schedule.
        let elapsed_s = self.clock.elapsed().as_secs_f64().max(1e-9);
        let during = Counters::read()?.since(&self.counters);
        // One that has ended has no clock any more.
        let server_cpu = server.and_then(|server| server.cpu().ok());
        let server_cpu_s = server_cpu
            .zip(self.server_cpu)
            .map(|(after, before)| after.saturating_sub(before).as_secs_f64());
        let server_processors = options.place.server_processors.as_ref();
        let server_processors = server_processors.map_or(allowed, |list| list.0.len());
        let connections = drive::connections(options);
        let pipeline = options.request.pipeline;
        let mut evidence = Evidence::of(measured, spec.pace, connections, pipeline);
        evidence.listen_overflows = during.listen_overflows;
        let throttled = Throttling::read().since(&self.throttling).time;
        evidence.throttled_share = throttled.as_secs_f64() / elapsed_s;
        evidence.steal_share = during.steal.as_secs_f64() / elapsed_s / allowed as f64;
        evidence.server_cpu_share =
            server_cpu_s.map(|cpu_s| cpu_s / elapsed_s / server_processors as f64);
        let since_1970 = self.at.duration_since(SystemTime::UNIX_EPOCH);
        let since_1970 = since_1970.context("the clock stands before 1970")?;
        Ok(Around {
            started_unix_ms: since_1970.as_millis() as u64,
            warmup_requests: 0,
            server_cpu_s,
            evidence,
            host: self.host.clone(),
            connections,
        })
    }
}

/// Right answers per second of the null server under the same load.
pub(super) fn ceiling_rps(
    generator: &Generator,
    options: &LoadOptions,
    target: &Target,
    spec: &LoadSpec,
) -> Result<f64> {
    let processors = options.place.server_processors.as_ref();
    let program = Program {
        path: std::env::current_exe().context("cannot find the runner's own binary")?,
        arguments: vec!["null".into()],
        ..Program::default()
    };
    let server = Server::start(
        &program,
        &Exchange::welcome(),
        processors.map_or(&[], |list| &list.0),
    )?;
    let target = Target {
        requests_per_connection: target.requests_per_connection,
        pipeline: target.pipeline,
        ..Target::welcome(server.address)
    };
    let connections = drive::connections(options);
    generator.open(CEILING_KEY, &target, connections, spec.timeout)?;
    let spec_for = |duration| LoadSpec {
        pace: Pace::Closed,
        requests: None,
        stages: Arc::default(),
        duration: Some(duration),
        intervals: None,
        ..spec.clone()
    };
    generator.run(CEILING_KEY, &spec_for(CEILING_FOR / 10))?;
    let measured = generator.run(CEILING_KEY, &spec_for(CEILING_FOR))?;
    generator.close(CEILING_KEY)?;
    server.stop()?;
    interrupt::check()?;
    Ok(measured.offered.rps().unwrap_or(0.0))
}
