//! The command line as a person meets it: right and wrong arguments, and what is said to them.
//! Nothing here builds a contestant.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod arguments;
mod history;
mod torn;

use assert_cmd::Command;
use controls::{Planted, Server};
use std::net::TcpListener;

fn runner(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("runner").unwrap();
    command.args(arguments);
    command
}

/// Exit status and standard error.
fn refused(arguments: &[&str]) -> (i32, String) {
    let output = runner(arguments).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(!words.contains("panicked"), "{words}");
    (output.status.code().unwrap(), words)
}

fn any_framework() -> String {
    let output = runner(&["list", "--json"]).output().unwrap();
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    list[0]["name"].as_str().unwrap().to_owned()
}

#[test]
fn the_list_has_a_version_and_a_server_for_each_framework() {
    let output = runner(&["list", "--json"]).output().unwrap();
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let list = list.as_array().unwrap();
    assert!(list.len() >= 8, "{list:?}");
    for framework in list {
        assert!(
            framework["version"].as_str().unwrap().contains('.'),
            "{framework}"
        );
        assert!(
            framework["servers"]["quickstart"].is_string(),
            "{framework}"
        );
    }
    let baselines = list
        .iter()
        .filter(|framework| framework["role"] == "baseline")
        .count();
    assert_eq!(baselines, 1);
}

#[test]
fn an_unknown_framework_is_refused_with_the_known_ones() {
    let known = any_framework();
    for arguments in [
        &["serve", "nosuch"][..],
        &["verify", "nosuch"],
        &["bench", "nosuch"],
    ] {
        let (status, words) = refused(arguments);
        assert_eq!(status, 2, "{words}");
        assert!(
            words.contains("no framework `nosuch`") && words.contains(&known),
            "{words}"
        );
    }
}

#[test]
fn more_connections_than_files_are_refused_with_the_limit() {
    let script = r#"ulimit -n 300; exec "$0" load http://127.0.0.1:1/ -c 500"#;
    let binary = assert_cmd::cargo::cargo_bin("runner");
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(binary)
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(words.contains("the limit is 300"), "{words}");
}

#[test]
fn a_taken_port_names_its_holder() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (status, words) = refused(&["serve", &any_framework(), "--address", &address]);
    assert_eq!(status, 1, "{words}");
    let holder = format!("(process {})", std::process::id());
    assert!(
        words.contains("is taken by") && words.contains(&holder),
        "{words}"
    );
}

#[test]
fn a_folder_that_is_there_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let (status, words) = refused(&["bench", "--out", folder.path().to_str().unwrap()]);
    assert_eq!(status, 2, "{words}");
    assert!(
        words.contains("is already there and is not overwritten"),
        "{words}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn load_counts_what_the_server_counts() {
    let server = Server::start(Planted::Status500Every(10));
    let url = format!("http://{}/welcome", server.address);
    let output = runner(&["load", &url, "-c", "4", "-n", "1k", "--json"])
        .output()
        .unwrap();
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["sent"], 1000);
    assert_eq!(result["errors"]["bad_status"], server.planted());
    assert_eq!(output.status.code(), Some(1), "errors are bad");
}

#[test]
fn nobody_listening_is_an_error_with_the_address() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (status, words) = refused(&["load", &format!("http://{address}/"), "-n", "1"]);
    assert_eq!(status, 1, "{words}");
    assert!(
        words.contains(&format!("cannot connect to {address}")),
        "{words}"
    );
}

/// All subcommands, as the parser has them.
fn commands() -> Vec<String> {
    use clap::CommandFactory;
    let command = runner::cli::Cli::command();
    let names = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned());
    names.collect()
}

/// The subcommands whose runs can be continued.
fn experiments() -> Vec<String> {
    use clap::CommandFactory;
    let command = runner::cli::Cli::command();
    let with_runs = command
        .get_subcommands()
        .filter(|sub| sub.get_arguments().any(|one| one.get_id() == "resume"));
    let names: Vec<String> = with_runs.map(|sub| sub.get_name().to_owned()).collect();
    assert!(names.len() >= 4, "{names:?}");
    names
}

