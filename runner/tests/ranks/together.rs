//! What several processes come to if nothing goes wrong, and what they refuse.

use super::{RUNNER, load, mpirun, outcome};
use controls::{Planted, Server};
use serde_json::Value;
use std::process::Command;

fn url(server: &Server) -> String {
    format!("http://{}/welcome", server.address)
}

fn sum_of(said: &str, complained: &str) -> Value {
    serde_json::from_str(said).unwrap_or_else(|error| panic!("{error}: {said}{complained}"))
}

#[test]
fn all_processes_drive_one_load_and_its_counts_are_those_of_the_server() {
    for processes in 1..=3_usize {
        let server = Server::start(Planted::Nothing);
        let url = url(&server);
        let mut command = load(processes, &[&url, "-c", "4", "-n", "1000", "--json"]);
        let (status, said, complained) = outcome(command.output().unwrap());
        assert_eq!(status, 0, "{complained}");
        let sum = sum_of(&said, &complained);
        assert_eq!((&sum["sent"], &sum["ok"]), (&1000.into(), &1000.into()));
        assert_eq!(server.requests(), 1000);
        assert_eq!(sum["hosts"].as_array().unwrap().len(), processes);
        assert_eq!(sum["connections"], 4);
    }
}

#[test]
fn the_schedule_is_that_of_one_process() {
    let server = Server::start(Planted::Nothing);
    let url = url(&server);
    let line = [
        &url, "-c", "6", "--rate", "600", "-d", "1s", "--warmup", "200ms", "--json",
    ];
    let (status, said, complained) = outcome(load(3, &line).output().unwrap());
    let sum = sum_of(&said, &complained);
    let count = |what: &str| sum[what].as_u64().unwrap();
    // A machine that stands still may not send all of them in time.
    assert_eq!(
        count("sent") + count("unsent"),
        600,
        "{status} {complained}"
    );
    let start = |host: &Value| host["start"]["clock_offset_s"].as_f64();
    let hosts = sum["hosts"].as_array().unwrap();
    assert!(
        hosts
            .iter()
            .filter_map(start)
            .all(|offset_s| offset_s.abs() < 1.0),
        "one clock: {hosts:?}"
    );
    assert!(complained.contains("connections: part 1 ("), "{complained}");
}

#[test]
fn only_the_first_process_prints_and_only_it_fails() {
    let server = Server::start(Planted::Nothing);
    let url = url(&server);
    let line = [&url, "-c", "2", "-n", "100", "--assert", "p99<0.001us"];
    let (status, said, complained) = outcome(load(2, &line).output().unwrap());
    assert_eq!(status, 1, "{complained}");
    assert_eq!(said.matches("requests/s     ").count(), 1, "{said}");
    assert_eq!(
        complained.matches("does not hold").count(),
        1,
        "{complained}"
    );
    assert!(said.contains("  start          all within "), "{said}");
}

#[test]
fn what_one_process_cannot_do_nobody_does() {
    let server = Server::start(Planted::Nothing);
    let url = url(&server);
    for (line, words) in [
        (vec![url.as_str(), "-c", "1"], "each part needs one of them"),
        (vec![url.as_str(), "--launch", "true"], "start it by itself"),
        (vec![url.as_str(), "-c", "8", "-t", "4096"], "threads"),
        (vec!["http://127.0.0.1:1/", "-c", "2"], "cannot load"),
    ] {
        let (status, said, complained) = outcome(load(2, &line).output().unwrap());
        assert_ne!(status, 0, "{line:?}");
        assert_eq!(said, "", "{line:?}");
        assert_eq!(complained.matches("error: ").count(), 1, "{complained}");
        assert!(complained.contains(words), "{complained}");
    }
    assert_eq!(server.requests(), 0);
}

#[test]
fn processes_that_the_launcher_has_bound_are_refused_with_the_flag_to_add() {
    if std::thread::available_parallelism().unwrap().get() < 2 {
        return;
    }
    let server = Server::start(Planted::Nothing);
    let line = [
        "-n",
        "2",
        "--bind-to",
        "core",
        RUNNER,
        "load",
        &url(&server),
    ];
    let (status, _, complained) = outcome(mpirun(&line).output().unwrap());
    assert_eq!(status, 2, "{complained}");
    assert!(
        complained.contains("add --bind-to none to mpirun"),
        "{complained}"
    );
    assert_eq!(server.requests(), 0);
}

#[test]
fn without_a_launcher_the_feature_changes_nothing() {
    let server = Server::start(Planted::Nothing);
    let run = |variable: Option<&str>| {
        let mut command = Command::new(RUNNER);
        command.args(["load", &url(&server), "-c", "2", "-n", "10", "--json"]);
        command.envs(variable.map(|name| (name, "2")));
        outcome(command.output().unwrap())
    };
    let (status, said, complained) = run(None);
    assert_eq!(status, 0, "{complained}");
    assert_eq!(sum_of(&said, &complained)["parts"], Value::Null);
    // Open MPI 5 under srun: each process is the only one of its own world.
    let (status, said, complained) = run(Some("SLURM_NTASKS"));
    assert_eq!((status, said.as_str()), (2, ""), "{complained}");
    assert!(
        complained.contains("SLURM_NTASKS=2") && complained.contains("MPI says that it is alone"),
        "{complained}"
    );
}

#[test]
fn the_doctor_looks_at_all_hosts_and_at_what_lies_between_them() {
    let doctor = |arguments: &[&str]| {
        let launcher = ["-n", "3", "--bind-to", "none", RUNNER, "doctor"];
        outcome(
            mpirun(&[&launcher[..], arguments].concat())
                .output()
                .unwrap(),
        )
    };
    let (_, said, complained) = doctor(&["--json"]);
    let found = sum_of(&said, &complained);
    let hosts = found["hosts"].as_array().unwrap();
    let pairs: Vec<_> = hosts
        .iter()
        .map(|host| host["clocks"].as_array().unwrap().len())
        .collect();
    assert_eq!(pairs, [2, 1, 0]);
    assert!(
        hosts
            .iter()
            .all(|host| host["host"]["machine"]["kernel"].is_string())
    );
    let trips = hosts
        .iter()
        .flat_map(|host| host["clocks"].as_array().unwrap());
    assert!(
        trips
            .clone()
            .all(|clock| clock["round_trip_ns"].as_u64() > Some(0)),
        "{hosts:?}"
    );
    let (_, said, complained) = doctor(&[]);
    assert!(
        said.contains("part 2 (") && said.contains(" µs, "),
        "{said}{complained}"
    );
}
