//! The files of a run, read back: only the lines of closed units, each held against its digest, and what is
//! missing named.

use super::arm::Arm;
use super::journal::{Closing, UNITS_FILE, ranges};
use super::row::{Row, TimesFile};
use crate::record::{CsvLines, HistogramTag, Lines, read_histograms, read_lines, read_rows};
use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Something that a record lacks, so that its tables cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The file.
    pub file: String,
    /// Lines of it that are gone.
    pub lines: usize,
    /// Lines it had when the last unit was closed.
    pub of: usize,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { file, lines, of } = self;
        write!(f, "{lines} of {of} lines of {file} are missing")
    }
}

/// A unit that was closed.
#[derive(Debug, Clone)]
struct Unit {
    closing: Closing,
    ranges: Vec<(String, usize, usize)>,
    /// Whether its lines are all there and unchanged.
    is_whole: bool,
}

/// Reads the files of one run.
#[derive(Debug)]
pub struct Reader {
    folder: PathBuf,
    files: BTreeMap<String, Lines>,
    units: Vec<Unit>,
    missing: Vec<Missing>,
}

impl Reader {
    /// Reads the closing lines of a folder and holds every line they name against its digest.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or is not as it was written; the error names it, with the lines.
    pub fn open(folder: &Path) -> Result<Self> {
        let mut reader = Self {
            folder: folder.to_owned(),
            files: BTreeMap::new(),
            units: Vec::new(),
            missing: Vec::new(),
        };
        reader.read_closings()?;
        reader.read_claimed_files()?;
        reader.hold_against_digests()?;
        Ok(reader)
    }

    fn read_closings(&mut self) -> Result<()> {
        let lines = self.read(UNITS_FILE)?.whole.clone();
        let numbered = numbered(&lines);
        let Some(((_, header), rest)) = numbered.split_first() else {
            return Ok(());
        };
        let file = self.folder.join(UNITS_FILE);
        for (closing, (number, _)) in read_rows::<Closing>(&file, header, rest)?
            .into_iter()
            .zip(rest)
        {
            let ranges = ranges(&closing.lines)
                .with_context(|| format!("{}, line {number}", file.display()))?;
            self.units.push(Unit {
                closing,
                ranges,
                is_whole: false,
            });
        }
        Ok(())
    }

    /// Reads every file that a closing line names, and notes those that have lost lines since.
    fn read_claimed_files(&mut self) -> Result<()> {
        let mut claimed: BTreeMap<String, usize> = BTreeMap::new();
        for (name, _, last) in self.units.iter().flat_map(|unit| &unit.ranges) {
            let most = claimed.entry(name.clone()).or_default();
            *most = (*most).max(*last);
        }
        for (file, of) in claimed {
            let there = self.read(&file)?.whole.len();
            if there < of {
                let lines = of - there;
                self.missing.push(Missing { file, lines, of });
            }
        }
        Ok(())
    }

    /// A unit whose lines differ from its digest has lost some, if any file has; otherwise somebody has
    /// changed them, and nothing in the record can be believed.
    fn hold_against_digests(&mut self) -> Result<()> {
        let mut before = String::new();
        for unit in &mut self.units {
            let Closing {
                unit: name,
                lines,
                digest,
            } = &unit.closing;
            let parts = unit
                .ranges
                .iter()
                .map(|(file, first, last)| self.files[file].whole.get(first - 1..*last));
            let parts: Option<Vec<&[String]>> = parts.collect();
            unit.is_whole = parts.is_some_and(|parts| {
                let content = parts.into_iter().flatten().map(String::as_str);
                Closing::digest(&before, name, lines, content) == *digest
            });
            ensure!(
                unit.is_whole || !self.missing.is_empty(),
                "{}: the lines of `{name}` ({lines}) are not as they were written",
                self.folder.display()
            );
            before.clone_from(digest);
        }
        Ok(())
    }

    /// Reads a file once; it has no lines if it is not there.
    fn read(&mut self, name: &str) -> Result<&Lines> {
        if !self.files.contains_key(name) {
            let path = self.folder.join(name);
            let lines = match path.try_exists() {
                Ok(false) => Lines::default(),
                _ => read_lines(&path)?,
            };
            if lines.is_torn {
                warn_of_torn(&path);
            }
            self.files.insert(name.to_owned(), lines);
        }
        Ok(&self.files[name])
    }

    /// What the record lacks, if the run was ended with so many closed units.
    #[must_use]
    pub fn missing(&self, closed: Option<usize>) -> Vec<Missing> {
        let mut missing = self.missing.clone();
        let there = self.units.len();
        if let Some(closed) = closed.filter(|&closed| closed > there) {
            // The header is a line, too, and gone if the file is.
            let header = usize::from(
                self.files
                    .get(UNITS_FILE)
                    .is_none_or(|file| file.whole.is_empty()),
            );
            missing.push(Missing {
                file: UNITS_FILE.to_owned(),
                lines: closed - there + header,
                of: closed + 1,
            });
        }
        missing
    }

