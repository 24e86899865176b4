//! Ratios over runs as they are drawn.

use super::*;

fn mark(ratio: f64, from: Option<(usize, bool)>) -> Option<TrackMark> {
    Some(TrackMark {
        ratio,
        interval: Some(Bounds {
            lower: ratio / 1.02,
            upper: ratio * 1.02,
        }),
        is_doubted: false,
        step: from.map(|(from, is_marked)| TrackStep {
            from,
            change: 1.1,
            is_marked,
        }),
    })
}

/// Two tables: one of few runs with a marked step past a doubted run, and one of many runs.
pub(super) fn tracks() -> Chart {
    let doubted = mark(0.5, None).map(|one| TrackMark {
        is_doubted: true,
        ..one
    });
    let alone = mark(0.014, None).map(|one| TrackMark {
        interval: None,
        ..one
    });
    let marks = [
        vec![
            mark(0.9, None),
            mark(0.91, Some((0, false))),
            doubted,
            mark(1.0, Some((1, true))),
        ],
        vec![alone, None, None, None],
        vec![None; 4],
    ];
    let of_kind = NAMES
        .iter()
        .filter(|(_, kind)| *kind == ArmKind::Contestant);
    let rows = of_kind.zip(marks).map(|(&(name, kind), marks)| TrackRow {
        subject: subject(name, kind),
        marks,
    });
    let few = TrackPart {
        heading: "64 connections, requests/s".to_owned(),
        runs: (1..5).map(|run: usize| run.to_string()).collect(),
        rows: rows.collect(),
    };
    let many = TrackPart {
        heading: String::new(),
        runs: (1..61).map(|run: usize| run.to_string()).collect(),
        rows: vec![TrackRow {
            subject: subject("steady", ArmKind::Contestant),
            marks: (0..60_usize)
                .map(|place| mark(0.9, place.checked_sub(1).map(|from| (from, false))))
                .collect(),
        }],
    };
    chart(
        "tracks",
        Drawing::Tracks(Tracks {
            parts: vec![few, many],
        }),
    )
}

#[test]
fn a_marked_step_is_written_and_a_doubted_run_is_said_to_be_one() {
    let svg = file(&tracks());
    assert_eq!(svg.matches(">+10.0%</text>").count(), 1, "{svg}");
    for title in [
        "fast, run 4: 1.000 ±2.0%, a step of +10.0%",
        "fast, run 3: 0.500 ±2.0% (untrusted)",
    ] {
        assert!(
            svg.contains(&format!("<title>{title}</title>")),
            "{title}: {svg}"
        );
    }
}

#[test]
fn a_run_that_is_not_trusted_does_not_set_the_scale() {
    let svg = file(&tracks());
    assert!(
        svg.contains(">1.00</text>") && !svg.contains(">0.5"),
        "{svg}"
    );
}

#[test]
fn the_names_of_many_runs_do_not_overlap() {
    let svg = file(&tracks());
    let names = svg.matches("text-anchor=\"middle\">").count();
    assert!(names < 30, "{names}: {svg}");
}
