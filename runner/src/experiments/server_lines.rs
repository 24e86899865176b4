//! The lines in which the two servers of each contestant differ, from the files themselves.

use crate::report::escaped;
use anyhow::{Context, Result};
use similar::{ChangeTag, TextDiff};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Where a contestant's servers are, below its folder.
const QUICKSTART: &str = "src/main.rs";
const TUNED: &str = "src/tuned.rs";

/// Lines around a change that are shown with it.
const CONTEXT_LINES: usize = 1;

const HEAD: &str = "\
# What `tuned` changes

Made by `runner report` from `src/main.rs` (`SERVER=quickstart`) and `src/tuned.rs` (`SERVER=tuned`) of each contestant. Its
application, `src/lib.rs`, is the same in both. `ENV=max` changes no line: it is cargo's profile `max` in `Cargo.toml`, with
mimalloc as the allocator. Why each line is there: the README of each contestant.
";

/// A contestant's servers, line by line.
struct Servers {
    name: String,
    only_quickstart: usize,
    only_tuned: usize,
    unified: String,
}

/// The page and its file; nothing without contestants that have both servers.
///
/// # Errors
///
/// If a file does not read.
pub(super) fn page(frameworks: &Path, results: &Path) -> Result<Option<(PathBuf, String)>> {
    let mut all = Vec::new();
    for folder in folders(frameworks)? {
        all.extend(Servers::of(&folder)?);
    }
    if all.is_empty() {
        return Ok(None);
    }
    Ok(Some((results.join("variants.md"), written(&all))))
}

/// In the order of their names; none without the folder.
fn folders(frameworks: &Path) -> Result<Vec<PathBuf>> {
    let Ok(entries) = std::fs::read_dir(frameworks) else {
        return Ok(Vec::new());
    };
    let paths = entries.map(|entry| Ok(entry?.path()));
    let mut folders: Vec<PathBuf> = paths.collect::<Result<_>>()?;
    folders.retain(|path| path.is_dir());
    folders.sort();
    Ok(folders)
}

impl Servers {
    /// `None` if one of them is missing.
    fn of(folder: &Path) -> Result<Option<Self>> {
        let [quickstart, tuned] = [QUICKSTART, TUNED].map(|file| folder.join(file));
        if !quickstart.is_file() || !tuned.is_file() {
            return Ok(None);
        }
        let read = |file: &Path| {
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
        };
        let (before, after) = (read(&quickstart)?, read(&tuned)?);
        let name = folder.file_name().unwrap_or_default();
        Ok(Some(Self::compared(
            &name.to_string_lossy(),
            &before,
            &after,
        )))
    }

    fn compared(name: &str, before: &str, after: &str) -> Self {
        let lines = TextDiff::from_lines(before, after);
        let count = |tag| {
            lines
                .iter_all_changes()
                .filter(|change| change.tag() == tag)
                .count()
        };
        Self {
            name: name.to_owned(),
            only_quickstart: count(ChangeTag::Delete),
            only_tuned: count(ChangeTag::Insert),
            unified: lines
                .unified_diff()
                .context_radius(CONTEXT_LINES)
                .header(QUICKSTART, TUNED)
                .to_string(),
        }
    }
}

fn written(all: &[Servers]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str(
        "\n| contestant | lines only in quickstart | lines only in tuned |\n|---|---:|---:|\n",
    );
    for one in all {
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            escaped(&one.name),
            one.only_quickstart,
            one.only_tuned
        );
    }
    for one in all {
        // A line of a source could end a fence of three.
        let _ = write!(
            text,
            "\n## {}\n\n````diff\n{}````\n",
            escaped(&one.name),
            one.unified
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_each_server_are_counted_and_shown() {
        let one = Servers::compared("one", "use a;\nlisten();\n", "use a;\nuse b;\ntune();\n");
        assert_eq!((one.only_quickstart, one.only_tuned), (1, 2));
        let text = written(&[one]);
        assert!(text.contains("| one | 1 | 2 |\n"), "{text}");
        assert!(
            text.contains("-listen();\n+use b;\n+tune();\n````"),
            "{text}"
        );
    }

    #[test]
    fn a_contestant_with_one_server_is_left_out() {
        let root = tempfile::tempdir().unwrap();
        let source = |name: &str, file: &str| {
            let file = root.path().join(name).join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "fn main() {}\n").unwrap();
        };
        source("both", QUICKSTART);
        source("both", TUNED);
        source("alone", QUICKSTART);
        let (file, text) = page(root.path(), Path::new("results")).unwrap().unwrap();
        assert_eq!(file, Path::new("results/variants.md"));
        assert!(
            text.contains("| both | 0 | 0 |") && !text.contains("alone"),
            "{text}"
        );
        let nobody = page(&root.path().join("nowhere"), Path::new("results"));
        assert_eq!(nobody.unwrap(), None);
    }
}
