//! Runs on disk: what is written is what is read; what is half written, damaged or missing is noticed; one writer.

mod continuing;
mod damaged;
mod killed;
mod refusing;

use super::*;
use crate::fixtures::runs;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A row of these tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PointRow {
    block: u32,
    arm: String,
    value: u64,
    err: String,
}

impl Row for PointRow {
    const FILE: &'static str = "points.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!("block {}, {}", self.block, self.arm)
    }

    fn fault(&self) -> Option<String> {
        (self.value == 0).then(|| "value is 0".to_owned())
    }
}

fn point(block: u32) -> PointRow {
    PointRow {
        block,
        arm: "one".to_owned(),
        value: 640_000 + u64::from(block),
        err: "a, \"quoted\" thing".to_owned(),
    }
}

fn block_row(block: u32) -> BlockRow {
    BlockRow {
        block,
        ..BlockRow::default()
    }
}

const KIND: (&str, u32) = ("points", 2);

fn header() -> Run<u32> {
    let arms = vec![Arm::new("one", ArmKind::Contestant)];
    runs::header(KIND.0, KIND.1, 3, arms)
}

/// A run of three blocks in a folder of its own.
struct Written {
    parent: tempfile::TempDir,
    path: PathBuf,
}

impl Written {
    fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("run");
        let mut job = runs::begin(&path, &header());
        for block in 0..3 {
            write_block(&mut job.folder.journal, &point(block));
        }
        job.finish(true).unwrap();
        Self { parent, path }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

fn write_block(journal: &mut Journal, row: &PointRow) {
    journal.append(row).unwrap();
    journal.append(&block_row(row.block)).unwrap();
    journal.close(&format!("block {}", row.block)).unwrap();
}

/// The points that count, and what is missing.
fn read(path: &Path) -> anyhow::Result<(Vec<PointRow>, Vec<Missing>)> {
    let (run, mut reader) = open_run::<u32>(path, KIND.0, KIND.1)?;
    let rows = reader.rows::<PointRow>(&run.arms)?;
    Ok((rows, reader.missing(run.units)))
}

fn refusal(path: &Path) -> String {
    format!("{:#}", read(path).unwrap_err())
}

#[test]
fn a_run_that_was_written_is_read_back() {
    let run = Written::new();
    let expected: Vec<PointRow> = (0..3).map(point).collect();
    assert_eq!(read(&run.path).unwrap(), (expected, Vec::new()));
    let found = find_runs(run.parent.path()).unwrap();
    assert_eq!((found.runs.len(), found.unreadable.len()), (1, 0));
    assert_eq!(found.runs[0].0, run.path);
    assert_eq!(found.runs[0].1.experiment, "points");
}

#[test]
fn a_run_of_another_experiment_or_method_is_refused() {
    let run = Written::new();
    let other = open_run::<u32>(&run.path, "other", 2)
        .unwrap_err()
        .to_string();
    assert!(
        other.contains("holds a run of `points`, not of `other`"),
        "{other}"
    );
    let newer = open_run::<u32>(&run.path, "points", 1)
        .unwrap_err()
        .to_string();
    assert!(newer.contains("read it with a newer runner"), "{newer}");
}

#[test]
fn another_schema_is_refused_with_the_place_that_says_who_reads_it() {
    let run = Written::new();
    let file = run.file("run.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"schema\": 2", "\"schema\": 1")).unwrap();
    let words = refusal(&run.path);
    assert!(
        words.contains("schema 1") && words.contains("results/README.md"),
        "{words}"
    );
    std::fs::write(&file, text.replace("\"schema\": 2", "\"schema\": 3")).unwrap();
    let words = refusal(&run.path);
    assert!(
        words.contains("written by a newer runner") && !words.contains("older"),
        "{words}"
    );
}

#[test]
fn an_unreadable_folder_takes_no_other_run_away() {
    let run = Written::new();
    let other = run.parent.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("run.json"), "{}").unwrap();
    let found = find_runs(run.parent.path()).unwrap();
    assert_eq!((found.runs.len(), found.unreadable.len()), (1, 1));
    assert_eq!(found.unreadable[0].path, other);
}

#[test]
fn a_folder_that_is_there_is_not_overwritten_even_behind_a_symlink() {
    let run = Written::new();
    let link = run.parent.path().join("link");
    std::os::unix::fs::symlink(run.parent.path().join("nowhere"), &link).unwrap();
    for path in [&run.path, &link] {
        let error = Folder::create(path).unwrap_err().to_string();
        assert!(error.contains("is not overwritten"), "{error}");
    }
    assert!(!run.parent.path().join("nowhere").exists());
}

#[test]
fn a_run_that_does_not_begin_leaves_no_folder() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let nobody = Run {
        arms: Vec::new(),
        ..header()
    };
    let mut job = Job::of_test(&path, nobody).unwrap();
    assert!(path.exists());
    let error = job.admit(Vec::new()).unwrap_err().to_string();
    assert!(error.contains("no contestant can be measured"), "{error}");
    drop(job);
    assert!(!path.exists());
}

#[test]
fn a_file_is_replaced_and_never_written_through_a_symlink() {
    let run = Written::new();
    let outside = run.parent.path().join("outside");
    std::fs::write(&outside, "untouched").unwrap();
    let file = run.file("README.md");
    std::os::unix::fs::symlink(&outside, &file).unwrap();
    crate::record::write_whole(&file, "the page").unwrap();
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "untouched");
    assert!(!file.symlink_metadata().unwrap().is_symlink());
}
