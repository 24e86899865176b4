//! What the page promises before a browser has seen it.

use super::*;

#[test]
fn the_script_and_the_style_are_small_and_load_nothing() {
    assert!(SCRIPT.len() <= 15_000, "{}", SCRIPT.len());
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
