//! Runs with real servers: a known amount of memory per connection, a server that dies, a limit that is too low, and a
//! run that is killed.

use super::*;
use crate::fixtures::{killed, programs};
use crate::server::Program;

/// The smallest run that there can be.
fn small(arms: Vec<Arm>, connections: Vec<usize>, blocks: u32) -> Run<MemoryPlan> {
    let plan = MemoryPlan {
        connections,
        blocks,
        settle_ms: 1,
        load_ms: 20,
        after_ms: vec![2, 4],
        ..plan()
    };
    runs::header(Memory::NAME, Memory::METHOD, plan, arms)
}

fn launched(arms: &[(&str, ArmKind, &str)]) -> (Vec<Arm>, Vec<Launch>) {
    let all = arms
        .iter()
        .map(|&(name, kind, server)| programs::arm(name, kind, server));
    all.unzip()
}

fn measured(
    (arms, launches): (Vec<Arm>, Vec<Launch>),
    connections: Vec<usize>,
    blocks: u32,
) -> MemoryRecords {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let mut run = small(arms, connections, blocks);
    // On a busy machine a server may have no time in the smallest load, or to accept all connections.
    (run.plan.load_ms, run.plan.settle_ms) = (300, 50);
    let mut job = runs::begin(&path, &run);
    let done = Memory::read(&path).unwrap();
    Memory::measure(&mut job, launches, &done).unwrap();
    job.finish(true).unwrap();
    Memory::read(&path).unwrap()
}

const GOOD: (&str, ArmKind, &str) = ("good", ArmKind::Baseline, "answers");

fn assert_all_is_read(records: &MemoryRecords, arm: &str) {
    let rows = records.stages.iter().filter(|row| row.arm == arm);
    for row in rows {
        assert!(row.err.is_empty() && row.resident_bytes > 0, "{row:?}");
        assert!(row.open == row.connections && row.errors == 0, "{row:?}");
    }
}

#[test]
fn memory_that_each_connection_keeps_is_found() {
    // On a busy machine the server may still hold connections that were closed when the next ones are looked at.
    let measured = || {
        let holding = (control::NAME, ArmKind::Planted, "holds_memory");
        let null = ("null", ArmKind::Null, "answers");
        measured(launched(&[GOOD, null, holding]), vec![64, 320], 2)
    };
    let mut tries = std::iter::repeat_with(measured).take(3);
    let is_found = |records: &MemoryRecords| {
        assert_all_is_read(records, control::NAME);
        let all = figures(records);
        let planted = of(&all, control::NAME);
        let [slope, unused] =
            [&planted.slope, &planted.unused_slope].map(|one| one.clone().unwrap());
        let is_found = (slope.value / control::HELD_BYTES - 1.0).abs() < control::MARGIN;
        // It is there as soon as the connection is.
        is_found && unused.value > 0.8 * control::HELD_BYTES
    };
    let records = tries.find(is_found).expect("one of three runs finds it");
    let page = Memory::page(&records);
    let trust = page.sections[0].trust.join(" ");
    assert!(trust.contains("planted 16.0 KiB"), "{trust}");
    assert!(page.sections[0].untrusted.is_empty(), "{page:?}");
}

#[test]
fn a_server_that_dies_at_many_connections_fails_alone_and_says_how() {
    let bad = ("bad", ArmKind::Contestant, "dies_under_load");
    let records = measured(launched(&[GOOD, bad]), vec![8, 100], 1);
    let steps = records.run.plan.steps();
    assert_eq!(records.stages.len(), 2 * steps.len());
    assert_all_is_read(&records, "good");
    for row in records.stages.iter().filter(|row| row.arm == "bad") {
        let is_before = row.stage <= Stage::Idle && row.connections <= 8 && row.wait_ms == 0;
        assert_eq!(row.err.is_empty(), is_before, "{row:?}");
        let says_how =
            row.err.contains("exit status: 7") && row.err.contains("this is where it dies");
        // On a busy machine its connections may end before it has ended itself.
        let is_closed = row.err.contains("closed the connection without an answer");
        assert!(is_before || says_how || is_closed, "{row:?}");
    }
    let text = run_page(&Memory::page(&records));
    assert!(
        text.contains("`bad` could not be read with 100 idle connections in 1 of 1 processes"),
        "{text}"
    );
}

#[test]
fn more_connections_than_files_are_a_row_that_says_so_and_the_run_goes_on() {
    // No machine has a limit as high as this.
    let records = measured(launched(&[GOOD]), vec![4, 1 << 40], 1);
    for row in &records.stages {
        let is_beyond = row.stage == Stage::Idle && row.connections == 1 << 40;
        assert_eq!(row.err.is_empty(), !is_beyond, "{row:?}");
        assert!(!is_beyond || row.err.contains("ulimit"), "{row:?}");
    }
    let loaded = records.stages.iter().find(|row| row.stage == Stage::Loaded);
    assert_eq!(loaded.map(|row| row.open), Some(4));
}

#[test]
fn a_server_that_cannot_be_started_is_a_row_for_each_reading() {
    let (mut arms, mut launches) = launched(&[GOOD]);
    let (arm, launch) = programs::arm("gone", ArmKind::Contestant, "answers");
    arms.push(arm);
    launches.push(Launch {
        program: Ok(Program::new("/no/such/program".into())),
        ..launch
    });
    let records = measured((arms, launches), vec![4], 1);
    let gone = records.stages.iter().filter(|row| row.arm == "gone");
    let gone: Vec<&StageRow> = gone.collect();
    assert_eq!(gone.len(), records.run.plan.steps().len());
    assert!(
        gone.iter().all(|row| row.err.contains("/no/such/program")),
        "{gone:?}"
    );
    assert_all_is_read(&records, "good");
}

#[test]
fn a_run_that_is_killed_at_any_write_continues_to_the_same_rows() {
    let (arms, launches) = launched(&[GOOD]);
    let run = small(arms, vec![2, 4], 2);
    let keys = |records: &MemoryRecords| {
        let rows = records.stages.iter();
        rows.map(crate::run::Row::key).collect()
    };
    let writes = killed::at_every_write::<Memory>(&run, || launches.clone(), keys);
    // Eight readings and a closing line, twice.
    assert!(writes >= 18, "{writes}");
}
