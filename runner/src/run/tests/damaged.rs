//! Torn, lost, changed and impossible lines.

use super::*;
use std::fs;

/// Changes one file of a written run.
fn changed(name: &str, change: impl Fn(String) -> String) -> Written {
    let run = Written::new();
    let file = run.file(name);
    let text = fs::read_to_string(&file).unwrap();
    let new = change(text.clone());
    assert_ne!(new, text, "the change changes something");
    fs::write(file, new).unwrap();
    run
}

#[test]
fn a_last_line_that_is_torn_anywhere_is_named_as_missing() {
    let whole = fs::read_to_string(Written::new().file("points.csv")).unwrap();
    let last = whole.trim_end().rfind('\n').unwrap() + 1;
    for end in last..whole.len() {
        let run = changed("points.csv", |text| text[..end].to_owned());
        let (rows, missing) = read(&run.path).unwrap();
        assert_eq!(rows, [point(0), point(1)], "cut at {end}");
        assert_eq!(
            missing[0].to_string(),
            "1 of 4 lines of points.csv are missing"
        );
    }
}

#[test]
fn a_closing_line_that_is_torn_takes_its_unit_along_and_is_named() {
    let run = changed("units.csv", |text| text[..text.len() - 1].to_owned());
    let (rows, missing) = read(&run.path).unwrap();
    assert_eq!(rows, [point(0), point(1)]);
    assert_eq!(
        missing[0].to_string(),
        "1 of 4 lines of units.csv are missing"
    );
}

#[test]
fn a_file_that_is_gone_is_named() {
    let run = Written::new();
    fs::remove_file(run.file("points.csv")).unwrap();
    let (rows, missing) = read(&run.path).unwrap();
    assert_eq!(rows, []);
    assert_eq!(
        missing[0].to_string(),
        "4 of 4 lines of points.csv are missing"
    );
}

#[test]
fn a_changed_row_is_refused_with_its_file_and_lines() {
    let run = changed("points.csv", |text| text.replace("640001", "640009"));
    let words = refusal(&run.path);
    assert!(
        words.contains("block 1") && words.contains("points.csv"),
        "{words}"
    );
}

#[test]
fn a_changed_record_is_refused() {
    let run = changed("run.json", |text| {
        text.replace("\"seed\": 7", "\"seed\": 8")
    });
    let words = refusal(&run.path);
    assert!(
        words.contains("run.json is not as it was written"),
        "{words}"
    );
}

/// What a runner with a fault would have written: closed properly, and impossible.
fn written(row: PointRow) -> String {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let mut job = runs::begin(&path, &header());
    write_block(&mut job.folder.journal, &point(0));
    write_block(&mut job.folder.journal, &row);
    job.finish(true).unwrap();
    refusal(&path)
}

#[test]
fn an_impossible_row_is_refused_with_file_and_line() {
    let zero = written(PointRow {
        value: 0,
        ..point(1)
    });
    assert!(zero.contains("points.csv, line 3: value is 0"), "{zero}");
    let twice = written(point(0));
    assert!(
        twice.contains("line 3: the same row is there twice"),
        "{twice}"
    );
    let stranger = written(PointRow {
        arm: "other".to_owned(),
        ..point(1)
    });
    assert!(
        stranger.contains("run.json has no arm `other`"),
        "{stranger}"
    );
}

#[test]
fn a_block_with_a_number_beyond_any_run_is_refused() {
    let changes: [fn(&mut BlockRow); 5] = [
        |row| row.sentinel_slowdown_ppm = u64::MAX,
        |row| row.watched_ms = u64::MAX,
        |row| row.others_cpu_ms = u64::MAX,
        |row| row.throttled_periods = u64::MAX,
        |row| row.pause_ms = u64::MAX,
    ];
    for change in changes {
        let mut row = block_row(0);
        assert_eq!(row.fault(), None);
        change(&mut row);
        assert!(row.fault().is_some(), "{row:?}");
    }
}

#[test]
fn closing_lines_name_no_file_outside_the_folder() {
    let run = changed("units.csv", |text| {
        text.replace("points.csv:", "../points.csv:")
    });
    let words = refusal(&run.path);
    assert!(words.contains("names a file outside the folder"), "{words}");
}
