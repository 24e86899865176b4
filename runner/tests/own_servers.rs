//! Servers of a user's own, by their commands, in a folder without a project and without cargo.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const RUNNER: &str = env!("CARGO_BIN_EXE_runner");

/// The runner in this folder, with a shell and without cargo.
fn runner(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(RUNNER);
    command
        .args(arguments)
        .current_dir(folder)
        .env("PATH", "/usr/bin:/bin");
    command.output().unwrap()
}

/// A small run of two commands.
fn bench(folder: &Path, old: &str, new: &str, more: &[&str]) -> Output {
    let (old, new) = (format!("old={old}"), format!("new={new}"));
    let small = [
        "bench",
        "--arm",
        &old,
        "--arm",
        &new,
        "--path",
        "/welcome",
        "-c",
        "2",
        "--blocks",
        "2",
        "--rounds",
        "4",
        "--window",
        "20ms",
        "--warm-up",
        "10ms",
        "--allow-busy",
    ];
    runner(folder, &[&small, more].concat())
}

/// The first of three runs that is without an error, and its folder: on a busy machine a server may have no time in a
/// window, which is an error of its row.
fn without_error(run: impl Fn(&Path) -> Output) -> (tempfile::TempDir, Output) {
    let mut said = String::new();
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let output = run(folder.path());
        if output.status.code() == Some(0) {
            return (folder, output);
        }
        said = errors(&output);
    }
    panic!("{said}");
}

/// A server that listens where it is told.
fn null(place: &str) -> String {
    format!("'{RUNNER}' null --address {place}")
}

/// The only run that was made in this folder.
fn run_of(folder: &Path) -> PathBuf {
    let mut runs = fs::read_dir(folder.join("runs")).unwrap();
    let run = runs.next().unwrap().unwrap().path();
    assert!(runs.next().is_none());
    run
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn two_commands_are_measured_where_no_project_is() {
    let (old, new) = (null("127.0.0.1:{port}"), null("{address}"));
    let (folder, output) = without_error(|folder| bench(folder, &old, &new, &["--json"]));
    let page: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names = page["arms"].as_array().unwrap().iter();
    let names: Vec<&str> = names.map(|arm| arm["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["old", "new", "null", "old-twin", "planted"]);
    let run = run_of(folder.path());
    let text = fs::read_to_string(run.join("README.md")).unwrap();
    assert!(text.contains("Servers by their commands"), "{text}");
    assert!(text.contains("asked `GET /welcome`"), "{text}");
    assert!(!text.contains("revision"), "{text}");
    let record: Value = serde_json::from_slice(&fs::read(run.join("run.json")).unwrap()).unwrap();
    assert_eq!(record["state"], "complete");
    assert_eq!(record["toolchain"]["rustc"], "");
    // Read again, it is the same page.
    let again = runner(folder.path(), &["report", run.to_str().unwrap(), "--check"]);
    assert_eq!(again.status.code(), Some(0), "{}", errors(&again));
}

#[test]
fn the_response_times_of_two_commands_are_measured_alike() {
    let (old, new) = (
        format!("old={}", null("{address}")),
        format!("new={}", null("{address}")),
    );
    let small = "--path /welcome -c 2 --rate 200 --blocks 1 --rounds 1 --window 100ms --allow-busy";
    let mut line = vec!["latency", "--arm", &old, "--arm", &new];
    line.extend(small.split(' '));
    let (_, output) = without_error(|folder| runner(folder, &line));
    assert!(String::from_utf8_lossy(&output.stdout).contains("old-twin"));
}

#[test]
fn a_server_that_cannot_be_had_is_one_sentence_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = null("127.0.0.1:0");
    let cases = [
        ("./missing {port}", "not found"),
        (elsewhere.as_str(), "it listens on 127.0.0.1:"),
        ("exit 3", "exit status: 3"),
    ];
    for (command, words) in cases {
        let more = ["--ready-timeout", "2s"];
        let output = bench(folder.path(), &null("{address}"), command, &more);
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words), "{command}: {said}");
        assert!(said.contains("`new` cannot be measured"), "{said}");
        let runs = fs::read_dir(folder.path().join("runs"));
        assert_eq!(runs.map_or(0, Iterator::count), 0, "{command}");
    }
}

#[test]
fn a_file_of_servers_is_read_and_its_faults_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("arms.toml");
    let arm = |name: &str| {
        format!(
            "[[arm]]\nname = \"{name}\"\ncommand = \"{}\"\n",
            null("{address}")
        )
    };
    let listed = |text: &str| {
        fs::write(&file, text).unwrap();
        runner(folder.path(), &["bench", "--arms", "arms.toml", "--list"])
    };
    let good = listed(&format!("{}{}", arm("old"), arm("new")));
    assert_eq!(good.status.code(), Some(0), "{}", errors(&good));
    let plan = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(plan.contains("old, new, null"), "{plan}");
    assert!(
        plan.contains("64 connections") && !plan.contains("1,000"),
        "{plan}"
    );
    for (text, words) in [
        (
            format!("{}{}", arm("a"), arm("a")),
            "two servers are named `a`",
        ),
        (format!("{}port = 1\n", arm("a")), "unknown field `port`"),
        (
            "[[arm]]\nname = \"a\"\n".to_owned(),
            "missing field `command`",
        ),
        ("arm = 1".to_owned(), "arms.toml"),
    ] {
        let output = listed(&text);
        assert_eq!(output.status.code(), Some(2), "{text}: {}", errors(&output));
        assert!(
            errors(&output).contains(words),
            "{text}: {}",
            errors(&output)
        );
    }
}

#[test]
fn a_gate_that_names_nobody_is_refused_before_anything_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let gate = |claim| {
        bench(
            folder.path(),
            &null("{address}"),
            &null("{address}"),
            &["--fail-if", claim],
        )
    };
    for claim in ["other<0.9", "old<0.9", "new"] {
        let output = gate(claim);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{claim}: {}",
            errors(&output)
        );
    }
    // Two blocks allow no claim, so the gate cannot be decided, and does not pass in silence.
    let undecided = gate("new<0.9");
    assert_eq!(undecided.status.code(), Some(1), "{}", errors(&undecided));
    assert!(
        errors(&undecided).contains("cannot be decided"),
        "{}",
        errors(&undecided)
    );
}

#[test]
fn a_plan_begins_with_the_first_answers_and_keeps_its_steps() {
    let folder = tempfile::tempdir().unwrap();
    for (experiment, step) in [("bench", "blocks"), ("isolated", "work: 5 processes")] {
        let output = runner(folder.path(), &[experiment, "--list", "--arm", "a=./a"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("- start each server twice"), "{text}");
        assert!(text.contains(step), "{text}");
        assert!(!text.contains("build"), "{text}");
    }
}

#[test]
fn what_is_about_contestants_is_refused_of_own_servers() {
    let folder = tempfile::tempdir().unwrap();
    for (option, words) in [
        (&["--blocks", "3"][..], "--blocks is about contestants"),
        (&["--starts", "3"], "--starts is about contestants"),
        (&["--parts", "time"], "cannot be used with"),
        (&["--server", "tuned"], "cannot be used with"),
    ] {
        let all = [&["isolated", "--arm", "a=./a"][..], option].concat();
        let output = runner(folder.path(), &all);
        assert_eq!(output.status.code(), Some(2), "{option:?}");
        assert!(errors(&output).contains(words), "{}", errors(&output));
    }
}
