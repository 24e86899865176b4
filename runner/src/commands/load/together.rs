//! A load of several processes that a launcher of MPI has started: each drives its part, all begin together, and the first
//! one adds up what they have measured.

use super::process::{Finished, Prepared};
use super::{conclude, drive, print};
use crate::cli::LoadOptions;
use crate::interrupt;
use crate::load::PartOf;
use crate::output::Verdict;
use crate::ranks::{Begin, World};
use crate::result::{self, CommonStart, LoadResult, Named};
use crate::say::say;
use crate::usage::UsageError;
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How much longer than this one another process may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// By how much a host may be slower than another.
const SLOWER_MAX: u32 = 20;

/// What a process tells the first one when its part is over.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    result: Result<Box<LoadResult>, String>,
    /// Nothing went wrong beside it.
    is_untroubled: bool,
}

pub(super) fn run(mut options: LoadOptions, world: &World) -> Result<Verdict> {
    // Whatever is wrong here is told to the first process: only that one ends with a failure, since launchers end all
    // others with one that fails.
    let is_ours = become_part(&mut options, world);
    say_split(&options, world);
    let prepared = is_ours.and_then(|()| Prepared::new(&options));
    let preparing = PATIENCE + connecting(&options);
    let Some((prepared, begin)) = world.begin_together(prepared, preparing)? else {
        return Ok(Verdict::Good);
    };
    let Some((prepared, begin)) = approach(prepared, begin, &options, world)? else {
        return Ok(Verdict::Good);
    };
    let began = Instant::now();
    let told = measure(prepared, begin);
    let patience = patience(&options, began.elapsed());
    let all = world.gather(&told, patience)?;
    // The first one may wait as long for others.
    world.part(patience + PATIENCE);
    match all {
        None => Ok(Verdict::Good),
        Some(all) => add_up(all, &options, world),
    }
}

/// Makes the options those of this part.
fn become_part(options: &mut LoadOptions, world: &World) -> Result<()> {
    let part =
        PartOf::new(world.number(), world.size()).context("a load has 1024 parts at most")?;
    options.how_much.part = Some(part);
    for path in [&mut options.output.csv, &mut options.output.hdr] {
        // What is not a file, such as /dev/null, is the same for all.
        let is_file = |path: &&Path| !path.exists() || path.is_file();
        if let Some(all) = path.as_deref().filter(is_file) {
            *path = Some(path_of(all, part));
        }
    }
    if options.place.launch.is_some() {
        bail!(UsageError(
            "--launch starts a server beside each of several generators; start it by itself"
                .to_owned()
        ));
    }
    if let Some(refusal) = world.binding() {
        bail!(refusal);
    }
    let (threads, allowed) = (
        drive::threads(options),
        crate::environment::processors::allowed()?.len(),
    );
    ensure!(
        threads <= allowed,
        UsageError(format!(
            "{threads} threads (-t) on {allowed} processors would take turns"
        ))
    );
    Ok(())
}

/// The file of one part: hosts may share a folder.
fn path_of(path: &Path, part: PartOf) -> PathBuf {
    let part = format!("{}-of-{}", part.number(), part.of());
    match path.extension() {
        Some(extension) => path.with_extension(format!("{part}.{}", extension.to_string_lossy())),
        None => path.with_extension(part),
    }
}

/// How long opening connections may take.
fn connecting(options: &LoadOptions) -> Duration {
    // Addresses are tried one after the other, and so are connections that are refused.
    options.how_much.timeout * 3
}

/// How long the others may still take when this part is over, after so long: what is left of the time that was asked for. If
/// requests were asked for, hosts may differ in speed.
fn patience(options: &LoadOptions, own: Duration) -> Duration {
    let spec = drive::spec(options).ok();
    let planned = spec.and_then(|spec| spec.scheduled().or(spec.duration));
    let left = match planned {
        Some(planned) => planned.saturating_sub(own),
        None => own.saturating_mul(SLOWER_MAX),
    };
    PATIENCE + options.how_much.timeout + left
}

/// At the first process: says how the load is split.
fn say_split(options: &LoadOptions, world: &World) {
    if world.is_first() {
        let parts = (1..=world.size()).filter_map(|number| PartOf::new(number, world.size()));
        let all = options.how_much.connections as u64;
        let each = parts.zip(world.names());
        let each: Vec<String> = each
            .map(|(part, name)| format!("{name} {}", part.share(all)))
            .collect();
        say(format_args!("connections: {}", each.join(", ")));
    }
}

/// Rises to the full load together, and agrees on the start of what is counted.
fn approach<'o>(
    mut prepared: Prepared<'o>,
    begin: Begin,
    options: &LoadOptions,
    world: &World,
) -> Result<Option<(Prepared<'o>, Begin)>> {
    if options.how_much.ramp.is_none() && options.how_much.warmup.is_none() {
        return Ok(Some((prepared, begin)));
    }
    let risen = prepared.approach(Some(begin.at)).map(|()| prepared);
    world.begin_together(risen, PATIENCE + options.how_much.timeout)
}

fn measure(prepared: Prepared, begin: Begin) -> Told {
    match prepared.measure(Some(begin.at)) {
        // What a single process prints then would be taken for the whole.
        Ok(_) if interrupt::is_requested() => Told {
            result: Err("interrupted".to_owned()),
            is_untroubled: false,
        },
        Ok(Finished {
            mut result,
            troubles,
            began,
        }) => {
            result.set_start(common_start(begin, began), begin.unix_ms);
            Told {
                result: Ok(Box::new(result)),
                is_untroubled: troubles.are_none(),
            }
        }
        Err(error) => Told {
            result: Err(format!("{error:#}")),
            is_untroubled: false,
        },
    }
}

fn common_start(begin: Begin, began: Instant) -> CommonStart {
    CommonStart {
        clock_offset_s: begin.mapping.offset_ns as f64 / 1e9,
        round_trip_us: begin.mapping.round_trip_ns as f64 / 1e3,
        late_us: began.saturating_duration_since(begin.at).as_secs_f64() * 1e6,
    }
}

/// At the first process: the whole load, if all parts are there.
fn add_up(all: Vec<Told>, options: &LoadOptions, world: &World) -> Result<Verdict> {
    interrupt::check()?;
    let is_untroubled = all.iter().all(|told| told.is_untroubled);
    let results = all.into_iter().zip(world.names());
    let results = results.map(|(told, name)| match told.result {
        Ok(result) => Ok(Named {
            name: name.clone(),
            result: *result,
        }),
        Err(reason) => bail!("{name} has no result, so there is none of the whole: {reason}"),
    });
    let sum = result::merge(&results.collect::<Result<Vec<_>>>()?, false)?;
    print(&options.output, &sum)?;
    Ok(conclude(options, &sum, is_untroubled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_files_of_its_own() {
        let part = PartOf::new(2, 3).unwrap();
        assert_eq!(
            path_of(Path::new("a/rows.csv"), part),
            Path::new("a/rows.2-of-3.csv")
        );
        assert_eq!(path_of(Path::new("rows"), part), Path::new("rows.2-of-3"));
    }
}
