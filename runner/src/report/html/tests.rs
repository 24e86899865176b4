//! What the page promises before a browser has seen it.

use super::*;
use crate::report::markdown::run_page;
use crate::report::page::Page;
use crate::report::pairs::{Pair, Pairs};

#[test]
fn the_script_and_the_style_are_small_and_load_nothing() {
    assert!(SCRIPT.len() <= 20_000, "{}", SCRIPT.len());
    assert!(STYLE.len() <= 8_000, "{}", STYLE.len());
    for text in [SCRIPT, STYLE] {
        for loading in [
            "http:",
            "https:",
            "fetch(",
            "XMLHttpRequest",
            "import ",
            "@import",
            "url(",
            "eval(",
        ] {
            assert!(!text.contains(loading), "{loading}");
        }
        // It would end the element that it stands in.
        assert!(!text.contains("</"), "{text}");
    }
}

#[test]
fn the_policy_names_exactly_the_style_and_the_script_of_the_page() {
    let html = html_page(&[]);
    let between = |start: &str, end: &str| {
        let rest = html.split_once(start).unwrap().1;
        rest.split_once(end).unwrap().0.to_owned()
    };
    let policy = between("Content-Security-Policy\" content=\"", "\"").replace("&#39;", "'");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    for text in [
        between("<style>", "</style>"),
        between("<script>", "</script>"),
    ] {
        assert!(policy.contains(&format!("'{}'", source(&text))), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(
        !html.contains(" style=") && !html.contains(" onclick="),
        "{html}"
    );
}

#[test]
fn pairs_are_in_the_data_and_their_tables_on_the_page_of_the_run() {
    let pair = Pair {
        ratio: 1.25,
        lower: 1.125,
        upper: 1.5,
        differs: true,
    };
    let section = Section {
        pairs: vec![Pairs {
            measure: "requests/s",
            higher_is_better: true,
            signs: None,
            arms: vec!["one".to_owned(), "other".to_owned()],
            ratios: vec![vec![None, Some(pair)], vec![None, None]],
        }],
        ..Section::default()
    };
    let kept = Kept {
        folder: "a-run".to_owned(),
        page: Page {
            sections: vec![section],
            ..Page::default()
        },
        is_candidate: true,
    };
    let html = html_page(&[&kept]);
    assert!(html.contains("[1.25,1.125,1.5,1.0]"), "{html}");
    assert!(!html.contains("1.250 (1.125"), "{html}");
    let said = "<a href=\"a-run/README.md\">The page of the run</a>, with tables of every pair";
    assert!(html.contains(said), "{html}");
    let of_run = run_page(&kept.page);
    assert!(of_run.contains("1.250 (1.125–1.500)"), "{of_run}");
}
