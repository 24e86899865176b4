//! Pages, controls, and who is not ranked.

use super::*;
use crate::fixtures::hostile;
use crate::output::Screen;
use crate::report::{run_page, tables};

fn table(run: &MadeUp) -> Table {
    Table::of(&run.records(), RATE)
}

#[test]
fn strings_from_outside_are_text_wherever_they_are_shown() {
    let mut made = MadeUp::new();
    made.run.plan.objective = Some("p99=5ms".to_owned());
    hostile::soil(&mut made.run);
    let row = made.rows.iter_mut().find(|row| row.arm == "base").unwrap();
    row.err = hostile::HOSTILE.replace(['\r', '\n'], " ");
    let records = Latency::read(&made.write()).unwrap();
    hostile::assert_text(&hostile::kept(Latency::page(&records), "base"));
}

#[test]
fn the_page_of_a_run() {
    insta::assert_snapshot!(run_page(&Latency::page(&searched().records())));
}

#[test]
fn the_terminal() {
    let text = tables(&Latency::page(&searched().records()), Screen::PLAIN);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_contestant_that_does_not_hold_the_rate_has_a_row_and_no_rank() {
    let run = MadeUp::new();
    let table = table(&run);
    assert!(
        table
            .measures
            .iter()
            .all(|one| one.standing("late").is_none())
    );
    assert!(
        table.measures[tables::P99]
            .standing("fast")
            .unwrap()
            .rank
            .is_some()
    );
    let page = run_page(&Latency::page(&run.records()));
    assert!(page.contains("`late`: held 80.0% of the rate"), "{page}");
}

#[test]
fn what_failed_holds_no_rate_and_makes_no_server_cheap() {
    let mut run = MadeUp::new();
    let fast = run.rows.iter_mut().filter(|row| row.arm == "fast");
    fast.for_each(|row| {
        (row.ok, row.bad_status) = (row.sent / 10, row.sent - row.sent / 10);
        row.err = "status is 503, not 200".to_owned();
    });
    let row = run.rows.iter().find(|row| row.arm == "fast").unwrap();
    let of_right_answers = row.server_cpu_ns as f64 / row.ok as f64;
    assert_eq!(row.cpu_ns_per_request(), Some(of_right_answers));
    let ranked = table(&run).measures;
    assert!(ranked.iter().all(|one| one.standing("fast").is_none()));
    let page = run_page(&Latency::page(&run.records()));
    let said = "`fast`: held 10.0% of the rate: the rest of the requests got no right answer, so it is not ranked";
    assert!(page.contains(said), "{page}");
}

#[test]
fn without_enough_answers_beyond_p99_the_takeaway_is_of_the_median_and_says_why() {
    let mut run = MadeUp::new();
    let takeaway = |run: &MadeUp| {
        let page = Latency::page(&run.records());
        page.sections[0].takeaway.clone()
    };
    assert!(!takeaway(&run).contains("The comparison is by"));
    run.run.plan.rates[0].window_ms = 20;
    let said = takeaway(&run);
    let why = "The comparison is by p50, since fewer than 10 answers of a slice lie beyond p99.";
    assert!(
        said.starts_with("`fast` is the only contestant that is ranked") && said.ends_with(why),
        "{said}"
    );
    run.run.plan.rates[0].window_ms = 0;
    let said = takeaway(&run);
    assert!(
        said.contains("The comparison is by CPU per request"),
        "{said}"
    );
}

/// A run whose p99 is three times as long in some blocks, and in others for the other of the two contestants; what a
/// request costs `late` in a block is given.
fn with_unsteady_p99(late_cpu_ns: impl Fn(u32) -> u64) -> MadeUp {
    let mut run = MadeUp::new();
    for row in &mut run.rows {
        if row.arm == "late" {
            (row.sent, row.ok, row.unsent) = (DUE, DUE, 0);
            row.response_time_p50_ns = 100_000;
            row.server_cpu_ns = row.sent * late_cpu_ns(row.block);
        }
        if ["fast", "late"].contains(&row.arm.as_str()) {
            let is_slow = (row.block % 2 == 0) == (row.arm == "fast");
            row.response_time_p99_ns = 400_000 * if is_slow { 3 } else { 1 };
        }
        row.response_time_p999_ns = row.response_time_p999_ns.max(row.response_time_p99_ns);
        row.response_time_max_ns = row.response_time_max_ns.max(row.response_time_p999_ns);
    }
    run
}

#[test]
fn if_p99_shows_nothing_and_server_cpu_does_it_is_said_too() {
    let said = |run: &MadeUp| Latency::page(&run.records()).sections[0].takeaway.clone();
    let by_cpu = "). By server CPU time per right answer at this rate, `fast` uses the least of all ranked contestants: ";
    // A third more than `fast` needs.
    let mut run = with_unsteady_p99(|block| 12_000 + u64::from(block));
    let both = said(&run);
    let tie = "`fast` and `late` are not distinguishable by p99 at 20,000 requests/s (";
    assert!(both.starts_with(tie) && both.contains(by_cpu), "{both}");
    // As much, and now more, now less.
    let alone = said(&with_unsteady_p99(|block| {
        [6_000, 13_500][block as usize % 2]
    }));
    assert!(alone.starts_with(tie) && !alone.contains("CPU"), "{alone}");
    // An untrusted table names nobody.
    let delayed = run.rows.iter_mut().filter(|row| row.arm == delay::NAME);
    delayed.for_each(|row| row.response_time_p99_ns = 200_000);
    let doubted = said(&run);
    assert!(
        doubted.starts_with("Untrusted ") && !doubted.contains("CPU"),
        "{doubted}"
    );
}

#[test]
fn a_process_that_was_started_again_is_said() {
    let mut records = MadeUp::new().records();
    let mut fast = records.processes.iter_mut().filter(|row| row.arm == "fast");
    fast.next().unwrap().attempts = 2;
    let page = run_page(&Latency::page(&records));
    assert!(
        page.contains("`fast`: one process had to be started again."),
        "{page}"
    );
}

#[test]
fn a_row_whose_percentiles_or_times_cannot_be_is_refused() {
    use crate::run::Row;
    let good = slice("fast", 0, 0, 0);
    assert_eq!(good.fault(), None);
    let changes: [fn(&mut PacedRow); 7] = [
        |row| row.response_time_p50_ns = u64::MAX,
        |row| row.response_time_p99_ns = row.response_time_p50_ns - 1,
        |row| row.response_time_p999_ns = row.response_time_max_ns + 1,
        |row| row.response_time_max_ns = u64::MAX,
        |row| row.service_time_p99_ns = 1,
        |row| row.started_us = u64::MAX,
        |row| row.settling_ns = u64::MAX,
    ];
    for change in changes {
        let mut row = good.clone();
        change(&mut row);
        assert!(row.fault().is_some(), "{row:?}");
    }
}

#[test]
fn a_contestant_that_does_not_hold_the_rate_has_the_reason_in_the_charts() {
    let page = Latency::page(&MadeUp::new().records());
    let charts = page.all_charts();
    let svgs: Vec<String> = charts.map(crate::report::svg::file).collect();
    let said = |name: &str, what: &str| {
        let title = format!("{name}: {what}");
        svgs.iter().any(|svg| svg.contains(&title))
    };
    let reason = "not ranked: held 80% of the rate";
    assert!(said("late", reason), "{svgs:?}");
    assert!(!said("fast", "not ranked"), "{svgs:?}");
    let ranges = svgs.iter().find(|svg| svg.contains("p99.9")).unwrap();
    for line in [">not ranked: held<", ">80% of the rate<"] {
        assert!(ranges.contains(line), "{line}: {ranges}");
    }
}

#[test]
fn below_one_is_better_than_the_baseline() {
    let standing = table(&MadeUp::new()).measures[tables::P99]
        .standing("fast")
        .unwrap();
    assert!((standing.ratio - 0.75).abs() < 0.03, "{standing:?}");
    assert_eq!(standing.verdict.unwrap().to_string(), "faster");
}

#[test]
fn a_delay_that_is_found_in_the_median_or_not_at_all_is_named_in_the_heading() {
    let reasons = |change: fn(&mut PacedRow)| {
        let mut run = MadeUp::new();
        run.rows
            .iter_mut()
            .filter(|row| row.arm == delay::NAME)
            .for_each(change);
        let reasons = table(&run).untrusted;
        reasons
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(reasons(|_| ()), "");
    let median = reasons(|row| row.response_time_p50_ns *= 3);
    assert!(median.contains("found in the median"), "{median}");
    let hidden = reasons(|row| row.response_time_p99_ns = 200_000);
    assert!(
        hidden.contains("not found in the 99th percentile"),
        "{hidden}"
    );
}

#[test]
fn a_twin_that_differs_is_named_in_the_heading() {
    let mut run = MadeUp::new();
    let twins = run.rows.iter_mut().filter(|row| row.arm == "base-twin");
    twins.for_each(|row| row.response_time_p99_ns *= 2);
    let reasons: Vec<String> = table(&run)
        .untrusted
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        reasons[0].contains("two copies of one program differ in p99"),
        "{reasons:?}"
    );
}

#[test]
fn a_search_that_failed_is_not_a_rate_of_0() {
    let run = searched();
    let mut records = run.records();
    let row = records.searches.iter().find(|row| row.arm == "fast");
    let mut failed = row.unwrap().clone();
    (failed.search, failed.highest_rate_per_s) = (1, 0);
    failed.err = "the server ended".to_owned();
    records.searches.push(failed);
    let page = run_page(&Latency::page(&records));
    // Median, lowest and highest of the one search that found something.
    assert!(
        page.contains("| fast | 10,000 | 10,000 | 10,000 | 1 |"),
        "{page}"
    );
    assert!(
        page.contains("`fast`: a search failed: the server ended."),
        "{page}"
    );
    assert!(!page.contains("met the objective at none"), "{page}");
}

#[test]
fn an_objective_that_is_never_met_is_said_with_the_lowest_rate_of_searches_that_ended() {
    let run = searched();
    let mut records = run.records();
    for row in records.searches.iter_mut().filter(|row| row.arm == "late") {
        row.highest_rate_per_s = 0;
    }
    let mut probe = records
        .probes
        .iter()
        .find(|row| row.arm == "late")
        .unwrap()
        .clone();
    // Of a search that failed, so it says nothing.
    (probe.search, probe.rate_per_s) = (1, 5);
    records.probes.push(probe);
    let page = run_page(&Latency::page(&records));
    let words =
        "`late` met the objective at none of the rates that were tried, down to 20,000 requests/s.";
    assert!(page.contains(words), "{page}");
}

#[test]
fn searches_that_are_missing_are_named() {
    let run = searched();
    let mut records = run.records();
    records.units.remove("search 0 fast");
    let page = run_page(&Latency::page(&records));
    assert!(page.contains("UNTRUSTED, searches missing: 1"), "{page}");
}
