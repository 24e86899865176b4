//! The folder of a run: created once, appended to while the run is on, read as a whole.

use super::histograms;
use super::soundness;
use super::table::{self, write_whole};
use super::{BlockRow, ProcessRow, Run, ServiceTimes, SetAside, SliceRow};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
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
        Ok(Self {
            path: path.to_owned(),
            slices: table::open(&path.join(SLICES), is_new)?,
            processes: table::open(&path.join(PROCESSES), is_new)?,
            blocks: table::open(&path.join(BLOCKS), is_new)?,
            service_times: table::open_file(&path.join(SERVICE_TIMES), is_new)?,
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
        table::append(&mut self.slices, row)
    }

    /// Appends the row of a process.
    ///
    /// # Errors
    ///
    /// Where the disk does not take it.
    pub fn write_process(&mut self, row: &ProcessRow) -> Result<()> {
        table::append(&mut self.processes, row)
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
        table::append(&mut self.blocks, row)
    }
}

/// Everything a run has left.
#[derive(Debug)]
pub struct Records {
    /// `run.json`.
    pub run: Run,
    /// Rows of blocks that count.
    pub slices: Vec<SliceRow>,
    /// Rows of blocks that were set aside: complete, but spoiled by the machine.
    pub set_aside_slices: Vec<SliceRow>,
    /// Rows of blocks that count.
    pub processes: Vec<ProcessRow>,
    /// All blocks, also those that were not completed.
    pub blocks: Vec<BlockRow>,
    /// Histograms of blocks that count.
    pub service_times: ServiceTimes,
    /// The number that no block has had yet, not even one in which the run was killed.
    pub next_block: u32,
}

impl Records {
    /// Reads a run. Rows of a block that was not completed are left out, those of a block that was set
    /// aside are kept apart.
    ///
    /// # Errors
    ///
    /// Where a file is missing or does not read; the error names the file and the row.
    pub fn read(path: &Path) -> Result<Self> {
        let run: Run = read_run(path)?;
        soundness::check_versions(&run, path)?;
        let blocks: Vec<BlockRow> = table::read(&path.join(BLOCKS))?;
        let counts = |number: u32| {
            let mut blocks = blocks.iter();
            blocks.any(|block| block.block == number && block.counts())
        };
        let is_set_aside = |number: u32| {
            let mut blocks = blocks.iter();
            blocks.any(|block| block.block == number && block.set_aside != SetAside::No)
        };
        let all_slices: Vec<SliceRow> = table::read(&path.join(SLICES))?;
        soundness::check(&run, &all_slices, &path.join(SLICES))?;
        let numbers = all_slices.iter().map(|row| row.block);
        let numbers = numbers.chain(blocks.iter().map(|row| row.block));
        let next_block = numbers.max().map_or(0, |last| last + 1);
        let (slices, others): (Vec<SliceRow>, Vec<SliceRow>) =
            all_slices.into_iter().partition(|row| counts(row.block));
        let set_aside_slices = others
            .into_iter()
            .filter(|row| is_set_aside(row.block))
            .collect();
        let mut processes: Vec<ProcessRow> = table::read(&path.join(PROCESSES))?;
        processes.retain(|row| counts(row.block));
        let log = path.join(SERVICE_TIMES);
        let bytes = fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
        let mut service_times =
            histograms::read(&bytes).with_context(|| format!("in {}", log.display()))?;
        service_times.retain(|key, _| counts(key.block));
        Ok(Self {
            run,
            slices,
            set_aside_slices,
            processes,
            blocks,
            service_times,
            next_block,
        })
    }

    /// How many blocks count.
    #[must_use]
    pub fn complete_blocks(&self) -> u32 {
        BlockRow::counting(&self.blocks)
    }

    /// How many complete blocks were set aside.
    #[must_use]
    pub fn set_aside_blocks(&self) -> u32 {
        let blocks = self.blocks.iter();
        blocks
            .map(|block| u32::from(block.set_aside != SetAside::No))
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
