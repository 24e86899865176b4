//! Runs with real servers that behave and misbehave, runs that are killed, and records that are damaged.

use super::*;
use crate::fixtures::{damage, killed, programs};
use crate::server::Program;
use std::time::Duration;

fn launched(arms: &[(&str, ArmKind, &str)]) -> (Vec<Arm>, Vec<Launch>) {
    let all = arms
        .iter()
        .map(|&(name, kind, server)| programs::arm(name, kind, server));
    all.unzip()
}

/// The smallest run that there can be.
fn small(arms: Vec<Arm>, blocks: u32) -> Run<ThroughputPlan> {
    let plan = ThroughputPlan {
        levels: vec![Level {
            connections: 4,
            settling_ms: 1,
            window_ms: 20,
            rounds: 1,
        }],
        blocks,
        warm_up_ms: 1,
        ..plan()
    };
    runs::header(Throughput::NAME, Throughput::METHOD, plan, arms)
}

fn measured(arms: &[(&str, ArmKind, &str)], blocks: u32) -> ThroughputRecords {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let (arms, launches) = launched(arms);
    let mut run = small(arms, blocks);
    // On a busy machine a server may not run for as long as the smallest window is.
    run.plan.levels[0].window_ms = 300;
    let mut job = runs::begin(&path, &run);
    let done = Throughput::read(&path).unwrap();
    Throughput::measure(&mut job, launches, &done).unwrap();
    job.finish(true).unwrap();
    Throughput::read(&path).unwrap()
}

/// The error of an arm's process in each block, excluded ones left out.
fn errors(records: &ThroughputRecords, arm: &str) -> Vec<String> {
    let rows = records.processes.iter().filter(|row| row.arm == arm);
    rows.map(|row| row.err.clone()).collect()
}

fn every_other_arm_is_measured(records: &ThroughputRecords, blocks: usize) {
    let good = records.slices.iter().filter(|row| row.arm == "good");
    let good: Vec<&SliceRow> = good.collect();
    assert_eq!(good.len(), blocks);
    let is_measured = |row: &SliceRow| row.ok > 0 && row.server_cpu_ns > 0 && row.served > 0;
    for row in &good {
        // A busy machine may give a server no time in a whole window.
        let is_starved = match row.err.as_str() {
            "no right answer came" => row.ok == 0,
            "no CPU time of the server was seen" => row.server_cpu_ns == 0,
            _ => false,
        };
        assert!(row.errors() == 0, "{row:?}");
        assert!(
            is_starved || (is_measured(row) && row.err.is_empty()),
            "{row:?}"
        );
    }
    assert!(good.iter().any(|row| is_measured(row)), "{good:?}");
}

const GOOD: (&str, ArmKind, &str) = ("good", ArmKind::Baseline, "answers");

#[test]
fn a_server_that_dies_in_a_slice_fails_alone_and_says_how() {
    let bad = ("bad", ArmKind::Contestant, "dies_under_load");
    let records = measured(&[GOOD, bad], 2);
    for err in errors(&records, "bad") {
        assert!(
            err.contains("exit status: 7") && err.contains("this is where it dies"),
            "{err}"
        );
    }
    assert_eq!(errors(&records, "bad").len(), 2);
    every_other_arm_is_measured(&records, 2);
}

#[test]
fn wrong_answers_are_counted_and_quoted_and_are_not_throughput() {
    let bad = ("bad", ArmKind::Contestant, "answers_wrongly_under_load");
    let records = measured(&[GOOD, bad], 1);
    let row = records.slices.iter().find(|row| row.arm == "bad").unwrap();
    assert!(row.bad_body > 0 && row.balances(), "{row:?}");
    assert!(row.err.contains("Hello World?"), "{row:?}");
    every_other_arm_is_measured(&records, 1);
}

#[test]
fn a_server_that_refuses_to_stop_is_killed_and_the_run_goes_on() {
    let bad = ("bad", ArmKind::Contestant, "refuses_to_stop");
    let records = measured(&[GOOD, bad], 1);
    let row = records.slices.iter().find(|row| row.arm == "bad").unwrap();
    assert!(row.ok > 0 && row.err.is_empty(), "{row:?}");
    every_other_arm_is_measured(&records, 1);
}

#[test]
fn a_program_that_is_not_there_fails_in_every_block_until_it_is_given_up() {
    let (mut arms, mut launches) = launched(&[GOOD]);
    arms.push(Arm::new("bad", ArmKind::Contestant));
    let mut launch = launches[0].clone();
    (launch.name, launch.kind) = ("bad".to_owned(), ArmKind::Contestant);
    launch.program = Err("cargo could not build it".to_owned());
    launches.push(launch);
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let mut job = runs::begin(&path, &small(arms, 5));
    let done = Throughput::read(&path).unwrap();
    Throughput::measure(&mut job, launches, &done).unwrap();
    let records = Throughput::read(&path).unwrap();
    assert_eq!(errors(&records, "bad"), vec!["cargo could not build it"; 5]);
    every_other_arm_is_measured(&records, 5);
}

