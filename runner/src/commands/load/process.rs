//! What this process drives: a server that is there, connections that are open, and the run with its result.

use super::{ask, drive, files, reach, surroundings, target};
use crate::cli::{LoadOptions, StageOption};
use crate::environment::limits;
use crate::interrupt;
use crate::load::{Address, Generator, LoadSpec, Opening, Pace, Target};
use crate::result::{Asked, LoadResult, Parts};
use crate::say::say;
use crate::server::Launched;
use anyhow::{Context, Result};
use std::time::Instant;
use surroundings::Before;

/// All that has to be there before a run begins.
pub(super) struct Prepared<'o> {
    options: &'o LoadOptions,
    spec: LoadSpec,
    url: String,
    target: Target,
    // Dropped before the server: it closes the connections.
    generator: Generator,
    server: Option<Launched>,
    opening: Opening,
    warmup_requests: u64,
}

/// What a run came to.
pub(super) struct Finished {
    pub(super) result: LoadResult,
    /// What went wrong beside it.
    pub(super) troubles: Troubles,
    /// When it began.
    #[cfg_attr(
        not(feature = "mpi"),
        expect(dead_code, reason = "a start that is common to several")
    )]
    pub(super) began: Instant,
}

impl<'o> Prepared<'o> {
    /// Looks at all that options say, starts the server if they say so, and opens connections.
    ///
    /// # Errors
    ///
    /// If options contradict each other, a file cannot be written, or nobody serves.
    pub(super) fn new(options: &'o LoadOptions) -> Result<Self> {
        let target::Asked {
            mut target,
            addresses,
            url,
        } = target::read(&options.url, &options.request, &options.place)?;
        let spec = drive::spec(options)?;
        limits::allow_connections(drive::connections(options))?;
        files::check_writable(&options.output)?;
        let server = launch(options, (&url, &mut target), &addresses)?;
        let (generator, opening) = start(options, (&url, &target), &spec)?;
        Ok(Self {
            options,
            spec,
            url,
            target,
            server,
            generator,
            opening,
            warmup_requests: 0,
        })
    }

    /// Rises to the full load, from `start` on if that is said; nothing of it is counted.
    ///
    /// # Errors
    ///
    /// If it was interrupted, or the kernel refuses what the loop needs.
    pub(super) fn approach(&mut self, start: Option<Instant>) -> Result<()> {
        self.spec.start = start;
        self.warmup_requests = drive::approach(&self.generator, self.options, &self.spec)?;
        Ok(())
    }

    /// The run itself, from `start` on if that is said.
    ///
    /// # Errors
    ///
    /// If there are no figures.
    pub(super) fn measure(mut self, start: Option<Instant>) -> Result<Finished> {
        self.spec.start = start;
        let (options, spec, generator) = (self.options, &self.spec, &self.generator);
        let before = Before::read(self.server.as_ref(), &self.target)?;
        let (mut measured, rows) = drive::measure(generator, options, spec)?;
        // From here on there are figures. Whatever else goes wrong is said beside them.
        let mut troubles = Troubles::default();
        troubles.note(rows);
        measured.add_opening(self.opening)?;
        let after = || before.after(self.server.as_ref(), &measured, options, spec);
        let mut around = after().or_else(|_| {
            // Its connections may hold all the files that may be open.
            troubles.note(generator.close(0));
            after()
        })?;
        around.warmup_requests = self.warmup_requests;
        troubles.note(generator.close(0));
        troubles.note(self.server.as_mut().map_or(Ok(()), Launched::check_alive));
        if let Some(server) = self.server {
            server.stop();
        }
        if around.evidence.is_enough() && wants_ceiling(options, &self.target, spec) {
            match surroundings::ceiling_rps(generator, options, &self.target, spec) {
                Ok(ceiling_rps) => {
                    let rps = measured.offered.rps().unwrap_or(0.0);
                    around.evidence.ceiling_share = Some(rps / ceiling_rps.max(1.0));
                }
                // It would have been one sign more for the verdict.
                Err(error) => say(format_args!("no ceiling was measured: {error:#}")),
            }
        }
        let asked = asked(options, (self.url, &self.target), generator, spec);
        let result = LoadResult::of(asked, &measured, around)?;
        troubles.note(files::write_histograms(&options.output, &measured, spec));
        Ok(Finished {
            result,
            troubles,
            began: measured.began,
        })
    }
}

