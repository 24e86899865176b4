//! Harnesses made of a few lines of shell: what each says or fails to say has to come out right.

use super::{Harness, Setup, absent_entries};
use crate::experiments::isolated::plan::Entry;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

struct Script {
    path: PathBuf,
    _folder: TempDir,
}

fn script(body: &str) -> Script {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bench");
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    Script {
        path,
        _folder: folder,
    }
}

fn start(script: &Script) -> Harness {
    Harness::start(&Setup {
        executable: &script.path,
        entry: Entry::Bytes,
        is_elsewhere: true,
        processor: crate::environment::processors::allowed().unwrap()[0],
        padding_bytes: 100,
    })
    .unwrap()
}

const ANSWERING: &str = r#"
[ "$1 $2 $3 ${#PADDING}" = "drive bytes elsewhere 100" ] || exit 9
while read -r command count more; do
    case $command in
        requests) echo "{\"requests\":$more,\"wall_ns\":500,\"cpu_ns\":400,\"answer_bytes\":129}" ;;
        connections) echo "{\"requests\":$count,\"wall_ns\":500,\"cpu_ns\":400,\"answer_bytes\":null}" ;;
        memory) echo '{"live_bytes":1,"peak_live_bytes":2,"allocations":3,"reallocations":4,"allocated_bytes":5,"rss_kib":6}' ;;
    esac
done"#;

#[test]
fn a_harness_answers_what_it_is_asked() {
    let script = script(ANSWERING);
    let mut harness = start(&script);
    let timed = harness.requests(7, 42).unwrap();
    assert_eq!((timed.requests, timed.wall_ns), (42, 500));
    assert_eq!((timed.cpu_ns, timed.answer_bytes), (400, Some(129)));
    assert_eq!(harness.connections(3).unwrap().requests, 3);
    let memory = harness.memory().unwrap();
    assert_eq!((memory.live_bytes, memory.rss_kib), (Some(1), 6));
}

#[test]
fn a_harness_that_dies_is_quoted() {
    let script = script("read -r line; echo 'the answer was wrong' >&2; exit 1");
    let error = start(&script).requests(0, 10).unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("the answer was wrong"), "{text}");
    assert!(text.contains("`requests 0 10`"), "{text}");
}

#[test]
fn other_answers_are_refused() {
    let fewer = script(
        r#"read -r line; echo '{"requests":9,"wall_ns":1,"cpu_ns":1,"answer_bytes":1}'; read -r line"#,
    );
    let error = start(&fewer).requests(0, 10).unwrap_err().to_string();
    assert!(error.contains("was to answer 10 requests"), "{error}");
    let garbage = script("read -r line; echo hello; read -r line");
    let error = start(&garbage).memory().unwrap_err().to_string();
    assert!(error.contains("hello"), "{error}");
}

#[test]
fn a_harness_ends_with_its_input() {
    let folder = tempfile::tempdir().unwrap();
    let sign = folder.path().join("ended");
    let script = script(&format!(
        "while read -r line; do :; done; touch {}",
        sign.display()
    ));
    drop(start(&script));
    assert!(sign.exists(), "it was ended by other means");
}

#[test]
fn entry_points_that_are_not_there_have_a_reason() {
    let script = script(r#"echo '{"call":null,"bytes":"there is no public way in"}'"#);
    let absent = absent_entries(&script.path).unwrap();
    assert_eq!(absent.len(), 1);
    assert_eq!(absent[&Entry::Bytes], "there is no public way in");
}
