//! One load that several processes drive together, and processes that a launcher has started as several.

use super::{json, load, url};
use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use controls::{Planted, Server};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;

/// The results of all parts of a load, driven at the same time.
fn parts(of: usize, arguments: &[&str], folder: &Path) -> Vec<(Value, String)> {
    let start = |number: usize| {
        let path = folder.join(format!("{number}.json"));
        let mut command = std::process::Command::new(cargo_bin("runner"));
        command.arg("load").args(arguments);
        command.args(["--json", "--part", &format!("{number}/{of}")]);
        let file = std::fs::File::create(&path).unwrap();
        let child = command.stdout(Stdio::from(file)).spawn().unwrap();
        (child, path)
    };
    let started: Vec<_> = (1..=of).map(start).collect();
    let ended = started.into_iter().map(|(mut child, path)| {
        child.wait().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let result = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        (result, path.to_str().unwrap().to_owned())
    });
    ended.collect()
}

fn merge(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("runner").unwrap();
    let output = command.arg("merge").args(arguments).output().unwrap();
    let words = |bytes| String::from_utf8(bytes).unwrap();
    let status = output.status.code().unwrap();
    (status, words(output.stdout), words(output.stderr))
}

#[test]
fn parts_are_the_whole_load_and_nothing_else() {
    let server = Server::start(Planted::Nothing);
    let folder = tempfile::tempdir().unwrap();
    let url = url(&server);
    let line = [url.as_str(), "-c", "4", "-n", "10"];
    let parts = parts(3, &line, folder.path());
    let sent: Vec<_> = parts
        .iter()
        .map(|(part, _)| part["sent"].as_u64().unwrap())
        .collect();
    assert_eq!((sent, server.requests()), (vec![4, 3, 3], 10));
    let connections = |(part, _): &(Value, String)| part["hosts"][0]["connections"].as_u64();
    let connections: Vec<_> = parts.iter().filter_map(connections).collect();
    assert_eq!(connections, [2, 1, 1]);
    let files: Vec<&str> = parts.iter().map(|(_, path)| path.as_str()).collect();
    let (status, said, words) = merge(&[&["--json"], &files[..]].concat());
    assert_eq!(status, 0, "{words}");
    let sum: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&sum["sent"], &sum["connections"]), (&10.into(), &4.into()));
    assert_eq!(sum["parts"]["held"], serde_json::json!([1, 2, 3]));
    let hosts = sum["hosts"].as_array().unwrap();
    let by: Vec<_> = hosts
        .iter()
        .map(|host| &host["interface"]["name"])
        .collect();
    assert_eq!(by, ["lo", "lo", "lo"], "{hosts:?}");
    assert!(
        hosts
            .iter()
            .all(|host| host["machine"]["kernel"].is_string())
    );
    let (_, said, _) = merge(&files);
    assert!(
        said.contains(", all 3 parts\n") && said.contains("  part 3         "),
        "{said}"
    );
}

#[test]
fn a_sum_without_a_part_or_with_one_twice_is_refused_by_the_names_of_its_files() {
    let server = Server::start(Planted::Nothing);
    let folder = tempfile::tempdir().unwrap();
    let parts = parts(2, &[&url(&server), "-c", "2", "-n", "10"], folder.path());
    let (one, two) = (parts[0].1.as_str(), parts[1].1.as_str());
    let (status, _, words) = merge(&[one]);
    assert_eq!(status, 1);
    assert!(words.contains("part 2 of 2 is missing"), "{words}");
    let (status, said, words) = merge(&[one, "--partial"]);
    assert_eq!(status, 0, "{words}");
    assert!(said.contains(", part 1 of 2\n"), "{said}");
    let (_, whole, _) = merge(&["--json", one, two]);
    let sum = folder.path().join("sum.json");
    std::fs::write(&sum, whole).unwrap();
    let sum = sum.to_str().unwrap();
    let (status, _, words) = merge(&[one, two, one]);
    assert_eq!(status, 1);
    assert!(
        words.contains(&format!("{one} is {one} once more")),
        "{words}"
    );
    // Two copies of a sum are one, whatever they are called.
    let copy = folder.path().join("copy.json");
    std::fs::copy(sum, &copy).unwrap();
    let copy = copy.to_str().unwrap();
    let (status, _, words) = merge(&[sum, copy]);
    assert_eq!(status, 1);
    assert!(
        words.contains(&format!("{copy} is {sum} once more")),
        "{words}"
    );
    let (status, _, words) = merge(&[sum, one]);
    assert_eq!(status, 1);
    assert!(
        words.contains(&format!("{one} is already in {sum}, which is a sum")),
        "{words}"
    );
}

