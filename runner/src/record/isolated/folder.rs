//! The folder of an isolated run: created once, appended to while the run is on, read as a whole.

use super::soundness::{self, Sound};
use super::{
    AllocationRow, FunctionRow, IsolatedRun, MemoryRow, OwnerRow, SampleRow, StartRow,
    SystemCallRow, WorkRow,
};
use crate::record::table::{self, write_whole};
use crate::record::{BlockRow, Folder, ISOLATED_METHOD, SCHEMA};
use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const RUN: &str = "isolated.json";
const SAMPLES: &str = "samples.csv";
const BLOCKS: &str = "blocks.csv";
const WORK: &str = "work.csv";
const OWNERS: &str = "owners.csv";
const FUNCTIONS: &str = "functions.csv";
const SYSTEM_CALLS: &str = "system-calls.csv";
const ALLOCATIONS: &str = "allocations.csv";
const MEMORY: &str = "memory.csv";
const STARTS: &str = "starts.csv";

/// The folder of an isolated run that is being written.
pub struct IsolatedFolder {
    path: PathBuf,
    samples: csv::Writer<File>,
    blocks: csv::Writer<File>,
    work: csv::Writer<File>,
    owners: csv::Writer<File>,
    functions: csv::Writer<File>,
    system_calls: csv::Writer<File>,
    allocations: csv::Writer<File>,
    memory: csv::Writer<File>,
    starts: csv::Writer<File>,
}

impl IsolatedFolder {
    /// Creates the folder and its empty files.
    ///
    /// # Errors
    ///
    /// Where something is already there, or the disk does not take them.
    pub fn create(path: &Path) -> Result<Self> {
        Folder::refuse_existing(path)?;
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
        let open = |name: &str| table::open(&path.join(name), is_new);
        Ok(Self {
            path: path.to_owned(),
            samples: open(SAMPLES)?,
            blocks: open(BLOCKS)?,
            work: open(WORK)?,
            owners: open(OWNERS)?,
            functions: open(FUNCTIONS)?,
            system_calls: open(SYSTEM_CALLS)?,
            allocations: open(ALLOCATIONS)?,
            memory: open(MEMORY)?,
            starts: open(STARTS)?,
        })
    }

    /// Writes `isolated.json`, whole or not at all.
    ///
    /// # Errors
    ///
    /// Where the disk does not take it.
    pub fn write_run(&self, run: &IsolatedRun) -> Result<()> {
        let mut text = serde_json::to_string_pretty(run).context("a run is plain data")?;
        text.push('\n');
        write_whole(&self.path.join(RUN), &text)
    }

    /// Appends a timed slice.
    ///
    /// # Errors
    ///
    /// Where the disk does not take it, as in all that follow.
    pub fn write_sample(&mut self, row: &SampleRow) -> Result<()> {
        table::append(&mut self.samples, row)
    }

    /// Appends a block of the timing.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn write_block(&mut self, row: &BlockRow) -> Result<()> {
        table::append(&mut self.blocks, row)
    }

    /// Appends what was counted in one process.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn write_work(&mut self, row: &WorkRow) -> Result<()> {
        table::append(&mut self.work, row)
    }

    /// Appends how that work splits.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn write_split(&mut self, owners: &[OwnerRow], functions: &[FunctionRow]) -> Result<()> {
        for row in owners {
            table::append(&mut self.owners, row)?;
        }
        for row in functions {
            table::append(&mut self.functions, row)?;
        }
        Ok(())
    }

    /// Appends the system calls of one contestant.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn write_system_calls(&mut self, rows: &[SystemCallRow]) -> Result<()> {
        rows.iter()
            .try_for_each(|row| table::append(&mut self.system_calls, row))
    }

    /// Appends what the allocator was asked for.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn write_allocations(&mut self, row: &AllocationRow) -> Result<()> {
        table::append(&mut self.allocations, row)
    }

    /// Appends all looks at one process, which has ended.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn write_memory(&mut self, rows: &[MemoryRow]) -> Result<()> {
        rows.iter()
            .try_for_each(|row| table::append(&mut self.memory, row))
    }

    /// Appends a start.
    #[expect(clippy::missing_errors_doc, reason = "said once, above")]
    pub fn write_start(&mut self, row: &StartRow) -> Result<()> {
        table::append(&mut self.starts, row)
    }
}

