//! What a table claims as a whole: ranks, controls, and what is left out.

use super::*;
use crate::output::Screen;
use crate::report::tables;
use crate::run::Disturbance;

fn table(run: &MadeUp) -> Table {
    Table::of(&run.records(), CONNECTIONS)
}

/// The heading of the table in a terminal that is wide enough for it.
fn heading(run: &MadeUp) -> String {
    let screen = Screen {
        columns: 1000,
        ..Screen::PLAIN
    };
    let text = tables(&Throughput::page(&run.records()), screen);
    let mut lines = text.lines();
    lines
        .find(|line| line.starts_with("64 connections"))
        .unwrap()
        .to_owned()
}

#[test]
fn drift_cancels_in_the_ratio() {
    let table = table(&MadeUp::new());
    let standing = table.rate.standing("fast").unwrap();
    assert!((standing.ratio - 1.1).abs() < 0.02, "{standing:?}");
    assert!(
        standing.interval.unwrap().half_width() < 0.03,
        "{standing:?}"
    );
}

#[test]
fn equal_contestants_share_their_ranks_and_controls_pass() {
    let table = table(&MadeUp::new());
    let rank = |name: &str| {
        table
            .rate
            .standing(name)
            .unwrap()
            .rank
            .map(|rank| rank.to_string())
    };
    assert_eq!(rank("fast").as_deref(), Some("1–2"));
    assert_eq!(rank("quick").as_deref(), Some("1–2"));
    assert_eq!(rank("slow").as_deref(), Some("3"));
    assert_eq!(
        (rank("base"), rank("null"), rank("base-twin")),
        (None, None, None)
    );
    assert_eq!(table.untrusted, []);
    assert_eq!(table.controls.len(), 4);
}

/// The heading after an arm answered a tenth less in every window.
fn heading_with_slower(arm: &str) -> String {
    let mut run = MadeUp::new();
    run.change(arm, |row| {
        row.ok = row.ok * 10 / 11;
        (row.sent, row.first_half_ok) = (row.ok, row.ok / 2);
        row.withheld = row.withheld * 10 / 11;
    });
    heading(&run)
}

#[test]
fn a_control_that_fails_is_named_in_the_heading() {
    assert_eq!(heading_with_slower("fast"), "64 connections");
    let twin = heading_with_slower("base-twin");
    assert!(
        twin.contains("UNTRUSTED") && twin.contains("two copies of one program"),
        "{twin}"
    );
    let mistaken = heading_with_slower("planted");
    assert!(
        mistaken.contains("UNTRUSTED") && mistaken.contains("planted"),
        "{mistaken}"
    );
    let hidden = heading_with_slower("base");
    assert!(hidden.contains("UNTRUSTED"), "{hidden}");
}

#[test]
fn a_client_bound_row_says_so_at_its_rank() {
    let mut run = MadeUp::new();
    run.change("quick", |row| row.generator_idle_ns = 0);
    let text = tables(&Throughput::page(&run.records()), Screen::PLAIN);
    assert!(
        text.contains("1–2† quick") && text.contains("†: the generator"),
        "{text}"
    );
}

#[test]
fn too_many_excluded_blocks_are_named_in_the_heading() {
    let mut run = MadeUp::new();
    for block in BLOCKS..BLOCKS + 3 {
        for (position, arm) in arms().iter().enumerate() {
            let Some(rate) = planted_rate(&arm.name, 0) else {
                continue;
            };
            let slices = (0..ROUNDS).map(|round| slice(&arm.name, block, round, position, rate));
            run.rows.extend(slices);
        }
        run.blocks.push(BlockRow {
            block,
            elapsed_ms: 1000,
            disturbed_by: Disturbance::Steal,
            excluded: 1,
            ..BlockRow::default()
        });
    }
    let records = run.records();
    assert_eq!((records.counting(), records.blocks.len()), (BLOCKS, 11));
    let heading = heading(&run);
    assert!(
        heading.contains("UNTRUSTED")
            && heading.contains("3 of 11 blocks disturbed by the hypervisor"),
        "{heading}"
    );
}

#[test]
fn a_disturbed_block_that_counts_is_named_in_the_heading() {
    let mut run = MadeUp::new();
    run.blocks[2].disturbed_by = Disturbance::Others;
    run.blocks[2].others_cpu_ms = 60;
    let heading = heading(&run);
    let reason = "disturbed by other programs on the same processors (up to 60 ms in a block of 1.0 s) in 1 of";
    assert!(
        heading.contains("UNTRUSTED") && heading.contains(reason),
        "{heading}"
    );
}

#[test]
fn few_blocks_have_no_ranks() {
    let mut run = MadeUp::new();
    run.run.plan.blocks = 5;
    run.blocks.truncate(5);
    let text = tables(&Throughput::page(&run.records()), Screen::PLAIN);
    assert!(
        text.contains("No ranks: 5 complete blocks allow no claim at 95%: 6 are needed"),
        "{text}"
    );
    assert!(!text.contains("1–2") && !text.contains('┌'), "{text}");
}

#[test]
fn a_block_without_one_arm_is_left_out_whole() {
    let mut run = MadeUp::new();
    run.change("fast", |row| {
        if row.block == 3 {
            (row.sent, row.ok, row.first_half_ok) = (0, 0, 0);
            row.err = "it has died".to_owned();
        }
    });
    let measured = table(&run).rate.measured;
    assert_eq!(
        (measured.incomplete, measured.blocks.len()),
        (1, BLOCKS as usize - 1)
    );
    assert_eq!(measured.left_out, Vec::<String>::new());
}

