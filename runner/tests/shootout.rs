//! The whole by the README's commands: builds every contestant, so it is run by `make test` only.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use runner::analysis::{Growth, Watched, leak_controls};
use runner::plan::InProcess;
use runner::record::{ArmKind, Exercise, IsolatedRecords, Records, State};
use runner::report::{IsolatedReport, Report, isolated_page, run_page};
use runner::work::tools::{self, Tool};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn make(arguments: &[&str]) -> Command {
    let mut make = Command::new("make");
    // This test runs under make itself, whose variables are not meant for this one.
    make.args(arguments)
        .current_dir(root())
        .env_remove("MAKEFLAGS")
        .env_remove("MAKEOVERRIDES");
    make
}

fn succeeds(arguments: &[&str]) {
    println!("make {}", arguments.join(" "));
    assert!(
        make(arguments).status().unwrap().success(),
        "make {arguments:?}"
    );
}

#[test]
#[ignore = "builds every contestant; make test runs it"]
fn every_command_of_the_readme_works() {
    succeeds(&["list"]);
    succeeds(&["verify"]);
    succeeds(&["verify", "SERVER=tuned"]);
    a_small_run_has_every_row();
    an_interrupted_run_goes_on();
    a_small_isolated_run_has_every_row();
}

fn a_small_run_has_every_row() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("run");
    let out = format!("OUT={}", folder.display());
    succeeds(&["all", "C=8,64", "N=2000", "BLOCKS=2", &out]);
    let records = Records::read(&folder).unwrap();
    assert_eq!(records.run.state, State::Complete);
    assert_eq!(records.complete_blocks(), 2);
    for arm in &records.run.arms {
        assert_eq!((&arm.err, &arm.absent), (&None, &None), "{}", arm.name);
        for connections in [8, 64] {
            let rows = records.slices.iter();
            let rows: Vec<_> = rows
                .filter(|row| row.arm == arm.name && row.connections == connections)
                .collect();
            assert_eq!(rows.len(), 32, "{} at {connections}", arm.name);
            assert_eq!(rows.iter().map(|row| row.requests).sum::<u64>(), 2000);
            for row in rows {
                assert!(row.balances() && row.errors() == 0 && row.ok > 0, "{row:?}");
                assert!(row.cut == 1 || row.ok == row.requests, "{row:?}");
                let bytes = arm.answer_bytes.unwrap() as u64 * row.ok;
                assert_eq!(row.bytes_received, bytes, "{row:?}");
                assert!(row.server_cpu_ns > 0 && row.generator_cpu_ns > 0, "{row:?}");
            }
        }
    }
    let frameworks = records
        .run
        .arms
        .iter()
        .filter(|arm| arm.kind == ArmKind::Framework);
    assert!(frameworks.count() >= 8);
    let histograms: u64 = records
        .service_times
        .values()
        .map(|times| times.len())
        .sum();
    assert_eq!(
        histograms,
        records.slices.iter().map(|row| row.ok).sum::<u64>()
    );
    let page = std::fs::read_to_string(folder.join("README.md")).unwrap();
    assert_eq!(page, run_page(&Report::of(&records)));
}

fn an_interrupted_run_goes_on() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("run");
    let binary = env!("CARGO_BIN_EXE_runner");
    let mut run = Command::new(binary)
        .args([
            "bench",
            "--connections",
            "8",
            "--requests",
            "2000",
            "--blocks",
            "3",
            "--out",
        ])
        .arg(&folder)
        .current_dir(root())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    lines
        .find(|line| line.starts_with("block 1 of 3"))
        .expect("a block is measured");
    let runner = rustix::process::Pid::from_child(&run);
    rustix::process::kill_process(runner, rustix::process::Signal::INT).unwrap();
    lines.for_each(drop);
    assert_eq!(run.wait().unwrap().code(), Some(130));
    let records = Records::read(&folder).unwrap();
    assert_eq!(
        (records.run.state, records.complete_blocks()),
        (State::Interrupted, 1)
    );
    let resumed = Command::new(binary)
        .args(["bench", "--resume"])
        .arg(&folder)
        .current_dir(root())
        .status()
        .unwrap();
    assert!(resumed.success());
    let records = Records::read(&folder).unwrap();
    assert_eq!(
        (records.run.state, records.complete_blocks()),
        (State::Complete, 3)
    );
    for arm in &records.run.arms {
        let rows = records.slices.iter().filter(|row| row.arm == arm.name);
        assert_eq!(
            rows.map(|row| row.requests).sum::<u64>(),
            2000,
            "{}",
            arm.name
        );
    }
}

