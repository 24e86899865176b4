//! What is written is what is read; what cannot have been measured is refused with its place.

use super::*;
use crate::record::BlockRow;
use crate::report::isolated_tests::records;
use std::fs;
use std::path::Path;

fn written(at: &Path) -> IsolatedRecords {
    let records = records();
    let mut folder = IsolatedFolder::create(at).unwrap();
    folder.write_run(&records.run).unwrap();
    for row in &records.samples {
        folder.write_sample(row).unwrap();
    }
    for row in &records.blocks {
        folder.write_block(row).unwrap();
    }
    for row in &records.work {
        folder.write_work(row).unwrap();
    }
    folder
        .write_split(&records.owners, &records.functions)
        .unwrap();
    folder.write_system_calls(&records.system_calls).unwrap();
    for row in &records.allocations {
        folder.write_allocations(row).unwrap();
    }
    folder.write_memory(&records.memory).unwrap();
    for row in &records.starts {
        folder.write_start(row).unwrap();
    }
    records
}

#[test]
fn records_come_back_as_they_were() {
    let parent = tempfile::tempdir().unwrap();
    let at = parent.path().join("run");
    let records = written(&at);
    let read = IsolatedRecords::read(&at).unwrap();
    assert_eq!(format!("{read:?}"), format!("{records:?}"));
    assert!(
        IsolatedFolder::create(&at).is_err(),
        "nothing is overwritten"
    );
    let found = find_isolated_runs(parent.path()).unwrap();
    assert_eq!(found.len(), 1);
    assert!(is_isolated(&at) && !is_isolated(parent.path()));
}

#[test]
fn slices_of_a_block_that_was_not_completed_do_not_count() {
    let parent = tempfile::tempdir().unwrap();
    let at = parent.path().join("run");
    let records = written(&at);
    let mut folder = IsolatedFolder::reopen(&at).unwrap();
    let mut row = records.samples[0].clone();
    row.block = 99;
    folder.write_sample(&row).unwrap();
    let read = IsolatedRecords::read(&at).unwrap();
    assert_eq!(read.samples.len(), records.samples.len());
    let block = BlockRow {
        block: 99,
        complete: 1,
        ..BlockRow::default()
    };
    folder.write_block(&block).unwrap();
    let read = IsolatedRecords::read(&at).unwrap();
    assert_eq!(read.samples.len(), records.samples.len() + 1);
}

#[test]
fn a_timed_slice_took_both_kinds_of_time_in_a_lap_of_the_plan() {
    let refused = |change: fn(&mut SampleRow)| {
        let parent = tempfile::tempdir().unwrap();
        let at = parent.path().join("run");
        let mut row = written(&at).samples[0].clone();
        row.block = 99;
        change(&mut row);
        let mut folder = IsolatedFolder::reopen(&at).unwrap();
        folder.write_sample(&row).unwrap();
        let error = IsolatedRecords::read(&at).unwrap_err();
        format!("{error:#}")
    };
    let laps = records().run.plan.laps;
    assert!(refused(|row| row.wall_ns = 0).contains("wall_ns is not above 0"));
    assert!(refused(|row| row.cpu_ns = 0).contains("cpu_ns is not above 0"));
    let words = refused(|row| row.lap = records().run.plan.laps);
    assert!(words.contains(&format!("no lap {laps}")), "{words}");
    let words = refused(|row| row.uncounted = row.requests);
    assert!(words.contains("uncounted is"), "{words}");
    let words = refused(|row| row.block = 0);
    assert!(words.contains("the same was there before"), "{words}");
}

#[test]
fn a_difference_may_lie_below_zero() {
    let parent = tempfile::tempdir().unwrap();
    let at = parent.path().join("run");
    written(&at);
    let file = at.join("owners.csv");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("100.0", "-0.288", 1)).unwrap();
    let read = IsolatedRecords::read(&at).unwrap();
    assert_eq!(read.owners[0].instructions_per_request, -0.288);
}

#[test]
fn what_is_no_number_is_named_with_file_and_row() {
    let parent = tempfile::tempdir().unwrap();
    let refused = |name: &str, file: &str, from: &str, to: &str| {
        let at = parent.path().join(name);
        written(&at);
        let file = at.join(file);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(&file, text.replacen(from, to, 1)).unwrap();
        let error = IsolatedRecords::read(&at).unwrap_err();
        format!("{error:#}")
    };
    let error = refused("one", "work.csv", "45700.0", "NaN");
    assert!(
        error.contains("work.csv, row 1") && error.contains("NaN"),
        "{error}"
    );
    let error = refused("two", "work.csv", "45700.0", "0.0");
    assert!(error.contains("work.csv, row 1"), "{error}");
    let error = refused("three", "samples.csv", ",10000,", ",0,");
    assert!(
        error.contains("samples.csv, row 1") && error.contains("requests is not above 0"),
        "{error}"
    );
    for (name, file, from, to, fault) in [
        (
            "unknown",
            "memory.csv",
            "leaky",
            "nobody",
            "isolated.json has no such arm",
        ),
        (
            "calls",
            "system-calls.csv",
            "1.0",
            "NaN",
            "calls_per_request is NaN",
        ),
        (
            "endless",
            "owners.csv",
            "5000.0",
            "inf",
            "instructions_per_request is inf",
        ),
        (
            "none",
            "allocations.csv",
            ",10000,",
            ",0,",
            "requests is not above 0",
        ),
    ] {
        let error = refused(name, file, from, to);
        assert!(error.contains(file) && error.contains(fault), "{error}");
    }
    let error = refused("four", "starts.csv", "1500", "soon");
    assert!(error.contains("starts.csv, line 2"), "{error}");
}
