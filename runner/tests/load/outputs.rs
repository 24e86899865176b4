//! What a run leaves: files per second and of times, results that are merged or refused, and outputs that
//! cannot be written.

use super::{json, load, url};
use assert_cmd::Command;
use controls::{Planted, Server};
use serde_json::Value;
use std::path::Path;

#[test]
fn seconds_and_histograms_are_written_where_asked() {
    let server = Server::start(Planted::SlowMs(5));
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name).to_str().unwrap().to_owned();
    let result = json(&[
        &url(&server),
        "-c",
        "2",
        "-t",
        "2",
        "-d",
        "1.3s",
        "--rate",
        "100",
        "--json",
        "--csv",
        &path("seconds.csv"),
        "--hdr",
        &path("times.hlog"),
    ]);
    let text = std::fs::read_to_string(path("seconds.csv")).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|row| row.split(',').collect()).collect();
    let column = rows[0].iter().position(|name| *name == "ok").unwrap();
    let ok: u64 = rows[1..]
        .iter()
        .map(|row| row[column].parse::<u64>().unwrap())
        .sum();
    assert_eq!((rows.len(), ok), (3, result["ok"].as_u64().unwrap()));
    let log = std::fs::read_to_string(path("times.hlog")).unwrap();
    for tag in ["service_time", "response_time", "dispatch_delay"] {
        assert!(log.contains(&format!("Tag={tag},")), "{log}");
    }
    // Its readers know series of requests.
    assert_eq!(log.matches("Tag=").count(), 3 + 1, "{log}");
    // One would be written over the other.
    let twice = ["--csv", &path("a"), "--hdr", &path("./a")];
    let (status, _, words) = load(&[&[&url(&server), "-n", "10"][..], &twice].concat());
    assert_eq!(status, 2);
    assert!(words.contains("are one file"), "{words}");
    let (status, _, words) = load(&[&url(&server), "-n", "10", "--hdr", "/dev/full"]);
    assert_eq!(status, 1);
    assert!(words.contains("cannot write"), "{words}");
    let (status, _, words) = load(&[&url(&server), "--csv", "/no/such/folder/x.csv"]);
    assert_eq!(status, 1);
    assert!(
        words.contains("cannot write /no/such/folder/x.csv"),
        "{words}"
    );
}

#[test]
fn a_run_without_right_answers_has_no_times_and_nothing_is_claimed_of_them() {
    let server = Server::start(Planted::Status500Every(1));
    let run = [&url(&server), "-n", "200", "-c", "2", "--no-ceiling"];
    let (status, said, words) = load(&[&run[..], &["--assert", "p99<1s"]].concat());
    assert_eq!(status, 1);
    assert!(
        said.contains("service time   p50 –, p90 –, p99 –, max –"),
        "{said}"
    );
    assert!(
        words.contains("does not hold: p99<1s (it is not known)"),
        "{words}"
    );
    let result = json(&[&run[..], &["--json"]].concat());
    assert_eq!((&result["ok"], &result["rps"]), (&0.into(), &0.0.into()));
    assert!(result["latency_us"]["p99"].is_null(), "{result}");
}

#[test]
fn rows_are_on_the_disk_while_the_run_goes_on() {
    let server = Server::start(Planted::SlowMs(5));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seconds.csv");
    std::fs::write(&path, "what was there before\n").unwrap();
    let mut load = std::process::Command::new(assert_cmd::cargo::cargo_bin("runner"));
    let mut load = load
        .args([
            "load",
            &url(&server),
            "-c",
            "2",
            "-d",
            "30s",
            "--rate",
            "50",
            "--csv",
        ])
        .arg(&path)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let rows = || std::fs::read_to_string(&path).unwrap().lines().count();
    let began = std::time::Instant::now();
    while rows() < 3 && began.elapsed() < std::time::Duration::from_secs(25) {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("second,sent,ok,"), "{text}");
    assert!(load.try_wait().unwrap().is_none(), "it goes on: {text}");
    load.kill().unwrap();
    load.wait().unwrap();
}

#[test]
fn a_file_is_not_emptied_by_a_run_that_does_not_begin() {
    let folder = tempfile::tempdir().unwrap();
    let kept: Vec<_> = ["rows.csv", "times.hlog"]
        .map(|name| folder.path().join(name))
        .into();
    for path in &kept {
        std::fs::write(path, "yesterday's\n").unwrap();
    }
    let (csv, hdr) = (kept[0].to_str().unwrap(), kept[1].to_str().unwrap());
    let url = format!("http://127.0.0.1:{}/", super::free_port());
    let (status, _, words) = load(&[&url, "--csv", csv, "--hdr", hdr]);
    assert_eq!(status, 1, "{words}");
    for path in &kept {
        assert_eq!(std::fs::read_to_string(path).unwrap(), "yesterday's\n");
    }
}

