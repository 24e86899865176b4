//! `runner load` and `runner merge` as scripts use them: files, claims, exit status, servers of
//! other people.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod machines;
mod null;
mod outputs;
mod parts;
mod places;
mod recipes;
mod stopped;

use assert_cmd::Command;
use controls::{Planted, Server};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpListener;

fn load(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("runner").unwrap();
    let output = command.arg("load").args(arguments).output().unwrap();
    let words = |bytes| String::from_utf8(bytes).unwrap();
    let (said, complained) = (words(output.stdout), words(output.stderr));
    assert!(!complained.contains("panicked"), "{complained}");
    (output.status.code().unwrap(), said, complained)
}

fn json(arguments: &[&str]) -> Value {
    let (_, said, complained) = load(arguments);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}{complained}"))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn url(server: &Server) -> String {
    format!("http://{}/welcome", server.address)
}

#[test]
fn a_server_nobody_here_wrote_is_launched_loaded_and_stopped() {
    let port = free_port();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "a file").unwrap();
    let serve = format!(
        "python3 -m http.server {port} --bind 127.0.0.1 --directory {}",
        folder.path().display()
    );
    let url = format!("http://127.0.0.1:{port}/a.txt");
    let result = json(&[
        &url,
        "--launch",
        &serve,
        "-c",
        "4",
        "-n",
        "200",
        "--expect-body",
        "a file",
        "--json",
    ]);
    assert_eq!((&result["sent"], &result["ok"]), (&200.into(), &200.into()));
    // It speaks HTTP/1.0: every answer ends its connection.
    assert!(
        result["reconnects_by_cause"]["announced"].as_u64() >= Some(190),
        "{result}"
    );
    assert!(result["server_cpu_s"].as_f64() > Some(0.0), "{result}");
    assert!(
        TcpListener::bind(("127.0.0.1", port)).is_ok(),
        "it has ended"
    );
}

#[test]
fn long_answers_take_no_memory() {
    const ANSWER_BYTES: usize = 64 << 20;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 1024])?;
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {ANSWER_BYTES}\r\n\r\n");
                stream.write_all(head.as_bytes())?;
                (0..ANSWER_BYTES >> 16).try_for_each(|_| stream.write_all(&[b'x'; 1 << 16]))
            });
        }
    });
    // All bodies together are 1 GiB; what may be mapped is half of it.
    let line = format!(
        "ulimit -v 524288; exec {} load http://{address}/long -c 16 -n 16 --timeout 60s --no-ceiling",
        assert_cmd::cargo::cargo_bin("runner").display()
    );
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    let words = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        words.contains("sent           16 = 16 ok"),
        "{words}{complaints}"
    );
}

#[test]
fn a_launched_shell_line_ends_with_all_it_has_started() {
    let port = free_port();
    let serve = format!("true && python3 -m http.server {port} --bind 127.0.0.1; true");
    let url = format!("http://127.0.0.1:{port}/");
    let (status, _, words) = load(&[&url, "--launch", &serve, "-c", "2", "-n", "10"]);
    assert_eq!(status, 0, "{words}");
    assert!(
        TcpListener::bind(("127.0.0.1", port)).is_ok(),
        "it has ended"
    );
}

#[test]
fn a_launched_command_may_begin_with_a_variable() {
    let address = format!("127.0.0.1:{}", free_port());
    let (url, runner) = (
        format!("http://{address}/welcome"),
        assert_cmd::cargo::cargo_bin("runner"),
    );
    let launch = format!("ADDR={address} '{}' null", runner.display());
    let (status, _, words) = load(&[
        &url,
        "--launch",
        &launch,
        "-c",
        "2",
        "-n",
        "10",
        "--no-ceiling",
    ]);
    assert_eq!(status, 0, "{words}");
}

#[test]
fn a_launched_command_that_fails_is_quoted() {
    let url = format!("http://127.0.0.1:{}/", free_port());
    let (status, _, words) = load(&[&url, "--launch", "echo no such thing >&2; exit 3"]);
    assert_eq!(status, 1);
    assert!(words.contains("has ended (exit status: 3)"), "{words}");
    assert!(words.contains("its last output: no such thing"), "{words}");
}

#[test]
fn a_port_that_is_taken_is_not_launched_upon() {
    let server = Server::start(Planted::Nothing);
    let (status, _, words) = load(&[&url(&server), "--launch", "sleep 10"]);
    assert_eq!(status, 1);
    assert!(words.contains("is taken by"), "{words}");
}

#[test]
fn claims_decide_the_exit_status() {
    let server = Server::start(Planted::Status500Every(10));
    let url = url(&server);
    let good = [
        "-c",
        "2",
        "-n",
        "100",
        "--no-ceiling",
        "--expect-status",
        "200",
    ];
    let with = |claim| load(&[&[url.as_str()], &good[..], &["--assert", claim]].concat());
    let (status, _, words) = with("errors==0");
    assert_eq!(status, 1);
    assert!(words.contains("does not hold: errors==0 (it is"), "{words}");
    let (status, _, words) = with("p99<5");
    assert_eq!(status, 2);
    assert!(words.contains("write it in us, ms or s"), "{words}");
    let server = Server::start(Planted::Nothing);
    let (status, _, words) = load(&[
        &self::url(&server),
        "-c",
        "2",
        "-n",
        "100",
        "--assert",
        "p99<5s",
        "--assert",
        "ok==100",
    ]);
    assert_eq!(status, 0, "{words}");
}

