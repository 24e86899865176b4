//! What holds for every chart, whoever reads it, and the exact bytes of one of each kind.

mod doubts;
mod tracks;
mod variants;

use super::*;
use crate::report::cell::{Bounds, Cell};
use crate::report::chart::*;
use std::collections::BTreeSet;

fn subject(name: &str, kind: ArmKind) -> Subject {
    Subject {
        name: name.to_owned(),
        kind,
        detail: kind.said().to_owned(),
    }
}

/// Names as they come, and one that wants to be markup.
const NAMES: [(&str, ArmKind); 5] = [
    ("fast", ArmKind::Contestant),
    ("base", ArmKind::Baseline),
    ("<script>alert(1)</script>\"'&", ArmKind::Contestant),
    (
        "a-name-that-is-much-longer-than-its-column",
        ArmKind::Contestant,
    ),
    ("base-twin", ArmKind::Twin),
];

fn chart(id: &str, drawing: Drawing) -> Chart {
    Chart {
        id: id.to_owned(),
        title: "A title".to_owned(),
        doubt: None,
        reading: vec![
            "How it is to be read, in words that take more than the width of one line.".to_owned(),
        ],
        finding: "`fast` leads.".to_owned(),
        drawing,
    }
}

fn ratios() -> Chart {
    let mark = |ratio: f64, half: f64, client_bound| {
        Some(RatioMark {
            ratio,
            interval: (half > 0.0).then(|| Bounds {
                lower: ratio / (1.0 + half),
                upper: ratio * (1.0 + half),
            }),
            rank: match half > 0.0 {
                true => Cell::Rank {
                    best: 1,
                    worst: 2,
                    client_bound,
                    doubted: false,
                },
                false => Cell::Empty,
            },
            client_bound,
        })
    };
    let marks = [
        vec![mark(1.10, 0.02, true), mark(1.05, 0.03, false)],
        vec![mark(1.0, 0.0, false), mark(1.0, 0.0, false)],
        vec![mark(0.014, 0.02, false), None],
        vec![mark(0.8, 0.004, false), mark(0.7, 0.08, false)],
        vec![mark(1.002, 0.02, false), mark(0.99, 0.02, false)],
    ];
    let rows = NAMES
        .iter()
        .zip(marks)
        .map(|(&(name, kind), marks)| RatioRow {
            subject: subject(name, kind),
            marks,
        });
    chart(
        "ratios",
        Drawing::Ratios(Ratios {
            baseline: "base".to_owned(),
            conditions: vec!["64 connections".to_owned(), "1000 connections".to_owned()],
            limits: vec![Some(1.25), Some(2.5)],
            rows: rows.collect(),
        }),
    )
}