#[test]
fn nobody_has_to_read_what_is_said_on_standard_error() {
    let server = Server::start(Planted::SlowMs(20));
    let url = url(&server);
    let full = || std::fs::File::create("/dev/full").unwrap();
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    for stderr in [
        std::process::Stdio::from(full()),
        std::process::Stdio::from(closed()),
    ] {
        let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("runner"))
            .args([
                "load", &url, "-c", "1", "-d", "1s", "--rate", "100", "--json",
            ])
            .args(["--no-ceiling", "--assert", "p99<1us"])
            .stderr(stderr)
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(1),
            "what was claimed does not hold"
        );
        let result: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(result["ok"].as_u64() > Some(10), "{result}");
    }
}

#[test]
fn a_rising_rate_finds_the_highest_that_is_held() {
    let server = Server::start(Planted::SlowMs(10));
    let url = url(&server);
    // Two connections with 10 ms each: not more than 200 a second.
    let line = [
        &url,
        "-c",
        "2",
        "--stage",
        "20@1s,20..1000@4s",
        "--no-ceiling",
    ];
    let (status, said, words) = load(&line);
    assert_eq!(
        status, 0,
        "a limit that is sought is no failure: {said}{words}"
    );
    assert!(said.contains("  held           up to "), "{said}");
    let result = json(&[&line[..], &["--json"]].concat());
    let stages = result["stage_results"].as_array().unwrap();
    assert_eq!(stages.len(), 5, "{result}");
    assert_eq!(stages[0]["is_held"], true, "{result}");
    assert_eq!(stages[4]["is_held"], false, "{result}");
    let knee = result["knee_rate"].as_f64().unwrap();
    assert!((20.0..=265.0).contains(&knee), "{result}");
    assert_eq!(result["stages"], "20@1s,20..1000@4s");
    let folder = tempfile::tempdir().unwrap();
    let kept = keep(&result, &folder.path().join("staged.json"));
    let refused = Command::cargo_bin("runner")
        .unwrap()
        .args(["merge", &kept])
        .output()
        .unwrap();
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(words.contains("staged.json has stages"), "{words}");
    let (status, _, _) = load(&[&url, "--stage", "10@1s", "-n", "5"]);
    assert_eq!(status, 2);
}

fn keep(result: &Value, path: &Path) -> String {
    std::fs::write(path, result.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn results_are_merged_or_refused() {
    let server = Server::start(Planted::Nothing);
    let url = url(&server);
    let folder = tempfile::tempdir().unwrap();
    let kept = |name: &str, more: &[&str]| {
        let fixed = [
            url.as_str(),
            "-c",
            "2",
            "-n",
            "100",
            "--no-ceiling",
            "--json",
        ];
        keep(
            &json(&[&fixed[..], more].concat()),
            &folder.path().join(name),
        )
    };
    let (one, two) = (kept("one.json", &[]), kept("two.json", &[]));
    let paced = kept("paced.json", &["--rate", "1000"]);
    let merge = |paths: &[&str]| {
        let mut command = Command::cargo_bin("runner").unwrap();
        command
            .args(["merge", "--json"])
            .args(paths)
            .output()
            .unwrap()
    };
    let sum: Value = serde_json::from_slice(&merge(&[&one, &two]).stdout).unwrap();
    assert_eq!((&sum["ok"], &sum["runs"]), (&200.into(), &2.into()));
    let refused = merge(&[&one, &paced]);
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(
        words.contains("in its rate (1000 requests per second, not none: closed loop)"),
        "{words}"
    );
    for (name, more) in [
        ("request", &["-H", "X-Other: 1"][..]),
        ("expected answer", &["--expect-contract"][..]),
    ] {
        let refused = merge(&[&one, &kept("other.json", more)]);
        let words = String::from_utf8(refused.stderr).unwrap();
        let expected = format!("differs from {one} in its {name} (");
        assert!(words.contains(&expected), "{words}");
    }
    let refused = merge(&[&one, &one]);
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(
        words.contains(&format!("{one} is {one} once more")),
        "{words}"
    );
    std::fs::write(folder.path().join("no.json"), "{}").unwrap();
    let refused = merge(&[folder.path().join("no.json").to_str().unwrap()]);
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(
        words.contains("is not a result of `load --json`"),
        "{words}"
    );
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let server = Server::start(Planted::Nothing);
    let folder = tempfile::tempdir().unwrap();
    let fixed = [&url(&server), "-n", "10", "-c", "2", "--no-ceiling"];
    let result = json(&[&fixed[..], &["--json"]].concat());
    let kept = keep(&result, &folder.path().join("kept.json"));
    for arguments in [
        [&["load"], &fixed[..]].concat(),
        [&["load", "--json"], &fixed[..]].concat(),
        vec!["merge", &kept],
        vec!["merge", "--json", &kept],
    ] {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("runner"));
        let full = std::fs::File::create("/dev/full").unwrap();
        let output = command.args(&arguments).stdout(full).output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {words}");
        assert!(
            words.starts_with("error: cannot write to standard output: No space left"),
            "{arguments:?}: {words}"
        );
    }
}
