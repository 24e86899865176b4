//! How much load: the limits of a run from its options, the approach to it, and the run itself with
//! its seconds told as they pass.

use super::files;
use crate::cli::{LoadOptions, StageOption};
use crate::interrupt;
use crate::load::{Generator, Interval, Intervals, LoadSpec, Measured, Pace, PartOf, Stage};
use crate::result::{MergedSecond, MergedSeconds, SecondsWriter, second_line};
use crate::say::say;
use crate::usage::UsageError;
use anyhow::{Context, Result};
use std::fs::File;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

const DEFAULT_DURATION: Duration = Duration::from_secs(10);
const THREADS_MAX: usize = 1024;
const PIPELINE_MAX: u32 = 1024;
const RAMP_STEPS: u32 = 10;

/// Poisson arrivals are the same in every run, so that runs can be compared.
const SEED: u64 = 1;

/// What is asked for, or why it cannot be.
pub(super) fn spec(options: &LoadOptions) -> Result<LoadSpec, UsageError> {
    let (much, request) = (&options.how_much, &options.request);
    let refuse = |what: &str| Err(UsageError(what.to_owned()));
    if much.connections == 0 || much.requests == Some(0) {
        return refuse("connections (-c) and requests (-n) start at 1");
    }
    let part = part(options);
    let fewest = much.requests.unwrap_or(u64::MAX);
    if part.of() > much.connections || part.of() as u64 > fewest {
        return Err(UsageError(format!(
            "connections (-c) and requests (-n) are those of all {} parts (--part), and each part needs one of them",
            part.of()
        )));
    }
    let threads = threads(options);
    if threads == 0 || threads > THREADS_MAX || threads > connections(options) {
        return refuse(
            "threads (-t, --processors) start at 1, and each needs a connection (-c, with --part the share of it)",
        );
    }
    if request.requests_per_connection == Some(0) {
        return refuse("requests per connection (-r) start at 1");
    }
    if !(1..=PIPELINE_MAX).contains(&request.pipeline) {
        return refuse("the depth of pipelining (-p) goes from 1 to 1024");
    }
    let stages: Vec<Stage> = much.stages.iter().flat_map(StageOption::steps).collect();
    // Where the rate changes, this is what the approach to it ends with.
    let rate = much.rate.or(stages.first().map(|stage| stage.from_rate));
    let pace = match rate {
        None => Pace::Closed,
        Some(rate) => Pace::Open {
            rate,
            arrivals: much.arrivals,
            seed: SEED,
        },
    };
    Ok(LoadSpec {
        requests: much.requests,
        duration: match much.requests {
            None if !stages.is_empty() => None,
            None => Some(much.duration.unwrap_or(DEFAULT_DURATION)),
            Some(_) => much.duration,
        },
        stages: stages.into(),
        part,
        stop: interrupt::flag(),
        ..LoadSpec::new(pace, much.timeout)
    })
}

/// Which part of the load this process drives.
pub(super) fn part(options: &LoadOptions) -> PartOf {
    options.how_much.part.unwrap_or(PartOf::WHOLE)
}

/// The connections that this process opens.
pub(super) fn connections(options: &LoadOptions) -> usize {
    part(options).share(options.how_much.connections as u64) as usize
}

/// Threads of the generator: one per processor where these are named.
pub(super) fn threads(options: &LoadOptions) -> usize {
    let processors = options.place.processors.as_ref();
    processors.map_or(options.how_much.threads, |list| list.0.len())
}

/// Before the run: rises to the full load in steps, then loads without counting. How many requests
/// that took.
pub(super) fn approach(
    generator: &Generator,
    options: &LoadOptions,
    spec: &LoadSpec,
) -> Result<u64> {
    let much = &options.how_much;
    let mut requests = 0;
    let mut uncounted = |pace, connections, duration| -> Result<()> {
        let spec = LoadSpec {
            pace,
            requests: None,
            stages: Arc::default(),
            duration: Some(duration),
            connections,
            ..spec.clone()
        };
        requests += generator.run(0, &spec)?.tally.sent;
        Ok(interrupt::check()?)
    };
    if let Some(ramp) = much.ramp {
        for step in 1..=RAMP_STEPS {
            let (pace, connections) = step_of(spec.pace, connections(options), step);
            uncounted(pace, connections, ramp / RAMP_STEPS)?;
        }
    }
    if let Some(warmup) = much.warmup {
        uncounted(spec.pace, None, warmup)?;
    }
    Ok(requests)
}

/// A share of the load: of the rate in the open loop, of the connections in the closed one.
fn step_of(pace: Pace, connections: usize, step: u32) -> (Pace, Option<usize>) {
    match pace {
        Pace::Closed => {
            let some = connections * step as usize / RAMP_STEPS as usize;
            (pace, Some(some.max(1)))
        }
        Pace::Open {
            rate,
            arrivals,
            seed,
        } => {
            let rate = rate * f64::from(step) / f64::from(RAMP_STEPS);
            let pace = Pace::Open {
                rate,
                arrivals,
                seed,
            };
            (pace, None)
        }
    }
}

/// The run, with its seconds told and written as they pass. What may go wrong with the rows is told
/// beside it: it is no reason to lose the run.
pub(super) fn measure(
    generator: &Generator,
    options: &LoadOptions,
    spec: &LoadSpec,
) -> Result<(Measured, Result<()>)> {
    let is_watched = !options.output.json && std::io::stderr().is_terminal();
    let rows = options
        .output
        .csv
        .as_deref()
        .map(files::begin)
        .transpose()?;
    if rows.is_none() && !is_watched {
        return Ok((generator.run(0, spec)?, Ok(())));
    }
    let (to, seconds) = mpsc::channel();
    let merged = MergedSeconds::new(generator.threads());
    let rows = rows.map(SecondsWriter::new);
    let listener = std::thread::Builder::new()
        .name("seconds".to_owned())
        .spawn(move || listen(&seconds, merged, rows, is_watched))
        .context("cannot start a thread")?;
    let spec = LoadSpec {
        intervals: Some(Intervals::seconds(to)),
        ..spec.clone()
    };
    let measured = generator.run(0, &spec);
    // The listener goes on while somebody could tell something.
    drop(spec);
    let written = listener
        .join()
        .map_err(|_| anyhow::anyhow!("the thread that tells seconds has died"))?;
    Ok((measured?, written))
}

/// Tells and writes each second once all threads have told it. Rows that cannot be written are given
/// up, and the seconds go on.
fn listen(
    told: &Receiver<Interval>,
    mut merged: MergedSeconds,
    mut rows: Option<SecondsWriter<File>>,
    is_watched: bool,
) -> Result<()> {
    let mut written = Ok(());
    let mut take = |second: &MergedSecond| {
        if is_watched {
            say(second_line(second));
        }
        if let Some(Err(error)) = rows.as_mut().map(|rows| rows.write(second)) {
            written = Err(error);
            rows = None;
        }
    };
    for second in told {
        if let Some(second) = merged.take(second)? {
            take(&second);
        }
    }
    merged.rest().iter().for_each(take);
    written
}
