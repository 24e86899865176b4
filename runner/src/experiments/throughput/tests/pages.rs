//! The exact page of the made-up run, everywhere it is shown.

use super::*;
use crate::report::{front_page_part, run_page, tables};
use crate::run::State;

fn page() -> Page {
    Throughput::page(&MadeUp::new().with_a_wrong_answer().records())
}

#[test]
fn the_page_of_a_run() {
    insta::assert_snapshot!(run_page(&page()));
}

#[test]
fn the_front_page() {
    insta::assert_snapshot!(front_page_part(&page(), "results/x"));
}

#[test]
fn the_terminal() {
    insta::assert_snapshot!(tables(&page()));
}

#[test]
fn the_terminal_fits_eighty_columns() {
    for line in tables(&page()).lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn contestants_come_first_by_their_ratio_and_controls_last() {
    let text = run_page(&page());
    let names = ["quick", "fast", "base", "slow", "absent", "failed"];
    let places: Vec<usize> = names
        .iter()
        .map(|name| text.find(&format!("| {name} |")).unwrap())
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    let null = text.find("| *null* |").unwrap();
    assert!(null > *places.last().unwrap());
}

#[test]
fn a_run_without_a_block_is_a_page_without_figures() {
    let mut run = MadeUp::new();
    run.run.state = State::Interrupted;
    run.blocks.clear();
    let page = run_page(&Throughput::page(&run.records()));
    assert!(page.contains("0 of 8 blocks are complete"), "{page}");
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
}