#[test]
fn an_arm_that_is_often_missing_costs_the_others_nothing() {
    let mut run = MadeUp::new();
    run.change("fast", |row| {
        if row.block >= 3 {
            (row.sent, row.ok, row.first_half_ok) = (0, 0, 0);
            row.err = "it has died".to_owned();
        }
    });
    let measured = table(&run).rate.measured;
    assert_eq!(
        (measured.incomplete, measured.blocks.len()),
        (0, BLOCKS as usize)
    );
    assert_eq!(measured.left_out, ["fast"]);
}

#[test]
fn a_missing_histogram_is_named_and_not_printed_as_zero() {
    let run = MadeUp::new();
    let mut records = run.records();
    records.service_times.retain(|tag, _| tag.arm != "fast");
    let page = crate::report::run_page(&Throughput::page(&records));
    let heading = page.lines().find(|line| line.starts_with("## 64")).unwrap();
    assert!(
        heading.contains("UNTRUSTED") && heading.contains("service-times.hlog"),
        "{heading}"
    );
    let row = page.lines().find(|line| line.contains("| fast |")).unwrap();
    assert!(row.contains("| - | - |"), "{row}");
}

#[test]
fn swapped_histograms_disagree_with_the_slices() {
    let run = MadeUp::new();
    let mut records = run.records();
    let tag = |arm: &str| {
        let mut tags = records.service_times.keys();
        tags.find(|tag| tag.arm == arm && tag.block == 2)
            .unwrap()
            .clone()
    };
    let (one, other) = (tag("fast"), tag("slow"));
    let (a, b) = (
        records.service_times[&one].clone(),
        records.service_times[&other].clone(),
    );
    records.service_times.insert(one, b);
    records.service_times.insert(other, a);
    let table = Table::of(&records, CONNECTIONS);
    let reasons: Vec<String> = table.untrusted.iter().map(ToString::to_string).collect();
    assert!(
        reasons
            .iter()
            .any(|reason| reason.contains("service-times.hlog")),
        "{reasons:?}"
    );
}

#[test]
fn a_planted_loss_is_exact_in_rate_and_cost() {
    let mut row = SliceRow {
        sent: 5100,
        ok: 5100,
        ..SliceRow::default()
    };
    row.withhold(2);
    (row.elapsed_ns, row.server_cpu_ns) = (1_000_000_000, 2_000_000_000);
    assert_eq!((row.counted(), row.sent), (5000, 5100));
    assert_eq!((row.rate(), row.cpu_rate()), (Some(5000.0), Some(2500.0)));
    assert!(row.balances());
}

#[test]
fn what_failed_makes_no_server_cheap() {
    let row = SliceRow {
        sent: 1000,
        ok: 100,
        bad_status: 900,
        connect_errors: 3,
        elapsed_ns: 1_000_000_000,
        server_cpu_ns: 1_000_000_000,
        ..SliceRow::default()
    };
    assert_eq!((row.cpu_rate(), row.errors()), (Some(100.0), 903));
    assert!(row.balances());
}

/// Most of what it answers is an error, and what is left is still the most of all.
fn with_mostly_errors() -> MadeUp {
    let mut run = MadeUp::new();
    run.change("fast", |row| {
        (row.sent, row.bad_status) = (row.sent * 10, row.sent * 9);
        row.err = "status is 503, not 200".to_owned();
    });
    run
}

#[test]
fn a_contestant_that_mostly_fails_has_a_row_and_no_rank() {
    let run = with_mostly_errors();
    let table = table(&run);
    for ranked in [&table.rate, &table.cpu] {
        assert_eq!(ranked.standing("fast"), None);
        assert!(ranked.standing("quick").unwrap().rank.is_some());
    }
    let page = crate::report::run_page(&Throughput::page(&run.records()));
    let said = "90.0% of its requests got no right answer, more than 1%, so it is not ranked";
    assert!(page.contains(said), "{page}");
    let place = |name: &str| page.find(&format!("| {name} |")).unwrap();
    assert!(place("slow") < place("fast"), "{page}");
    assert!(place("fast") < place("null"), "{page}");
}

#[test]
fn a_wrong_answer_now_and_then_takes_no_rank() {
    let table = table(&MadeUp::new().with_a_wrong_answer());
    assert!(table.rate.standing("fast").unwrap().rank.is_some());
    assert_eq!(table.untrusted, []);
}

#[test]
fn connections_that_could_not_be_opened_are_errors() {
    let mut run = MadeUp::new();
    let row = run.rows.iter_mut().find(|row| row.arm == "fast").unwrap();
    row.connect_errors = 7;
    row.err = "connection refused".to_owned();
    let page = Throughput::page(&run.records());
    assert!(!page.is_good);
    let text = crate::report::run_page(&page);
    assert!(
        text.contains("`fast`: 7 errors, the first: connection refused"),
        "{text}"
    );
}

#[test]
fn a_row_whose_percentiles_or_times_cannot_be_is_refused() {
    use crate::run::Row;
    let good = slice("fast", 0, 0, 0, 100_000);
    assert_eq!(good.fault(), None);
    let changes: [fn(&mut SliceRow); 4] = [
        |row| row.service_time_p99_us = 1,
        |row| row.service_time_max_us = u64::MAX,
        |row| row.answers_p50 = 0,
        |row| row.started_us = u64::MAX,
    ];
    for change in changes {
        let mut row = good.clone();
        change(&mut row);
        assert!(row.fault().is_some(), "{row:?}");
    }
}
