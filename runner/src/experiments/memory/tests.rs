//! A small run made by hand: its figures, its page, and what becomes of it when it is damaged.

mod live;

use super::figures::{Figures, figures};
use super::*;
use crate::fixtures::{damage, hostile, runs};
use crate::framework::{BuildEnv, ServerKind};
use crate::load::EngineKind;
use crate::output::Screen;
use crate::report::{run_page, tables};

const BLOCKS: u32 = 3;

fn plan() -> MemoryPlan {
    MemoryPlan {
        server: ServerKind::Quickstart,
        env: BuildEnv::Release,
        connections: vec![1000, 10_000],
        blocks: BLOCKS,
        settle_ms: 300,
        load_ms: 2000,
        after_ms: vec![30_000, 300_000],
        timeout_ms: 2000,
        engine: EngineKind::Epoll,
    }
}

fn arms() -> Vec<Arm> {
    let arm = |name, kind| Arm {
        version: Some("1.2.3".to_owned()),
        ..Arm::new(name, kind)
    };
    vec![
        arm("light", ArmKind::Contestant),
        arm("heavy", ArmKind::Contestant),
        arm("base", ArmKind::Baseline),
        arm("null", ArmKind::Null),
        arm(control::NAME, ArmKind::Planted),
    ]
}

/// What an arm has at its start and takes per connection, in bytes, and the share of that which it gives back.
fn planted(arm: &str) -> (u64, u64, f64) {
    match arm {
        "light" => (4_000_000, 2_000, 0.9),
        "heavy" => (9_000_000, 20_000, 0.25),
        "null" => (3_000_000, 64, 0.5),
        control::NAME => (3_000_000, 64 + 16_384, 0.5),
        _ => (2_000_000, 8_000, 0.5),
    }
}

/// The reading of a process that takes `block` thousandths more than planted.
fn reading(arm: &str, block: u32, step: Step) -> StageRow {
    let (start, each, back) = planted(arm);
    let each = each * (1000 + u64::from(block)) / 1000;
    let most = 10_000 * each;
    let (after_ms, taken, ok) = match step.stage {
        Stage::Started => (0, 0, 0),
        Stage::Unused => (0, step.connections as u64 * each / 2, 0),
        Stage::Idle => (0, step.connections as u64 * each, step.connections as u64),
        Stage::Loaded => (0, most, 40_000),
        Stage::Closed => (step.wait_ms + 5, (most as f64 * (1.0 - back)) as u64, 0),
    };
    StageRow {
        block,
        arm: arm.to_owned(),
        stage: step.stage,
        connections: step.connections,
        wait_ms: step.wait_ms,
        after_ms,
        open: step.connections,
        ok,
        resident_bytes: start + taken,
        proportional_bytes: start + taken - 1000,
        processes: 1,
        ..StageRow::default()
    }
}

fn all_readings() -> Vec<StageRow> {
    let mut rows = Vec::new();
    for block in 0..BLOCKS {
        for arm in arms() {
            let steps = plan().steps().into_iter();
            rows.extend(steps.map(|step| reading(&arm.name, block, step)));
        }
    }
    rows
}

/// A whole record of these readings.
fn written(rows: &[StageRow]) -> (tempfile::TempDir, std::path::PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let run = runs::header(Memory::NAME, Memory::METHOD, plan(), arms());
    let mut job = runs::begin(&path, &run);
    let journal = &mut job.folder.journal;
    for of_process in rows.chunks(plan().steps().len()) {
        for row in of_process {
            journal.append(row).unwrap();
        }
        let unit = records::process_unit(&of_process[0].arm, of_process[0].block);
        journal.close(&unit).unwrap();
    }
    job.finish(true).unwrap();
    (parent, path)
}

fn records(rows: &[StageRow]) -> MemoryRecords {
    let (_parent, path) = written(rows);
    let mut records = Memory::read(&path).unwrap();
    // What this machine and this moment have put into the header.
    let made_up = runs::header(Memory::NAME, Memory::METHOD, plan(), arms());
    records.run.processors = made_up.processors;
    records.run.ended_at = made_up.ended_at;
    records
}

/// The readings, but one process of the heavy arm dies as connections are opened.
fn with_a_death() -> Vec<StageRow> {
    let mut rows = all_readings();
    let dying = rows.iter_mut().filter(|row| {
        let is_later = row.connections == 10_000 || row.stage == Stage::Closed;
        row.arm == "heavy" && row.block == 1 && is_later
    });
    for row in dying {
        *row = StageRow {
            block: row.block,
            arm: row.arm.clone(),
            stage: row.stage,
            connections: row.connections,
            wait_ms: row.wait_ms,
            err: "the server died (signal: 6)".to_owned(),
            ..StageRow::default()
        };
    }
    rows
}

fn of<'f, 'r>(all: &'f [Figures<'r>], arm: &str) -> &'f Figures<'r> {
    all.iter().find(|one| one.arm.name == arm).unwrap()
}

