//! The plan: its limits, the rounds that suffice, settling that differs.

use super::*;
use proptest::prelude::*;

fn plan() -> ThroughputPlan {
    ThroughputPlan {
        server: ServerKind::Quickstart,
        env: BuildEnv::Release,
        variants: Vec::new(),
        requests_per_connection: Vec::new(),
        connects_per_slice: false,
        link: Link::Loopback,
        levels: vec![Level::of(64), Level::of(1000)],
        requests: 1_000_000,
        blocks: 24,
        until: None,
        rest_ms: 1000,
        warm_up_ms: 150,
        timeout_ms: 2000,
        engine: EngineKind::Epoll,
    }
}

#[test]
fn numbers_out_of_range_are_named() {
    let refused = |change: fn(&mut ThroughputPlan)| {
        let mut plan = plan();
        change(&mut plan);
        plan.validate().unwrap_err().to_string()
    };
    assert!(
        refused(|plan| plan.levels[0].connections = 0).starts_with("connections (C): 0 is out")
    );
    assert!(refused(|plan| plan.levels.clear()).starts_with("connections (C): at least one"));
    assert!(refused(|plan| plan.levels[0].window_ms = 0).starts_with("window in ms: 0 is out"));
    assert!(refused(|plan| plan.requests = 0).starts_with("requests (N): 0 is out"));
    assert!(refused(|plan| plan.blocks = 0).starts_with("blocks (BLOCKS): 0 is out"));
    let few = refused(|plan| {
        plan.until = Some(Until {
            half_width_ppm: 20_000,
            blocks_max: 12,
        });
    });
    assert!(few.contains("it goes from 24 to"), "{few}");
    plan().validate().unwrap();
}

#[test]
fn the_withheld_share_is_one_the_run_can_find() {
    let of = |blocks| {
        let plan = ThroughputPlan { blocks, ..plan() };
        [64, 1000].map(|connections| plan.withheld_percent(connections))
    };
    assert_eq!(of(6), [10, 10]);
    assert_eq!(of(20), [5, 10]);
    assert_eq!(of(48), [2, 5]);
}

#[test]
fn rounds_suffice_for_the_requests_or_end_at_their_most() {
    let rounds = |requests, rate| {
        let mut level = Level::of(64);
        level.fit(requests, 24, rate);
        level.rounds
    };
    // 0.4 × 100 000/s × 75 ms × 24 blocks are 72 000 requests a round.
    assert_eq!(rounds(432_000, 100_000.0), 6);
    assert_eq!(rounds(432_001, 100_000.0), 7);
    assert_eq!(rounds(1, 100_000.0), ROUNDS_MIN);
    // 900 ms hold eight slices of 30 ms of settling and 75 ms of window.
    assert_eq!(rounds(1_000_000, 0.0), 8);
    let mut long = Level::of(1000);
    long.fit(1_000_000, 24, 0.0);
    assert_eq!(long.rounds, ROUNDS_MIN, "a block says more than a round");
}

#[test]
fn settling_differs_from_round_to_round_and_is_the_same_for_the_same_seed() {
    let plan = plan();
    let settling = |round| plan.window(&plan.levels[0], 7, 3, round).settling;
    assert_eq!(settling(1), settling(1));
    let all: std::collections::BTreeSet<Duration> = (0..16).map(settling).collect();
    assert!(all.len() > 10, "{all:?}");
}

/// Contestants of the kept runs; three controls come on top.
const KEPT: usize = 8;

fn expected_min(plan: &ThroughputPlan) -> f64 {
    let names: Vec<String> = (0..KEPT).map(|number| format!("c{number}")).collect();
    plan.outline(1, &names).expected.as_secs_f64() / 60.0
}

#[test]
fn expected_times_are_those_that_the_kept_runs_took() {
    let level = |connections, window_ms, rounds| Level {
        window_ms,
        rounds,
        ..Level::of(connections)
    };
    let few = vec![level(64, 75, 4), level(1000, 208, 4)];
    let variant = |server, env| Variant { server, env };
    let of_servers = |server| [BuildEnv::Release, BuildEnv::Max].map(|env| variant(server, env));
    let matrix = ThroughputPlan {
        variants: [ServerKind::Quickstart, ServerKind::Tuned]
            .map(of_servers)
            .concat(),
        connects_per_slice: true,
        levels: few.clone(),
        blocks: 12,
        warm_up_ms: 100,
        ..plan()
    };
    let accepts = ThroughputPlan {
        variants: Vec::new(),
        requests_per_connection: vec![100, 10, 1],
        blocks: 8,
        ..matrix.clone()
    };
    let windows = [
        (1, 125),
        (8, 125),
        (64, 125),
        (200, 125),
        (300, 125),
        (512, 139),
        (1000, 208),
        (4000, 637),
    ];
    let sweep = ThroughputPlan {
        requests_per_connection: Vec::new(),
        levels: windows
            .map(|(connections, window_ms)| level(connections, window_ms, 2))
            .to_vec(),
        warm_up_ms: 50,
        ..accepts.clone()
    };
    let throughput = ThroughputPlan {
        connects_per_slice: false,
        levels: vec![level(64, 75, 8), level(1000, 208, 4)],
        blocks: 20,
        warm_up_ms: 100,
        ..plan()
    };
    // Minutes of all blocks, from the `elapsed_ms` of their rows.
    for (plan, took_min) in [
        (matrix, 26.0),
        (accepts, 16.9),
        (sweep, 15.4),
        (throughput, 14.3),
    ] {
        let expected_min = expected_min(&plan);
        assert!(
            (expected_min / took_min - 1.0).abs() < 0.05,
            "{expected_min} of {took_min}"
        );
    }
}

proptest! {
    #[test]
    fn settling_is_at_least_what_it_has_to_be(seed: u64, block in 0..100_u32, round in 0..16_u32) {
        let plan = plan();
        let window = plan.window(&plan.levels[1], seed, block, round);
        let extra = window.settling - Duration::from_millis(plan.levels[1].settling_ms);
        prop_assert!(extra < Duration::from_micros(JITTER_US));
    }
}
