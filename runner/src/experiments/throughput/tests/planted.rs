//! Each known signature, shown by a server that has its cause.

use super::*;
use crate::fixtures::programs;

/// A busy machine may hide what a server does in one run, and not in three.
const TRIES: usize = 3;

/// The remarks on a contestant that is such a server, beside a null server that is another one.
fn remarks(server: &str, null: &str, connections: usize, requests: Option<u32>) -> String {
    let arms = [
        ("base", ArmKind::Baseline, "answers"),
        ("odd", ArmKind::Contestant, server),
        ("null", ArmKind::Null, null),
    ];
    let launched = arms.map(|(name, kind, server)| programs::arm(name, kind, server));
    let (mut arms, mut launches): (Vec<Arm>, Vec<Launch>) = launched.into_iter().unzip();
    arms.iter_mut().for_each(|arm| arm.answer_bytes = Some(130));
    launches[1].exchange.requests_per_connection = requests;
    let plan = ThroughputPlan {
        levels: vec![Level {
            connections,
            settling_ms: 100,
            window_ms: 400,
            rounds: 2,
        }],
        blocks: 2,
        warm_up_ms: 10,
        ..plan()
    };
    let run = runs::header(Throughput::NAME, Throughput::METHOD, plan, arms);
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let mut job = runs::begin(&path, &run);
    let done = Throughput::read(&path).unwrap();
    Throughput::measure(&mut job, launches, &done).unwrap();
    job.finish(true).unwrap();
    let page = Throughput::page(&Throughput::read(&path).unwrap());
    page.sections[0].remarks.join("\n")
}

fn is_said(words: &str, remarks: impl Fn() -> String) {
    let mut said = String::new();
    for _ in 0..TRIES {
        said = remarks();
        let mut lines = said.lines();
        // On a busy machine others may show it too; then all of them are named before the colon.
        let is_odd = |line: &str| {
            line.split_once(": ")
                .is_some_and(|(who, _)| who.contains("`odd`"))
        };
        if lines.any(|line| is_odd(line) && line.contains(words)) {
            return;
        }
    }
    panic!("`{words}` is not among:\n{said}");
}

#[test]
fn an_answer_in_two_segments_waits_for_the_delayed_acknowledgement() {
    let said = "the kernel's delayed acknowledgement of 40 ms";
    is_said(said, || {
        remarks("writes_head_and_body_apart", "answers", 4, None)
    });
}

#[test]
fn a_server_that_sleeps_leaves_both_sides_idle() {
    let said = "The server waits for something other than a processor";
    is_said(said, || {
        remarks("sleeps_before_each_answer", "answers", 4, None)
    });
}

#[test]
fn a_server_that_answers_half_of_its_connections_late_is_unfair() {
    let said = "of 300 connections got an answer within 100 ms";
    is_said(said, || {
        remarks("lets_every_second_connection_wait", "answers", 300, None)
    });
}

#[test]
fn long_answers_are_named() {
    is_said("part of its cost is what it sends", || {
        remarks("has_long_answers", "answers", 4, None)
    });
}

#[test]
fn a_server_as_fast_as_the_null_server_shows_the_generator() {
    is_said("the generator and the kernel, not the server", || {
        remarks("answers", "sleeps_before_each_answer", 4, None)
    });
}

#[test]
fn connections_that_are_being_opened_are_not_in_use() {
    is_said(
        "For the rest of the time connections were being opened",
        || remarks("answers", "answers", 4, Some(1)),
    );
}
