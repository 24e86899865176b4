//! `runner load URL`: the load generator alone, against any server.

mod ask;
mod drive;
mod reach;
mod surroundings;
mod target;
mod url;

use super::{Verdict, print_json};
use crate::cli::{LoadOptions, Output};
use crate::environment::limits;
use crate::interrupt::{self, Interrupted};
use crate::load::{Address, Bound, Generator, LoadSpec, Measured, Opening, Pace, Target};
use crate::result::{self, Asked, LoadResult, MergedSecond};
use crate::server::Launched;
use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use surroundings::Before;

pub(super) fn run(options: &LoadOptions) -> Result<Verdict> {
    let target::Asked {
        mut target,
        addresses,
        url,
    } = target::read(&options.url, &options.request, &options.place)?;
    let spec = drive::spec(options)?;
    limits::allow_connections(options.how_much.connections)?;
    check_writable(&options.output)?;
    let mut server = launch(options, (&url, &mut target), &addresses)?;
    let (generator, opening) = start(options, (&url, &target), &spec)?;
    let warmup_requests = drive::approach(&generator, options, &spec)?;

    let before = Before::read(server.as_ref())?;
    let (mut measured, seconds) = drive::measure(&generator, options, &spec)?;
    measured.add_opening(opening)?;
    let mut around = before.after(server.as_ref(), &measured, options, &spec)?;
    around.warmup_requests = warmup_requests;
    generator.close(0)?;
    server.as_mut().map_or(Ok(()), Launched::check_alive)?;
    if let Some(server) = server {
        server.stop();
    }
    if around.evidence.is_enough() && wants_ceiling(options, &target, &spec) {
        let ceiling_rps = surroundings::ceiling_rps(&generator, options, &target, &spec)?;
        let rps = measured.offered.rps().unwrap_or(0.0);
        around.evidence.ceiling_share = Some(rps / ceiling_rps.max(1.0));
    }

    let asked = asked(options, (url, &target), &generator, &spec);
    let result = LoadResult::of(asked, &measured, around)?;
    write_files(&options.output, &measured, &seconds, &spec)?;
    print(&options.output, &result)?;
    if interrupt::is_requested() {
        return Err(Interrupted.into());
    }
    Ok(judge(&options.output, &result))
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
    let ask = |address: &Address| ask::ask(address, target);
    target.address =
        server.wait_until_ready(ready_within, || reach::first_right(addresses, ask))?;
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
    let requests = spec.requests.filter(|_| !has_approach);
    let opening = generator
        .connect(0, target, much.connections, requests, spec.timeout)
        .with_context(|| format!("cannot load {url}"))?;
    Ok((generator, opening))
}

/// The ceiling says something of a closed loop on this machine only.
fn wants_ceiling(options: &LoadOptions, target: &Target, spec: &LoadSpec) -> bool {
    !options.place.no_ceiling
        && spec.pace == Pace::Closed
        && target.address.is_local()
        && !interrupt::is_requested()
}

fn asked(
    options: &LoadOptions,
    (url, target): (String, &Target),
    generator: &Generator,
    spec: &LoadSpec,
) -> Asked {
    let (rate, arrivals) = Asked::rate_of(spec.pace);
    Asked {
        url,
        method: target::method(&options.request).to_owned(),
        request: Some(Asked::request_of(target)),
        expected: Some(Asked::expected_of(target)),
        engine: generator.engine(),
        connections: options.how_much.connections,
        threads: generator.threads(),
        rate,
        arrivals,
        pipeline: target.pipeline,
        requests_per_connection: target.requests_per_connection,
    }
}

/// Before an hour's run rather than after it.
fn check_writable(output: &Output) -> Result<()> {
    for path in [&output.csv, &output.hdr].into_iter().flatten() {
        ensure!(!path.is_dir(), "{} is a folder", path.display());
        create(path)?;
    }
    Ok(())
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(BufWriter::new(file))
}

fn write_files(
    output: &Output,
    measured: &Measured,
    seconds: &[MergedSecond],
    spec: &LoadSpec,
) -> Result<()> {
    if let Some(path) = &output.csv {
        result::write_csv(create(path)?, seconds)?;
    }
    if let Some(path) = &output.hdr {
        let is_open = spec.pace != Pace::Closed;
        result::write_log(
            &mut create(path)?,
            &measured.times,
            is_open,
            measured.elapsed,
        )?;
    }
    Ok(())
}

fn print(output: &Output, result: &LoadResult) -> Result<()> {
    if output.json {
        return print_json(result);
    }
    super::print(result::text(result, output.latency).trim_end())
}

/// Errors are bad, so is a rate that was not held, a claim that does not hold, and with `--strict` any
/// doubt about the verdict.
fn judge(output: &Output, result: &LoadResult) -> Verdict {
    let mut is_good = result.errors.sum() == 0;
    if !result.holds_rate() {
        let (sent, due) = (result.sent, result.sent + result.unsent);
        eprintln!("the rate was not held: {sent} of {due} requests that were due have left");
        is_good = false;
    }
    for assertion in &output.assertions {
        let (holds, figure) = assertion.holds(result);
        if !holds {
            let figure = figure.map_or_else(|| "not known".to_owned(), |figure| figure.to_string());
            eprintln!("does not hold: {assertion} (it is {figure})");
        }
        is_good &= holds;
    }
    if output.strict && result.verdict != Bound::ServerBound {
        eprintln!("not server-bound: {}", result.verdict);
        is_good = false;
    }
    Verdict::good_if(is_good)
}
