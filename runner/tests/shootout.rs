//! The whole by the README's commands: builds every contestant, so it is run by `make test` only.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use runner::experiments::Experiment;
use runner::experiments::isolated::{
    Entry, Exercise, Growth, Isolated, IsolatedRecords, Watched, leak_controls,
};
use runner::experiments::latency::Latency;
use runner::experiments::throughput::Throughput;
use runner::report::run_page;
use runner::run::{ArmKind, State};
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

fn succeeds(arguments: &[&str]) {
    assert!(tried(arguments), "make {arguments:?}");
}

fn tried(arguments: &[&str]) -> bool {
    println!("make {}", arguments.join(" "));
    let mut make = Command::new("make");
    // This test runs under make itself, whose variables are not meant for this one.
    make.args(arguments)
        .current_dir(root())
        .env_remove("MAKEFLAGS")
        .env_remove("MAKEOVERRIDES");
    make.status().unwrap().success()
}

/// A run's folder that is not there yet, and the option that names it.
struct Out {
    _parent: tempfile::TempDir,
    folder: PathBuf,
}

impl Out {
    fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("run");
        Self {
            _parent: parent,
            folder,
        }
    }

    fn make_option(&self) -> String {
        format!("OUT={}", self.folder.display())
    }
}

fn page_is_current<E: Experiment>(folder: &Path) {
    let page = std::fs::read_to_string(folder.join("README.md")).unwrap();
    assert_eq!(page, run_page(&E::page(&E::read(folder).unwrap())));
}

#[test]
#[ignore = "builds every contestant; make test runs it"]
fn every_command_of_the_readme_works() {
    succeeds(&["list"]);
    succeeds(&["verify"]);
    succeeds(&["verify", "SERVER=tuned"]);
    a_small_throughput_run_has_every_row();
    an_interrupted_run_goes_on();
    a_small_latency_run_has_every_row();
    a_small_isolated_run_has_every_row();
    the_tutorial_works();
}

/// Every command of the tutorial but the last one, which takes a quarter of an hour, in its order.
fn the_tutorial_works() {
    const RUNNER: &str = "cargo run --release --package runner -- ";
    let tutorial = std::fs::read_to_string(root().join("docs/TUTORIAL.md")).unwrap();
    for run in ["tutorial", "another"] {
        // What an earlier test has left.
        let _ = std::fs::remove_dir_all(root().join("target/runs").join(run));
    }
    let commands: Vec<&str> = tutorial
        .lines()
        .filter_map(|line| line.strip_prefix(RUNNER))
        .collect();
    assert!(commands.len() >= 7, "{commands:?}");
    // That of an interrupted run is tested above; this one is complete.
    let whole = |command: &&str| !command.contains("--resume");
    commands.into_iter().filter(whole).for_each(runs);
}

