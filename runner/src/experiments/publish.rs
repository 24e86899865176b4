//! Pages: that of each run in its folder, and the parts of the front page, one per experiment.

use super::KINDS;
use super::experiment::Experiment;
use super::list::{Kind, renew, renew_page};
use crate::report::{Page, front_page_part, splice};
use crate::run::{State, find_runs};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The folder of kept runs.
const RESULTS: &str = "results";

/// Writes the page of the run in `folder`, and the front page if the run is a kept one.
///
/// # Errors
///
/// If the run does not read, or a page cannot be written.
pub fn one<E: Experiment>(root: &Path, folder: &Path) -> Result<Page> {
    let page = E::page(&E::read(folder)?);
    renew_page(&page, folder, false)?;
    if folder.parent() == Some(&root.join(RESULTS)) {
        front_page(root, false)?;
    }
    Ok(page)
}

/// Renews the pages of all kept runs and the front page, or only checks them; those that differed. A folder that
/// cannot be read is named on standard error, and the others go on.
///
/// # Errors
///
/// If the folder of kept runs cannot be read, or a page cannot be written.
pub fn all(root: &Path, check: bool) -> Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    let found = find_runs(&root.join(RESULTS))?;
    for one in found.unreadable {
        crate::say!("warning: left out: {:#}", one.error);
    }
    for (folder, facts) in found.runs {
        let Some(kind) = kind(&facts.experiment) else {
            crate::say!(
                "warning: left out: {}: no experiment `{}`",
                folder.display(),
                facts.experiment
            );
            continue;
        };
        match (kind.page)(&folder).and_then(|page| renew_page(&page, &folder, check)) {
            Ok(differed) => stale.extend(differed),
            Err(error) => crate::say!("warning: left out: {error:#}"),
        }
    }
    if front_page(root, check)? {
        stale.push(root.join("README.md"));
    }
    Ok(stale)
}

/// The experiment of this name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Puts the newest complete run of each experiment into the front page; whether that differed. An experiment of
/// which no run is kept leaves its part as it is.
fn front_page(root: &Path, check: bool) -> Result<bool> {
    let file = root.join("README.md");
    let mut page = std::fs::read_to_string(&file)
        .with_context(|| format!("cannot read {}", file.display()))?;
    for kind in KINDS {
        if let Some(part) = part(root, kind)? {
            page = splice(&page, kind.name, &part)
                .with_context(|| format!("{} has no part for {}", file.display(), kind.name))?;
        }
    }
    renew(&file, &page, check)
}

fn part(root: &Path, kind: &Kind) -> Result<Option<String>> {
    for (folder, facts) in find_runs(&root.join(RESULTS))?.runs {
        let is_candidate = facts.experiment == kind.name && facts.state == State::Complete;
        if is_candidate && (kind.is_main)(&folder).unwrap_or(false) {
            let shown = folder.strip_prefix(root).unwrap_or(&folder);
            let page = (kind.page)(&folder)?;
            return Ok(Some(front_page_part(&page, &shown.to_string_lossy())));
        }
    }
    Ok(None)
}