fn ranges() -> Chart {
    let rows = NAMES
        .iter()
        .enumerate()
        .map(|(place, &(name, kind))| RangeRow {
            subject: subject(name, kind),
            marks: [0.2, 1.0, 30.0]
                .map(|value| {
                    let value = value * (1.0 + place as f64);
                    let bounds = Bounds {
                        lower: value * 0.9,
                        upper: value * 1.2,
                    };
                    (place != 2).then_some(Range { value, bounds })
                })
                .to_vec(),
        });
    chart(
        "ranges",
        Drawing::Ranges(Ranges {
            unit: "ms",
            series: ["p50", "p99", "p99.9"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
        }),
    )
}

fn stacks() -> Chart {
    let rows = NAMES.iter().enumerate().map(|(place, &(name, kind))| {
        let sizes: Vec<f64> = (0..7)
            .map(|part| 500.0 * (1 + part * place) as f64)
            .collect();
        StackRow {
            subject: subject(name, kind),
            total: sizes.iter().sum(),
            sizes,
        }
    });
    chart(
        "stacks",
        Drawing::Stacks(Stacks {
            unit: "Instructions per request",
            digits: 0,
            parts: (0..7).map(|part| format!("crate {part}")).collect(),
            rows: rows.collect(),
        }),
    )
}

fn curves() -> Chart {
    let panels = NAMES
        .iter()
        .enumerate()
        .map(|(place, &(name, kind))| Curve {
            subject: subject(name, kind),
            points: (0..30)
                .map(|at| {
                    let y = 0.3 * (1.0 + place as f64) * 1.2_f64.powi(at);
                    let bounds = Bounds {
                        lower: y * 0.9,
                        upper: y * 1.1,
                    };
                    Point {
                        x: f64::from(at) / 8.0,
                        y,
                        bounds: (at < 20).then_some(bounds),
                    }
                })
                .collect(),
            is_open: true,
            reference: None,
        });
    chart(
        "curves",
        Drawing::Curves(Curves {
            across: Axis::Nines,
            up: Axis::LogMs,
            reference: None,
            panels: panels.collect(),
        }),
    )
}

fn all() -> [Chart; 5] {
    [ratios(), ranges(), stacks(), curves(), tracks::tracks()]
}

fn empty() -> [Chart; 5] {
    let mut all = all();
    for chart in &mut all {
        match &mut chart.drawing {
            Drawing::Ratios(one) => one.rows.clear(),
            Drawing::Ranges(one) => one.rows.clear(),
            Drawing::Stacks(one) => one.rows.clear(),
            Drawing::Curves(one) => one.panels.clear(),
            Drawing::Tracks(one) => one.parts.iter_mut().for_each(|part| part.rows.clear()),
        }
    }
    all
}

/// What is wrong with a chart, for a reader whom its bytes do not concern.
pub(crate) fn faults(svg: &str) -> Vec<String> {
    let document = match roxmltree::Document::parse(svg) {
        Ok(document) => document,
        Err(error) => return vec![format!("not well-formed: {error}")],
    };
    let mut faults = Vec::new();
    let mut ids = BTreeSet::new();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        if ["script", "image", "foreignObject", "a"].contains(&name) {
            faults.push(format!("<{name}>"));
        }
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            if name == "style"
                || name == "href" && !value.starts_with('#')
                || name.starts_with("on")
                || value.contains("url(")
            {
                faults.push(format!("{name}={value}"));
            }
            if value.contains("NaN") || value.contains("inf") {
                faults.push(format!("{name}={value}"));
            }
            if name == "id" && !ids.insert(value.to_owned()) {
                faults.push(format!("the id {value} twice"));
            }
        }
        if name == "text" {
            let size = node.ancestors().find_map(|one| one.attribute("font-size"));
            if !size.is_some_and(|size| size.parse::<f64>().is_ok_and(|size| size >= 12.0)) {
                faults.push(format!("text of size {size:?}: {:?}", node.text()));
            }
        }
        let has_name = node
            .first_element_child()
            .is_some_and(|one| one.has_tag_name(("http://www.w3.org/2000/svg", "title")));
        if (name == "g" || name == "svg") && !has_name {
            faults.push(format!("<{name}> without a title"));
        }
    }
    faults
}

#[test]
fn charts_are_well_formed_and_their_text_is_readable() {
    for chart in all().iter().chain(&empty()) {
        for svg in [file(chart), part(chart, "one")] {
            assert_eq!(faults(&svg), [""; 0], "{svg}");
        }
    }
}

#[test]
fn each_fault_of_a_chart_is_found() {
    let good = file(&ratios());
    for (part, planted) in [
        ("</svg>", ""),
        ("font-size=\"12\"", "font-size=\"9\""),
        ("<rect ", "<rect style=\"fill:red\" "),
        ("<rect ", "<a href=\"http://x\"/><rect "),
        ("<g><title>", "<g><desc>x</desc><title>"),
        ("id=\"ratios-d\"", "id=\"ratios-t\""),
        ("x=\"170\"", "x=\"NaN\""),
    ] {
        assert!(good.contains(part), "{part}");
        let bad = good.replacen(part, planted, 1);
        assert!(!faults(&bad).is_empty(), "{planted}");
    }
}

