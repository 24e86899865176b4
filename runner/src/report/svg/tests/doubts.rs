//! Charts of untrusted tables: the word is seen, and stands in the title.

use super::*;

#[test]
fn what_is_untrusted_is_seen_in_every_kind_of_chart() {
    for mut chart in all() {
        assert!(!file(&chart).contains("UNTRUSTED"), "{chart:?}");
        chart.doubt_all();
        for svg in [file(&chart), part(&chart, "one")] {
            assert_eq!(faults(&svg), [""; 0], "{svg}");
            assert!(
                svg.contains(">UNTRUSTED: not to be relied on.</text>"),
                "{svg}"
            );
            let title = svg.split("<title").nth(1).unwrap();
            assert!(title.contains("UNTRUSTED"), "{title}");
        }
        let words = chart.in_words();
        assert!(words.contains("UNTRUSTED"), "{words}");
    }
}

#[test]
fn a_chart_of_several_tables_says_which_are_untrusted() {
    for (chart, is_of_both) in [
        (ratios(), true),
        (curves(), true),
        (variants::gains(1.2), false),
    ] {
        let mut chart = chart;
        chart.doubt_one("64 connections");
        chart.doubt_one("1000 connections");
        let said = ">UNTRUSTED: 64 connections; 1000 connections.</text>";
        assert_eq!(file(&chart).contains(said), is_of_both, "{chart:?}");
    }
}