#[test]
fn every_command_and_every_option_explains_itself() {
    use clap::CommandFactory;
    let parser = runner::cli::Cli::command();
    assert!(commands().len() > 10, "{:?}", commands());
    for command in parser.get_subcommands() {
        let name = command.get_name();
        assert!(command.get_about().is_some(), "{name} says what it does");
        for option in command.get_arguments().filter(|one| !one.is_hide_set()) {
            let is_explained = option
                .get_help()
                .is_some_and(|help| help.to_string().len() >= "Seed".len());
            assert!(
                is_explained,
                "{name}: {} says what it is for",
                option.get_id()
            );
        }
        let output = runner(&[name, "--help"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(&format!("Usage: runner {name}")), "{text}");
    }
}

#[test]
fn commands_that_measure_show_examples_and_exit_statuses() {
    for command in experiments().iter().map(String::as_str).chain(["load"]) {
        let output = runner(&[command, "--help"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let examples = text.split("Examples:").nth(1).unwrap_or_default();
        let examples = examples
            .lines()
            .filter(|line| line.trim().starts_with("runner "))
            .count();
        assert!(examples >= 2, "{command} has {examples} examples: {text}");
        assert!(text.contains("Exit status:"), "{command}: {text}");
    }
}

#[test]
fn the_plan_of_a_run_is_printed_and_nothing_is_measured() {
    for experiment in experiments() {
        let output = runner(&[&experiment, "--list", "--seed", "7"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        assert!(
            text.contains("arms (") && text.contains("expected time"),
            "{text}"
        );
        let again = runner(&[&experiment, "--list", "--seed", "7"])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(again.stdout).unwrap(), text);
        let unsown = runner(&[&experiment, "--list"]).output().unwrap();
        let unsown = String::from_utf8(unsown.stdout).unwrap();
        let last = unsown.lines().last().unwrap_or_default();
        // What has no order to show depends on none.
        assert!(
            last.starts_with("seed: a run takes one from the clock")
                || !text.contains("order of the first"),
            "{unsown}"
        );
    }
}

fn json_of(arguments: &[&str]) -> serde_json::Value {
    let output = runner(arguments).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {words}"))
}

#[test]
fn plans_and_runs_are_told_as_json_too() {
    for experiment in experiments() {
        let plan = json_of(&[&experiment, "--list", "--json"]);
        assert!(plan["arms"].as_array().unwrap().len() >= 8, "{plan}");
        assert!(plan["expected_s"].as_f64().unwrap() > 0.0, "{plan}");
    }
    let run = a_run();
    let page = json_of(&["report", run.to_str().unwrap(), "--json"]);
    assert_eq!(page["experiment"], "throughput");
    let all = json_of(&["report", "--json"]);
    for run in all.as_array().unwrap() {
        assert!(!run["folder"].as_str().unwrap().is_empty());
        assert!(run["page"]["sections"].is_array(), "{run}");
    }
    assert!(!all.as_array().unwrap().is_empty());
}

#[test]
fn a_plan_lists_what_takes_part_and_no_order_that_there_is_not() {
    let work = json_of(&["isolated", "--parts", "work", "--list", "--json"]);
    let arms = work["arms"].to_string();
    assert!(
        work["order"].is_null() && !arms.contains("twin") && !arms.contains("leak"),
        "{work}"
    );
    let time = json_of(&["isolated", "--parts", "time", "--list", "--json"]);
    let arms = time["arms"].to_string();
    assert!(
        time["order"].is_string() && arms.contains("twin") && !arms.contains("leak"),
        "{time}"
    );
    let search = json_of(&["latency", "--slo", "p99=5ms", "--list", "--json"]);
    assert!(
        search["order"].is_null() && !search["steps"].to_string().contains("blocks"),
        "{search}"
    );
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = runner(&["completions", shell]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        for command in commands() {
            assert!(text.contains(&command), "{shell}: {command}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    runner(&["man", folder.path().to_str().unwrap()])
        .assert()
        .success();
    for command in commands() {
        let page = folder.path().join(format!("runner-{command}.1"));
        let page = std::fs::read_to_string(&page).unwrap();
        assert!(
            page.contains(".SH NAME") && page.contains(".SH OPTIONS"),
            "{command}"
        );
    }
    assert!(folder.path().join("runner.1").exists());
}

/// A run that no machine has measured; `experiments/throughput/tests/format.rs` holds it current.
fn a_run() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records/throughput")
}

#[test]
fn simulation_says_how_often_the_analysis_is_wrong() {
    let run = a_run();
    let arguments = [
        "simulate",
        "--experiments",
        "20",
        "--arms",
        "4",
        "--json",
        "--from",
    ];
    let output = runner(&arguments).arg(&run).output().unwrap();
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["experiments"], 20);
    for name in [
        "false_difference",
        "rank_set_coverage",
        "control_failure",
        "untrusted",
        "blind_control_failure",
    ] {
        let rate = result[name]["rate"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&rate), "{name}: {rate}");
        let error = result[name]["standard_error"].as_f64().unwrap();
        let expected = (rate * (1.0 - rate) / 20.0).sqrt();
        assert!((error - expected).abs() < 1e-12, "{name}: {error}");
    }
    for effect in ["1%", "2%", "3%", "5%"] {
        let power = &result["power"][effect];
        assert!(power["against_one"].is_f64(), "{result}");
        assert!(power["blocks_needed"].is_u64(), "{result}");
    }
    let again = runner(&arguments).arg(&run).output().unwrap();
    assert_eq!(again.stdout, output.stdout, "the seed fixes the answer");
}

/// Commands with a result, and none that builds anything.
fn with_results(run: &str) -> [Vec<&str>; 3] {
    [
        vec!["list"],
        vec!["completions", "bash"],
        vec![
            "simulate",
            "--experiments",
            "2",
            "--arms",
            "2",
            "--from",
            run,
        ],
    ]
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let run = a_run();
    for arguments in with_results(run.to_str().unwrap()) {
        let full = std::fs::File::create("/dev/full").unwrap();
        let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("runner"))
            .args(&arguments)
            .stdout(full)
            .output()
            .unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {words}");
        assert!(
            words.starts_with("error: cannot write to standard output: No space left"),
            "{arguments:?}: {words}"
        );
    }
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let run = a_run();
    for arguments in with_results(run.to_str().unwrap()) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("runner"))
            .args(&arguments)
            .stdout(writer)
            .output()
            .unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), words.as_str()), (Some(0), ""));
    }
}