#[test]
fn charts_are_drawn_by_something_else_than_a_browser() {
    for chart in all() {
        let options = resvg::usvg::Options::default();
        let tree = resvg::usvg::Tree::from_str(&file(&chart), &options).unwrap();
        let size = tree.size().to_int_size();
        let mut pixels = resvg::tiny_skia::Pixmap::new(size.width(), size.height()).unwrap();
        resvg::render(
            &tree,
            resvg::tiny_skia::Transform::default(),
            &mut pixels.as_mut(),
        );
        let colours: BTreeSet<[u8; 4]> = pixels
            .pixels()
            .iter()
            .map(|pixel| [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()])
            .collect();
        assert!(colours.len() > 3, "{}: {colours:?}", chart.id);
        assert!(
            colours.iter().all(|colour| colour[3] == 255),
            "{} has no ground",
            chart.id
        );
    }
}

#[test]
fn a_chart_on_a_page_leaves_its_colours_to_the_page() {
    let svg = part(&stacks(), "here");
    assert!(
        !svg.contains("<style") && svg.contains("id=\"here-t\""),
        "{svg}"
    );
    assert!(
        !svg.contains("fill=\"#") && !svg.contains("stroke=\"#"),
        "{svg}"
    );
    // A class alone, between the rule before and its own braces: `<use>` shows a copy outside of the page's elements.
    let rules = format!("}}{}", page_rules());
    for class in svg.split("class=\"").skip(1) {
        for class in class.split('"').next().unwrap().split(' ') {
            assert!(rules.contains(&format!("}}.{class}{{")), "{class}");
        }
    }
}

#[test]
fn a_detail_that_is_too_long_for_a_line_takes_two() {
    let mut chart = ranges();
    if let Drawing::Ranges(ranges) = &mut chart.drawing {
        ranges.rows[0].subject.detail = "not ranked: 98% of the rate".to_owned();
    }
    let svg = file(&chart);
    for line in [">not ranked: 98%<", ">of the rate<"] {
        assert!(svg.contains(line), "{line}: {svg}");
    }
}

#[test]
fn a_reference_level_is_a_dashed_line_that_is_named() {
    let mut chart = curves();
    let Drawing::Curves(own) = &mut chart.drawing else {
        panic!("{chart:?}");
    };
    (own.up, own.reference) = (Axis::Percent, Some("if connections took turns"));
    own.panels[0].reference = Some(12.5);
    let svg = file(&chart);
    assert_eq!(faults(&svg), [""; 0], "{svg}");
    // One in its panel, and one beside its name below all panels.
    assert_eq!(svg.matches("stroke-dasharray").count(), 2, "{svg}");
    assert!(svg.contains(">if connections took turns</text>"), "{svg}");
    let said = "dashed: 12.5% if connections took turns";
    assert_eq!(svg.matches(said).count(), 2, "a title and the text: {svg}");
}

#[test]
fn a_reference_level_is_on_the_scale() {
    let Drawing::Curves(mut own) = curves().drawing else {
        panic!("a chart of curves has curves");
    };
    let drawn = |own: &Curves| file(&chart("curves", Drawing::Curves(own.clone())));
    let before = drawn(&own);
    own.reference = Some("of another");
    own.panels[0].reference = Some(900_000.0);
    // The scale goes up to a level far above all curves.
    assert!(!before.contains(">1000 s</text>"), "{before}");
    assert!(drawn(&own).contains(">1000 s</text>"));
}

#[test]
fn code_in_the_reading_of_a_chart_is_words() {
    let mut chart = ratios();
    chart.reading = vec!["`canned`, which allocates nothing".to_owned()];
    let svg = file(&chart);
    assert!(svg.contains(">canned, which allocates nothing<"), "{svg}");
    assert!(!svg.contains('`'), "{svg}");
}

#[test]
fn what_is_off_the_scale_is_written_and_client_bound_is_said() {
    let svg = file(&ratios());
    assert!(svg.contains(">0.0140 ±2.0%</text>"), "{svg}");
    assert!(
        svg.contains("fast, 64 connections: at least 1.100 ±2.0%"),
        "{svg}"
    );
    assert!(
        svg.contains("null server, 1000 connections: 2.50 ▸"),
        "{svg}"
    );
}

#[test]
fn the_exact_charts() {
    for chart in all() {
        insta::assert_snapshot!(chart.id.clone(), file(&chart));
    }
}
