//! Charts of variants: more lanes than two, and one contestant that gains far more than the others.

use super::*;
use crate::report::svg::canvas::WIDTH;

const VARIANTS: [&str; 3] = ["quickstart·max", "tuned·release", "tuned·max"];

pub(super) fn gains(most: f64) -> Chart {
    let mark = |ratio: f64| {
        Some(RatioMark {
            ratio,
            interval: Some(Bounds {
                lower: ratio * 0.95,
                upper: ratio * 1.05,
            }),
            rank: Cell::Empty,
            client_bound: false,
        })
    };
    let row = |name, ratios: [f64; 3]| RatioRow {
        subject: subject(name, ArmKind::Contestant),
        marks: ratios.map(mark).to_vec(),
    };
    chart(
        "gains",
        Drawing::Ratios(Ratios {
            baseline: "the same contestant's first".to_owned(),
            conditions: VARIANTS.map(str::to_owned).to_vec(),
            limits: vec![None; 3],
            rows: vec![
                row("one", [1.1, 1.2, 1.3]),
                row("other", [0.98, 1.1, 1.2]),
                row("tenfold", [1.0, 9.7, most]),
            ],
        }),
    )
}

/// The widths of all filled bars but the whole picture's and the stripes of rows.
fn bars(svg: &str) -> Vec<f64> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let widths = document
        .descendants()
        .filter(|node| node.has_tag_name("rect"))
        .filter_map(|node| node.attribute("width")?.parse::<f64>().ok());
    widths.filter(|width| *width < WIDTH).collect()
}

#[test]
fn a_tenfold_gain_is_an_arrow_with_its_number_and_the_others_stay_visible() {
    let svg = file(&gains(11.5));
    assert_eq!(faults(&svg), Vec::<String>::new());
    assert!(svg.contains(">9.700 ±5.1%<"), "{svg}");
    assert!(svg.contains(">11.500 ±5.1%<"), "{svg}");
    let narrow: Vec<f64> = bars(&svg)
        .into_iter()
        .filter(|width| *width < 15.0)
        .collect();
    assert!(narrow.is_empty(), "{narrow:?}");
}

#[test]
fn every_lane_is_filled_in_its_own_way() {
    let svg = file(&gains(1.2));
    let legend = |name: &str| {
        let end = svg.find(&format!(">{name}</text>")).unwrap();
        let before = &svg[..svg[..end].rfind("<text").unwrap()];
        let begin = before.rfind("<rect").unwrap();
        let fill = before[begin..].split("fill=\"").nth(1).unwrap();
        fill[..7].to_owned()
    };
    let fills: BTreeSet<String> = VARIANTS.map(legend).into_iter().collect();
    assert_eq!(fills.len(), 3, "{fills:?}");
}

#[test]
fn marks_of_four_series_stay_within_their_row() {
    let Drawing::Ranges(mut ranges) = super::ranges().drawing else {
        panic!("a chart of ranges");
    };
    ranges.series.push("p100".to_owned());
    for row in &mut ranges.rows {
        let last = *row.marks.last().unwrap();
        row.marks.push(last);
    }
    let svg = file(&chart("ranges", Drawing::Ranges(ranges)));
    assert_eq!(faults(&svg), Vec::<String>::new());
    let document = roxmltree::Document::parse(&svg).unwrap();
    let stripe = document
        .descendants()
        .find(|node| node.has_tag_name("rect") && node.attribute("y") != Some("0"))
        .unwrap();
    let number = |name| stripe.attribute(name).unwrap().parse::<f64>().unwrap();
    let (top, height) = (number("y"), number("height"));
    let lines = document
        .descendants()
        .filter(|node| node.has_tag_name("g"))
        .filter_map(|node| node.children().find(|one| one.has_tag_name("path")))
        .filter_map(|node| {
            node.attribute("d")?
                .split(['M', ' ', 'L'])
                .nth(2)?
                .parse()
                .ok()
        });
    let own: Vec<f64> = lines.take(4).collect();
    assert_eq!(own.len(), 4, "{own:?}");
    let is_inside = |y: &f64| (top + 4.0..=top + height - 4.0).contains(y);
    assert!(own.iter().all(is_inside), "{own:?} in {top} + {height}");
}

/// Servers of several kinds: these ratios to a baseline, all ranked.
fn kinds(ratios: &[f64]) -> Chart {
    let row = |&ratio: &f64| RatioRow {
        subject: subject("one", ArmKind::Contestant),
        marks: vec![Some(RatioMark {
            ratio,
            interval: Some(Bounds {
                lower: ratio * 0.95,
                upper: ratio * 1.05,
            }),
            rank: Cell::Rank {
                best: 1,
                worst: 2,
                client_bound: false,
                doubted: false,
            },
            client_bound: false,
        })],
    };
    chart(
        "kinds",
        Drawing::Ratios(Ratios {
            baseline: "base".to_owned(),
            conditions: vec!["64 connections".to_owned()],
            limits: vec![Some(1.3)],
            rows: ratios.iter().map(row).collect(),
        }),
    )
}

#[test]
fn if_most_rows_are_far_below_the_axis_is_logarithmic_and_has_them_all() {
    let svg = file(&kinds(&[0.9, 0.05, 0.02, 0.013]));
    assert_eq!(faults(&svg), Vec::<String>::new());
    assert!(svg.contains("logarithmic axis"), "{svg}");
    // A number in the plot stands beside the arrow of a row that is off the scale.
    assert!(!svg.contains(">0.0130 ±5.1%<"), "{svg}");
    let few = file(&kinds(&[0.9, 0.8, 0.7, 0.013]));
    assert!(few.contains(">0.0130 ±5.1%<"), "{few}");
    assert!(!few.contains("logarithmic"), "{few}");
}
