//! Files that are replaced whole or not at all.

use anyhow::{Context, Result};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::Builder;

/// Writes a file under a fresh random name in the same folder, syncs it, and renames it to `path`.
///
/// A reader sees the old content or the new, never a part; a symbolic link at `path` is replaced, not
/// followed.
///
/// # Errors
///
/// If the folder cannot be written. What was at `path` is then still there, and nothing is left beside it.
pub fn write_whole(path: &Path, text: &str) -> Result<()> {
    let what = || format!("cannot write {}", path.display());
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut file = Builder::new()
        // A page is for everybody to read; the default is for the owner alone.
        .permissions(std::fs::Permissions::from_mode(0o644))
        .tempfile_in(folder)
        .with_context(what)?;
    file.write_all(text.as_bytes()).with_context(what)?;
    file.as_file().sync_all().with_context(what)?;
    // The file in a failed attempt is removed here, not whenever its error is dropped.
    file.persist(path)
        .map_err(|failed| failed.error)
        .with_context(what)?;
    sync_folder(folder)
}

/// Returns when the names in a folder are on the disk: until then a crash of the machine may take a new file away
/// however well its content was synced (fsync(2)).
///
/// # Errors
///
/// If the folder cannot be opened, or the disk does not take it.
pub fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot write {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::write_whole;
    use std::fs;

    #[test]
    fn a_symbolic_link_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "kept").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write_whole(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "kept");
        assert_eq!(fs::read_to_string(&link).unwrap(), "new");
        assert!(!fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a-folder");
        fs::create_dir(&path).unwrap();
        let error = write_whole(&path, "text").unwrap_err();
        assert!(
            format!("{error:#}").starts_with("cannot write"),
            "{error:#}"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
