//! The command line as a person meets it: right and wrong arguments, and what is said to them.
//! Nothing here builds a contestant.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

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
    let floors = list
        .iter()
        .filter(|framework| framework["role"] == "floor")
        .count();
    assert_eq!(floors, 1);
}

#[test]
fn an_unknown_framework_is_answered_with_the_known_ones() {
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

/// Each of these is a wrong argument, and the words say in what.
fn assert_refused(cases: &[(&[&str], &str)]) {
    for (arguments, expected) in cases {
        let (status, words) = refused(arguments);
        assert_eq!(status, 2, "{arguments:?}: {words}");
        assert!(words.contains(expected), "{arguments:?}: {words}");
    }
}

#[test]
fn absurd_numbers_are_refused_with_their_range() {
    assert_refused(&[
        (&["bench", "-c", "0"], "connections (C): 0 is out of range"),
        (
            &["bench", "-c", "64,1000000"],
            "connections (C): 1000000 is out of range",
        ),
        (&["bench", "-c", "x"], "`x` is no whole number"),
        (&["bench", "-n", "0"], "requests (N): 0 is out of range"),
        (&["bench", "-n", "100"], "at least 384 requests"),
        (
            &["bench", "--blocks", "0"],
            "blocks (BLOCKS): 0 is out of range",
        ),
        (&["bench", "--laps", "0"], "laps: 0 is out of range"),
        (
            &["bench", "--server-processors", "9-1"],
            "no list of processors",
        ),
        (
            &["bench", "--generator-processors", "0,1023"],
            "there is no processor 1023 here",
        ),
        (&["bench", "--server", "fast"], "invalid value 'fast'"),
        (&["bench", "--until", "0%"], "it goes from 0.1% to 50%"),
        (
            &["bench", "--until", "2%", "--max-blocks", "6"],
            "max-blocks: 6 is out of range; it goes from 24",
        ),
        (
            &["simulate", "--blocks", "5"],
            "blocks: 5 is out of range; it goes from 6",
        ),
        (&["simulate", "--arms", "1"], "arms: 1 is out of range"),
        (
            &["simulate", "--experiments", "0"],
            "experiments: 0 is out of range",
        ),
        (&["simulate", "--rounds", "0"], "rounds: 0 is out of range"),
        (
            &["simulate", "--condition", "noisy"],
            "invalid value 'noisy'",
        ),
        (
            &["simulate", "--severity", "2"],
            "severity: a clean run has none",
        ),
        (
            &["simulate", "--condition", "correlated", "--severity", "1"],
            "severity: 1 is out of range; it goes from 0 to 0.95",
        ),
    ]);
}

#[test]
fn what_cannot_be_loaded_is_a_wrong_argument() {
    assert_refused(&[
        (
            &["load", "http://127.0.0.1:1/", "--processors", "1023"],
            "there is no processor 1023 here",
        ),
        (
            &["load", "http://0.0.0.0:1/"],
            "0.0.0.0 is where servers listen, no address to connect to; write http://127.0.0.1:1/",
        ),
        (&["load", "http://[::]/x?y"], "write http://[::1]:80/x?y"),
        (
            &["load", "http://127.0.0.1:1/", "-c", "10000G"],
            "or ask for fewer connections\n",
        ),
        (&["load", "http://127.0.0.1:1/", "-c", "0"], "start at 1"),
        (
            &["load", "http://127.0.0.1:1/", "-d", "-1"],
            "unexpected argument",
        ),
        (
            &["load", "http://127.0.0.1:1/", "-t", "9", "-c", "8"],
            "each needs a connection",
        ),
        (&["load", "ftp://127.0.0.1/"], "does not begin with http://"),
        (
            &["load", "http://192.0.2.1/"],
            "192.0.2.1:80 is not on the loopback interface",
        ),
    ]);
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
    assert_eq!(status, 1, "{words}");
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

#[test]
fn every_command_explains_itself() {
    for command in [
        "list", "serve", "verify", "bench", "load", "merge", "null", "report", "compare",
        "simulate",
    ] {
        runner(&[command, "--help"]).assert().success();
    }
}

/// The newest kept run, whose records are committed.
fn a_kept_run() -> std::path::PathBuf {
    let results = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let (path, _) = runner::record::find_runs(&results).unwrap().remove(0);
    path
}

#[test]
fn simulation_says_how_often_the_analysis_is_wrong() {
    let run = a_kept_run();
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

#[test]
fn a_run_has_not_changed_from_itself() {
    let run = a_kept_run();
    let output = runner(&["compare", "--json"])
        .args([&run, &run])
        .output()
        .unwrap();
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let changes = result["changes"].as_array().unwrap();
    assert!(!changes.is_empty());
    for change in changes {
        assert_eq!(
            (&change["is_sure"], &change["change"]["estimate"]),
            (&false.into(), &1.0.into())
        );
    }
    assert_eq!(result["weaknesses"].as_array().unwrap().len(), 0);
}

/// Commands with a result, and none that builds anything.
fn with_results(run: &str) -> [Vec<&str>; 4] {
    [
        vec!["list"],
        vec!["compare", run, run],
        vec!["report", run, "--check"],
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
    let run = a_kept_run();
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
fn a_reader_who_has_had_enough_is_no_error() {
    let run = a_kept_run();
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

#[test]
fn runs_of_two_methods_are_not_compared() {
    let run = a_kept_run();
    let parent = tempfile::tempdir().unwrap();
    let other = parent.path().join("other");
    std::fs::create_dir(&other).unwrap();
    for entry in std::fs::read_dir(&run).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), other.join(entry.file_name())).unwrap();
    }
    let record = std::fs::read_to_string(other.join("run.json")).unwrap();
    let method = |text: &str| {
        text.lines()
            .find(|line| line.contains("\"method\""))
            .unwrap()
            .to_owned()
    };
    let changed = record.replace(&method(&record), "  \"method\": 0,");
    std::fs::write(other.join("run.json"), changed).unwrap();
    let output = runner(&["compare"]).args([&run, &other]).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(
        words.contains("and 0: their numbers do not mean the same"),
        "{words}"
    );
    let (status, words) = refused(&["compare", "/nowhere", "/nowhere"]);
    assert_eq!(status, 1);
    assert!(words.contains("is this the folder of a run?"), "{words}");
}
