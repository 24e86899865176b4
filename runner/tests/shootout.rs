//! The whole by the README's commands: builds every contestant, so it is run by `make test` only.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use runner::record::{ArmKind, Records, State};
use runner::report::{Report, run_page};
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
