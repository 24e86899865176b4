//! What a table is, before and while it is written.

use super::*;
use crate::output::Screen;
use crate::run::ArmKind;
use crate::stats::RankSet;

#[test]
fn brackets_are_for_terminals_and_markdown_has_sets_of_ranks_alone() {
    let row = |name: &str, joins_next| GridRow {
        arm: Some(name.to_owned()),
        joins_next,
        cells: vec![
            Cell::rank(RankSet { best: 1, worst: 2 }, false),
            Cell::name(name, ArmKind::Contestant, ""),
        ],
    };
    let grid = Grid {
        headings: vec![
            Heading::number("rank", Some("rank")),
            Heading::text("contestant", Some("contestant")),
        ],
        rows: vec![row("one", true), row("other", false)],
    };
    assert_eq!(grid.brackets().unwrap(), ["┌", "└"]);
    assert!(grid.terminal(Screen::PLAIN).to_string().contains('┌'));
    let text = grid.markdown(&BTreeMap::new());
    assert!(!text.contains('┌') && !text.contains('└'), "{text}");
    assert!(text.contains("| 1\u{2060}–\u{2060}2 | one |"), "{text}");
}

#[test]
fn errors_are_a_detail_until_there_is_one() {
    let column = Column::number("errors", None, |errors: &Option<u64>| {
        errors.map_or(Cell::Failed, Cell::count)
    })
    .detail_if_zero();
    let arm = Arm::new("one", ArmKind::Contestant);
    let is_detail = |rows: &[Option<u64>]| {
        static ARM: std::sync::OnceLock<Arm> = std::sync::OnceLock::new();
        ARM.get_or_init(|| arm.clone());
        let grid = Grid::of_arms(
            &[column],
            rows,
            |_| ARM.get().unwrap(),
            |_| Cell::Empty,
            |_| Cell::name("one", ArmKind::Contestant, ""),
            |_, _| None,
        );
        let errors = grid.column("errors").unwrap();
        grid.headings[errors].is_detail
    };
    assert!(is_detail(&[Some(0), Some(0)]));
    assert!(!is_detail(&[Some(0), Some(3)]));
    assert!(!is_detail(&[Some(0), None]));
}

#[test]
fn details_are_in_a_table_of_their_own_beside_the_name() {
    let grid = Grid::plain(
        vec![
            Heading::text("contestant", None),
            Heading::number("bytes", None).detail(),
            Heading::number("requests/s", None),
        ],
        std::iter::once(vec![
            Cell::name("one", ArmKind::Contestant, ""),
            Cell::count(129),
            Cell::count(7),
        ]),
    );
    let main = "| contestant | requests/s |\n|---|---:|\n| one | 7 |\n";
    let details = "| contestant | bytes |\n|---|---:|\n| one | 129 |\n";
    assert_eq!(
        grid.markdown(&BTreeMap::new()),
        format!("{main}\nFurther columns:\n\n{details}")
    );
}
