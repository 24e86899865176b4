//! Files that are replaced whole or not at all.

use anyhow::{Context, Result};
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
    let mut file = Builder::new()
        // A page is for everybody to read; the default is for the owner alone.
        .permissions(std::fs::Permissions::from_mode(0o644))
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .with_context(what)?;
    file.write_all(text.as_bytes()).with_context(what)?;
    file.as_file().sync_all().with_context(what)?;
    // The file in a failed attempt is removed here, not whenever its error is dropped.
    file.persist(path)
        .map_err(|failed| failed.error)
        .with_context(what)?;
    Ok(())
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
