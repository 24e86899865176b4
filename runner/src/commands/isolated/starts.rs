//! How long each server takes from its start to its first right answer, and what memory it has then.

use super::arms::Contender;
use super::job::Job;
use crate::interrupt;
use crate::record::{IsolatedFolder, IsolatedRecords, StartRow};
use crate::server::{Program, Server};
use anyhow::Result;
use std::path::Path;
use std::time::Duration;

/// How long a server that has answered once is left alone before its memory is read.
const REST: Duration = Duration::from_millis(30);

pub(super) fn measure(
    job: &mut Job,
    contenders: &[Contender],
    done: &IsolatedRecords,
    folder: &mut IsolatedFolder,
) -> Result<()> {
    let servers: Vec<(&str, &Path)> = contenders
        .iter()
        .filter_map(|one| Some((one.name.as_str(), one.server.as_deref()?)))
        .collect();
    let plan = &job.run.plan;
    eprintln!("starting {} servers {} times", servers.len(), plan.starts);
    for round in 0..plan.starts {
        for at in plan.start_order(round, servers.len()) {
            interrupt::check()?;
            let (name, path) = servers[at];
            let mut rows = done.starts.iter();
            if !rows.any(|row| row.arm == name && row.round == round) {
                let row = start(name, path, round, job.run.processor);
                // What an interruption broke off is no start that failed.
                interrupt::check()?;
                folder.write_start(&row)?;
            }
        }
    }
    Ok(())
}

fn start(name: &str, path: &Path, round: u32, processor: usize) -> StartRow {
    let row = StartRow {
        round,
        arm: name.to_owned(),
        ..StartRow::default()
    };
    match ready_and_rss(path, processor) {
        Ok((ready_us, idle_rss_kib)) => StartRow {
            ready_us,
            idle_rss_kib,
            ..row
        },
        Err(error) => StartRow {
            err: format!("{error:#}"),
            ..row
        },
    }
}

fn ready_and_rss(path: &Path, processor: usize) -> Result<(u64, u64)> {
    let server = Server::start(&Program::new(path.to_owned()), &[processor])?;
    std::thread::sleep(REST);
    let rss_kib = server.usage()?.rss_kib;
    let ready_us = u64::try_from(server.ready_after.as_micros()).unwrap_or(u64::MAX);
    server.stop()?;
    Ok((ready_us, rss_kib))
}