#[test]
fn slopes_and_what_comes_back_are_those_of_the_readings() {
    let records = records(&all_readings());
    let all = figures(&records);
    let light = of(&all, "light");
    let slope = light.slope.as_ref().unwrap();
    // 2000, 2002 and 2004 bytes; 4.303 × 2 / √3.
    assert!((slope.value - 2002.0).abs() < 1e-9, "{slope:?}");
    assert!((slope.half_width().unwrap() - 4.9687 / 2002.0).abs() < 1e-5);
    assert_eq!(light.unused_slope.as_ref().unwrap().value, 1001.0);
    assert!((light.first_slope.as_ref().unwrap().value - 2002.0).abs() < 1e-9);
    assert!((light.returned[&30_000] - 0.9).abs() < 1e-6);
    assert!((of(&all, "heavy").returned[&300_000] - 0.25).abs() < 1e-6);
    let level = light.level(Stage::Idle, 10_000, 0).unwrap();
    assert_eq!(
        (level.least, level.median, level.most),
        (24e6, 24.02e6, 24.04e6)
    );
}

#[test]
fn connections_that_the_server_has_closed_are_not_counted() {
    let mut rows = all_readings();
    for row in rows
        .iter_mut()
        .filter(|row| row.arm == "light" && row.stage == Stage::Idle && row.connections == 10_000)
    {
        row.open = 5_500;
        row.resident_bytes -= 4_500 * 2_000 * (1000 + u64::from(row.block)) / 1000;
        row.proportional_bytes = row.resident_bytes;
    }
    let records = records(&rows);
    let all = figures(&records);
    let slope = of(&all, "light").slope.clone().unwrap();
    assert!((slope.value - 2002.0).abs() < 0.1, "{slope:?}");
    let text = run_page(&Memory::page(&records));
    assert!(
        text.contains(
            "`light` had closed idle connections when its memory was read, 13,500 over all"
        ),
        "{text}"
    );
}

#[test]
fn memory_of_several_processes_is_what_they_share_once() {
    let mut row = reading("light", 0, plan().steps()[0]);
    assert_eq!(row.bytes(), Some(4_000_000.0));
    row.processes = 4;
    assert_eq!(row.bytes(), Some(3_999_000.0));
    row.err = "it has gone".to_owned();
    assert_eq!(row.bytes(), None);
}

#[test]
fn the_page_of_a_run() {
    insta::assert_snapshot!(run_page(&Memory::page(&records(&with_a_death()))));
}

#[test]
fn its_table_fits_a_terminal() {
    let text = tables(&Memory::page(&records(&all_readings())), Screen::PLAIN);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_process_that_died_is_a_remark_and_no_memory_of_zero() {
    let records = records(&with_a_death());
    let all = figures(&records);
    let heavy = of(&all, "heavy");
    assert_eq!((heavy.failed, heavy.slope.as_ref().unwrap().count), (1, 2));
    let page = Memory::page(&records);
    assert!(!page.is_good);
    let text = run_page(&page);
    let remark =
        "could not be read with 10,000 idle connections in 1 of 3 processes: the server died";
    assert_eq!(text.matches(remark).count(), 1, "{text}");
}

#[test]
fn arms_whose_intervals_overlap_are_named_together() {
    let mut rows = all_readings();
    // The heavy one as heavy as the light one, and a little more in one process.
    for row in rows.iter_mut().filter(|row| row.arm == "heavy") {
        let light = reading("light", row.block, row.step());
        (row.resident_bytes, row.proportional_bytes) =
            (light.resident_bytes, light.proportional_bytes);
    }
    let text = run_page(&Memory::page(&records(&rows)));
    assert!(text.contains("are not distinguishable"), "{text}");
    let text = run_page(&Memory::page(&records(&all_readings())));
    assert!(text.contains("least in `light` (2.0 KiB)"), "{text}");
}

#[test]
fn a_control_that_is_not_found_makes_the_table_untrusted() {
    let mut rows = all_readings();
    for row in rows.iter_mut().filter(|row| row.arm == control::NAME) {
        row.resident_bytes += 7_000 * row.open as u64;
    }
    let page = Memory::page(&records(&rows));
    let untrusted = &page.sections[0].untrusted;
    assert_eq!(
        untrusted.as_slice(),
        ["planted 16.0 KiB per connection, found 22.9 KiB"]
    );
}

#[test]
fn what_was_swapped_out_or_read_late_is_not_trusted() {
    let reasons = |change: &dyn Fn(&mut StageRow)| {
        let mut rows = all_readings();
        change(rows.iter_mut().find(|row| row.wait_ms == 30_000).unwrap());
        Memory::page(&records(&rows)).sections[0].untrusted.clone()
    };
    assert_eq!(
        reasons(&|row| row.swapped_bytes = 4096),
        ["memory was swapped out in 1 readings"]
    );
    assert_eq!(reasons(&|row| row.after_ms = 33_900), [""; 0]);
    assert_eq!(
        reasons(&|row| row.after_ms = 34_100),
        ["1 readings were taken late: something stopped the runner"]
    );
}

#[test]
fn strings_from_outside_are_text_wherever_they_are_shown() {
    let mut records = records(&all_readings());
    hostile::soil(&mut records.run);
    let mut rows = records.stages.iter_mut();
    rows.find(|row| row.arm == "light").unwrap().err = hostile::HOSTILE.to_owned();
    hostile::assert_text(&hostile::kept(Memory::page(&records), "light"));
}

#[test]
fn a_damaged_record_is_refused_or_untrusted_or_unchanged() {
    let (_parent, path) = written(&all_readings());
    damage::is_always_noticed::<Memory>(&path);
}

#[test]
fn a_reading_that_the_plan_does_not_have_is_refused() {
    let mut rows = all_readings();
    rows[2].connections = 1001;
    let (_parent, path) = written(&rows);
    let error = format!("{:#}", Memory::read(&path).unwrap_err());
    assert!(error.contains("the plan has no reading"), "{error}");
}
