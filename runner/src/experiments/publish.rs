//! Pages: that of each run in its folder with its charts, the list of kept runs, the page of each machine, and the
//! generated part of the front page.

use super::experiment::Experiment;
use super::history::Named;
use super::list::WantsHistory;
use super::list::{Kind, renew, renew_page};
use super::{KINDS, history, server_lines, then_and_now};
use crate::report::{
    Kept, Page, front_page, html_name, html_page, index, more, of_experiment, splice,
};
use crate::run::{State, find_runs};
use anyhow::{Context, Result};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::thread;

/// The folder of kept runs.
const RESULTS: &str = "results";

/// The folder of contestants.
const FRAMEWORKS: &str = "frameworks";

/// Writes the page of the run in `folder`, and what is made of all kept runs if it is one.
///
/// # Errors
///
/// If the run does not read, or a page cannot be written.
pub fn one<E: Experiment>(root: &Path, folder: &Path) -> Result<Page> {
    let page = E::page(&E::read(folder)?);
    // Servers of a user's own are measured in any folder.
    let is_project = root.join(FRAMEWORKS).is_dir();
    if is_project && is_kept(root, folder) {
        all(root, false)?;
    } else {
        renew_page(&page, folder, false)?;
    }
    Ok(page)
}

/// The folder of the kept runs of a project.
#[must_use]
pub fn kept_folder(root: &Path) -> PathBuf {
    root.join(RESULTS)
}

/// Whether a folder, however it is named, is that of a kept run.
fn is_kept(root: &Path, folder: &Path) -> bool {
    let folder = folder.canonicalize();
    let parent = folder
        .ok()
        .and_then(|folder| Some(folder.parent()?.to_owned()));
    let results = root.join(RESULTS).canonicalize();
    parent.is_some() && parent == results.ok()
}

/// What became of the pages of all kept runs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Renewed {
    /// The pages that differed from what the records say.
    pub stale: Vec<PathBuf>,
    /// The folders of kept runs that could not be read: no page has their figures.
    pub left_out: Vec<PathBuf>,
}

/// Renews the pages of all kept runs and what is made of them together, or only checks them. A folder that cannot be
/// read is named on standard error, and the others go on.
///
/// # Errors
///
/// If the folder of kept runs cannot be read, or a page cannot be written.
pub fn all(root: &Path, check: bool) -> Result<Renewed> {
    let results = kept_folder(root);
    let history_of = KINDS.first().map(|kind| kind.name);
    let AllKept {
        runs,
        left_out,
        entries,
    } = kept(root, &results, history_of)?;
    let mut stale = Vec::new();
    let renewed = side_by_side(&runs, |run| {
        renew_page(&run.page, &results.join(&run.folder), check)
    });
    for files in renewed {
        stale.extend(files?);
    }
    let mut pages = machines(&runs, &results);
    let experiments: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let front = front_page(&runs, RESULTS, &experiments);
    let more = more(&runs, RESULTS, &experiments);
    let front = front.map(|front| vec![("results", front), ("more", more)]);
    pages.push(spliced(root.join("README.md"), &front.unwrap_or_default())?);
    let list = [("index", index(&runs, &experiments))];
    pages.push(spliced(results.join("README.md"), &list)?);
    pages.extend(then_and_now::page(&results, &runs)?);
    pages.extend(history_of.map_or_else(Vec::new, |name| history::pages(&results, name, entries)));
    pages.extend(server_lines::page(&root.join(FRAMEWORKS), &results)?);
    for (file, page) in pages {
        if renew(&file, &page, check)? {
            stale.push(file);
        }
    }
    Ok(Renewed { stale, left_out })
}

/// A page that is written by hand, with these generated parts of it by name.
fn spliced(file: PathBuf, parts: &[(&str, String)]) -> Result<(PathBuf, String)> {
    let mut page = std::fs::read_to_string(&file)
        .with_context(|| format!("cannot read {}", file.display()))?;
    for (name, part) in parts {
        page = splice(&page, name, part)
            .with_context(|| format!("{} has no part for {name}", file.display()))?;
    }
    Ok((file, page))
}

/// A kept run, for programs.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// Its folder, below that of kept runs.
    pub folder: String,
    /// What is shown of it.
    pub page: Page,
}

/// What is shown of all kept runs, the newest first, and the folders of those that could not be read; nothing is written.
///
/// # Errors
///
/// If the folder of kept runs cannot be read.
pub fn shown(root: &Path) -> Result<(Vec<Shown>, Vec<PathBuf>)> {
    let AllKept { runs, left_out, .. } = kept(root, &kept_folder(root), None)?;
    let shown = runs.into_iter();
    let shown = shown.map(|Kept { folder, page, .. }| Shown { folder, page });
    Ok((shown.collect(), left_out))
}

/// The experiment of this name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// What all folders of kept runs hold.
struct AllKept {
    /// Those that can be read, newest first.
    runs: Vec<Kept>,
    /// The folders of the others.
    left_out: Vec<PathBuf>,
    /// What a history takes of those of its experiment.
    entries: Vec<Named>,
}

