//! Servers by their commands, as they are met before a run.

use super::prepare::learn;
use crate::arms::Prepared;
use crate::fixtures::programs::command;
use crate::load::{Exchange, Expected};
use crate::run::{Arm, ArmKind, OwnServer};

/// What is learned of a server.
fn learned(own: &OwnServer) -> Result<Expected, String> {
    let arm = Arm {
        own: Some(own.clone()),
        ..Arm::new("own", ArmKind::Baseline)
    };
    let prepared = Prepared::of_own(&[arm]).unwrap();
    let learned = learn(&prepared.launches[0], own, &[]);
    let learned = learned.map_err(|error| format!("{error:#}"));
    learned.map(|(expected, _)| expected)
}

#[test]
fn the_first_answer_is_what_the_others_are_held_against() {
    let own = OwnServer::of_test(&command("answers"));
    let Ok(Expected::Like(sample)) = learned(&own) else {
        panic!("an answer is learned");
    };
    assert_eq!(sample.body(), Some(&b"Hello World!"[..]));
    let elsewhere = OwnServer {
        expect_body: Some("Hello".to_owned()),
        ready_within_ms: 500,
        ..own
    };
    let error = learned(&elsewhere).unwrap_err();
    assert!(
        error.contains("body is \"Hello World!\", not \"Hello\""),
        "{error}"
    );
}

#[test]
fn answers_that_are_not_alike_are_refused_with_the_first_difference() {
    let in_body = OwnServer::of_test(&command("counts_in_its_body"));
    let error = learned(&in_body).unwrap_err();
    assert!(error.contains("its answers are not alike"), "{error}");
    assert!(error.contains("from byte 11 on"), "{error}");
    let any = OwnServer {
        any_body: true,
        ..in_body
    };
    assert!(learned(&any).is_ok());
    let in_field = OwnServer::of_test(&command("counts_in_a_field"));
    let error = learned(&in_field).unwrap_err();
    assert!(error.contains("--moving x-request-id"), "{error}");
    let moving = OwnServer {
        moving: vec!["X-Request-Id".to_owned()],
        ..in_field
    };
    assert!(learned(&moving).is_ok());
}

#[test]
fn a_server_that_listens_elsewhere_is_told_how_to_learn_its_port() {
    let own = OwnServer {
        environment: [("ELSEWHERE".to_owned(), "127.0.0.1:0".to_owned())].into(),
        ready_within_ms: 1000,
        ..OwnServer::of_test(&format!("ADDR=$ELSEWHERE {}", command("answers")))
    };
    let error = learned(&own).unwrap_err();
    assert!(error.contains("it listens on 127.0.0.1:"), "{error}");
    assert!(
        error.contains("{port} or {address} in its command"),
        "{error}"
    );
}

#[test]
fn a_command_that_does_not_start_is_quoted_with_what_the_shell_says() {
    let own = OwnServer::of_test("./missing --port {port}");
    let error = learned(&own).unwrap_err();
    assert!(error.contains("not found"), "{error}");
}

#[test]
fn a_server_is_told_its_address_in_its_command() {
    let own = OwnServer::of_test(&format!(
        "unset ADDR; ADDR={{address}} {}",
        command("answers")
    ));
    learned(&own).unwrap();
    let by_port = OwnServer::of_test(&format!("ADDR=127.0.0.1:{{port}} {}", command("answers")));
    learned(&by_port).unwrap();
    let by_variable = OwnServer {
        environment: [("PLACE".to_owned(), "{address}".to_owned())].into(),
        ..OwnServer::of_test(&format!("ADDR=$PLACE {}", command("answers")))
    };
    learned(&by_variable).unwrap();
}

#[test]
fn the_version_is_the_first_line_of_what_a_command_says() {
    let version = |command: &str| {
        let own = OwnServer {
            version: Some(command.to_owned()),
            ..OwnServer::of_test("sh")
        };
        let arm = Arm {
            own: Some(own),
            ..Arm::new("own", ArmKind::Baseline)
        };
        let prepared = Prepared::of_own(&[arm]).map_err(|error| format!("{error:#}"))?;
        Ok::<_, String>(prepared.arms[0].version.clone().unwrap())
    };
    assert_eq!(version("echo '1.2 '; echo more").unwrap(), "1.2");
    assert_eq!(version("echo 3 >&2").unwrap(), "3");
    for wrong in ["true", "echo broken; exit 2"] {
        let error = version(wrong).unwrap_err();
        assert!(error.contains("cannot ask the version"), "{error}");
    }
}

#[test]
fn what_is_asked_of_a_server_is_what_was_said() {
    let own = OwnServer {
        method: "HEAD".to_owned(),
        ..OwnServer::of_test("./server")
    };
    let exchange: Exchange = own.exchange();
    let request = exchange.request(([127, 0, 0, 1], 80).into());
    assert!(request.starts_with(b"HEAD /welcome HTTP/1.1"));
}
