//! Children are started, found ready, and ended, whatever they do.

use super::{Ending, Program, Server};
use crate::load::Exchange;
use std::time::Duration;

fn shell(script: &str) -> Program {
    Program {
        path: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
    }
}

#[test]
fn a_program_that_dies_is_reported_with_its_last_words() {
    let error = Server::start(
        &shell("echo cannot bind >&2; exit 3"),
        &Exchange::welcome(),
        &[],
    )
    .unwrap_err();
    let text = format!("{error:#}");
    assert!(
        text.contains("exit status: 3") && text.ends_with("its last words: cannot bind"),
        "{text}"
    );
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let program = Program {
        path: "/nowhere/server".into(),
        arguments: Vec::new(),
    };
    let error = Server::start(&program, &Exchange::welcome(), &[]).unwrap_err();
    assert!(format!("{error:#}").starts_with("cannot start /nowhere/server"));
}

#[test]
fn endings_are_told_apart() {
    let ending = |script: &str| {
        let mut child = std::process::Command::new("/bin/sh")
            .args(["-c", script])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // The trap is set once the script has said so.
        std::io::Read::read(&mut child.stdout.take().unwrap(), &mut [0; 8]).unwrap();
        let server = Server {
            child,
            words: tempfile::tempfile().unwrap(),
            address: ([127, 0, 0, 1], 1).into(),
            ready_after: Duration::ZERO,
            answer_bytes: 0,
        };
        server.stop().unwrap()
    };
    assert!(matches!(ending("echo up; exec sleep 60"), Ending::Clean(_)));
    assert!(matches!(
        ending("trap 'exit 0' TERM; echo up; while :; do sleep 0.01; done"),
        Ending::Clean(_)
    ));
    assert!(matches!(
        ending("trap 'exit 7' TERM; echo up; while :; do sleep 0.01; done"),
        Ending::Failed(_)
    ));
    assert_eq!(
        ending("trap '' TERM; echo up; while :; do sleep 0.01; done"),
        Ending::Killed
    );
}