fn runs(command: &str) {
    println!("runner {command}");
    let mut runner = Command::new(root().join("target/release/runner"));
    runner.args(command.split_whitespace()).current_dir(root());
    let output = runner.output().unwrap();
    assert!(
        output.status.success(),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn a_small_throughput_run_has_every_row() {
    // Its windows are short: a busy machine may give a server no time in one, which is an error of that row.
    let small = |out: &Out| tried(&["all", "C=8,64", "N=2000", "BLOCKS=2", &out.make_option()]);
    let mut outs = std::iter::repeat_with(Out::new).take(3);
    let out = outs
        .find(small)
        .expect("one of three runs is without an error");
    let records = Throughput::read(&out.folder).unwrap();
    assert_eq!(
        (records.run.state, records.counting()),
        (State::Complete, 2)
    );
    for arm in &records.run.arms {
        assert_eq!((&arm.err, &arm.absent), (&None, &None), "{}", arm.name);
        for level in &records.run.plan.levels {
            let rows = records.slices.iter();
            let own =
                rows.filter(|row| row.arm == arm.name && row.connections == level.connections);
            let own: Vec<_> = own.collect();
            assert_eq!(
                own.len(),
                2 * level.rounds as usize,
                "{} at {level:?}",
                arm.name
            );
            for row in own {
                assert!(row.balances() && row.errors() == 0 && row.ok > 0, "{row:?}");
                // An answer that arrives in two parts may have one of them on the other side of an edge.
                let answer = arm.answer_bytes.unwrap() as u64;
                let astray = row.bytes_received.abs_diff(answer * row.ok);
                assert!(astray <= answer * row.connections as u64, "{row:?}");
                assert!(row.server_cpu_ns > 0 && row.generator_cpu_ns > 0, "{row:?}");
            }
        }
    }
    let contestants = records
        .run
        .arms
        .iter()
        .filter(|arm| arm.kind.is_contestant());
    assert!(contestants.count() >= 8);
    let times: u64 = records
        .service_times
        .values()
        .map(|times| times.len())
        .sum();
    assert_eq!(times, records.slices.iter().map(|row| row.ok).sum::<u64>());
    page_is_current::<Throughput>(&out.folder);
}

fn an_interrupted_run_goes_on() {
    let out = Out::new();
    let binary = env!("CARGO_BIN_EXE_runner");
    let options = "bench --connections 8 --requests 2000 --blocks 3 --out";
    // In the background of a shell the signal is ignored, and a program that finds it so leaves it (nohup).
    let mut run = Command::new("env")
        .args(["--default-signal=INT", binary])
        .args(options.split(' '))
        .arg(&out.folder)
        .current_dir(root())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(run.stderr.take().unwrap()).lines();
    let mut lines = lines.map_while(Result::ok);
    lines
        .find(|line| line.starts_with("block 1 of 3"))
        .expect("a block is measured");
    let runner = rustix::process::Pid::from_child(&run);
    rustix::process::kill_process(runner, rustix::process::Signal::INT).unwrap();
    lines.for_each(drop);
    assert_eq!(run.wait().unwrap().code(), Some(130));
    let records = Throughput::read(&out.folder).unwrap();
    assert_eq!(records.run.state, State::Interrupted);
    assert!(!records.blocks.is_empty() && records.counting() < 3);
    let resume = |variable: Option<(&str, &str)>| {
        let mut command = Command::new(binary);
        command
            .args(["bench", "--resume"])
            .arg(&out.folder)
            .current_dir(root());
        command.envs(variable);
        command.output().unwrap()
    };
    let refused = resume(Some(("MALLOC_ARENA_MAX", "1")));
    let words = String::from_utf8(refused.stderr).unwrap();
    let difference = "the variable MALLOC_ARENA_MAX was not set and is `1`; begin a new run";
    assert!(
        !refused.status.success() && words.contains(difference),
        "{words}"
    );
    assert!(resume(None).status.success());
    let records = Throughput::read(&out.folder).unwrap();
    assert_eq!(
        (records.run.state, records.counting()),
        (State::Complete, 3)
    );
    let again = resume(None);
    let words = String::from_utf8(again.stderr).unwrap();
    assert_eq!(again.status.code(), Some(2), "{words}");
    assert!(
        words.contains("is complete; there is nothing to continue"),
        "{words}"
    );
}

fn a_small_latency_run_has_every_row() {
    let out = Out::new();
    println!("runner latency");
    let options = "latency --rate 500 --slo p99=100ms --searches 1 --blocks 1 --rounds 1 --window 100ms --out";
    let run = Command::new(env!("CARGO_BIN_EXE_runner"))
        .args(options.split(' '))
        .arg(&out.folder)
        .current_dir(root())
        .status()
        .unwrap();
    assert!(matches!(run.code(), Some(0 | 1)), "{run}");
    let records = Latency::read(&out.folder).unwrap();
    assert_eq!(records.run.state, State::Complete);
    for arm in &records.run.arms {
        assert_eq!((&arm.err, &arm.absent), (&None, &None), "{}", arm.name);
        assert!(
            records
                .slices
                .iter()
                .any(|row| row.arm == arm.name && row.ok > 0),
            "{}",
            arm.name
        );
        let mut searches = records.searches.iter();
        let search = searches.find(|row| row.arm == arm.name).unwrap();
        assert!(search.highest_rate_per_s > 0, "{search:?}");
    }
    page_is_current::<Latency>(&out.folder);
}

/// All parts of an isolated run, as small as they can be.
fn a_small_isolated_run_has_every_row() {
    let out = Out::new();
    let options = "isolated --blocks 2 --rounds 2 --slice 2ms --work-processes 1 --leak-requests 64k --starts 2 --out";
    println!("runner {options}");
    let run = Command::new(env!("CARGO_BIN_EXE_runner"))
        .args(options.split(' '))
        .arg(&out.folder)
        .current_dir(root())
        .status()
        .unwrap();
    assert!(run.success());
    let records = Isolated::read(&out.folder).unwrap();
    assert_eq!(records.run.state, State::Complete);
    let has_valgrind = tools::find(Tool::Vgdb).is_ok();
    for arm in &records.run.arms {
        assert_eq!((&arm.err, &arm.absent), (&None, &None), "{}", arm.name);
        for entry in Entry::ALL {
            let is_there = records.reason_without(&arm.name, entry).is_none();
            let rows = records.samples.iter();
            let rows = rows.filter(|row| row.arm == arm.name && row.entry == entry);
            let is_timed = is_there && arm.kind != ArmKind::Leak;
            assert_eq!(
                rows.count(),
                if is_timed { 4 } else { 0 },
                "{} by {entry}",
                arm.name
            );
        }
        if arm.kind.is_contestant() {
            every_row_of_a_contestant(&records, &arm.name, has_valgrind);
        }
    }
    for row in &records.samples {
        assert!(row.err.is_empty() && row.requests > 0, "{row:?}");
    }
    planted_leaks_are_found(&records);
    page_is_current::<Isolated>(&out.folder);
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
            work.instructions_per_request > 1000.0 && work.calls_per_request > 50.0,
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