/// All kept runs, each read once; those that cannot be read are named on standard error. Of the runs of `history_of` a
/// history is made.
fn kept(root: &Path, results: &Path, history_of: Option<&str>) -> Result<AllKept> {
    let found = find_runs(results)?;
    let mut left_out = Vec::new();
    let mut leave_out = |folder: PathBuf, error: anyhow::Error| {
        crate::say!("warning: {} is left out: {error:#}", folder.display());
        left_out.push(folder);
    };
    for one in found.unreadable {
        leave_out(one.path, one.error);
    }
    let shown = side_by_side(&found.runs, |(folder, facts)| {
        let kind = kind(&facts.experiment)
            .with_context(|| format!("{}: no experiment `{}`", folder.display(), facts.experiment));
        let wants_history = WantsHistory(history_of == Some(facts.experiment.as_str()));
        kind.and_then(|kind| (kind.shown)(folder, wants_history))
    });
    let (mut runs, mut entries) = (Vec::new(), Vec::new());
    for ((folder, facts), read) in found.runs.into_iter().zip(shown) {
        match read {
            Ok(mut run) => {
                run.page.sources = sources(root, &run.page);
                let name = folder.strip_prefix(results).unwrap_or(&folder);
                let folder = name.to_string_lossy().into_owned();
                entries.extend(run.entry.map(|entry| Named {
                    folder: folder.clone(),
                    entry,
                }));
                runs.push(Kept {
                    folder,
                    page: run.page,
                    is_candidate: run.is_main && facts.state == State::Complete,
                });
            }
            Err(error) => leave_out(folder, error),
        }
    }
    Ok(AllKept {
        runs,
        left_out,
        entries,
    })
}

/// What `work` makes of each, in their order: each has a thread, so that a small machine is not idle while it waits for
/// the longest.
pub(super) fn side_by_side<T: Sync, R: Send>(
    all: &[T],
    work: impl Fn(&T) -> Result<R> + Sync,
) -> Vec<Result<R>> {
    let work = &work;
    thread::scope(|scope| {
        let threads = all.iter().map(|one| scope.spawn(move || work(one)));
        let threads: Vec<_> = threads.collect();
        let ended = threads.into_iter().map(|one| {
            let panicked = |_| Err(anyhow::anyhow!("the analysis of a run panicked"));
            one.join().unwrap_or_else(panicked)
        });
        ended.collect()
    })
}

/// The page with links to its contestants if it is that of a kept run: others lie where no relative link leads to them.
#[must_use]
pub fn with_sources(mut page: Page, folder: &Path) -> Page {
    let kept_under = || {
        let folder = folder.canonicalize().ok()?;
        let results = folder.parent()?;
        let is_results = results.file_name()? == RESULTS;
        is_results.then(|| results.parent().map(Path::to_owned))?
    };
    if let Some(root) = kept_under() {
        page.sources = sources(&root, &page);
    }
    page
}

/// Where the contestants of a page are, as far as they are still there: their folders at the revision that was measured if
/// the manifest of the workspace says where revisions are published, or else their folders of today.
fn sources(root: &Path, page: &Page) -> BTreeMap<String, String> {
    let is_hash = |revision: &&String| revision.chars().all(|one| one.is_ascii_hexdigit());
    let revision = page.revision.as_ref().filter(is_hash);
    let published = repository(root).zip(revision);
    let before = published.map_or_else(String::new, |(repository, revision)| {
        format!("{repository}/tree/{revision}/")
    });
    let arms = page.arms.iter().filter(|arm| arm.kind.is_contestant());
    let is_plain = |name: &str| {
        name.chars()
            .all(|one| one.is_ascii_alphanumeric() || "-_".contains(one))
    };
    let there =
        arms.filter(|arm| is_plain(&arm.name) && root.join(FRAMEWORKS).join(&arm.name).is_dir());
    there
        .map(|arm| {
            let folder = format!("{before}{FRAMEWORKS}/{}/", arm.name);
            (arm.name.clone(), folder)
        })
        .collect()
}

/// The address that the manifest of the workspace names as its repository.
fn repository(root: &Path) -> Option<String> {
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).ok()?;
    let mut lines = manifest.lines();
    let address = lines.find_map(|line| line.strip_prefix("repository = \"")?.strip_suffix('"'))?;
    let is_plain = |one: char| one.is_ascii_alphanumeric() || ":/.-_".contains(one);
    let is_address = address.starts_with("https://") && address.chars().all(is_plain);
    is_address.then(|| address.trim_end_matches('/').to_owned())
}

/// One page for each machine: rows can be compared on one machine only. Of each experiment it has the run that the front
/// page shows or would show, or else the newest.
fn machines(runs: &[Kept], results: &Path) -> Vec<(PathBuf, String)> {
    let slugs: BTreeSet<&str> = runs
        .iter()
        .map(|run| run.page.machine_slug.as_str())
        .collect();
    let pages = slugs.into_iter().map(|slug| {
        let own: Vec<&Kept> = runs
            .iter()
            .filter(|run| run.page.machine_slug == slug)
            .collect();
        let of_kind = |kind: &Kind| of_experiment(own.iter().copied(), kind.name);
        let shown: Vec<&Kept> = KINDS.iter().filter_map(of_kind).collect();
        (results.join(html_name(slug)), html_page(&shown))
    });
    pages.collect()
}

#[cfg(test)]
mod tests {
    use super::is_kept;
    use std::fs;
    use std::path::Path;

    #[test]
    fn a_kept_run_is_one_however_its_folder_is_named() {
        let root = tempfile::tempdir().unwrap();
        let run = root.path().join("results/run");
        fs::create_dir_all(&run).unwrap();
        fs::create_dir_all(root.path().join("target/runs/run")).unwrap();
        let named = |name: &str| is_kept(root.path(), &root.path().join(name));
        assert!(named("results/run") && named("results/../results/run/."));
        assert!(!named("target/runs/run") && !named("results") && !named("results/missing"));
        let link = root.path().join("link");
        std::os::unix::fs::symlink(root.path(), &link).unwrap();
        assert!(is_kept(root.path(), &link.join("results/run")));
        // As the runner itself names it, from the folder it was started in.
        let here = std::env::current_dir().unwrap();
        let up: String = here.components().skip(1).map(|_| "../").collect();
        let relative = Path::new(&up).join(run.strip_prefix("/").unwrap());
        assert!(is_kept(root.path(), &relative), "{}", relative.display());
    }
}
