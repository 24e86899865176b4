//! A file that is only appended to, whole lines at a time.

use super::whole::sync_folder;
use anyhow::{Context, Result};
use rustix::fs::{Mode, OFlags, open};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file of lines, opened to append.
#[derive(Debug)]
pub struct Appended {
    path: PathBuf,
    file: File,
    /// Whole lines in it.
    lines: usize,
    is_synced: bool,
}

impl Appended {
    /// Opens a file to append to it, and creates it if it is not there. A line that was torn off at its end
    /// is cut away, so that the next one begins a line of its own.
    ///
    /// # Errors
    ///
    /// If the file cannot be written, or is a symbolic link: what is recorded stays in its folder.
    pub fn open(path: &Path) -> Result<Self> {
        let what = || format!("cannot write {}", path.display());
        let flags =
            OFlags::CREATE | OFlags::RDWR | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let is_new = !path.exists();
        let file = open(path, flags, Mode::from_raw_mode(0o644)).with_context(what)?;
        let mut file = File::from(file);
        if let Some(folder) = path.parent().filter(|_| is_new) {
            sync_folder(folder)?;
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0)).with_context(what)?;
        file.read_to_end(&mut bytes).with_context(what)?;
        let whole_bytes = bytes
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        if whole_bytes < bytes.len() {
            file.set_len(whole_bytes as u64).with_context(what)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            lines: bytes[..whole_bytes]
                .iter()
                .filter(|&&byte| byte == b'\n')
                .count(),
            is_synced: true,
        })
    }

    /// Whole lines in the file.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Appends one line, in one write.
    ///
    /// # Errors
    ///
    /// If the disk does not take all of it.
    pub fn append(&mut self, line: &str) -> Result<()> {
        debug_assert!(!line.contains('\n'), "a line is one line");
        self.is_synced = false;
        self.file
            .write_all(format!("{line}\n").as_bytes())
            .with_context(|| format!("cannot write {}", self.path.display()))?;
        self.lines += 1;
        Ok(())
    }

    /// Returns when all appended lines are on the disk.
    ///
    /// # Errors
    ///
    /// If the disk does not take them.
    pub fn sync(&mut self) -> Result<()> {
        if !self.is_synced {
            self.file
                .sync_data()
                .with_context(|| format!("cannot write {}", self.path.display()))?;
            self.is_synced = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_torn_line_is_cut_away_before_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        fs::write(&path, "one\ntw").unwrap();
        let mut rows = Appended::open(&path).unwrap();
        assert_eq!(rows.lines(), 1);
        rows.append("two").unwrap();
        rows.sync().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(rows.lines(), 2);
    }

    #[test]
    fn a_symbolic_link_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (outside, link) = (folder.path().join("outside"), folder.path().join("rows"));
        fs::write(&outside, "").unwrap();
        std::os::unix::fs::symlink(&outside, &link).unwrap();
        assert!(Appended::open(&link).is_err());
        assert_eq!(fs::read_to_string(&outside).unwrap(), "");
    }
}