/// All parts of an isolated run, as small as they can be.
fn a_small_isolated_run_has_every_row() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("run");
    let options =
        "--blocks 2 --laps 2 --slice-ms 2 --work-runs 1 --leak-requests 64k --starts 2 --out";
    println!("runner isolated {options}");
    let run = Command::new(env!("CARGO_BIN_EXE_runner"))
        .arg("isolated")
        .args(options.split(' '))
        .arg(&folder)
        .current_dir(root())
        .status()
        .unwrap();
    assert!(run.success());
    let records = IsolatedRecords::read(&folder).unwrap();
    assert_eq!(records.run.state, State::Complete);
    let has_valgrind = tools::find(Tool::Vgdb).is_ok();
    for arm in &records.run.arms {
        assert_eq!((&arm.err, &arm.absent), (&None, &None), "{}", arm.name);
        for level in InProcess::ALL {
            let is_there = records.run.reason_without(&arm.name, level).is_none();
            let rows = records.samples.iter();
            let rows = rows.filter(|row| row.arm == arm.name && row.level == level);
            let expected = if is_there && arm.kind != ArmKind::Leak {
                4
            } else {
                0
            };
            assert_eq!(rows.count(), expected, "{} by {level}", arm.name);
        }
        if arm.kind == ArmKind::Framework {
            every_row_of_a_contestant(&records, &arm.name, has_valgrind);
        }
    }
    for row in &records.samples {
        assert!(row.err.is_empty() && row.requests > 0, "{row:?}");
    }
    planted_leaks_are_found(&records);
    let page = std::fs::read_to_string(folder.join("README.md")).unwrap();
    assert_eq!(page, isolated_page(&IsolatedReport::of(records)));
}

fn every_row_of_a_contestant(records: &IsolatedRecords, name: &str, has_valgrind: bool) {
    let starts = records.starts.iter().filter(|row| row.arm == name);
    assert_eq!(starts.count(), 2, "{name}");
    let allocations = records.allocations.iter().find(|row| row.arm == name);
    assert!(allocations.unwrap().peak_live_bytes > 0, "{name}");
    for exercise in [Exercise::Requests, Exercise::Elsewhere] {
        let mut rows = records.memory.iter();
        let is_there = rows.any(|row| row.arm == name && row.exercise == exercise);
        assert!(is_there, "{name}, {exercise}");
    }
    if has_valgrind {
        let work = records.work.iter().find(|row| row.arm == name).unwrap();
        assert!(work.err.is_empty(), "{work:?}");
        assert!(
            work.instructions_per_request > 1000.0 && work.tcalls > 50.0,
            "{work:?}"
        );
        assert!(
            work.funcs > 10 && work.funcs_source > work.funcs,
            "{work:?}"
        );
        assert!(records.functions.iter().any(|row| row.arm == name));
        let owners = records.owners.iter().filter(|row| row.arm == name);
        let sum: f64 = owners.map(|row| row.instructions_per_request).sum();
        assert!(
            (sum / work.instructions_per_request - 1.0).abs() < 0.01,
            "{name}: {sum}"
        );
    }
}

fn planted_leaks_are_found(records: &IsolatedRecords) {
    let watched = Watched::of(&records.memory);
    let controls = leak_controls(records, &watched);
    assert_eq!(controls.len(), 2);
    for control in controls {
        assert!(control.passes(), "{control:?}");
    }
    for one in watched {
        let leaks = matches!(one.growth, Growth::Leak(_));
        assert_eq!(leaks, one.arm == "leak", "{one:?}");
    }
}
