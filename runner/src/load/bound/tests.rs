//! The verdict on evidence that is made up.

use super::*;

/// A generator with time to spare and nothing in its way.
fn quiet() -> Evidence {
    Evidence {
        elapsed_s: 10.0,
        answers: 100_000,
        idle_share: 0.4,
        generator_cpu_share: 0.6,
        little_residual: Some(0.01),
        ..Evidence::default()
    }
}

fn bound(evidence: Evidence) -> Bound {
    let (bound, reasons) = evidence.judge();
    assert!(!reasons.is_empty());
    bound
}

#[test]
fn a_generator_with_time_left_measures_the_server() {
    assert_eq!(bound(quiet()), Bound::ServerBound);
    let busy_server = Evidence {
        idle_share: 0.05,
        server_cpu_share: Some(0.99),
        ..quiet()
    };
    assert_eq!(bound(busy_server), Bound::ServerBound);
}

#[test]
fn too_little_is_evidence_of_nothing() {
    for too_little in [
        Evidence {
            elapsed_s: 0.048,
            ceiling_share: Some(0.97),
            ..quiet()
        },
        Evidence {
            answers: 1,
            ..quiet()
        },
        Evidence {
            elapsed_s: 0.0003,
            answers: 10,
            idle_share: 0.0,
            ..quiet()
        },
    ] {
        assert_eq!(bound(too_little), Bound::Unclear, "{too_little:?}");
        assert!(too_little.judge().1[0].contains("too little"));
    }
}

#[test]
fn a_generator_without_time_left_measures_itself() {
    let saturated = Evidence {
        idle_share: 0.0,
        ..quiet()
    };
    assert_eq!(bound(saturated), Bound::ClientBound);
    let both = Evidence {
        server_cpu_share: Some(0.99),
        ..saturated
    };
    assert_eq!(bound(both), Bound::Unclear);
}

#[test]
fn signs_that_contradict_each_other_leave_it_open() {
    let at_the_ceiling = Evidence {
        ceiling_share: Some(0.97),
        ..quiet()
    };
    assert_eq!(bound(at_the_ceiling), Bound::Unclear);
    let between = Evidence {
        idle_share: 0.05,
        ..quiet()
    };
    assert_eq!(bound(between), Bound::Unclear);
}

#[test]
fn whatever_was_in_the_way_makes_it_unclear() {
    for disturbed in [
        Evidence {
            steal_share: 0.2,
            ..quiet()
        },
        Evidence {
            handshakes_repeated: 1,
            ..quiet()
        },
        Evidence {
            little_residual: Some(0.3),
            ..quiet()
        },
        Evidence {
            kept_waiting_share: 0.3,
            ..quiet()
        },
        Evidence {
            paused_share: 0.1,
            ..quiet()
        },
        Evidence {
            pause_max_us: 300_000.0,
            ..quiet()
        },
        Evidence {
            throttled_share: 0.5,
            ..quiet()
        },
    ] {
        assert_eq!(bound(disturbed), Bound::Unclear, "{disturbed:?}");
    }
}

#[test]
fn what_stopped_the_generator_has_its_name() {
    let words = |evidence: Evidence| evidence.judge().1.join("; ");
    let stopped = Evidence {
        paused_share: 0.375,
        pause_max_us: 1_500_000.0,
        kept_waiting_share: 0.38,
        ..quiet()
    };
    let (known, cause) = (words(stopped), "(a signal, a paused machine, or others");
    assert!(known.starts_with("the generator was stopped for 37.5% of its time, once for 1500 ms"));
    assert!(known.contains(cause), "{known}");
    let limited = Evidence {
        throttled_share: 0.9,
        ..stopped
    };
    let known = words(limited);
    assert!(
        known.starts_with("a limit on the processors' time (cgroup)"),
        "{known}"
    );
    assert!(!known.contains(cause), "{known}");
}

#[test]
fn the_queues_of_others_do_not_count() {
    let others = Evidence {
        listen_overflows: 1000,
        ..quiet()
    };
    assert_eq!(bound(others), Bound::ServerBound);
}

#[test]
fn a_generator_that_was_never_idle_is_the_limit_whatever_else_there_was() {
    let full = Evidence {
        generator_cpu_share: 0.99,
        idle_share: 0.0,
        little_residual: Some(0.4),
        handshakes_repeated: 3,
        ..quiet()
    };
    assert_eq!(bound(full), Bound::ClientBound);
    // But for what made its own time another one.
    let stolen = Evidence {
        steal_share: 0.2,
        ..full
    };
    assert_eq!(bound(stolen), Bound::Unclear);
}

#[test]
fn an_open_loop_that_leaves_late_measures_the_generator() {
    let late = Evidence {
        idle_share: 0.01,
        sent_share: Some(0.9),
        ..quiet()
    };
    assert_eq!(bound(late), Bound::ClientBound);
    let held = Evidence {
        sent_share: Some(1.0),
        lateness_p99_us: Some(20.0),
        response_p99_us: Some(300.0),
        little_residual: None,
        ..quiet()
    };
    assert_eq!(bound(held), Bound::ServerBound);
    let late = Evidence {
        lateness_p99_us: Some(2000.0),
        response_p99_us: Some(3000.0),
        ..held
    };
    assert_eq!(bound(late), Bound::Unclear);
    // A thread with next to nothing to do is woken late, and the answer is fast.
    let idle = Evidence {
        idle_share: 0.996,
        lateness_p99_us: Some(246.0),
        response_p99_us: Some(444.0),
        ..held
    };
    assert_eq!(bound(idle), Bound::ServerBound);
    // With every connection busy, requests leave late by the server's doing.
    let slow_server = Evidence {
        sent_share: Some(0.5),
        dispatch_delay_p99_us: Some(900_000.0),
        response_p99_us: Some(1_000_000.0),
        ..held
    };
    assert_eq!(bound(slow_server), Bound::ServerBound);
}

#[test]
fn a_rate_that_was_not_held_never_improves_a_verdict() {
    let rank = |bound| match bound {
        Bound::ServerBound => 2,
        Bound::Unclear => 1,
        Bound::ClientBound => 0,
    };
    for idle_share in [0.0, 0.05, 0.4, 0.9] {
        for late_us in [20.0, 2_000.0, 900_000.0] {
            for server_cpu_share in [None, Some(0.99)] {
                let of = |sent_share| {
                    bound(Evidence {
                        idle_share,
                        lateness_p99_us: Some(late_us),
                        response_p99_us: Some(1_000_000.0),
                        server_cpu_share,
                        little_residual: None,
                        sent_share: Some(sent_share),
                        ..quiet()
                    })
                };
                let (held, missed) = (of(1.0), of(0.5));
                assert!(
                    rank(missed) <= rank(held),
                    "{idle_share} {late_us}: {missed}, {held}"
                );
            }
        }
    }
}
