//! A small run with real servers, and what becomes of it when it is killed.

use super::*;
use crate::fixtures::{damage, hostile, killed, programs, runs};
use crate::framework::{BuildEnv, ServerKind};
use crate::load::EngineKind;
use crate::run::{ArmKind, BlockRow, ProcessRow};

fn small(arms: Vec<Arm>) -> Run<SettlingPlan> {
    let plan = SettlingPlan {
        server: ServerKind::Quickstart,
        env: BuildEnv::Release,
        connections: vec![4],
        blocks: 2,
        rounds: 1,
        length_ms: 20,
        interval_ms: 2,
        warm_up_ms: 1,
        timeout_ms: 2000,
        engine: EngineKind::Epoll,
    };
    runs::header(Settling::NAME, Settling::METHOD, plan, arms)
}

fn launched() -> (Vec<Arm>, Vec<Launch>) {
    let (arm, launch) = programs::arm("one", ArmKind::Baseline, "answers");
    (vec![arm], vec![launch])
}

fn keys(records: &SettlingRecords) -> Vec<String> {
    let counting = records.blocks.iter().filter(|row| row.counts());
    let numbers: Vec<u32> = counting.map(|row| row.block).collect();
    let ordinal = |block: u32| numbers.iter().position(|&one| one == block).unwrap();
    let rows = records.intervals.iter();
    let rows = rows.map(|row| format!("{} {} {}", ordinal(row.block), row.arm, row.interval));
    rows.collect()
}

#[test]
fn every_interval_has_its_row_and_the_page_its_plateau() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let (arms, launches) = launched();
    let mut run = small(arms);
    // On a busy machine a server may not run for as long as the smallest slice is.
    (run.plan.length_ms, run.plan.interval_ms) = (1000, 100);
    let mut job = runs::begin(&path, &run);
    let done = Settling::read(&path).unwrap();
    Settling::measure(&mut job, launches, &done).unwrap();
    job.finish(true).unwrap();
    let records = Settling::read(&path).unwrap();
    assert_eq!(records.intervals.len(), 2 * 10);
    assert!(records.intervals.iter().all(|row| row.errors == 0));
    assert!(records.intervals.iter().map(|row| row.ok).sum::<u64>() > 0);
    let trace = &traces::traces(&records, 4, 100, &[(0, 100), (0, 10)])[0];
    assert_eq!((trace.rate.len(), trace.served.len()), (10, 10));
    // Ten milliseconds are not a whole number of these intervals.
    assert!(trace.stretches[0].is_some() && trace.stretches[1].is_none());
    let page = crate::report::run_page(&Settling::page(&records));
    assert!(
        page.contains("| one |") && !page.contains("missing"),
        "{page}"
    );
}

#[test]
fn a_run_that_is_killed_at_any_write_continues_to_the_same_rows() {
    let (arms, launches) = launched();
    let mut run = small(arms);
    // The work grows with the square of the writes.
    run.plan.interval_ms = 5;
    let writes = killed::at_every_write::<Settling>(&run, || launches.clone(), keys);
    // Four intervals, a process, a block and its closing line, twice.
    assert!(writes >= 14, "{writes}");
}

/// A whole record with made-up rates: a plateau from the third interval on.
fn made_up(path: &std::path::Path) {
    let (arms, _) = launched();
    let run = small(arms);
    let mut job = runs::begin(path, &run);
    for block in 0..run.plan.blocks {
        let journal = &mut job.folder.journal;
        for interval in 0..run.plan.intervals() {
            let row = IntervalRow {
                block,
                connections: 4,
                arm: "one".to_owned(),
                interval,
                ok: 80 + interval.min(2) * 10,
                served: 4,
                service_time_p50_us: 40,
                service_time_p99_us: 90,
                ..IntervalRow::default()
            };
            journal.append(&row).unwrap();
        }
        let process = ProcessRow {
            block,
            connections: 4,
            arm: "one".to_owned(),
            attempts: 1,
            ready_us: 4000,
            peak_rss_kib: 4096,
            ..ProcessRow::default()
        };
        journal.append(&process).unwrap();
        let row = BlockRow {
            block,
            elapsed_ms: 50,
            ..BlockRow::default()
        };
        journal.append(&row).unwrap();
        journal.close(&format!("block {block}")).unwrap();
    }
    job.finish(true).unwrap();
}

#[test]
fn strings_from_outside_are_text_wherever_they_are_shown() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    made_up(&path);
    let mut records = Settling::read(&path).unwrap();
    hostile::soil(&mut records.run);
    records.processes[0].err = hostile::HOSTILE.to_owned();
    hostile::assert_text(&hostile::kept(Settling::page(&records), "one"));
}

#[test]
fn a_process_that_failed_is_a_row_that_says_so_and_not_a_rate_of_zero() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    made_up(&path);
    let mut records = Settling::read(&path).unwrap();
    records.processes[1].err = "the server ended".to_owned();
    for row in records.intervals.iter_mut().filter(|row| row.block == 1) {
        (row.ok, row.served) = (0, 0);
    }
    let plateau = |records: &SettlingRecords| traces::traces(records, 4, 10, &[(0, 10)])[0].plateau;
    assert_eq!(plateau(&records), 100.0 / 0.002);
    let page = Settling::page(&records);
    assert!(!page.is_good);
    let text = crate::report::run_page(&page);
    assert!(
        text.contains("One process of `one` does not count: the server ended"),
        "{text}"
    );
    // Intervals in which nobody was answered have no percentile, and errors are said.
    let mut silent = Settling::read(&path).unwrap();
    for row in silent.intervals.iter_mut().filter(|row| row.interval == 9) {
        (row.ok, row.served, row.errors) = (0, 0, 3);
    }
    assert_eq!(traces::traces(&silent, 4, 10, &[])[0].p99_us[9], None);
    let text = crate::report::run_page(&Settling::page(&silent));
    assert!(
        text.contains("`one`: requests without a right answer: 6."),
        "{text}"
    );
    // If none is left, there are no figures.
    records.processes[0].err = "the server ended".to_owned();
    let text = crate::report::run_page(&Settling::page(&records));
    assert!(text.contains("2 processes of `one` do not count"), "{text}");
    assert!(text.contains("| one | - |"), "{text}");
}

#[test]
fn a_process_that_was_started_again_is_said() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    made_up(&path);
    let mut records = Settling::read(&path).unwrap();
    for row in &mut records.processes {
        row.attempts = 3;
    }
    let text = crate::report::run_page(&Settling::page(&records));
    let said = "`one`: 2 processes had to be started again.";
    assert!(text.contains(said), "{text}");
}

#[test]
fn a_damaged_record_is_refused_or_untrusted_or_unchanged() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    made_up(&path);
    damage::is_always_noticed::<Settling>(&path);
}