/// What went wrong beside the run, and has been said.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    count: usize,
}

impl Troubles {
    pub(super) fn note(&mut self, outcome: Result<()>) {
        if let Err(error) = outcome {
            say(format_args!("error: {error:#}"));
            self.count += 1;
        }
    }

    pub(super) fn are_none(&self) -> bool {
        self.count == 0
    }
}

/// Starts the command that serves, where there is one, and waits until it answers rightly. The
/// target's address is then one where somebody is.
fn launch(
    options: &LoadOptions,
    (url, target): (&str, &mut Target),
    addresses: &[Address],
) -> Result<Option<Launched>> {
    let Some(command) = &options.place.launch else {
        target.address = reach::first_accepting(addresses, options.how_much.timeout)
            .with_context(|| format!("cannot load {url}"))?;
        return Ok(None);
    };
    reach::check_free(addresses)?;
    let processors = options.place.server_processors.as_ref();
    let mut server = Launched::start(command, processors.map_or(&[], |list| &list.0))?;
    let ready_within = options.place.ready_timeout;
    let ready = server.wait_until_ready(ready_within, |left| {
        reach::first_right(addresses, |address| ask::ask(address, target, left))
    })?;
    target.address = ready;
    if let Some(count) = server.in_background()? {
        say(format_args!(
            "the command that was launched has gone into the background: {count} of its processes go on there; they \
             count as the server and end with this run"
        ));
    }
    Ok(Some(server))
}

/// Threads with their connections open. Nothing has been asked of these: what the server sees is
/// what is counted.
fn start(
    options: &LoadOptions,
    (url, target): (&str, &Target),
    spec: &LoadSpec,
) -> Result<(Generator, Opening)> {
    let (place, much) = (&options.place, &options.how_much);
    let processors = place.processors.as_ref();
    let processors = processors.map_or(&[][..], |list| &list.0);
    let engine = place.engine.resolve()?;
    let generator = Generator::start(engine, processors, much.threads)?;
    // The approach to the full load takes all connections; a run takes no more than it has requests.
    let has_approach = much.ramp.is_some() || much.warmup.is_some();
    let requests = spec.own_requests().filter(|_| !has_approach);
    let connections = drive::connections(options);
    let opening = match spec.pace {
        Pace::Closed => generator.connect(0, target, connections, requests, spec.timeout),
        // One shows that somebody is there; the others are opened when requests are due.
        Pace::Open { .. } => generator
            .connect_first(0, target, 1, connections, spec.timeout)
            .and_then(Opening::demand_one),
    };
    let opening = opening.with_context(|| format!("cannot load {url}"))?;
    Ok((generator, opening))
}

/// The ceiling says something of a closed loop on this machine only. Other parts of the load would take turns with
/// it, or not.
fn wants_ceiling(options: &LoadOptions, target: &Target, spec: &LoadSpec) -> bool {
    !options.place.no_ceiling
        && spec.pace == Pace::Closed
        && spec.part.is_whole()
        && target.address.is_local()
        && !interrupt::is_requested()
}

fn asked(
    options: &LoadOptions,
    (url, target): (String, &Target),
    generator: &Generator,
    spec: &LoadSpec,
) -> Asked {
    let (rate, arrivals) = Asked::rate_of(spec);
    let stages = options.how_much.stages.iter().map(StageOption::text);
    let stages: Vec<&str> = stages.collect();
    Asked {
        url,
        method: target::method(&options.request).to_owned(),
        request: Some(Asked::request_of(target)),
        expected: Some(Asked::expected_of(target)),
        engine: generator.engine(),
        connections: options.how_much.connections,
        threads: generator.threads(),
        rate,
        stages: (!stages.is_empty()).then(|| stages.join(",")),
        arrivals,
        pipeline: target.pipeline,
        requests_per_connection: target.requests_per_connection,
        parts: options.how_much.part.map(|part| Parts::one(part, spec)),
    }
}
