//! `runner load URL`: the load generator alone, against any server.

mod ask;
mod dial;
mod drive;
mod files;
mod reach;
mod surroundings;
mod target;
mod url;

use crate::cli::{LoadOptions, Output, StageOption};
use crate::environment::{limits, several};
use crate::interrupt::{self, Interrupted};
use crate::load::{Address, Bound, Generator, LoadSpec, Opening, Pace, Target};
use crate::output::{self, Verdict, print_json};
use crate::result::{self, Asked, LoadResult, Parts};
use crate::say::say;
use crate::server::Launched;
use anyhow::{Context, Result};
use surroundings::Before;

pub(super) fn run(options: &LoadOptions) -> Result<Verdict> {
    if options.how_much.part.is_none() && !options.place.alone {
        several::refuse()?;
    }
    let target::Asked {
        mut target,
        addresses,
        url,
    } = target::read(&options.url, &options.request, &options.place)?;
    let spec = drive::spec(options)?;
    limits::allow_connections(drive::connections(options))?;
    files::check_writable(&options.output)?;
    let mut server = launch(options, (&url, &mut target), &addresses)?;
    let (generator, opening) = start(options, (&url, &target), &spec)?;
    let warmup_requests = drive::approach(&generator, options, &spec)?;

    let before = Before::read(server.as_ref(), &target)?;
    let (mut measured, rows) = drive::measure(&generator, options, &spec)?;
    // From here on there are figures. Whatever else goes wrong is said beside them.
    let mut troubles = Troubles::default();
    troubles.note(rows);
    measured.add_opening(opening)?;
    let after = || before.after(server.as_ref(), &measured, options, &spec);
    let mut around = after().or_else(|_| {
        // Its connections may hold all the files that may be open.
        troubles.note(generator.close(0));
        after()
    })?;
    around.warmup_requests = warmup_requests;
    troubles.note(generator.close(0));
    troubles.note(server.as_mut().map_or(Ok(()), Launched::check_alive));
    if let Some(server) = server {
        server.stop();
    }
    if around.evidence.is_enough() && wants_ceiling(options, &target, &spec) {
        match surroundings::ceiling_rps(&generator, options, &target, &spec) {
            Ok(ceiling_rps) => {
                let rps = measured.offered.rps().unwrap_or(0.0);
                around.evidence.ceiling_share = Some(rps / ceiling_rps.max(1.0));
            }
            // It would have been one sign more for the verdict.
            Err(error) => say(format_args!("no ceiling was measured: {error:#}")),
        }
    }

    let asked = asked(options, (url, &target), &generator, &spec);
    let result = LoadResult::of(asked, &measured, around)?;
    troubles.note(files::write_histograms(&options.output, &measured, &spec));
    troubles.note(print(&options.output, &result));
    if interrupt::is_requested() {
        return Err(Interrupted.into());
    }
    let seeks_limit = options.how_much.stages.iter().any(StageOption::is_ramp);
    let is_good = judge(&options.output, &result, seeks_limit);
    Ok(Verdict::good_if(is_good && troubles.are_none()))
}

/// A URL as it may be shown, and its path.
#[cfg(any(test, fuzzing))]
pub(super) fn read_url(text: &str) -> Result<(String, String), String> {
    let url = url::Url::read(text).map_err(|error| error.to_string())?;
    Ok((url.shown(), url.path))
}

/// What went wrong beside the run, and has been said.
#[derive(Debug, Default)]
struct Troubles {
    count: usize,
}

impl Troubles {
    fn note(&mut self, outcome: Result<()>) {
        if let Err(error) = outcome {
            say(format_args!("error: {error:#}"));
            self.count += 1;
        }
    }

    fn are_none(&self) -> bool {
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

fn print(output: &Output, result: &LoadResult) -> Result<()> {
    if output.json {
        return print_json(result);
    }
    output::print(output::plain(
        result::text(result, output.latency).trim_end(),
    ))
}

/// Whether all is good: errors are bad, so is a rate that was not held unless its limit was sought, a
/// claim that does not hold, and with `--strict` any doubt about the verdict.
fn judge(output: &Output, result: &LoadResult, seeks_limit: bool) -> bool {
    let mut is_good = result.errors.sum() == 0;
    if !result.holds_rate() && !seeks_limit {
        let (sent, due) = (result.sent, result.sent + result.unsent);
        say(format_args!(
            "the rate was not held: {sent} of {due} requests that were due have left"
        ));
        is_good = false;
    }
    for assertion in &output.assertions {
        let (holds, figure) = assertion.holds(result);
        if !holds {
            let figure = figure.map_or_else(|| "not known".to_owned(), |figure| figure.to_string());
            say(format_args!("does not hold: {assertion} (it is {figure})"));
        }
        is_good &= holds;
    }
    if output.strict && result.verdict != Bound::ServerBound {
        say(format_args!("not server-bound: {}", result.verdict));
        is_good = false;
    }
    is_good
}
