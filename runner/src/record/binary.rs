//! An executable that is measured more than once: whether it is still the one whose digest was recorded.

use super::digest::file_digest;
use anyhow::{Context, Result, ensure};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// An executable, as it was when its digest was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    path: PathBuf,
    digest: String,
    stamp: Stamp,
}

/// What tells without reading a file that nobody has written it: where it lies, how long it is and when it was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size_bytes: u64,
    changed_s: i64,
    changed_ns: i64,
}

impl Stamp {
    fn of(path: &Path) -> Result<Self> {
        let metadata = path
            .metadata()
            .with_context(|| format!("cannot look at {}", path.display()))?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size_bytes: metadata.len(),
            // Not the time of the last write, which anybody can set.
            changed_s: metadata.ctime(),
            changed_ns: metadata.ctime_nsec(),
        })
    }
}

impl Binary {
    /// Reads an executable.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn of(path: &Path) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            stamp: Stamp::of(path)?,
            digest: file_digest(path)?,
        })
    }

    /// Its SHA-256.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Holds what is there now against what was read.
    ///
    /// # Errors
    ///
    /// If it is another executable, or none: what was measured before and what would be measured now do not belong
    /// together.
    pub fn refuse_another(&self) -> Result<()> {
        let is_as_it_was = Stamp::of(&self.path)? == self.stamp
            // Built again to the same bytes, it is the same.
            || file_digest(&self.path)? == self.digest;
        ensure!(
            is_as_it_was,
            "{} has changed since the run began, so what it would do now is not what was measured before; begin a new \
             run, and build nothing meanwhile",
            self.path.display()
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Binary;
    use std::fs;

    #[test]
    fn another_content_is_refused_and_the_same_content_written_again_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server");
        fs::write(&path, "one").unwrap();
        let binary = Binary::of(&path).unwrap();
        binary.refuse_another().unwrap();
        fs::remove_file(&path).unwrap();
        assert!(binary.refuse_another().is_err());
        fs::write(&path, "one").unwrap();
        binary.refuse_another().unwrap();
        fs::write(&path, "two").unwrap();
        let error = binary.refuse_another().unwrap_err().to_string();
        assert!(error.contains("has changed since the run began"), "{error}");
    }
}
