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
