//! The exact page of the made-up run, everywhere it is shown.

use super::*;
use crate::output::Screen;
use crate::report::{Kept, front_page, index, more, run_page, tables};
use crate::run::State;

fn page() -> Page {
    Throughput::page(&MadeUp::new().with_a_wrong_answer().records())
}

#[test]
fn the_page_of_a_run() {
    insta::assert_snapshot!(run_page(&page()));
}

#[test]
fn the_terminal() {
    insta::assert_snapshot!(tables(&page(), Screen::PLAIN));
}

#[test]
fn the_terminal_fits_eighty_columns() {
    for line in tables(&page(), Screen::PLAIN).lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_wide_terminal_shows_more_columns_and_is_plain_unless_it_may_be_styled() {
    let screen = |columns, is_styled| Screen { columns, is_styled };
    let [narrow, wide] = [80, 200].map(|columns| tables(&page(), screen(columns, false)));
    assert!(
        !narrow.contains("IQR %") && wide.contains("IQR %"),
        "{wide}"
    );
    assert!(
        wide.lines().all(|line| line.chars().count() <= 200),
        "{wide}"
    );
    assert!(!wide.contains('\u{1b}'), "{wide}");
    assert!(tables(&page(), screen(80, true)).contains('\u{1b}'));
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

fn kept(experiment: &str) -> Kept {
    let mut page = page();
    page.experiment = experiment.to_owned();
    Kept {
        folder: format!("run-{experiment}"),
        page,
        is_candidate: true,
    }
}

#[test]
fn times_of_two_experiments_stand_below_each_other() {
    let title = "Closed loop and open loop";
    assert!(!index(&[kept("throughput")], &["throughput"]).contains(title));
    let both = index(
        &[kept("latency"), kept("throughput")],
        &["throughput", "latency"],
    );
    let part = both.split_once(title).unwrap().1;
    let (first, second) = part.split_once("run-latency/service-times").unwrap();
    assert!(first.contains("run-throughput/service-times"), "{first}");
    assert!(second.contains("In a closed loop"), "{second}");
}

#[test]
fn the_front_page_names_what_else_was_measured() {
    let runs = [kept("latency"), kept("throughput")];
    let named = more(&runs, "results", &["throughput", "latency"]);
    let words = "[latency](results/run-latency/); what each shows is in the [list of runs](results/README.md).";
    assert!(named.contains(words), "{named}");
}

#[test]
fn what_else_was_measured_says_if_it_is_untrusted_or_of_another_day() {
    let mut runs = [kept("latency"), kept("throughput")];
    runs[0].page.date = "2026-01-02".to_owned();
    let main = runs[0].page.sections.last_mut().unwrap();
    main.untrusted.push("a control fails".to_owned());
    let named = more(&runs, "results", &["throughput", "latency"]);
    let words = "[latency](results/run-latency/) (UNTRUSTED, 2026-01-02); ";
    assert!(named.contains(words), "{named}");
}

#[test]
fn a_run_at_fewer_numbers_of_connections_does_not_take_the_front_page() {
    let mut partial = kept("throughput");
    partial.folder = "run-partial".to_owned();
    partial.page.sections.truncate(1);
    let mut whole = kept("throughput");
    let mut more = page().sections.swap_remove(0);
    more.level = Some(1000);
    whole.page.sections.push(more);
    let front = front_page(&[partial, whole], "results", &["throughput"]).unwrap();
    assert!(front.contains("results/run-throughput/"), "{front}");
    assert!(!front.contains("run-partial"), "{front}");
}

#[test]
fn a_newer_run_that_is_untrusted_is_named_and_not_shown() {
    let mut newer = kept("throughput");
    newer.folder = "run-newer".to_owned();
    let main = newer.page.sections.last_mut().unwrap();
    main.untrusted.push("a control fails".to_owned());
    let runs = [newer, kept("throughput")];
    let front = front_page(&runs, "results", &["throughput"]).unwrap();
    let chart = "<img src=\"results/run-throughput/ratios.svg\"";
    assert!(front.contains(chart), "{front}");
    // Prose is broken between words.
    let front = front.replace('\n', " ");
    assert!(front.contains("A newer run is untrusted at"), "{front}");
    let alone = front_page(&runs[..1], "results", &["throughput"]).unwrap();
    assert!(alone.contains("UNTRUSTED, a control fails"), "{alone}");
}
