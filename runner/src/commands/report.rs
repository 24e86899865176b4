//! `runner report`: pages from records, and the newest kept runs on the front page.

use super::{Verdict, print};
use crate::cli::ReportOptions;
use crate::framework;
use crate::record::{
    IsolatedRecords, Records, State, find_isolated_runs, find_runs, is_isolated, write_whole,
};
use crate::report::{self, IsolatedReport, Report};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The markers of the generated parts of the front page.
const THROUGHPUT_PART: &str = "results";
const ISOLATED_PART: &str = "isolated";

pub(super) fn run(options: &ReportOptions) -> Result<Verdict> {
    let stale = match &options.run {
        Some(folder) => one_run(folder, options.check)?,
        None => all_runs(&framework::discover()?.root, options.check)?,
    };
    for page in &stale {
        let what = if options.check {
            "is not what the records say; run `make report`"
        } else {
            "written"
        };
        eprintln!("{}: {what}", page.display());
    }
    Ok(Verdict::good_if(!options.check || stale.is_empty()))
}

/// Shows one run, and writes its page; the page's path where it differed.
fn one_run(folder: &Path, check: bool) -> Result<Vec<PathBuf>> {
    let (tables, page) = if is_isolated(folder) {
        let report = IsolatedReport::of(IsolatedRecords::read(folder)?);
        (
            report::isolated_tables(&report),
            report::isolated_page(&report),
        )
    } else {
        let report = Report::of(&Records::read(folder)?);
        (report::tables(&report), report::run_page(&report))
    };
    print(tables)?;
    Ok(put(&folder.join("README.md"), page, check)?
        .into_iter()
        .collect())
}

/// Writes the pages of all kept runs and the front page; the paths of those that differed.
fn all_runs(root: &Path, check: bool) -> Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    let results = root.join("results");
    for (folder, _) in find_runs(&results)? {
        let page = report::run_page(&Report::of(&Records::read(&folder)?));
        stale.extend(put(&folder.join("README.md"), page, check)?);
    }
    for (folder, _) in find_isolated_runs(&results)? {
        let report = IsolatedReport::of(IsolatedRecords::read(&folder)?);
        let page = report::isolated_page(&report);
        stale.extend(put(&folder.join("README.md"), page, check)?);
    }
    stale.extend(front_page(root, check)?);
    Ok(stale)
}

/// Writes the page of the run in `folder`, and the front page where the run is a kept one.
pub(super) fn write_pages(root: &Path, folder: &Path) -> Result<Report> {
    let report = Report::of(&Records::read(folder)?);
    put(&folder.join("README.md"), report::run_page(&report), false)?;
    front_page_of_kept(root, folder)?;
    Ok(report)
}

/// The same of an isolated run.
pub(super) fn write_isolated_pages(root: &Path, folder: &Path) -> Result<IsolatedReport> {
    let report = IsolatedReport::of(IsolatedRecords::read(folder)?);
    put(
        &folder.join("README.md"),
        report::isolated_page(&report),
        false,
    )?;
    front_page_of_kept(root, folder)?;
    Ok(report)
}

fn front_page_of_kept(root: &Path, folder: &Path) -> Result<()> {
    if folder.parent() == Some(&root.join("results")) {
        front_page(root, false)?;
    }
    Ok(())
}

/// Splices the newest kept run of the main job and the newest isolated one into the front page, where
/// they were finished.
fn front_page(root: &Path, check: bool) -> Result<Option<PathBuf>> {
    let file = root.join("README.md");
    let mut page =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let parts = [
        (THROUGHPUT_PART, throughput_part(root)?),
        (ISOLATED_PART, isolated_part(root)?),
    ];
    for (name, part) in parts {
        if let Some(part) = part {
            page = report::splice(&page, name, &part)
                .with_context(|| format!("{} has no place for {name}", file.display()))?;
        }
    }
    put(&file, page, check)
}

fn throughput_part(root: &Path) -> Result<Option<String>> {
    let mut kept = find_runs(&root.join("results"))?.into_iter();
    let finished = kept.find(|(_, run)| run.state == State::Complete && run.plan.is_main_job());
    let Some((newest, _)) = finished else {
        return Ok(None);
    };
    let report = Report::of(&Records::read(&newest)?);
    Ok(Some(report::front_page_part(
        &report,
        &shown(root, &newest),
    )))
}

fn isolated_part(root: &Path) -> Result<Option<String>> {
    let mut kept = find_isolated_runs(&root.join("results"))?.into_iter();
    let Some((newest, _)) = kept.find(|(_, run)| run.state == State::Complete) else {
        return Ok(None);
    };
    let report = IsolatedReport::of(IsolatedRecords::read(&newest)?);
    Ok(Some(report::isolated_front_page_part(
        &report,
        &shown(root, &newest),
    )))
}

fn shown(root: &Path, folder: &Path) -> String {
    let folder = folder.strip_prefix(root).unwrap_or(folder);
    folder.to_string_lossy().into_owned()
}

/// Writes a page that differs from what is there, unless only a check is wanted; the page's path
/// where it differed.
fn put(file: &Path, page: String, check: bool) -> Result<Option<PathBuf>> {
    if fs::read_to_string(file).is_ok_and(|there| there == page) {
        return Ok(None);
    }
    if !check {
        write_whole(file, &page)?;
    }
    Ok(Some(file.to_owned()))
}
