//! The folder of a run: created once, appended to while the run is on, read as a whole.

use super::histograms;
use super::{BlockRow, ProcessRow, Run, SCHEMA, ServiceTimes, SliceRow};
use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

const RUN: &str = "run.json";
const SLICES: &str = "slices.csv";
const PROCESSES: &str = "processes.csv";
const BLOCKS: &str = "blocks.csv";
const SERVICE_TIMES: &str = "service-times.hlog";

/// The folder of a run that is being written.
pub struct Folder {
    path: PathBuf,
    slices: csv::Writer<File>,
    processes: csv::Writer<File>,
    blocks: csv::Writer<File>,
    service_times: File,
}

impl Folder {
    /// Makes sure that nothing stands in the way of a new run.
    ///
    /// # Errors
    ///
    /// Where something is already there: nothing is ever overwritten.
    pub fn refuse_existing(path: &Path) -> Result<()> {
        if path.exists() {
            bail!(
                "{} is already there and is not overwritten; name another folder with --out, \
                 or go on with that run: --resume {}",
                path.display(),
                path.display()
            );
        }
        Ok(())
    }

    /// Creates the folder and its empty files.
    ///
    /// # Errors
    ///
    /// As [`Folder::refuse_existing`], or where the disk does not take them.
    pub fn create(path: &Path) -> Result<Self> {
        Self::refuse_existing(path)?;
        fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))?;
        Self::open(path, true)
    }

    /// Opens the folder of a run that was interrupted, to append to it.
    ///
    /// # Errors
    ///
    /// Where its files cannot be written.
    pub fn reopen(path: &Path) -> Result<Self> {
        Self::open(path, false)
    }

    fn open(path: &Path, is_new: bool) -> Result<Self> {
        let open = |name: &str| {
            let file = path.join(name);
            OpenOptions::new()
                .append(true)
                .create(is_new)
                .open(&file)
                .with_context(|| format!("cannot write {}", file.display()))
        };
        let table = |name: &str| -> Result<csv::Writer<File>> {
            let file = open(name)?;
            // The header goes with the first row ever written, not with the first since reopening.
            let has_headers = file.metadata()?.len() == 0;
            Ok(csv::WriterBuilder::new()
                .has_headers(has_headers)
                .from_writer(file))
        };
        Ok(Self {
            path: path.to_owned(),
            slices: table(SLICES)?,
            processes: table(PROCESSES)?,
            blocks: table(BLOCKS)?,
            service_times: open(SERVICE_TIMES)?,
        })
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
    /// Where the disk does not take it.
    pub fn write_run(&self, run: &Run) -> Result<()> {
        let mut text = serde_json::to_string_pretty(run).context("a run is plain data")?;
        text.push('\n');
        write_whole(&self.path.join(RUN), &text)
    }

    /// Appends the row of a slice.
    ///
    /// # Errors
    ///
    /// Where the disk does not take it.
    pub fn write_slice(&mut self, row: &SliceRow) -> Result<()> {
        append(&mut self.slices, row)
    }

    /// Appends the row of a process.
    ///
    /// # Errors
    ///
    /// Where the disk does not take it.
    pub fn write_process(&mut self, row: &ProcessRow) -> Result<()> {
        append(&mut self.processes, row)
    }

    /// Appends a block's histograms, then the row that says it has ended.
    ///
    /// # Errors
    ///
    /// Where the disk does not take it.
    pub fn write_block(&mut self, row: &BlockRow, times: &ServiceTimes) -> Result<()> {
        let is_new = self.service_times.metadata()?.len() == 0;
        let mut text = Vec::new();
        histograms::append(&mut text, times, is_new)?;
        self.service_times
            .write_all(&text)
            .context("cannot append histograms")?;
        append(&mut self.blocks, row)
    }
}

fn append(table: &mut csv::Writer<File>, row: &impl Serialize) -> Result<()> {
    table.serialize(row).context("cannot append a row")?;
    table.flush().context("cannot append a row")
}

/// Writes a file beside its place and then moves it there.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension("partial");
    fs::write(&beside, text).with_context(|| format!("cannot write {}", beside.display()))?;
    fs::rename(&beside, path).with_context(|| format!("cannot write {}", path.display()))
}

/// Everything a run has left.
#[derive(Debug)]
pub struct Records {
    /// `run.json`.
    pub run: Run,
    /// Rows of complete blocks.
    pub slices: Vec<SliceRow>,
    /// Rows of complete blocks.
    pub processes: Vec<ProcessRow>,
    /// All blocks, also those that were not completed.
    pub blocks: Vec<BlockRow>,
    /// Histograms of complete blocks.
    pub service_times: ServiceTimes,
}

impl Records {
    /// Reads a run. Rows of a block that was not completed are left out.
    ///
    /// # Errors
    ///
    /// Where a file is missing or does not read; the error names the file and the row.
    pub fn read(path: &Path) -> Result<Self> {
        let run: Run = read_run(path)?;
        if run.schema != SCHEMA {
            bail!(
                "{} has records of schema {}, and this runner reads schema {SCHEMA}",
                path.display(),
                run.schema
            );
        }
        let blocks: Vec<BlockRow> = read_table(&path.join(BLOCKS))?;
        let is_complete = |number: u32| {
            blocks
                .iter()
                .any(|block| block.block == number && block.complete == 1)
        };
        let mut slices: Vec<SliceRow> = read_table(&path.join(SLICES))?;
        slices.retain(|row| is_complete(row.block));
        let mut processes: Vec<ProcessRow> = read_table(&path.join(PROCESSES))?;
        processes.retain(|row| is_complete(row.block));
        let log = path.join(SERVICE_TIMES);
        let bytes = fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
        let mut service_times =
            histograms::read(&bytes).with_context(|| format!("in {}", log.display()))?;
        service_times.retain(|key, _| is_complete(key.block));
        Ok(Self {
            run,
            slices,
            processes,
            blocks,
            service_times,
        })
    }

    /// How many blocks were completed.
    #[must_use]
    pub fn complete_blocks(&self) -> u32 {
        self.blocks
            .iter()
            .map(|block| u32::from(block.complete))
            .sum()
    }
}

fn read_run(path: &Path) -> Result<Run> {
    let file = path.join(RUN);
    let text = fs::read_to_string(&file).with_context(|| {
        format!(
            "cannot read {}; is this the folder of a run?",
            file.display()
        )
    })?;
    serde_json::from_str(&text).with_context(|| format!("{} does not read", file.display()))
}

fn read_table<Row: DeserializeOwned>(file: &Path) -> Result<Vec<Row>> {
    let mut table =
        csv::Reader::from_path(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut rows = Vec::new();
    for (index, row) in table.deserialize().enumerate() {
        // The header is line 1.
        let line = index + 2;
        rows.push(row.with_context(|| format!("{}, line {line}", file.display()))?);
    }
    Ok(rows)
}

/// The folders under `parent` that hold a run, with its record, the newest run first.
///
/// # Errors
///
/// Where the folder or a run's record does not read.
pub fn find_runs(parent: &Path) -> Result<Vec<(PathBuf, Run)>> {
    let entries =
        fs::read_dir(parent).with_context(|| format!("cannot read {}", parent.display()))?;
    let mut runs = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.join(RUN).is_file() {
            let run = read_run(&path)?;
            runs.push((path, run));
        }
    }
    runs.sort_by(|one, other| other.1.started_at.cmp(&one.1.started_at));
    Ok(runs)
}