#[test]
fn a_server_that_fails_from_the_start_is_counted_and_one_that_is_not_there_is_an_error() {
    let server = Server::start(Planted::Status500Every(3));
    let (status, said, _) = load(&[&url(&server), "-c", "6", "-n", "60", "--no-ceiling"]);
    assert_eq!(status, 1);
    assert!(
        said.contains("sent           60 = 40 ok + 20 bad status"),
        "{said}"
    );
    assert_eq!(server.requests(), 60);
    let nowhere = format!("http://127.0.0.1:{}/", free_port());
    let (status, said, words) = load(&[&nowhere, "-n", "60"]);
    assert_eq!((status, said.as_str()), (1, ""));
    assert!(words.contains("cannot connect to 127.0.0.1:"), "{words}");
}

#[test]
fn strict_wants_a_server_that_is_the_limit() {
    let server = Server::start(Planted::SlowMs(2));
    let url = url(&server);
    // What the verdict is depends on whoever else uses this machine; what follows from it does not.
    let (status, said, words) = load(&[&url, "-c", "2", "-d", "1s", "--strict"]);
    let is_server_bound = said.contains("verdict        server-bound: ");
    assert_eq!(status == 0, is_server_bound, "{said}{words}");
    let (status, _, words) = load(&[&url, "-n", "1", "--strict"]);
    assert_eq!(status, 1);
    assert!(words.contains("not server-bound: unclear"), "{words}");
}

#[test]
fn a_rate_that_was_not_held_is_no_success() {
    let server = Server::start(Planted::SlowMs(50));
    let url = url(&server);
    let at = |rate| load(&[&url, "-c", "1", "-d", "1s", "--no-ceiling", "--rate", rate]);
    let (status, _, words) = at("200");
    assert_eq!(status, 1, "{words}");
    assert!(words.contains("the rate was not held: "), "{words}");
    let (status, said, words) = at("2.5");
    assert_eq!(status, 0, "{said}{words}");
}

#[test]
fn a_run_of_one_request_has_no_verdict() {
    let server = Server::start(Planted::Nothing);
    let result = json(&[&url(&server), "-n", "1", "--json"]);
    assert_eq!(result["verdict"], "unclear");
    let reason = result["verdict_reasons"][0].as_str().unwrap();
    assert!(
        reason.starts_with("too little for a verdict: 1 right"),
        "{reason}"
    );
    assert!(result["evidence"][0]["ceiling_share"].is_null());
    assert_eq!(server.requests(), 1);
}

#[test]
fn the_request_is_the_one_asked_for_and_connections_last_as_long_as_asked() {
    let server = Server::start(Planted::Nothing);
    let url = url(&server);
    let result = json(&[
        &url,
        "-c",
        "1",
        "-n",
        "20",
        "-r",
        "5",
        "--no-ceiling",
        "--json",
    ]);
    assert_eq!(result["reconnects_by_cause"]["requests_per_connection"], 3);
    let result = json(&[
        &url,
        "-c",
        "2",
        "-n",
        "20",
        "-H",
        "X-Long: 12345",
        "--no-ceiling",
        "--json",
    ]);
    let plain = json(&[&url, "-c", "2", "-n", "20", "--no-ceiling", "--json"]);
    let bytes = |result: &Value| result["bytes_sent"].as_u64().unwrap();
    assert_eq!(
        bytes(&result) - bytes(&plain),
        20 * "X-Long: 12345\r\n".len() as u64
    );
}

#[test]
fn a_ramp_and_a_warm_up_are_not_counted() {
    let server = Server::start(Planted::Nothing);
    let result = json(&[
        &url(&server),
        "-c",
        "10",
        "-n",
        "50",
        "--ramp",
        "100ms",
        "--warmup",
        "50ms",
        "--no-ceiling",
        "--json",
    ]);
    assert_eq!(result["sent"], 50);
    let uncounted = result["warmup_requests"].as_u64().unwrap();
    assert!(uncounted > 10, "{uncounted}");
    assert_eq!(server.requests(), 50 + uncounted);
}

#[test]
fn a_pipelined_run_says_so() {
    let mut null = std::process::Command::new(assert_cmd::cargo::cargo_bin("runner"));
    let address = format!("127.0.0.1:{}", free_port());
    let (url, serve) = (format!("http://{address}/welcome"), null.arg("null"));
    let launch = format!("{} null --address {address}", serve.get_program().display());
    let (status, said, words) = load(&[
        &url, "--launch", &launch, "-c", "2", "-n", "1000", "-p", "16",
    ]);
    assert_eq!(status, 0, "{words}");
    assert!(said.contains("PIPELINED 16 deep"), "{said}");
    assert!(said.contains("sent           1000 = 1000 ok"), "{said}");
}
