//! Tables as CSV files: opened to append, flushed row by row, read whole with the file and the line in
//! every error; and files that are replaced whole or not at all.

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File, OpenOptions};
use std::path::Path;

/// Opens a file to append to it.
pub(super) fn open_file(file: &Path, is_new: bool) -> Result<File> {
    OpenOptions::new()
        .append(true)
        .create(is_new)
        .open(file)
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Opens a table to append to it.
pub(super) fn open(file: &Path, is_new: bool) -> Result<csv::Writer<File>> {
    let file = open_file(file, is_new)?;
    // The header goes with the first row ever written, not with the first since reopening.
    let has_headers = file.metadata()?.len() == 0;
    Ok(csv::WriterBuilder::new()
        .has_headers(has_headers)
        .from_writer(file))
}

/// Appends a row, which is on the disk's way when this returns.
pub(super) fn append(table: &mut csv::Writer<File>, row: &impl Serialize) -> Result<()> {
    table.serialize(row).context("cannot append a row")?;
    table.flush().context("cannot append a row")
}

/// Writes a file beside its place and then moves it there.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension("partial");
    fs::write(&beside, text).with_context(|| format!("cannot write {}", beside.display()))?;
    fs::rename(&beside, path).with_context(|| format!("cannot write {}", path.display()))
}

/// Reads all rows.
pub(super) fn read<Row: DeserializeOwned>(file: &Path) -> Result<Vec<Row>> {
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