#[test]
fn a_server_that_ends_before_it_is_ready_is_given_up_after_some_blocks() {
    const BLOCKS: u32 = 5;
    let parent = tempfile::tempdir().unwrap();
    let started = parent.path().join("started");
    let (mut arms, mut launches) = launched(&[GOOD]);
    arms.push(Arm::new("bad", ArmKind::Contestant));
    let mut launch = launches[0].clone();
    (launch.name, launch.kind) = ("bad".to_owned(), ArmKind::Contestant);
    let line = format!("echo once >> '{}'; exit 3", started.display());
    launch.program = Ok(Program {
        path: "/bin/sh".into(),
        arguments: vec!["-c".into(), line.into()],
        ..Program::default()
    });
    launches.push(launch);
    let path = parent.path().join("run");
    let mut job = runs::begin(&path, &small(arms, BLOCKS));
    let done = Throughput::read(&path).unwrap();
    Throughput::measure(&mut job, launches, &done).unwrap();
    let records = Throughput::read(&path).unwrap();
    assert_eq!(errors(&records, "bad").len(), BLOCKS as usize);
    every_other_arm_is_measured(&records, BLOCKS as usize);
    let starts = std::fs::read_to_string(started).unwrap().lines().count();
    // Several tries in each of three blocks, and none in the others.
    assert!(
        starts > 0 && starts.is_multiple_of(3) && !starts.is_multiple_of(5),
        "{starts}"
    );
}

#[test]
fn a_server_that_listens_and_never_answers_fails_alone_and_says_so() {
    let (arms, mut launches) = launched(&[GOOD, ("bad", ArmKind::Contestant, "never_answers")]);
    launches[1].ready_within = Duration::from_millis(300);
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let mut run = small(arms, 1);
    run.plan.levels[0].window_ms = 300;
    let mut job = runs::begin(&path, &run);
    let done = Throughput::read(&path).unwrap();
    Throughput::measure(&mut job, launches, &done).unwrap();
    let records = Throughput::read(&path).unwrap();
    let [err] = &errors(&records, "bad")[..] else {
        panic!("{:?}", records.processes);
    };
    assert!(err.contains("starts failed"), "{err}");
    every_other_arm_is_measured(&records, 1);
}

/// Keys of rows that do not depend on how many blocks the machine has disturbed.
fn keys(records: &ThroughputRecords) -> Vec<String> {
    let counting = records.blocks.iter().filter(|row| row.counts());
    let numbers: Vec<u32> = counting.map(|row| row.block).collect();
    let ordinal = |block: u32| numbers.iter().position(|&one| one == block).unwrap();
    let slices = records.slices.iter();
    let slices =
        slices.map(|row| format!("slice {} {} {}", ordinal(row.block), row.round, row.arm));
    let processes = records.processes.iter();
    let processes = processes.map(|row| format!("process {} {}", ordinal(row.block), row.arm));
    let times = records.service_times.keys();
    let times = times.map(|tag| format!("times {} {}", ordinal(tag.block), tag.arm));
    slices.chain(processes).chain(times).collect()
}

#[test]
fn a_run_that_is_killed_at_any_write_continues_to_the_same_rows() {
    let (arms, launches) = launched(&[GOOD, ("twin", ArmKind::Twin, "answers")]);
    let run = small(arms, 2);
    let writes = killed::at_every_write::<Throughput>(&run, || launches.clone(), keys);
    // Two slices, two processes, two histograms, a block and its closing line, twice.
    assert!(writes >= 16, "{writes}");
}

#[test]
fn a_damaged_record_is_refused_or_untrusted_or_unchanged() {
    damage::is_always_noticed::<Throughput>(&MadeUp::new().write());
}

#[test]
fn only_a_row_that_says_that_its_server_failed_may_lack_its_cpu_time() {
    use crate::run::Row;
    let silent = SliceRow {
        sent: 1,
        ok: 1,
        elapsed_ns: 1,
        ..SliceRow::default()
    };
    assert!(silent.fault().unwrap().contains("server_cpu_ns"));
    let err = "the server has ended".to_owned();
    assert_eq!(SliceRow { err, ..silent }.fault(), None);
}

#[test]
fn more_connections_than_files_are_rows_that_say_so_and_the_run_goes_on() {
    let (arms, launches) = launched(&[GOOD]);
    let mut run = small(arms, 1);
    let few = Level {
        window_ms: 300,
        ..run.plan.levels[0]
    };
    // No machine has a limit as high as this.
    let many = Level {
        connections: 1 << 40,
        ..few
    };
    run.plan.levels = vec![few, many];
    run.plan.connects_per_slice = true;
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let mut job = runs::begin(&path, &run);
    let done = Throughput::read(&path).unwrap();
    Throughput::measure(&mut job, launches, &done).unwrap();
    let rows = Throughput::read(&path).unwrap().slices;
    assert_eq!(rows.len(), 2);
    for row in rows {
        let is_refused = row.connections == many.connections;
        assert_eq!(row.err.contains("ulimit"), is_refused, "{row:?}");
        assert!(is_refused || row.ok > 0, "{row:?}");
    }
}