    /// Names of the units that were closed and are whole.
    pub fn units(&self) -> impl Iterator<Item = &str> {
        self.whole().map(|unit| unit.closing.unit.as_str())
    }

    fn whole(&self) -> impl Iterator<Item = &Unit> {
        self.units.iter().filter(|unit| unit.is_whole)
    }

    /// The closing lines up to the first unit that is not whole, and the digest of the last of them. Those
    /// behind it are lost with it, if they are not whole either; otherwise nothing can be appended.
    pub(super) fn whole_closings(&self) -> Option<(Vec<Closing>, String)> {
        let whole = self.units.iter().take_while(|unit| unit.is_whole);
        let kept: Vec<Closing> = whole.map(|unit| unit.closing.clone()).collect();
        let rest_is_lost = self.units[kept.len()..].iter().all(|unit| !unit.is_whole);
        let digest = kept.last().map(|last| last.digest.clone());
        rest_is_lost.then(|| (kept, digest.unwrap_or_default()))
    }

    /// Names of the units that were closed and have lost lines since.
    #[must_use]
    pub fn broken(&self) -> Vec<String> {
        let broken = self.units.iter().filter(|unit| !unit.is_whole);
        broken.map(|unit| unit.closing.unit.clone()).collect()
    }

    /// The rows of a file that count, each sound, of a known arm, and there once.
    ///
    /// # Errors
    ///
    /// If a row does not read or holds what no run can have written; the error names the file and the line.
    pub fn rows<R: Row>(&mut self, arms: &[Arm]) -> Result<Vec<R>> {
        let path = self.folder.join(R::FILE);
        self.read(R::FILE)?;
        let lines = &self.files[R::FILE];
        let numbers = self.counted(R::FILE);
        let Some(header) = lines.whole.first() else {
            return Ok(Vec::new());
        };
        let counted: Vec<(usize, &str)> = numbers
            .iter()
            .map(|&number| (number, lines.whole[number - 1].as_str()))
            .collect();
        let rows: Vec<R> = read_rows(&path, header, &counted)?;
        // Columns are found by their names, so a header that was changed would give figures to others' columns.
        if let Some(row) = rows.first() {
            ensure!(
                CsvLines::of(row)?.header == *header,
                "{}, line 1: these are not the columns that the runner writes, in their order",
                path.display()
            );
        }
        let mut seen = HashSet::new();
        for (row, number) in rows.iter().zip(&numbers) {
            let fault = row.fault().or_else(|| {
                let arm = row.arm()?;
                let is_known = arms.iter().any(|one| one.name == arm);
                (!is_known).then(|| format!("run.json has no arm `{arm}`"))
            });
            let fault = match fault {
                None if !seen.insert(row.key()) => Some("the same row is there twice".to_owned()),
                fault => fault,
            };
            if let Some(fault) = fault {
                bail!("{}, line {number}: {fault} ({})", path.display(), row.key());
            }
        }
        Ok(rows)
    }

    /// The histograms of a file that count.
    ///
    /// # Errors
    ///
    /// If one does not read or is there twice; the error names the file and the line.
    pub fn times(
        &mut self,
        file: TimesFile,
        empty: &Histogram<u64>,
    ) -> Result<BTreeMap<HistogramTag, Histogram<u64>>> {
        let path = self.folder.join(file.name);
        self.read(file.name)?;
        let lines = &self.files[file.name];
        let counted: Vec<(usize, &str)> = self
            .counted(file.name)
            .into_iter()
            .map(|number| (number, lines.whole[number - 1].as_str()))
            .collect();
        let mut times = BTreeMap::new();
        for (tag, histogram) in read_histograms(&path, &counted, empty)? {
            let twice = times.insert(tag.clone(), histogram).is_some();
            ensure!(!twice, "{}: {tag:?} is there twice", path.display());
        }
        Ok(times)
    }

    /// The numbers of a file's lines that belong to whole units, in their order.
    fn counted(&self, name: &str) -> Vec<usize> {
        let ranges = self.whole().flat_map(|unit| &unit.ranges);
        ranges
            .filter(|(file, ..)| file == name)
            .flat_map(|&(_, first, last)| first..=last)
            .collect()
    }
}

/// Says once that a file's last line was torn off by whatever ended the run: a run is read several times.
fn warn_of_torn(path: &Path) {
    static SAID: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    // Tests of this crate tear off hundreds of lines.
    if said.insert(path.to_owned()) && !cfg!(test) {
        crate::say!(
            "{}: the last line was torn off and does not count",
            path.display()
        );
    }
}

fn numbered(lines: &[String]) -> Vec<(usize, &str)> {
    let lines = lines.iter().enumerate();
    lines
        .map(|(index, line)| (index + 1, line.as_str()))
        .collect()
}
