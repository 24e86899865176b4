//! Experiments whose generators are other processes of a launcher: what they record, and what is left if one is killed.

use super::hosts::Hosts;
use super::{RUNNER, mpirun, outcome, processes_with, wait_for};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// A short run of two servers that send canned answers.
fn plan<'a>(experiment: &'a str, arms: &'a [String; 2], rounds: &'a str) -> Vec<&'a str> {
    let mut line = vec![RUNNER, experiment, "--arm", &arms[0], "--arm", &arms[1]];
    line.extend([
        "--path", "/welcome", "-c", "6", "--blocks", "2", "--rounds", rounds,
    ]);
    line.extend(["--window", "300ms", "--settling", "10ms"]);
    line.extend(["--server-processors", "0", "--generator-processors", "0"]);
    line.push("--allow-busy");
    line
}

fn arms() -> [String; 2] {
    ["one", "other"].map(|name| format!("{name}={RUNNER} null --address {{address}}"))
}

/// The rows of a file, each by its columns.
fn rows(folder: &Path, file: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(folder.join(file)).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn sum(rows: &[BTreeMap<String, String>], column: &str) -> u64 {
    rows.iter()
        .map(|row| row[column].parse::<u64>().unwrap())
        .sum()
}

/// What must hold of a run by so many generators.
fn check(folder: &Path, generators: usize) {
    let slices = rows(folder, "slices.csv");
    let parts = rows(folder, "generators.csv");
    let servers = rows(folder, "server-host.csv");
    assert!(slices.iter().all(|row| row["err"].is_empty()), "{slices:?}");
    assert_eq!(parts.len(), slices.len() * generators);
    assert_eq!(servers.len(), slices.len());
    assert!(sum(&slices, "ok") > 0);
    for column in ["ok", "sent"] {
        assert_eq!(sum(&parts, column), sum(&slices, column), "{column}");
    }
    assert!(sum(&servers, "sent_packets") > 0 && sum(&servers, "sent_bytes") > sum(&slices, "ok"));
    assert!(
        sum(&slices, "server_cpu_ns") > 0,
        "it is read by the process at the servers"
    );
    let run: Value = serde_json::from_slice(&fs::read(folder.join("run.json")).unwrap()).unwrap();
    assert_eq!(run["state"], "complete");
    assert_eq!(run["hosts"].as_array().unwrap().len(), generators + 1);
    let page = fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(
        page.contains("from other hosts") && page.contains("the servers' machine"),
        "{page}"
    );
}

#[test]
fn generators_that_are_other_processes_measure_the_same_windows() {
    let (folder, arms) = (tempfile::tempdir().unwrap(), arms());
    for (experiment, own) in [("bench", &[][..]), ("latency", &["--rate", "600"][..])] {
        let out = folder.path().join(experiment);
        let mut line = vec!["-n", "3", "--bind-to", "none"];
        line.extend(plan(experiment, &arms, "2"));
        line.extend(own);
        line.extend([
            "--server-addr",
            "127.0.0.1",
            "--json",
            "--out",
            out.to_str().unwrap(),
        ]);
        let mut command = mpirun(&line);
        let (status, said, complained) = outcome(command.current_dir(&folder).output().unwrap());
        assert!(status == 0 || status == 1, "{status}: {complained}");
        let page: Value = serde_json::from_str(&said)
            .unwrap_or_else(|error| panic!("{error}: {said}{complained}"));
        assert!(
            page["sections"].as_array().unwrap().len() >= 3,
            "only the first process prints"
        );
        check(&out, 2);
    }
}

#[test]
fn a_generator_on_a_host_whose_clock_is_an_hour_behind_loads_a_server_on_another() {
    let Some(hosts) = Hosts::up() else { return };
    let (folder, arms) = (tempfile::tempdir().unwrap(), arms());
    let (out, server) = (folder.path().join("run"), hosts.address(1));
    let mut line = plan("bench", &arms, "2");
    line.extend(["--server-addr", &server, "--out", out.to_str().unwrap()]);
    let mut command = hosts.launch(&line);
    let (status, _, complained) = outcome(command.current_dir(&folder).output().unwrap());
    assert!(status == 0 || status == 1, "{status}: {complained}");
    check(&out, 1);
    for row in rows(&out, "generators.csv") {
        let offset_s = row["clock_offset_ns"].parse::<f64>().unwrap() / 1e9;
        assert!((offset_s + 3600.0).abs() < 1.0, "{offset_s}");
    }
    let run: Value = serde_json::from_slice(&fs::read(out.join("run.json")).unwrap()).unwrap();
    let interface = |host: usize| run["hosts"][host]["host"]["interface"]["name"].clone();
    assert_eq!((interface(0), interface(1)), ("eth0".into(), "eth0".into()));
}

#[test]
fn what_was_measured_before_a_generator_is_killed_stays_and_the_run_continues() {
    let (folder, arms) = (tempfile::tempdir().unwrap(), arms());
    let out = folder.path().join("run");
    let shown = out.to_str().unwrap();
    let mut line = vec!["-n", "3", "--bind-to", "none"];
    line.extend(plan("bench", &arms, "4"));
    line.extend(["--server-addr", "127.0.0.1", "--out", shown]);
    let mut command = mpirun(&line);
    command
        .current_dir(&folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let units = || fs::read_to_string(out.join("units.csv")).unwrap_or_default();
    wait_for("a block is complete", || units().contains("block 0"));
    let of_rank = |rank: &str| {
        let wanted = format!("OMPI_COMM_WORLD_RANK={rank}\0");
        let has_rank = |process: &i32| {
            let variables = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
            let program = fs::read_link(format!("/proc/{process}/exe"));
            program.is_ok_and(|path| path == Path::new(RUNNER))
                && String::from_utf8_lossy(&variables).contains(&wanted)
        };
        processes_with(shown).into_iter().find(has_rank)
    };
    if let Some(generator) = of_rank("1") {
        super::faults::kill(generator);
    }
    child.wait().unwrap();
    wait_for("nothing is left", || {
        of_rank("0").is_none() && of_rank("2").is_none()
    });
    let report = Command::new(RUNNER)
        .args(["report", shown])
        .output()
        .unwrap();
    assert!(
        report.status.code().is_some_and(|status| status < 2),
        "{report:?}"
    );
    let alone = Command::new(RUNNER)
        .args(["bench", "--resume", shown, "--allow-busy"])
        .current_dir(&folder)
        .output()
        .unwrap();
    let complained = String::from_utf8_lossy(&alone.stderr).into_owned();
    let is_refused =
        complained.contains("its hosts were") || complained.contains("nothing to continue");
    assert!(!alone.status.success() && is_refused, "{complained}");
    let mut line = vec![
        "-n",
        "3",
        "--bind-to",
        "none",
        RUNNER,
        "bench",
        "--resume",
        shown,
    ];
    line.extend(["--server-addr", "127.0.0.1", "--allow-busy"]);
    let mut command = mpirun(&line);
    let (status, _, complained) = outcome(command.current_dir(&folder).output().unwrap());
    // If the run had ended before its generator, there is nothing to continue.
    let is_over = complained.contains("there is nothing to continue");
    assert!(
        status == 0 || status == 1 || is_over,
        "{status}: {complained}"
    );
    check(&out, 2);
}

#[test]
fn a_first_host_that_does_not_have_the_servers_address_is_refused_in_one_sentence() {
    let (folder, arms) = (tempfile::tempdir().unwrap(), arms());
    let mut line = vec!["-n", "2", "--bind-to", "none"];
    line.extend(plan("bench", &arms, "2"));
    line.extend(["--server-addr", "192.0.2.1"]);
    let (status, said, complained) = outcome(mpirun(&line).current_dir(&folder).output().unwrap());
    assert_eq!((status, said.as_str()), (2, ""), "{complained}");
    assert_eq!(complained.matches("error: ").count(), 1, "{complained}");
    assert!(
        complained.contains("does not have the address 192.0.2.1"),
        "{complained}"
    );
    let alone = Command::new(RUNNER)
        .args(&line[5..])
        .current_dir(&folder)
        .output()
        .unwrap();
    let (status, _, complained) = outcome(alone);
    assert_eq!(status, 2, "{complained}");
    assert!(
        complained.contains("start it with `mpirun --host SERVER,GENERATOR"),
        "{complained}"
    );
}
