//! A made-up run by requests per connection: what was planted into its CPU times is found.

use super::*;
use crate::arms::per_connection;
use crate::experiments::throughput::Accepts;
use crate::fixtures::{damage, programs};
use crate::output::Screen;
use crate::report::{run_page, tables};
use crate::run::VariantOf;

const REQUESTS: [u32; 3] = [100, 10, 1];

/// What a request and an accept were made to cost, in ns.
const PLANTED: [(&str, f64, f64); 2] = [("fast", 7_000.0, 21_000.0), ("base", 9_000.0, 14_000.0)];

fn modes(of: &str, kind: ArmKind) -> Vec<Arm> {
    let limited = REQUESTS.iter().map(|&requests| Arm {
        variant_of: Some(VariantOf {
            contestant: of.to_owned(),
            variant: per_connection(requests),
        }),
        ..arm(&format!("{of}-{requests}"), ArmKind::Contestant)
    });
    std::iter::once(arm(of, kind)).chain(limited).collect()
}

fn made_up() -> MadeUp {
    let mut arms = [
        modes("fast", ArmKind::Contestant),
        modes("base", ArmKind::Baseline),
    ]
    .concat();
    let controls = [
        ("null", ArmKind::Null),
        ("base-twin", ArmKind::Twin),
        ("planted", ArmKind::Planted),
    ];
    arms.extend(controls.map(|(name, kind)| arm(name, kind)));
    let plan = ThroughputPlan {
        requests_per_connection: REQUESTS.to_vec(),
        connects_per_slice: true,
        ..plan()
    };
    let mut made = MadeUp::new();
    made.run = runs::header(Accepts::NAME, Accepts::METHOD, plan, arms.clone());
    made.rows.clear();
    for block in 0..BLOCKS {
        for (at, arm) in arms.iter().enumerate() {
            let requests = arm.name.rsplit('-').next().and_then(|one| one.parse().ok());
            let per_request = 1.0 / requests.unwrap_or(f64::INFINITY);
            let planted = PLANTED.iter().find(|one| one.0 == arm.contestant());
            let &(_, request_ns, accept_ns) = planted.unwrap_or(&PLANTED[1]);
            let cpu_ns = request_ns + accept_ns * per_request;
            let rate = (0.8e9 / cpu_ns) as u64;
            made.rows.extend((0..ROUNDS).map(|round| {
                let position = (at + 5 * round as usize) % arms.len();
                let row = slice(&arm.name, block, round, at, rate);
                let place = [9, u64::from(block), u64::from(round), at as u64];
                SliceRow {
                    position,
                    started_us: 2_000_000 * u64::from(round) + 100_000 * position as u64,
                    server_cpu_ns: wobbling((row.ok as f64 * cpu_ns) as u64, place),
                    ..row
                }
            }));
        }
    }
    made
}

fn page_of(made: &MadeUp) -> Page {
    Accepts::page(&Accepts::read(&made.write()).unwrap())
}

#[test]
fn the_page_of_requests_per_connection() {
    insta::assert_snapshot!(run_page(&page_of(&made_up())));
}

