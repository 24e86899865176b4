//! What is written is what is read, and a half-written block does not count.

use super::*;
use crate::environment::{Machine, Toolchain};
use crate::framework::{BuildEnv, Role, ServerKind};
use crate::load::time_histogram;
use crate::plan::Plan;

fn run() -> Run {
    Run {
        schema: SCHEMA,
        method: METHOD,
        engine: crate::load::EngineKind::Epoll,
        started_at: "2026-11-22T12:00:00Z".into(),
        ended_at: None,
        state: State::Running,
        command: vec!["bench".into()],
        plan: Plan {
            server: ServerKind::Quickstart,
            env: BuildEnv::Release,
            levels: vec![64],
            requests: 100,
            blocks: 2,
            until: None,
            laps: 1,
            slice_limit_ms: 100,
            warmup_ms: 0,
            timeout_ms: 1000,
            seed: 7,
        },
        processors: Processors {
            server: vec![0],
            generator: vec![1],
        },
        machine: Machine {
            processor: "A processor".into(),
            processors: 2,
            memory_mib: 1024,
            virtualized: false,
            kernel: "6.1".into(),
            governor: None,
            somaxconn: Some(4096),
        },
        toolchain: Toolchain {
            rustc: "rustc 1.95.0".into(),
            cargo: "cargo 1.95.0".into(),
            revision: None,
            uncommitted: false,
        },
        arms: vec![Arm {
            name: "one".into(),
            kind: ArmKind::Framework,
            role: Role::Contestant,
            version: Some("1.2.3".into()),
            topology: None,
            note: None,
            answer_bytes: Some(130),
            absent: None,
            err: None,
            conformance_misses: vec![],
        }],
        warnings: vec![],
    }
}

fn slice(block: u32) -> SliceRow {
    SliceRow {
        block,
        connections: 64,
        arm: "one".into(),
        sent: 50,
        ok: 50,
        elapsed_ns: 1000,
        server_cpu_ns: 900,
        err: "a, \"quoted\"\nthing".into(),
        ..SliceRow::default()
    }
}

fn times(block: u32) -> ServiceTimes {
    let mut histogram = time_histogram();
    histogram.record(640_000 + u64::from(block)).unwrap();
    let key = Tagged {
        arm: "one".into(),
        connections: 64,
        block,
    };
    ServiceTimes::from([(key, histogram)])
}

fn block(block: u32, complete: u8) -> BlockRow {
    BlockRow {
        block,
        complete,
        ..BlockRow::default()
    }
}

#[test]
fn what_is_written_is_what_is_read() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let mut folder = Folder::create(&path).unwrap();
    folder.write_run(&run()).unwrap();
    folder.write_slice(&slice(0)).unwrap();
    folder.write_block(&block(0, 1), &times(0)).unwrap();
    drop(folder);

    let mut folder = Folder::reopen(&path).unwrap();
    folder.write_slice(&slice(1)).unwrap();
    folder.write_block(&block(1, 0), &times(1)).unwrap();
    folder.write_slice(&slice(2)).unwrap();
    folder.write_block(&block(2, 1), &times(2)).unwrap();
    // The run was killed in this block: its row says nothing about it.
    folder.write_slice(&slice(3)).unwrap();

    let records = Records::read(&path).unwrap();
    assert_eq!(records.run, run());
    assert_eq!(records.slices, [slice(0), slice(2)]);
    assert_eq!(records.complete_blocks(), 2);
    assert_eq!(records.next_block, 4, "a block's number is not used twice");
    let expected: ServiceTimes = times(0).into_iter().chain(times(2)).collect();
    assert_eq!(records.service_times, expected);
    assert_eq!(find_runs(parent.path()).unwrap(), [(path, run())]);
}

#[test]
fn nothing_is_overwritten() {
    let parent = tempfile::tempdir().unwrap();
    let error = Folder::create(parent.path()).err().unwrap();
    assert!(error.to_string().contains("is not overwritten"), "{error}");
}

