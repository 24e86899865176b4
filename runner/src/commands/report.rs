//! `runner report`: pages from records, and the newest kept run on the front page.

use super::{Verdict, print};
use crate::cli::ReportOptions;
use crate::framework;
use crate::record::{Records, State, find_runs, write_whole};
use crate::report::{self, Report};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The marker of the generated part of the front page.
const FRONT_PAGE_PART: &str = "results";

pub(super) fn run(options: &ReportOptions) -> Result<Verdict> {
    let mut stale = Vec::new();
    if let Some(folder) = &options.run {
        let report = Report::of(&Records::read(folder)?);
        print(report::tables(&report))?;
        stale.extend(put(
            &folder.join("README.md"),
            report::run_page(&report),
            options.check,
        )?);
    } else {
        let root = framework::discover()?.root;
        for (folder, _) in find_runs(&root.join("results"))? {
            let page = report::run_page(&Report::of(&Records::read(&folder)?));
            stale.extend(put(&folder.join("README.md"), page, options.check)?);
        }
        stale.extend(front_page(&root, options.check)?);
    }
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

/// Writes the page of the run in `folder`, and the front page where the run is a kept one.
pub(super) fn write_pages(root: &Path, folder: &Path) -> Result<Report> {
    let report = Report::of(&Records::read(folder)?);
    put(&folder.join("README.md"), report::run_page(&report), false)?;
    if folder.parent() == Some(&root.join("results")) {
        front_page(root, false)?;
    }
    Ok(report)
}

/// Splices the newest kept run of the main job into the front page, if it was finished.
fn front_page(root: &Path, check: bool) -> Result<Option<PathBuf>> {
    let kept = find_runs(&root.join("results"))?;
    let finished = kept
        .into_iter()
        .find(|(_, run)| run.state == State::Complete && run.plan.is_main_job());
    let Some((newest, _)) = finished else {
        return Ok(None);
    };
    let report = Report::of(&Records::read(&newest)?);
    let folder = newest.strip_prefix(root).unwrap_or(&newest);
    let part = report::front_page_part(&report, &folder.to_string_lossy());
    let file = root.join("README.md");
    let page =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let page = report::splice(&page, FRONT_PAGE_PART, &part)
        .with_context(|| format!("{} has no place for the results", file.display()))?;
    put(&file, page, check)
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
