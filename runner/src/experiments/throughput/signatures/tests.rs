//! Each signature is recognised, and said once with all whom it concerns.

use super::*;

fn signatures(traits: &Traits) -> Vec<Signature> {
    let all = Signature::ALL.into_iter();
    all.filter(|one| traits.shows(*one)).collect()
}

/// A saturated server that answers everybody in turn.
const ORDINARY: Traits = Traits {
    connections: 1000.0,
    rate_per_s: 50_000.0,
    median_ms: 19.0,
    mean_ms: 20.0,
    served: Some(1.0),
    generator_idle: 0.4,
    server_busy: 0.99,
    of_null: Some(0.6),
    answer_bytes: (130.0, 130.0),
};

#[test]
fn an_ordinary_row_shows_none() {
    assert_eq!(signatures(&ORDINARY), []);
}

#[test]
fn each_signature_is_recognised_by_itself_and_said_with_its_figures() {
    let cases = [
        (
            Traits {
                connections: 64.0,
                rate_per_s: 1_523.0,
                median_ms: 42.0,
                mean_ms: 42.0,
                generator_idle: 0.97,
                server_busy: 0.1,
                ..ORDINARY
            },
            Signature::DelayedAcknowledgement,
            "42.0 ms while the server uses 10.0%",
        ),
        (
            Traits {
                generator_idle: 0.8,
                server_busy: 0.2,
                ..ORDINARY
            },
            Signature::NeitherBusy,
            "uses 20.0% of its processors",
        ),
        (
            Traits {
                served: Some(0.74),
                ..ORDINARY
            },
            Signature::Unfair,
            "74.0% of 1,000 connections",
        ),
        (
            Traits {
                rate_per_s: 40_000.0,
                ..ORDINARY
            },
            Signature::FewerOpen,
            "800 requests open at a time",
        ),
        (
            Traits {
                of_null: Some(0.995),
                ..ORDINARY
            },
            Signature::AtTheCeiling,
            "99.5% of the null server's rate",
        ),
        (
            Traits {
                answer_bytes: (260.0, 130.0),
                ..ORDINARY
            },
            Signature::ManyBytes,
            "260 bytes, the median contestant's 130",
        ),
    ];
    for (traits, signature, words) in cases {
        assert_eq!(signatures(&traits), [signature]);
        let sentence = sentence(signature, &[traits]);
        assert!(sentence.contains(words), "{sentence}");
    }
}

fn row(name: &str, part: &str, traits: Traits) -> Row {
    (name.to_owned(), part.to_owned(), traits)
}

#[test]
fn what_several_servers_share_is_said_once() {
    let serving = |served| Traits {
        served: Some(served),
        ..ORDINARY
    };
    let long = Traits {
        answer_bytes: (260.0, 130.0),
        ..serving(0.72)
    };
    let all = [("a", serving(0.745)), ("b", ORDINARY), ("c", long)];
    let all = all.map(|(name, traits)| row(name, "", traits));
    let lines = written(&all, Parts::One);
    assert_eq!(lines.len(), 2, "{lines:?}");
    let shared = "`a` and `c`: 72.0 to 74.5% of 1,000 connections got an answer within 100 ms. These servers answer";
    assert!(lines[0].starts_with(shared), "{lines:?}");
    assert!(
        lines[1].starts_with("`c`: an answer has 260 bytes"),
        "{lines:?}"
    );
    assert!(written(&all[..1], Parts::One)[0].starts_with("`a`: 74.5% of 1,000"));
}

#[test]
fn what_several_parts_of_a_contestant_share_is_said_once_with_all_of_them() {
    let long = Traits {
        answer_bytes: (260.0, 130.0),
        ..ORDINARY
    };
    let waiting = Traits {
        mean_ms: 14.0,
        ..long
    };
    let all = [
        row("a", "keep-alive", long),
        row("a", "10 per connection", waiting),
        row("a", "1 per connection", waiting),
        row("b", "keep-alive", ORDINARY),
        row("b", "1 per connection", ORDINARY),
    ];
    let lines = written(&all, Parts::Variants);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].starts_with("`a` (10 per connection and 1 per connection): rate times mean"),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("`a`: an answer has 260"), "{lines:?}");
}

#[test]
fn a_sweep_says_at_how_many_connections_and_leaves_fairness_to_its_takeaway() {
    let stalled = |connections: f64| Traits {
        connections,
        rate_per_s: connections / 0.044,
        median_ms: 44.0,
        mean_ms: 44.0,
        server_busy: 0.1,
        generator_idle: 0.9,
        ..ORDINARY
    };
    let unfair = Traits {
        served: Some(0.5),
        ..ORDINARY
    };
    let all = [
        row("a", "8", stalled(8.0)),
        row("a", "64", stalled(64.0)),
        row("a", "1,000", unfair),
    ];
    let lines = written(&all, Parts::Connections);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with("`a` (8 and 64 connections): the median service time is 44.0 ms"),
        "{lines:?}"
    );
}

#[test]
fn a_server_with_one_connection_waits_for_its_next_request() {
    let one = Traits {
        connections: 1.0,
        rate_per_s: 25_000.0,
        median_ms: 0.04,
        mean_ms: 0.04,
        server_busy: 0.45,
        generator_idle: 0.55,
        ..ORDINARY
    };
    assert_eq!(signatures(&one), []);
}

#[test]
fn a_server_too_slow_to_serve_all_in_time_is_not_called_unfair() {
    let slow = Traits {
        connections: 4000.0,
        rate_per_s: 17_200.0,
        mean_ms: 232.0,
        served: Some(0.43),
        ..ORDINARY
    };
    assert_eq!(signatures(&slow), []);
}

#[test]
fn few_connections_are_not_called_unfair() {
    let few = Traits {
        connections: 200.0,
        rate_per_s: 10_000.0,
        served: Some(0.5),
        ..ORDINARY
    };
    assert_eq!(signatures(&few), []);
}