#[test]
fn the_schedule_of_a_load_is_dealt_to_its_parts() {
    let server = Server::start(Planted::Nothing);
    let url = url(&server);
    for more in [
        &["--rate", "301", "-d", "1s", "--arrivals", "poisson"][..],
        &["--rate", "301", "-n", "301"],
        &["--stage", "100@1s,201@1s"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let before = server.requests();
        let line = [&[url.as_str(), "-c", "6", "-t", "2"], more].concat();
        let parts = parts(3, &line, folder.path());
        let due = |part: &Value| part["sent"].as_u64().unwrap() + part["unsent"].as_u64().unwrap();
        let due: Vec<u64> = parts.iter().map(|(part, _)| due(part)).collect();
        assert!(
            due.iter().max().unwrap() - due.iter().min().unwrap() <= 2,
            "{more:?}: {due:?}"
        );
        let files: Vec<&str> = parts.iter().map(|(_, path)| path.as_str()).collect();
        let (status, said, words) = merge(&[&["--json"], &files[..]].concat());
        assert_eq!(status, 0, "{words}");
        let sum: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(sum["sent"].as_u64().unwrap(), server.requests() - before);
        let poisson = more.contains(&"poisson");
        assert!(
            poisson || due.iter().sum::<u64>() == 301,
            "{more:?}: {due:?}"
        );
        let stages = sum["stage_results"].as_array().unwrap();
        let of_stage =
            |stage: &Value| stage["sent"].as_u64().unwrap() + stage["unsent"].as_u64().unwrap();
        let of_stages: Vec<u64> = stages.iter().map(of_stage).collect();
        let is_staged = more.contains(&"--stage");
        assert_eq!(of_stages, if is_staged { vec![100, 201] } else { vec![] });
    }
}

#[test]
fn a_part_without_a_connection_or_a_request_is_refused() {
    for (arguments, expected) in [
        (
            &["-c", "2", "--part", "1/3"][..],
            "are those of all 3 parts (--part), and each part needs one",
        ),
        (
            &["-n", "2", "--part", "3/3"],
            "are those of all 3 parts (--part), and each part needs one",
        ),
        (
            &["-c", "4", "-t", "2", "--part", "3/3"],
            "with --part the share of it",
        ),
        (&["--part", "4/3"], "`4/3` is not a part such as 2/3"),
        (&["--part", "1/3", "--alone"], "cannot be used with"),
    ] {
        let line = [&["http://127.0.0.1:1/"], arguments].concat();
        let (status, _, words) = load(&line);
        assert_eq!(status, 2, "{arguments:?}: {words}");
        assert!(words.contains(expected), "{arguments:?}: {words}");
    }
}

/// Exit status and words of a command that a launcher has started as one of several.
fn launched(variable: (&str, &str), arguments: &[&str]) -> (i32, String) {
    let mut command = Command::cargo_bin("runner").unwrap();
    let output = command
        .args(arguments)
        .env(variable.0, variable.1)
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), words)
}

#[test]
fn one_of_several_does_not_measure_as_if_it_were_alone() {
    let server = Server::start(Planted::Nothing);
    let url = url(&server);
    let line = ["load", &url, "-c", "2", "-n", "10", "--no-ceiling"];
    for variable in [
        ("OMPI_COMM_WORLD_SIZE", "2"),
        ("PMI_SIZE", "4"),
        ("SLURM_NTASKS", "2"),
        ("PMIX_RANK", "1"),
        ("JOB_COMPLETION_INDEX", "0"),
    ] {
        let said = format!(
            "{}={} says that this process is one of several",
            variable.0, variable.1
        );
        let (status, words) = launched(variable, &line);
        assert_eq!(status, 2, "{variable:?}: {words}");
        assert!(
            words.contains(&said) && words.contains("--part K/N"),
            "{words}"
        );
    }
    let several = ("SLURM_NTASKS", "2");
    for experiment in ["bench", "latency", "memory", "isolated"] {
        let (status, words) = launched(several, &[experiment, "nosuch"]);
        assert_eq!(status, 2, "{experiment}: {words}");
        assert!(words.contains("one of several"), "{experiment}: {words}");
    }
    assert_eq!(server.requests(), 0);
    for variable in [
        ("SLURM_NTASKS", "1"),
        ("OMPI_COMM_WORLD_SIZE", "1"),
        ("PMIX_RANK", "0"),
    ] {
        let (status, words) = launched(variable, &line);
        assert_eq!(status, 0, "{variable:?}: {words}");
    }
    for more in [["--part", "1/1"].as_slice(), &["--alone"]] {
        let (status, words) = launched(several, &[&line[..], more].concat());
        assert_eq!(status, 0, "{more:?}: {words}");
    }
    assert_eq!(server.requests(), 50);
    let (status, words) = launched(several, &["bench", "--list"]);
    assert_eq!(status, 0, "a plan measures nothing: {words}");
    let (_, words) = launched(several, &["bench", "nosuch", "--alone"]);
    assert!(words.contains("no framework `nosuch`"), "{words}");
    let (status, words) = launched(several, &["merge", "/no/such/file"]);
    assert_eq!(
        (status, words.contains("one of several")),
        (1, false),
        "{words}"
    );
}

#[test]
fn a_result_says_what_its_host_was() {
    let server = Server::start(Planted::Nothing);
    let result = json(&[
        &url(&server),
        "-c",
        "2",
        "-n",
        "10",
        "--no-ceiling",
        "--json",
    ]);
    let [host] = result["hosts"].as_array().unwrap().as_slice() else {
        panic!("{result}");
    };
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(host["name"], name.trim());
    assert_eq!(host["interface"]["name"], "lo");
    assert_eq!(
        (&host["part"], &result["parts"]),
        (&Value::Null, &Value::Null)
    );
    let allowed = std::fs::read_to_string("/proc/self/status").unwrap();
    let allowed = allowed
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:\t"));
    assert_eq!(host["processors_allowed"].as_str(), allowed);
}
