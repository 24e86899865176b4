//! What is drawn of a sweep: a curve over the number of connections for each figure, a panel for each contestant.

use super::figures::{Spread, Swept, SweptPoint};
use crate::report::{Axis, Bounds, Chart, Curve, Curves, Drawing, Point, Subject, grouped};

/// A figure that is drawn.
struct Figure {
    id: &'static str,
    title: &'static str,
    up: Axis,
    of: fn(&SweptPoint) -> Option<Spread>,
    /// What it is multiplied by on its axis.
    scale: f64,
    said: fn(&Swept) -> String,
}

const FIGURES: [Figure; 4] = [
    Figure {
        id: "rate",
        title: "Requests per second over connections",
        up: Axis::Number,
        of: |point| Some(point.rate),
        scale: 1.0,
        said: |swept| {
            swept.highest().map_or_else(String::new, |point| {
                format!(
                    "most: {} at {}",
                    grouped(point.rate.median.round() as u64),
                    point.connections
                )
            })
        },
    },
    Figure {
        id: "p99",
        title: "p99 of the service time over connections",
        up: Axis::LogMs,
        of: |point| point.p99_ms,
        scale: 1.0,
        said: |swept| {
            last(swept, |point| {
                Some(format!("{:.1} ms", point.p99_ms?.median))
            })
        },
    },
    Figure {
        id: "served",
        title: "Connections served within 100 ms over connections",
        up: Axis::Percent,
        of: |point| point.served,
        scale: 100.0,
        said: |swept| {
            last(swept, |point| {
                Some(format!("{:.1}%", point.served?.median * 100.0))
            })
        },
    },
    Figure {
        id: "cpu",
        title: "Server CPU per request over connections, in µs",
        up: Axis::Number,
        of: |point| point.cpu_us,
        scale: 1.0,
        said: |swept| {
            last(swept, |point| {
                Some(format!("{:.1} µs", point.cpu_us?.median))
            })
        },
    },
];

/// What a figure is at the largest number of connections.
fn last(swept: &Swept, written: impl Fn(&SweptPoint) -> Option<String>) -> String {
    let point = swept.points.last();
    let said = point.and_then(|point| Some((written(point)?, point.connections)));
    said.map_or_else(String::new, |(figure, connections)| {
        format!("{figure} at {connections}")
    })
}

/// All charts; none of a figure that nobody has.
pub(super) fn curves(all: &[Swept]) -> Vec<Chart> {
    FIGURES
        .iter()
        .filter_map(|figure| chart(figure, all))
        .collect()
}

fn chart(figure: &Figure, all: &[Swept]) -> Option<Chart> {
    let contestants = all.iter().filter(|one| one.arm.kind.is_contestant());
    let panels: Vec<Curve> = contestants
        .filter_map(|swept| panel(figure, swept))
        .collect();
    (!panels.is_empty()).then(|| Chart {
        id: format!("sweep-{}", figure.id),
        title: figure.title.to_owned(),
        doubt: None,
        reading: vec![
            "Closed loop; grey: the others. Line: median over blocks; shade: from the lowest block to the highest."
                .to_owned(),
        ],
        finding: String::new(),
        drawing: Drawing::Curves(Curves {
            across: Axis::Connections,
            up: figure.up,
            reference: None,
            panels,
        }),
    })
}

fn panel(figure: &Figure, swept: &Swept) -> Option<Curve> {
    let points = swept.points.iter().filter_map(|point| {
        let spread = (figure.of)(point)?;
        Some(Point {
            x: point.connections as f64,
            y: spread.median * figure.scale,
            bounds: Some(Bounds {
                lower: spread.least * figure.scale,
                upper: spread.most * figure.scale,
            }),
        })
    });
    let points: Vec<Point> = points.collect();
    (!points.is_empty()).then(|| Curve {
        subject: Subject {
            name: swept.arm.name.clone(),
            kind: swept.arm.kind,
            detail: (figure.said)(swept),
        },
        points,
        is_open: false,
        reference: None,
    })
}
