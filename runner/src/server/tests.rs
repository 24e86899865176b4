//! Children are started, found ready, and ended, whatever they do.

use super::{Ending, Program, Server};
use crate::load::Exchange;
use std::time::Duration;

fn shell(script: &str) -> Program {
    Program {
        path: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        ..Program::default()
    }
}

#[test]
fn a_program_that_dies_is_reported_with_its_last_output() {
    let error = Server::start(
        &shell("echo cannot bind >&2; exit 3"),
        &Exchange::welcome(),
        &[],
    )
    .unwrap_err();
    let text = format!("{error:#}");
    assert!(
        text.contains("exit status: 3") && text.ends_with("its last output: cannot bind"),
        "{text}"
    );
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let program = Program::new("/nowhere/server".into());
    let error = Server::start(&program, &Exchange::welcome(), &[]).unwrap_err();
    assert!(format!("{error:#}").starts_with("cannot start /nowhere/server"));
}

#[test]
fn endings_are_told_apart() {
    let ending = |script: &str| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = std::process::Command::new("/bin/sh");
        command
            .args(["-c", &script.replace("echo up", "touch up")])
            .current_dir(folder.path());
        let kept = super::Kept::start(command, &[], None).unwrap();
        // The trap is set once the script has said so.
        while !folder.path().join("up").exists() {
            std::thread::sleep(super::PAUSE);
        }
        let server = Server {
            kept,
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
    assert!(matches!(
        ending("(setsid sleep 60 &); echo up; exec sleep 60"),
        Ending::Clean(_)
    ));
    assert_eq!(
        ending("(trap '' TERM; setsid sleep 60 &); echo up; exec sleep 60"),
        Ending::Killed
    );
    assert_eq!(
        ending("trap '' TERM; echo up; while :; do sleep 0.01; done"),
        Ending::Killed
    );
}

#[test]
fn a_server_that_goes_into_the_background_is_said_to_do_so() {
    let error = Server::start(
        &shell("setsid sleep 100 & echo over >&2"),
        &Exchange::welcome(),
        &[],
    );
    let text = format!("{:#}", error.unwrap_err());
    assert!(
        text.starts_with("the server went into the background, where 1 processes"),
        "{text}"
    );
}
