//! Pages and controls.

use super::*;
use crate::fixtures::hostile;
use crate::output::Screen;
use crate::report::{run_page, tables};

#[test]
fn strings_from_outside_are_text_wherever_they_are_shown() {
    let mut made = MadeUp::new();
    hostile::soil(&mut made.run);
    let mut records = made.records();
    for row in &mut records.owners {
        row.owner = hostile::HOSTILE.replace(['\r', '\n'], " ");
    }
    hostile::assert_text(&hostile::kept(Isolated::page(&records), "leaky"));
}

#[test]
fn the_page_of_an_isolated_run() {
    insta::assert_snapshot!(run_page(&Isolated::page(&MadeUp::new().records())));
}

#[test]
fn its_tables_fit_a_terminal() {
    let text = tables(&Isolated::page(&MadeUp::new().records()), Screen::PLAIN);
    insta::assert_snapshot!(text);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn contestants_whose_allocations_were_not_counted_are_named_in_the_chart() {
    let page = Isolated::page(&MadeUp::new().records());
    let chart = page.all_charts().find(|one| one.id == "allocations");
    let chart = chart.unwrap();
    let last = chart.reading.last().unwrap();
    let names = last.strip_prefix("not measured: ").unwrap();
    let names: Vec<&str> = names.split(", ").collect();
    assert!(
        names.contains(&"closed") && names.contains(&"failed"),
        "{last}"
    );
    assert!(!names.contains(&"fast"), "{last}");
    let svg = crate::report::svg::file(chart);
    assert!(
        svg.contains("not measured: ") && !svg.contains('`'),
        "{svg}"
    );
}

#[test]
fn controls_that_fail_are_named_in_the_heading() {
    let mut run = MadeUp::new();
    for row in run.samples.iter_mut().filter(|row| row.arm == "base-twin") {
        row.server_cpu_ns = row.server_cpu_ns * 110 / 100;
    }
    run.leaks.remove("leak");
    let page = run_page(&Isolated::page(&run.records()));
    let heading = page
        .lines()
        .find(|line| line.starts_with("## Bytes in"))
        .unwrap();
    assert!(
        heading.contains("two copies of one program differ in requests per CPU second"),
        "{heading}"
    );
    assert!(heading.contains("the leak control leak fails"), "{heading}");
}

#[test]
fn a_counted_process_that_is_missing_is_named() {
    let mut records = MadeUp::new().records();
    records.units.remove("work base 1");
    records
        .work
        .retain(|row| (row.arm.as_str(), row.process) != ("base", 1));
    let page = run_page(&Isolated::page(&records));
    let heading = page
        .lines()
        .find(|line| line.starts_with("## Bytes in"))
        .unwrap();
    assert!(
        heading.contains("UNTRUSTED") && heading.contains("work base 1"),
        "{heading}"
    );
}

#[test]
fn a_run_without_any_part_still_has_a_page() {
    let mut run = MadeUp::new();
    run.run.plan.parts.clear();
    let page = run_page(&Isolated::page(&run.records()));
    assert!(page.contains("| base |") && !page.contains("NaN"), "{page}");
}

#[test]
fn a_ratio_of_which_more_is_better_is_not_called_a_time() {
    let page = Isolated::page(&MadeUp::new().records());
    let pairs = page.sections.iter().flat_map(|section| &section.pairs);
    let pairs: Vec<_> = pairs.filter(|pairs| pairs.higher_is_better).collect();
    assert!(!pairs.is_empty());
    for pairs in pairs {
        assert!(!pairs.measure.contains("time"), "{}", pairs.measure);
        // The page of all runs finds the pairs of a column by this name.
        let mut sections = page.sections.iter();
        let has_column = sections.any(|section| {
            let mut headings = section.grid.headings.iter();
            headings.any(|heading| heading.measure == Some(pairs.measure))
        });
        assert!(has_column, "{}", pairs.measure);
    }
}
