//! The folder of a run: created once, locked while it is written, never overwritten.

use super::header::{Facts, RUN_FILE, Run};
use super::journal::{Closing, Journal, UNITS_FILE};
use super::reader::Reader;
use crate::record::{CsvLines, sync_folder, write_whole};
use crate::usage::UsageError;
use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind::{NotADirectory, NotFound};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The folder of a run that is being written. The lock on it ends with this value, or with the process.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
    /// The rows.
    pub journal: Journal,
    /// Whether `run.json` has been written: until then, the folder is removed if the run does not begin.
    has_begun: bool,
    /// The closing lines that are left if those are given up whose lines were lost.
    left: Option<String>,
}

impl Folder {
    /// Creates the folder of a new run.
    ///
    /// # Errors
    ///
    /// If something is already there, since nothing is ever overwritten, or if the disk does not take it.
    pub fn create(path: &Path) -> Result<Self> {
        if path.symlink_metadata().is_ok() {
            let path = path.display();
            let refusal = format!(
                "{path} is already there and is not overwritten; name another folder with --out, or continue \
                 that run: --resume {path}"
            );
            return Err(UsageError(refusal).into());
        }
        fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))?;
        // So that the machine may crash and the folder is still there.
        sync_folder(
            path.parent()
                .filter(|one| !one.as_os_str().is_empty())
                .unwrap_or(Path::new(".")),
        )?;
        let lock = lock(path)?;
        let mut folder = Self {
            path: path.to_owned(),
            _lock: lock,
            journal: Journal::of(path, String::new(), 0),
            has_begun: false,
            left: None,
        };
        folder.allow_writing()?;
        Ok(folder)
    }

    /// Locks the folder of a run that is to continue, before anything in it is read.
    ///
    /// # Errors
    ///
    /// If another runner is writing to it, or it cannot be opened.
    pub fn claim(path: &Path) -> Result<Claim> {
        Ok(Claim(lock(path)?))
    }

    /// The folder of a run that was interrupted. Units at its end that have lost lines are going to be given up;
    /// their names are returned. Nothing is changed before [`Folder::allow_writing`].
    ///
    /// # Errors
    ///
    /// If it does not read, or lines are missing in the middle.
    pub fn reopen(path: &Path, claim: Claim) -> Result<(Self, Vec<String>)> {
        let reader = Reader::open(path)?;
        let Some((closings, last_digest)) = reader.whole_closings() else {
            bail!(
                "{} has lost lines in the middle, so the run cannot continue; `runner report {0}` shows what is left",
                path.display()
            );
        };
        let given_up = reader.broken();
        let left = match given_up.is_empty() {
            true => None,
            false => Some(text_of(&closings)?),
        };
        let folder = Self {
            path: path.to_owned(),
            _lock: claim.0,
            journal: Journal::of(path, last_digest, closings.len()),
            has_begun: true,
            left,
        };
        Ok((folder, given_up))
    }

    /// Prepares the folder for rows: gives up the units that have lost lines, and opens the file of closing lines.
    ///
    /// # Errors
    ///
    /// If the disk does not take it.
    pub fn allow_writing(&mut self) -> Result<()> {
        if let Some(left) = self.left.take() {
            write_whole(&self.path.join(UNITS_FILE), &left)?;
        }
        self.journal.allow_closing()
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes `run.json`, whole or not at all.
    ///
    /// # Errors
    ///
    /// If the disk does not take it.
    pub fn write_run<P: Serialize + DeserializeOwned>(&mut self, run: &mut Run<P>) -> Result<()> {
        let text = run.text()?;
        #[cfg(test)]
        self.journal.failpoint.before_replacing()?;
        write_whole(&self.path.join(RUN_FILE), &text)?;
        self.has_begun = true;
        Ok(())
    }
}

/// The right to write to a folder. It ends with this value, or with the process.
#[derive(Debug)]
pub struct Claim(File);

