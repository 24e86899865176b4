//! The files of a result. They are looked at before a run, and not emptied before there is something to
//! put into them.

use crate::cli::Output;
use crate::load::{LoadSpec, Measured, Pace};
use crate::result;
use crate::usage::UsageError;
use anyhow::{Context, Result, ensure};
use std::fs::{File, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Before an hour's run rather than after it.
pub(super) fn check_writable(output: &Output) -> Result<()> {
    for path in [&output.csv, &output.hdr].into_iter().flatten() {
        ensure!(!path.is_dir(), "{} is a folder", path.display());
        let mut open = OpenOptions::new();
        open.create(true).write(true).truncate(false);
        open.open(path).with_context(|| cannot_write(path))?;
    }
    if let (Some(csv), Some(hdr)) = (&output.csv, &output.hdr)
        && is_same_file(csv, hdr)
    {
        let words = format!("--csv and --hdr are one file, {}", csv.display());
        return Err(UsageError(words).into());
    }
    Ok(())
}

/// Whether both are one file of a disk, by whatever names. Both exist.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let number = |path: &Path| {
        let facts = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some((facts.dev(), facts.ino()))
    };
    number(one).is_some_and(|one| number(other) == Some(one))
}

/// The file at `path`, emptied: what is to be in it has begun.
pub(super) fn begin(path: &Path) -> Result<File> {
    File::create(path).with_context(|| cannot_write(path))
}

/// Writes what is written when a run is over.
pub(super) fn write_histograms(
    output: &Output,
    measured: &Measured,
    spec: &LoadSpec,
) -> Result<()> {
    let Some(path) = &output.hdr else {
        return Ok(());
    };
    let is_open = spec.pace != Pace::Closed;
    let mut file = BufWriter::new(begin(path)?);
    let elapsed = measured.offered.elapsed;
    result::write_log(&mut file, &measured.times, is_open, elapsed)
        .with_context(|| cannot_write(path))
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}