#[test]
fn requests_per_connection_fit_eighty_columns() {
    for line in tables(&page_of(&made_up()), Screen::PLAIN).lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn costs_are_those_that_were_planted() {
    let page = page_of(&made_up());
    let grid = &page.sections[0].grid;
    let cost = |arm: &str, what: &str| {
        let mut headings = grid.headings.iter();
        let column = headings.position(|one| one.long.starts_with(what)).unwrap();
        let mut rows = grid.rows.iter();
        let row = rows.find(|row| row.arm.as_deref() == Some(arm)).unwrap();
        serde_json::to_value(&row.cells[column]).unwrap()
    };
    for (arm, request_ns, accept_ns) in PLANTED {
        for (what, planted) in [("request,", request_ns), ("accept,", accept_ns)] {
            let cell = cost(arm, what);
            let at = |name: &str| cell[name].as_f64().unwrap() * 1000.0;
            assert!(
                at("lower") < planted && planted < at("upper"),
                "{arm} {what} {planted}: {cell}"
            );
            assert!(at("upper") / at("lower") < 1.1, "{arm} {what}: {cell}");
        }
    }
    assert!(
        page.sections[0]
            .takeaway
            .contains("least in `base` (14.0 µs), most in `fast` (2"),
        "{}",
        page.sections[0].takeaway
    );
}

#[test]
fn a_rate_whose_limit_is_unclear_has_a_sign_and_its_sentence() {
    let sentence = "whether the server or the generator was the limit is unclear";
    let mut made = made_up();
    // Far faster than any contestant, so that none of them is near the limit of the generator.
    made.change("null", |row| {
        (row.sent, row.ok) = (row.sent * 3, row.ok * 3);
    });
    assert!(!run_page(&page_of(&made)).contains(sentence));
    made.change("fast-10", |row| {
        (row.server_cpu_ns, row.generator_idle_ns) = (49_800_000, 1_500_000);
    });
    let text = run_page(&page_of(&made));
    assert_eq!(text.matches("‡ (").count(), 1, "{text}");
    assert!(text.contains(sentence), "{text}");
}

#[test]
fn a_signature_names_all_modes_that_show_it() {
    let mut made = made_up();
    for arm in ["fast-10", "fast-1"] {
        made.change(arm, |row| {
            (row.server_cpu_ns, row.generator_idle_ns) = (6_000_000, 54_000_000);
        });
    }
    let page = page_of(&made);
    let remarks = page.sections[0].remarks.join("\n");
    let said =
        "`fast` (10 per connection and 1 per connection): the server uses 10.0% of its processors";
    assert!(remarks.contains(said), "{remarks}");
    assert_eq!(
        remarks.matches("The server waits for something").count(),
        1,
        "{remarks}"
    );
}

#[test]
fn a_contestant_without_one_of_the_modes_has_no_costs() {
    let mut made = made_up();
    made.rows
        .retain(|row| row.arm != "fast-1" || row.block != 2);
    let page = page_of(&made);
    let row = page.sections[0].grid.rows.iter();
    let mut row = row.filter(|row| row.arm.as_deref() == Some("fast"));
    let cells = serde_json::to_value(&row.next().unwrap().cells).unwrap();
    // With fewer points the line is another one; so it is not drawn for that block, nor for any.
    assert!(cells.to_string().contains("missing"), "{cells}");
}

#[test]
fn connections_are_closed_after_their_requests() {
    let (mut one, kept) = programs::arm("one", ArmKind::Baseline, "answers");
    one.answer_bytes = Some(130);
    let mut arms = vec![one.clone()];
    let mut launches = vec![kept.clone()];
    for requests in [10, 1] {
        let name = format!("one-{requests}");
        let mut launch = kept.clone();
        (launch.name, launch.kind) = (name.clone(), ArmKind::Contestant);
        launch.exchange.requests_per_connection = Some(requests);
        launches.push(launch);
        arms.push(Arm {
            name,
            kind: ArmKind::Contestant,
            variant_of: Some(VariantOf {
                contestant: "one".to_owned(),
                variant: per_connection(requests),
            }),
            ..one.clone()
        });
    }
    let plan = ThroughputPlan {
        requests_per_connection: vec![10, 1],
        connects_per_slice: true,
        levels: vec![Level {
            connections: 4,
            settling_ms: 1,
            // On a busy machine a server may not run for as long as the smallest window is.
            window_ms: 300,
            rounds: 1,
        }],
        blocks: 1,
        warm_up_ms: 1,
        ..plan()
    };
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let run = runs::header(Accepts::NAME, Accepts::METHOD, plan, arms);
    let mut job = runs::begin(&path, &run);
    let done = Accepts::read(&path).unwrap();
    Accepts::measure(&mut job, launches, &done).unwrap();
    job.finish(true).unwrap();
    let records = Accepts::read(&path).unwrap();
    let opened = |arm: &str| {
        let row = records.slices.iter().find(|row| row.arm == arm).unwrap();
        assert!(
            row.ok > 0 && row.errors() == 0 && row.connect_errors == 0,
            "{row:?}"
        );
        row.reconnects as f64 / row.ok as f64
    };
    assert!(opened("one") < 1e-9);
    assert!(
        (opened("one-10") - 0.1).abs() < 0.05,
        "{}",
        opened("one-10")
    );
    assert!((opened("one-1") - 1.0).abs() < 0.2, "{}", opened("one-1"));
}

#[test]
fn a_damaged_run_by_requests_per_connection_is_refused_or_untrusted_or_unchanged() {
    damage::is_always_noticed::<Accepts>(&made_up().write());
}

#[test]
fn an_arm_that_was_started_again_is_said() {
    let mut records = Accepts::read(&made_up().write()).unwrap();
    for row in records
        .processes
        .iter_mut()
        .filter(|row| row.arm == "fast" && row.block == 1)
    {
        row.attempts = 2;
    }
    let page = run_page(&Accepts::page(&records));
    let said = "`fast`: one process had to be started again.";
    assert_eq!(page.matches(said).count(), 1, "{page}");
}