/// The closing lines as the file has them.
fn text_of(closings: &[Closing]) -> Result<String> {
    let mut text = String::new();
    for (number, closing) in closings.iter().enumerate() {
        let lines = CsvLines::of(closing)?;
        if number == 0 {
            text.push_str(&format!("{}\n", lines.header));
        }
        text.push_str(&format!("{}\n", lines.row));
    }
    Ok(text)
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.has_begun {
            // Nothing was recorded, so nothing is left. A folder that is no longer empty stays.
            let _ = fs::remove_file(self.path.join(UNITS_FILE));
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// A child that is being started holds whatever its parent holds until it becomes another program: a lock that was
/// just released may be held for a moment longer.
const LOCK_WITHIN: Duration = Duration::from_secs(2);

/// Locks a folder for writing, as flock(2) does: the kernel releases it however the process ends.
fn lock(path: &Path) -> Result<File> {
    let asked = Instant::now();
    loop {
        match try_lock(path) {
            Ok(None) if asked.elapsed() < LOCK_WITHIN => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(None) => bail!(
                "another runner is writing to {}; wait until it has ended",
                path.display()
            ),
            Ok(Some(folder)) => return Ok(folder),
            Err(error) => return Err(error),
        }
    }
}

/// `None` if somebody else has locked it.
fn try_lock(path: &Path) -> Result<Option<File>> {
    let folder = File::open(path).with_context(|| {
        format!(
            "cannot open {}; is this the folder of a run?",
            path.display()
        )
    })?;
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

/// The runs under a folder.
#[derive(Debug, Default)]
pub struct Found {
    /// Those that were read, the newest first.
    pub runs: Vec<(PathBuf, Facts)>,
    /// What could not be read: one of them takes no other run's table away.
    pub unreadable: Vec<Unreadable>,
}

/// A folder that could not be read as a run, and why.
#[derive(Debug)]
pub struct Unreadable {
    /// The folder.
    pub path: PathBuf,
    /// Why.
    pub error: anyhow::Error,
}

/// Whether a folder is that of a run, readable or not.
#[must_use]
pub fn is_run(folder: &Path) -> bool {
    folder.join(RUN_FILE).exists()
}

/// Finds the folders under `parent` that hold a run.
///
/// # Errors
///
/// If `parent` cannot be read.
pub fn find_runs(parent: &Path) -> Result<Found> {
    let entries =
        fs::read_dir(parent).with_context(|| format!("cannot read {}", parent.display()))?;
    let mut found = Found::default();
    for entry in entries {
        let path = entry
            .with_context(|| format!("cannot read {}", parent.display()))?
            .path();
        // What cannot be looked into is named; what has no such file is not a run.
        let looked = path.join(RUN_FILE).metadata();
        if looked.is_err_and(|error| matches!(error.kind(), NotFound | NotADirectory)) {
            continue;
        }
        match Facts::read(&path) {
            Ok(facts) => found.runs.push((path, facts)),
            Err(error) => found.unreadable.push(Unreadable { path, error }),
        }
    }
    let newest_first = |one: &(PathBuf, Facts), other: &(PathBuf, Facts)| {
        (&other.1.started_at, &one.0).cmp(&(&one.1.started_at, &other.0))
    };
    found.runs.sort_by(newest_first);
    found
        .unreadable
        .sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// Reads the record of a run of `experiment`, and opens its files.
///
/// # Errors
///
/// If it does not read, or was made by a newer method.
pub fn open_run<P: Serialize + DeserializeOwned>(
    path: &Path,
    experiment: &str,
    method: u32,
) -> Result<(Run<P>, Reader)> {
    let run = Run::read(path, experiment, method)?;
    let reader = Reader::open(path)?;
    let names: Vec<&String> = run.arms.iter().map(|arm| &arm.name).collect();
    let twice = names
        .iter()
        .enumerate()
        .find(|(at, name)| names[..*at].contains(name));
    ensure!(
        twice.is_none(),
        "{} has an arm twice: {twice:?}",
        path.join(RUN_FILE).display()
    );
    Ok((run, reader))
}
