//! `bench --netns`: servers in a network namespace of their own, of which nothing is left however the runner ends.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const RUNNER: &str = env!("CARGO_BIN_EXE_runner");

/// Longer than any machine stalls.
const WITHIN: Duration = Duration::from_secs(60);

/// A run of two servers that send canned answers, in this folder, by a command line that begins so.
fn bench(folder: &Path, before: &[&str], blocks: &str, more: &[&str]) -> Command {
    let arms = ["one", "other"].map(|name| format!("{name}='{RUNNER}' null --address {{address}}"));
    let mut line = before.to_vec();
    line.extend([
        RUNNER, "bench", "--netns", "--arm", &arms[0], "--arm", &arms[1],
    ]);
    line.extend([
        "--path", "/welcome", "-c", "2", "--blocks", blocks, "--rounds", "4",
    ]);
    line.extend(["--window", "20ms", "--warm-up", "10ms", "--allow-busy"]);
    line.extend(["--out", "run"]);
    line.extend(more);
    let mut command = Command::new(line[0]);
    command.args(&line[1..]).current_dir(folder);
    command
}

/// The folder of the device of a process's pair.
fn device(process: u32) -> PathBuf {
    Path::new("/sys/class/net").join(format!("veth{process}x0"))
}

/// Packets that the servers have sent over the pair.
fn packets(process: u32) -> u64 {
    let text = fs::read_to_string(device(process).join("statistics/rx_packets"));
    text.ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0)
}

/// A run that is killed if a test fails.
struct GoingOn(Child);

impl Drop for GoingOn {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < WITHIN, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether namespaces can be made here; says so if not.
fn can_be_made() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let output = bench(folder.path(), &[], "1", &[]).output().unwrap();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    let refused = complained
        .lines()
        .find(|line| line.contains("--netns needs"));
    if let Some(why) = refused {
        eprintln!("skipped: {why}");
    }
    refused.is_none()
}

#[test]
fn servers_in_a_namespace_are_measured_over_the_pair_and_it_goes_with_the_run() {
    if !can_be_made() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = bench(folder.path(), &[], "2", &["--json"]);
    let child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut run = GoingOn(child);
    let process = run.0.id();
    let mut passed = 0;
    let status = loop {
        passed = passed.max(packets(process));
        if let Some(status) = run.0.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    // A slice of a machine that stands still has no answer, which is an error.
    assert!([Some(0), Some(1)].contains(&status.code()), "{status}");
    assert!(passed > 100, "only {passed} packets were seen on the pair");
    let run = folder.path().join("run");
    let record: Value = serde_json::from_slice(&fs::read(run.join("run.json")).unwrap()).unwrap();
    assert_eq!(record["plan"]["link"], "netns");
    let page = fs::read_to_string(run.join("README.md")).unwrap();
    assert!(
        page.starts_with("# Throughput over a veth pair, "),
        "{page}"
    );
    wait_for("the pair is gone", || !device(process).exists());
}

#[test]
fn nothing_is_left_of_a_namespace_whose_runner_is_killed() {
    if !can_be_made() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = bench(folder.path(), &[], "1000", &[]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut run = GoingOn(child.unwrap());
    let process = run.0.id();
    let slices = || fs::read_to_string(folder.path().join("run/slices.csv")).unwrap_or_default();
    wait_for("it measures", || slices().lines().count() > 3);
    assert!(device(process).exists());
    run.0.kill().unwrap();
    run.0.wait().unwrap();
    wait_for("the pair is gone", || !device(process).exists());
}

#[test]
fn without_the_right_to_make_namespaces_the_option_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let without = ["setpriv", "--bounding-set", "-sys_admin"];
    let before = match rustix::process::geteuid().is_root() {
        true => &without[..],
        false => &[],
    };
    let Ok(output) = bench(folder.path(), before, "1", &[]).output() else {
        eprintln!("skipped: setpriv of util-linux is not there");
        return;
    };
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{complained}");
    assert!(complained.contains("--netns needs root"), "{complained}");
    assert!(complained.contains("leave the option out"), "{complained}");
}