/// Everything an isolated run has left.
#[derive(Debug)]
pub struct IsolatedRecords {
    /// `isolated.json`.
    pub run: IsolatedRun,
    /// Timed slices of blocks that count.
    pub samples: Vec<SampleRow>,
    /// All blocks of the timing, also those that were not completed or were set aside.
    pub blocks: Vec<BlockRow>,
    /// The number that no block has had yet, not even one in which the run was killed.
    pub next_block: u32,
    /// Counted work.
    pub work: Vec<WorkRow>,
    /// How it splits over owners.
    pub owners: Vec<OwnerRow>,
    /// How it splits over functions.
    pub functions: Vec<FunctionRow>,
    /// System calls.
    pub system_calls: Vec<SystemCallRow>,
    /// Allocations.
    pub allocations: Vec<AllocationRow>,
    /// Looks at processes at rest.
    pub memory: Vec<MemoryRow>,
    /// Starts.
    pub starts: Vec<StartRow>,
}

impl IsolatedRecords {
    /// Reads a run.
    ///
    /// # Errors
    ///
    /// Where a file is missing or does not read, or holds what cannot have been measured; the error names
    /// the file and the row.
    pub fn read(path: &Path) -> Result<Self> {
        let run = read_run(path)?;
        if run.schema != SCHEMA || run.method > ISOLATED_METHOD {
            bail!(
                "{} has records of schema {} and method {}, and this runner reads schema {SCHEMA} and methods up \
                 to {ISOLATED_METHOD}",
                path.display(),
                run.schema,
                run.method
            );
        }
        let blocks: Vec<BlockRow> = table::read(&path.join(BLOCKS))?;
        let mut samples: Vec<SampleRow> = read_rows(&run, &path.join(SAMPLES))?;
        let numbers = samples.iter().map(|row| row.block);
        let numbers = numbers.chain(blocks.iter().map(|row| row.block));
        let next_block = numbers.max().map_or(0, |last| last + 1);
        samples.retain(|row| {
            let mut blocks = blocks.iter();
            blocks.any(|block| block.block == row.block && block.counts())
        });
        Ok(Self {
            samples,
            blocks,
            next_block,
            work: read_rows(&run, &path.join(WORK))?,
            owners: read_rows(&run, &path.join(OWNERS))?,
            functions: read_rows(&run, &path.join(FUNCTIONS))?,
            system_calls: read_rows(&run, &path.join(SYSTEM_CALLS))?,
            allocations: read_rows(&run, &path.join(ALLOCATIONS))?,
            memory: read_rows(&run, &path.join(MEMORY))?,
            starts: read_rows(&run, &path.join(STARTS))?,
            run,
        })
    }

    /// How many blocks count.
    #[must_use]
    pub fn complete_blocks(&self) -> u32 {
        BlockRow::counting(&self.blocks)
    }
}

fn read_run(path: &Path) -> Result<IsolatedRun> {
    let file = path.join(RUN);
    let text = fs::read_to_string(&file).with_context(|| {
        format!(
            "cannot read {}; is this the folder of an isolated run?",
            file.display()
        )
    })?;
    serde_json::from_str(&text).with_context(|| format!("{} does not read", file.display()))
}

/// Reads one file of rows and checks them.
fn read_rows<Row: DeserializeOwned + Sound>(run: &IsolatedRun, file: &Path) -> Result<Vec<Row>> {
    let rows = table::read(file)?;
    soundness::check(run, &rows, file)?;
    Ok(rows)
}

/// Whether this is the folder of an isolated run.
#[must_use]
pub fn is_isolated(folder: &Path) -> bool {
    folder.join(RUN).is_file()
}

/// The folders under `parent` that hold an isolated run, with its record, the newest run first.
///
/// # Errors
///
/// Where the folder or a run's record does not read.
pub fn find_isolated_runs(parent: &Path) -> Result<Vec<(PathBuf, IsolatedRun)>> {
    let entries =
        fs::read_dir(parent).with_context(|| format!("cannot read {}", parent.display()))?;
    let mut runs = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if is_isolated(&path) {
            let run = read_run(&path)?;
            runs.push((path, run));
        }
    }
    runs.sort_by(|one, other| other.1.started_at.cmp(&one.1.started_at));
    Ok(runs)
}
