//! Runs held against each other: two of them, and the kept runs of this project over time.

use super::{a_run, refused, runner};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn results() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../results")
}

/// Two of the kept runs, as few as a history takes; no step leads to or from the second at 1000 connections, which is
/// untrusted there.
fn two_runs() -> [PathBuf; 2] {
    let run = |name| results().join(format!("2026-11-26-amd-epyc-2cpu-{name}"));
    ["throughput", "throughput-2"].map(run)
}

/// Standard output of the history of two kept runs.
fn history(arguments: &[&str]) -> String {
    history_of(&two_runs(), arguments)
}

/// The same of other folders.
fn history_of(folders: &[PathBuf], arguments: &[&str]) -> String {
    let output = runner(&["history"])
        .args(arguments)
        .args(folders)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {words}");
    String::from_utf8(output.stdout).unwrap()
}

fn all<'v>(value: &'v Value, key: &str) -> Vec<&'v Value> {
    value[key].as_array().unwrap().iter().collect()
}

#[test]
fn kept_runs_have_a_history_whose_steps_are_what_their_intervals_say() {
    let history: Value = serde_json::from_str(&history_of(&[results()], &["--json"])).unwrap();
    let group = &history["groups"][0];
    let runs = all(group, "runs");
    assert!(runs.len() >= 2, "{history}");
    let times = runs.iter().map(|run| run["started_at"].as_str().unwrap());
    assert!(times.is_sorted());
    let mut seen = 0;
    for table in all(group, "tables") {
        let untrusted: Vec<&Value> = all(table, "untrusted")
            .iter()
            .map(|one| &one["run"])
            .collect();
        for server in all(table, "servers") {
            for point in all(server, "points") {
                let is_trusted = !untrusted.contains(&&point["run"]);
                assert_eq!(point["is_trusted"], is_trusted, "{point}");
                let step = &point["step"];
                if step.is_null() {
                    continue;
                }
                assert!(is_trusted && !untrusted.contains(&&step["from"]), "{point}");
                let end = |name: &str| step["change"][name].as_f64().unwrap();
                let covers = end("lower") <= 1.0 && 1.0 <= end("upper");
                assert_eq!(step["is_marked"], !covers, "{step}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 7, "{seen} steps");
}

#[test]
fn it_fits_eighty_columns_and_can_be_restricted_and_drawn() {
    let whole = history_of(&[results()], &[]);
    for line in whole.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let json: Value = serde_json::from_str(&history(&["--json"])).unwrap();
    let servers = &json["groups"][0]["tables"][0]["servers"];
    let [first, second] = [0, 1].map(|place| servers[place]["name"].as_str().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let svg = folder.path().join("history.svg");
    let one = history(&["--server", first, "--svg", svg.to_str().unwrap()]);
    let has_row = |text: &str, name: &str| {
        let mut rows = text.lines().filter(|line| line.contains('±'));
        rows.any(|row| row.starts_with(name))
    };
    assert!(has_row(&one, first) && !has_row(&one, second), "{one}");
    let drawn = std::fs::read_to_string(svg).unwrap();
    assert!(drawn.starts_with("<svg ") && drawn.contains(&format!("{first}, run 1: ")));
}

#[test]
fn another_experiment_and_another_measure_are_followed_in_the_same_way() {
    let by_cpu = history(&["--measure", "requests per CPU second"]);
    assert!(
        by_cpu.contains("64 connections, requests per CPU second"),
        "{by_cpu}"
    );
    let (status, words) = refused(&[
        "history",
        "--experiment",
        "settling",
        results().to_str().unwrap(),
    ]);
    assert_eq!(status, 2, "{words}");
    assert!(words.contains("no table of ratios"), "{words}");
}

#[test]
fn what_cannot_be_followed_is_refused_with_what_to_do() {
    let runs = two_runs();
    let [one, other] = runs.each_ref().map(|run| run.to_str().unwrap());
    let records = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records/throughput");
    let records = records.to_str().unwrap();
    let cases: [(&[&str], i32, &str); 5] = [
        (
            &["/nowhere"],
            1,
            "name folders of runs, or one that holds some: cannot read /nowhere",
        ),
        (
            &[env!("CARGO_MANIFEST_DIR")],
            1,
            "is not the folder of a run and holds none",
        ),
        (
            &[records],
            2,
            "a history takes at least two runs of throughput",
        ),
        (
            &[one, other, "--server", "nosuch"],
            2,
            "no run has a ratio of `nosuch` to its baseline; there are",
        ),
        (
            &[one, other, "--measure", "nosuch"],
            2,
            "`--measure` takes one of: requests/s",
        ),
    ];
    for (arguments, status, part) in cases {
        let (found, words) = refused(&[&["history"], arguments].concat());
        assert_eq!(found, status, "{arguments:?}: {words}");
        assert!(words.contains(part), "{arguments:?}: {words}");
        assert_eq!(words.lines().count(), 1, "{words}");
    }
    // Without a project and without a folder.
    let output = runner(&["history"]).current_dir("/").output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("name the folders of runs"), "{words}");
}

#[test]
fn a_run_is_not_compared_with_itself() {
    let run = a_run();
    let run = run.to_str().unwrap();
    let (status, words) = refused(&["compare", run, run]);
    assert_eq!(status, 2, "{words}");
    assert!(words.contains("both folders are the same run"), "{words}");
    let (status, words) = refused(&["compare", "/nowhere", "/nowhere"]);
    assert_eq!(status, 1);
    assert!(words.contains("is this the folder of a run?"), "{words}");
}
