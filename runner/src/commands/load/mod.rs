//! `runner load URL`: the load generator alone, against any server.

mod ask;
mod dial;
mod drive;
mod files;
mod process;
mod reach;
mod surroundings;
mod target;
#[cfg(feature = "mpi")]
mod together;
mod url;

use crate::cli::{LoadOptions, Output, StageOption};
use crate::environment::several;
use crate::interrupt::{self, Interrupted};
use crate::load::Bound;
use crate::output::{self, Verdict, print_json};
#[cfg(feature = "mpi")]
use crate::ranks::World;
use crate::result::{self, LoadResult};
use crate::say::say;
use anyhow::Result;
use process::{Finished, Prepared};

pub(super) fn run(options: LoadOptions) -> Result<Verdict> {
    if options.how_much.part.is_none() && !options.place.alone {
        #[cfg(feature = "mpi")]
        if let Some(world) = World::join()? {
            return together::run(options, &world);
        }
        several::refuse()?;
    }
    let mut prepared = Prepared::new(&options)?;
    prepared.approach(None)?;
    let Finished {
        result,
        mut troubles,
        ..
    } = prepared.measure(None)?;
    troubles.note(print(&options.output, &result));
    if interrupt::is_requested() {
        return Err(Interrupted.into());
    }
    Ok(conclude(&options, &result, troubles.are_none()))
}

/// A URL as it may be shown, and its path.
#[cfg(any(test, fuzzing))]
pub(super) fn read_url(text: &str) -> Result<(String, String), String> {
    let url = url::Url::read(text).map_err(|error| error.to_string())?;
    Ok((url.shown(), url.path))
}

/// Whether the run was good, and nothing went wrong beside it.
fn conclude(options: &LoadOptions, result: &LoadResult, is_untroubled: bool) -> Verdict {
    let seeks_limit = options.how_much.stages.iter().any(StageOption::is_ramp);
    let is_good = judge(&options.output, result, seeks_limit);
    Verdict::good_if(is_good && is_untroubled)
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