#[test]
fn a_row_that_does_not_read_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let mut folder = Folder::create(&path).unwrap();
    folder.write_run(&run()).unwrap();
    folder.write_slice(&slice(0)).unwrap();
    folder.write_block(&block(0, 1), &times(0)).unwrap();
    let blocks = path.join("blocks.csv");
    let broken = std::fs::read_to_string(&blocks)
        .unwrap()
        .replace("0,1,", "0,NaN,");
    std::fs::write(&blocks, broken).unwrap();
    let error = format!("{:#}", Records::read(&path).unwrap_err());
    assert!(error.contains("blocks.csv, line 2"), "{error}");
}

#[test]
fn a_zero_that_no_run_writes_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let mut folder = Folder::create(&path).unwrap();
    folder.write_run(&run()).unwrap();
    folder.write_slice(&slice(0)).unwrap();
    let zero = SliceRow {
        elapsed_ns: 0,
        ..slice(0)
    };
    folder.write_slice(&zero).unwrap();
    folder.write_block(&block(0, 1), &times(0)).unwrap();
    let error = format!("{:#}", Records::read(&path).unwrap_err());
    assert!(
        error.contains("slices.csv, row 2") && error.contains("elapsed_ns is 0"),
        "{error}"
    );
}

#[test]
fn what_no_run_writes_is_refused_with_its_place() {
    let refused = |row: SliceRow| {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("run");
        let mut folder = Folder::create(&path).unwrap();
        folder.write_run(&run()).unwrap();
        folder.write_slice(&slice(0)).unwrap();
        folder.write_slice(&row).unwrap();
        folder.write_block(&block(0, 1), &times(0)).unwrap();
        format!("{:#}", Records::read(&path).unwrap_err())
    };
    let unsent = refused(SliceRow {
        sent: 0,
        ..slice(1)
    });
    assert!(unsent.contains("slices.csv, row 2"), "{unsent}");
    assert!(unsent.contains("sent is 0, and its outcomes"), "{unsent}");
    let twice = refused(slice(0));
    assert!(twice.contains("the same slice was there"), "{twice}");
    let lap = refused(SliceRow { lap: 1, ..slice(1) });
    assert!(lap.contains("no lap 1 at"), "{lap}");
    let free = refused(SliceRow {
        server_cpu_ns: 0,
        ..slice(1)
    });
    assert!(free.contains("server_cpu_ns is 0"), "{free}");
    let arm = refused(SliceRow {
        arm: "other".into(),
        ..slice(1)
    });
    assert!(arm.contains("run.json has no such arm"), "{arm}");
}

#[test]
fn records_of_a_newer_method_are_not_misread() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let newer = Run {
        method: METHOD + 1,
        ..run()
    };
    Folder::create(&path).unwrap().write_run(&newer).unwrap();
    let error = Records::read(&path).unwrap_err().to_string();
    assert!(error.contains("method"), "{error}");
}

#[test]
fn a_block_that_was_set_aside_is_kept_apart() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let mut folder = Folder::create(&path).unwrap();
    folder.write_run(&run()).unwrap();
    let spoiled = BlockRow {
        set_aside: SetAside::Steal,
        ..block(0, 1)
    };
    folder.write_slice(&slice(0)).unwrap();
    folder.write_block(&spoiled, &times(0)).unwrap();
    folder.write_slice(&slice(1)).unwrap();
    folder.write_block(&block(1, 1), &times(1)).unwrap();
    let records = Records::read(&path).unwrap();
    assert_eq!(
        (records.complete_blocks(), records.set_aside_blocks()),
        (1, 1)
    );
    assert_eq!(
        (records.slices, records.set_aside_slices),
        (vec![slice(1)], vec![slice(0)])
    );
    assert_eq!(records.service_times, times(1));
}

#[test]
fn a_planted_loss_is_exact_in_rate_and_cost() {
    let mut row = SliceRow {
        sent: 5100,
        ok: 5100,
        ..SliceRow::default()
    };
    row.plant(2);
    assert_eq!(
        (row.counted(), row.counted_requests(), row.sent),
        (5000, 5000, 5100)
    );
    assert!(row.balances());
}
