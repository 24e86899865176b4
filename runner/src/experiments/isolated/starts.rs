//! How long each server takes from its start to its first right answer, and what memory it has then.

use super::arms::{CANNOT_BE_HAD, Executables};
use super::plan::IsolatedPlan;
use super::records::IsolatedRecords;
use super::rows::StartRow;
use crate::duration::micros;
use crate::interrupt;
use crate::load::Exchange;
use crate::run::{Job, one_line};
use crate::server::{Program, READY_WITHIN, start_repeatedly};
use anyhow::{Context, Result};
use std::path::Path;
use std::time::Duration;

/// How long a server that has answered once is left alone before its memory is read.
const REST: Duration = Duration::from_millis(30);

pub(super) fn measure(
    job: &mut Job<IsolatedPlan>,
    all: &[Executables],
    done: &IsolatedRecords,
) -> Result<()> {
    let servers = all
        .iter()
        .filter_map(|one| Some((one.name.as_str(), one.contestants_server()?)));
    let servers: Vec<(&str, Option<&Path>)> = servers.collect();
    let (plan, seed, processor) = (
        job.run.plan.clone(),
        job.run.seed,
        job.run.processors.server[0],
    );
    crate::say!("starting {} servers {} times", servers.len(), plan.starts);
    for round in 0..plan.starts {
        let unit = unit(round);
        if done.units.contains(&unit) {
            continue;
        }
        for at in plan.start_order(seed, round, servers.len()) {
            let (name, path) = servers[at];
            let row = start(name, path, round, processor);
            // What an interruption broke off is not a start that failed.
            interrupt::check()?;
            job.folder.journal.append(&row)?;
        }
        all.iter().try_for_each(Executables::refuse_others)?;
        job.folder.journal.close(&unit)?;
    }
    Ok(())
}

/// The name of a round as a unit of the journal.
pub(super) fn unit(round: u32) -> String {
    format!("starts {round}")
}

fn start(name: &str, path: Option<&Path>, round: u32, processor: usize) -> StartRow {
    let row = StartRow {
        round,
        arm: name.to_owned(),
        ..StartRow::default()
    };
    let outcome = path.context(CANNOT_BE_HAD);
    match outcome.and_then(|path| ready_and_rss(path, processor)) {
        Ok((attempts, ready_us, idle_rss_kib)) => StartRow {
            attempts,
            ready_us,
            idle_rss_kib,
            ..row
        },
        Err(error) => StartRow {
            err: one_line(&format!("{error:#}")),
            ..row
        },
    }
}

fn ready_and_rss(path: &Path, processor: usize) -> Result<(u32, u64, u64)> {
    let program = Program::new(path.to_owned());
    let (server, attempts) =
        start_repeatedly(&program, &Exchange::welcome(), &[processor], READY_WITHIN)?;
    std::thread::sleep(REST);
    let rss_kib = server.usage()?.rss_kib;
    let ready_us = micros(server.ready_after).max(1);
    server.stop()?;
    Ok((attempts, ready_us, rss_kib))
}
