//! A made-up sweep: its page, where it saturates and where fairness breaks.

use super::*;
use crate::experiments::throughput::Sweep;
use crate::fixtures::damage;
use crate::output::Screen;
use crate::report::{run_page, tables};

const LEVELS: [usize; 3] = [8, 64, 1000];

/// Right answers per second at each of the levels.
fn rate(arm: &str, connections: usize) -> Option<u64> {
    let of_base = match connections {
        8 => 60_000,
        64 => 100_000,
        _ => 90_000,
    };
    Some(match arm {
        "fast" | "quick" => of_base * 11 / 10,
        "slow" => 20_000,
        "base" | "base-twin" | "planted" => of_base,
        "null" => 200_000,
        _ => return None,
    })
}

fn made_up() -> MadeUp {
    let level = |&connections: &usize| Level {
        connections,
        settling_ms: 10,
        window_ms: 125,
        rounds: ROUNDS,
    };
    let plan = ThroughputPlan {
        levels: LEVELS.iter().map(level).collect(),
        connects_per_slice: true,
        ..plan()
    };
    let mut made = MadeUp::new();
    made.run = runs::header(Sweep::NAME, Sweep::METHOD, plan, arms());
    let planted = made.rows.clone();
    made.rows.clear();
    for connections in LEVELS {
        for row in &planted {
            let Some(rate) = rate(&row.arm, connections) else {
                continue;
            };
            let at = 5 * row.position + connections;
            let same = slice(&row.arm, row.block, row.round, at, rate);
            let is_unfair = connections == 1000 && row.arm != "fast";
            made.rows.push(SliceRow {
                connections,
                position: row.position,
                started_us: row.started_us,
                served: connections.min(50) as u64,
                // All get an answer within 100 ms; some get far fewer than others all the same.
                served_per_100_ms_ppm: 1_000_000,
                answers_p5: if is_unfair { 4 } else { 13 },
                answers_p50: 14,
                answers_p95: if is_unfair { 25 } else { 15 },
                ..same
            });
        }
    }
    made
}

fn page_of(made: &MadeUp) -> Page {
    Sweep::page(&Sweep::read(&made.write()).unwrap())
}

#[test]
fn the_page_of_a_sweep() {
    insta::assert_snapshot!(run_page(&page_of(&made_up())));
}

#[test]
fn a_sweep_fits_eighty_columns() {
    for line in tables(&page_of(&made_up()), Screen::PLAIN).lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn who_is_unfair_from_where_on_is_said() {
    let page = page_of(&made_up());
    let takeaway = &page.sections[0].takeaway;
    assert!(
        takeaway.contains("first at 1,000 connections with `quick`, `base` and `slow`"),
        "{takeaway}"
    );
    assert!(takeaway.contains("(up to 1,000) with `fast`"), "{takeaway}");
    let charts: Vec<&str> = page.charts.iter().map(|chart| chart.id.as_str()).collect();
    assert_eq!(
        charts,
        ["sweep-rate", "sweep-p99", "sweep-served", "sweep-cpu"]
    );
}

#[test]
fn a_baseline_and_its_twin_saturate_at_the_same_number_of_connections() {
    let mut made = made_up();
    // At 8 connections the baseline is just above 95% of its highest rate, and the twin just below.
    for row in &mut made.rows {
        let share = match (row.arm.as_str(), row.connections) {
            ("base", 8) => 1.61,
            ("base-twin", 8) => 1.56,
            _ => continue,
        };
        let more = if row.block % 2 == 0 { 1.1 } else { 0.9 };
        row.ok = (row.ok as f64 * share * more) as u64;
        (row.sent, row.first_half_ok) = (row.ok, row.ok / 2);
    }
    let page = page_of(&made);
    let cell = |arm: &str| {
        let grid = &page.sections[0].grid;
        let mut headings = grid.headings.iter();
        let column = headings
            .position(|one| one.long.starts_with("saturates"))
            .unwrap();
        let mut rows = grid.rows.iter();
        let row = rows.find(|row| row.arm.as_deref() == Some(arm)).unwrap();
        row.cells[column].full()
    };
    assert_eq!([cell("base"), cell("base-twin")], ["8", "8"]);
}

#[test]
fn what_stands_out_at_some_numbers_of_connections_is_said_once() {
    let mut made = made_up();
    made.change("slow", |row| {
        (row.server_cpu_ns, row.generator_idle_ns) = (6_000_000, 54_000_000);
    });
    let page = page_of(&made);
    let remarks = page.sections[0].remarks.join("\n");
    assert!(
        remarks.contains("`slow`: the server uses 10.0% of its processors"),
        "{remarks}"
    );
}

#[test]
fn a_rate_whose_limit_is_unclear_has_a_sign() {
    let mut made = made_up();
    made.change("slow", |row| {
        if row.connections == 64 {
            (row.server_cpu_ns, row.generator_idle_ns) = (48_000_000, 3_000_000);
        }
    });
    let text = run_page(&page_of(&made));
    let (_, slow) = text.split_once("\n## slow\n").unwrap();
    let (slow, _) = slow.split_once("\n## ").unwrap();
    assert_eq!(slow.matches("‡ (").count(), 1, "{slow}");
    assert!(
        slow.contains("- ‡: whether the server or the generator was the limit"),
        "{slow}"
    );
}

#[test]
fn a_planted_loss_is_looked_for_at_all_concurrencies_together() {
    let untrusted = |made: &MadeUp| page_of(made).sections[0].untrusted.join(", ");
    let mut made = made_up();
    // At one concurrency alone nothing is withheld: over all it is found.
    for row in &mut made.rows {
        if row.arm == "planted" && row.connections == 64 {
            row.withheld = 0;
        }
    }
    assert_eq!(untrusted(&made), "");
    for row in &mut made.rows {
        if row.arm == "planted" {
            row.withheld = 0;
        }
    }
    let said = untrusted(&made);
    assert!(
        said.contains("planted loss over all concurrencies: 1.0"),
        "{said}"
    );
}

#[test]
fn an_untrusted_concurrency_is_named_in_the_heading() {
    let mut made = made_up();
    for row in &mut made.rows {
        if row.arm == "base-twin" && row.connections == 64 {
            (row.ok, row.sent) = (row.ok * 3 / 4, row.sent * 3 / 4);
            row.first_half_ok = row.ok / 2;
        }
    }
    let page = page_of(&made);
    let untrusted = page.sections[0].untrusted.join(", ");
    assert!(
        untrusted.contains("at 64 connections: two copies"),
        "{untrusted}"
    );
}

#[test]
fn a_damaged_sweep_is_refused_or_untrusted_or_unchanged() {
    damage::is_always_noticed::<Sweep>(&made_up().write());
}

#[test]
fn an_arm_that_was_started_again_is_said_once() {
    let mut records = Sweep::read(&made_up().write()).unwrap();
    for row in records
        .processes
        .iter_mut()
        .filter(|row| row.arm == "fast" && row.block == 1)
    {
        row.attempts = 2;
    }
    let page = run_page(&Sweep::page(&records));
    let said = "`fast`: one process had to be started again.";
    assert_eq!(page.matches(said).count(), 1, "{page}");
}
