//! The files of a run while it is measured: rows and histograms appended as they come, and a closing line
//! that makes them valid.
//!
//! What belongs together (a block, a counted process) is a *unit*. Its rows do not count by being there, but by
//! the line in `units.csv` that is written when the unit has ended: it names the lines of every file that
//! belong to it, and their digest, which takes in that of the line before. So a run that was killed anywhere
//! leaves whole units and leftovers that nobody counts, and a row that is changed or lost later is noticed.

use super::row::{Row, TimesFile};
use crate::record::{Appended, CsvLines, Digest, HistogramTag, histogram_lines};
use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file of closing lines.
pub(super) const UNITS_FILE: &str = "units.csv";

/// The line that closes a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Closing {
    /// What the unit is, such as `block 3`.
    pub(super) unit: String,
    /// Lines of each file, such as `slices.csv:2-321 blocks.csv:2-2`; the first line of a file is 1.
    pub(super) lines: String,
    /// Digest of the digest before, the two fields above and the lines themselves.
    pub(super) digest: String,
}

impl Closing {
    /// The digest of a unit, given that of the one closed before.
    pub(super) fn digest<'l>(
        before: &str,
        unit: &str,
        lines: &str,
        content: impl Iterator<Item = &'l str>,
    ) -> String {
        let mut digest = Digest::new();
        digest.line(before);
        digest.line(unit);
        digest.line(lines);
        content.for_each(|line| digest.line(line));
        digest.text()
    }
}

/// The open files of a run.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    files: BTreeMap<&'static str, Appended>,
    /// The file of closing lines, once the folder may be changed.
    units: Option<Appended>,
    /// Lines of the unit that is open, by file.
    open: BTreeMap<&'static str, Vec<String>>,
    last_digest: String,
    closed: usize,
    #[cfg(test)]
    pub(crate) failpoint: super::failpoint::Failpoint,
}

impl Journal {
    /// The journal of a folder, whose last closed unit has this digest. It opens no file.
    pub(super) fn of(folder: &Path, last_digest: String, closed: usize) -> Self {
        Self {
            folder: folder.to_owned(),
            files: BTreeMap::new(),
            units: None,
            open: BTreeMap::new(),
            last_digest,
            closed,
            #[cfg(test)]
            failpoint: super::failpoint::Failpoint::default(),
        }
    }

    /// Opens the file of closing lines, or begins it.
    ///
    /// # Errors
    ///
    /// If the disk does not take it.
    pub(super) fn allow_closing(&mut self) -> Result<()> {
        let mut units = Appended::open(&self.folder.join(UNITS_FILE))?;
        if units.lines() == 0 {
            let header = CsvLines::of(&Closing {
                unit: String::new(),
                lines: String::new(),
                digest: String::new(),
            })?;
            units.append(&header.header)?;
        }
        self.units = Some(units);
        Ok(())
    }

    /// Units closed so far.
    #[must_use]
    pub fn closed(&self) -> usize {
        self.closed
    }

    /// Appends a row of the open unit.
    ///
    /// # Errors
    ///
    /// If the disk does not take it.
    pub fn append<R: Row>(&mut self, row: &R) -> Result<()> {
        let CsvLines { header, row } = CsvLines::of(row)?;
        self.append_line(R::FILE, &[header], row)
    }

    /// Appends a histogram of the open unit.
    ///
    /// # Errors
    ///
    /// If the disk does not take it.
    pub fn append_times(
        &mut self,
        file: TimesFile,
        tag: &HistogramTag,
        times: &Histogram<u64>,
    ) -> Result<()> {
        let (head, line) = histogram_lines(file.comment, tag, times)?;
        self.append_line(file.name, &head, line)
    }

    fn append_line(&mut self, name: &'static str, head: &[String], line: String) -> Result<()> {
        if !self.files.contains_key(name) {
            let file = Appended::open(&self.folder.join(name))?;
            self.files.insert(name, file);
        }
        let file = self.files.get_mut(name).expect("it was opened just now");
        if file.lines() == 0 {
            for line in head {
                file.append(line)?;
            }
        }
        #[cfg(test)]
        self.failpoint
            .before_write(&self.folder.join(name), &line)?;
        file.append(&line)?;
        self.open.entry(name).or_default().push(line);
        Ok(())
    }

    /// Closes the open unit under this name. All of its lines are on the disk before the closing line is.
    ///
    /// # Errors
    ///
    /// If the disk does not take it: then the unit does not count.
    pub fn close(&mut self, unit: &str) -> Result<()> {
        let open = std::mem::take(&mut self.open);
        let mut ranges = Vec::new();
        for (name, lines) in &open {
            let file = self
                .files
                .get_mut(name)
                .context("an open unit has its files")?;
            file.sync()?;
            let last = file.lines();
            ranges.push(format!("{name}:{}-{last}", last + 1 - lines.len()));
        }
        let lines = ranges.join(" ");
        let content = open.values().flatten().map(String::as_str);
        let digest = Closing::digest(&self.last_digest, unit, &lines, content);
        let closing = Closing {
            unit: unit.to_owned(),
            lines,
            digest: digest.clone(),
        };
        let line = CsvLines::of(&closing)?.row;
        #[cfg(test)]
        self.failpoint
            .before_write(&self.folder.join(UNITS_FILE), &line)?;
        let units = self.units.as_mut();
        let units = units.context("the run was not admitted, so nothing can be closed")?;
        units.append(&line)?;
        units.sync()?;
        self.last_digest = digest;
        self.closed += 1;
        Ok(())
    }

    /// Forgets the lines of the open unit: what it came to does not count.
    pub fn abandon(&mut self) {
        self.open.clear();
    }
}

/// The ranges of a closing line: file, first line, last line.
pub(super) fn ranges(lines: &str) -> Result<Vec<(String, usize, usize)>> {
    let range = |text: &str| {
        let (name, numbers) = text.rsplit_once(':')?;
        let (first, last) = numbers.split_once('-')?;
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        (1 <= first && first <= last).then(|| (name.to_owned(), first, last))
    };
    let all = lines.split(' ').filter(|text| !text.is_empty());
    let ranges: Option<Vec<_>> = all.map(range).collect();
    let ranges = ranges.with_context(|| format!("`{lines}` does not name lines of files"))?;
    ensure!(
        ranges.iter().all(|(name, ..)| !name.contains('/')),
        "`{lines}` names a file outside the folder"
    );
    Ok(ranges)
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn ranges_are_read_or_refused() {
        let read = ranges("slices.csv:2-321 blocks.csv:2-2").unwrap();
        assert_eq!(read[0], ("slices.csv".to_owned(), 2, 321));
        assert_eq!(ranges("").unwrap(), []);
        for wrong in ["slices.csv", "a:1", "a:0-1", "a:5-2", "../a:1-2", "a:x-2"] {
            assert!(ranges(wrong).is_err(), "{wrong}");
        }
    }
}
