//! `runner isolated`: each framework alone: timed inside one process, its work counted, its memory
//! watched.

mod arms;
mod job;
mod memory;
mod processes;
mod profile;
mod starts;
mod timing;
mod work;

use super::{Verdict, print, report, shown};
use crate::cli::{IsolatedOptions, Part};
use crate::framework;
use crate::record::{IsolatedFolder, IsolatedRecords, State};
use crate::report::IsolatedReport;
use anyhow::Result;
use job::Job;

pub(super) fn run(options: &IsolatedOptions) -> Result<Verdict> {
    let workspace = framework::discover()?;
    if options.profile {
        return profile::run(&workspace, options);
    }
    let mut job = match &options.resume {
        None => Job::begin(&workspace, options)?,
        Some(path) => Job::resume(path, &workspace)?,
    };
    let contenders = arms::prepare(&workspace, &mut job)?;
    let mut folder = match job.is_resumed {
        false => IsolatedFolder::create(&job.place)?,
        true => IsolatedFolder::reopen(&job.place)?,
    };
    folder.write_run(&job.run)?;
    // From here on everything is on record: what is measured stays, however this ends.
    let outcome = measure(&mut job, &contenders, &mut folder);
    job.finish(outcome.is_ok());
    folder.write_run(&job.run)?;
    let report = report::write_isolated_pages(&workspace.root, &job.place)?;
    print(crate::report::isolated_tables(&report))?;
    eprintln!("records: {}", shown(&workspace, &job.place).display());
    outcome?;
    Ok(Verdict::good_if(is_without_errors(&report)))
}

/// Part after part; what an interrupted run has already is not done again.
fn measure(
    job: &mut Job,
    contenders: &[arms::Contender],
    folder: &mut IsolatedFolder,
) -> Result<()> {
    let done = IsolatedRecords::read(&job.place)?;
    if job.parts.contains(&Part::Work) {
        work::announce_missing_tools();
    }
    for part in job.parts.clone() {
        match part {
            Part::Time => timing::measure(job, contenders, &done, folder)?,
            Part::Work => work::measure(job, contenders, &done, folder)?,
            Part::Memory => memory::measure(job, contenders, &done, folder)?,
            Part::Start => starts::measure(job, contenders, &done, folder)?,
        }
    }
    Ok(())
}

fn is_without_errors(report: &IsolatedReport) -> bool {
    report.records.run.state == State::Complete && report.errors.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::isolated_tests::records;

    #[test]
    fn whatever_failed_decides_the_exit_status() {
        let clean = || {
            let mut records = records();
            for arm in &mut records.run.arms {
                arm.err = None;
            }
            records.work.retain(|row| row.err.is_empty());
            records
        };
        let is_good = |records| is_without_errors(&IsolatedReport::of(records));
        assert!(is_good(clean()));
        let mut interrupted = clean();
        interrupted.run.state = State::Interrupted;
        assert!(!is_good(interrupted));
        let mut failed = clean();
        failed.run.failures.push("the memory of one".to_owned());
        assert!(!is_good(failed));
        let mut wrong = clean();
        wrong.samples[0].err = "status is 500".to_owned();
        assert!(!is_good(wrong));
        assert!(!is_good(records()), "an arm was not built");
    }
}
