//! What is drawn of a settling run.

use super::records::SettlingRecords;
use super::traces::Trace;
use crate::report::{Axis, Bounds, Chart, Curve, Curves, Drawing, Point, Subject, grouped};

/// The share of connections that got an answer, over the time since load began.
pub(super) fn served(
    records: &SettlingRecords,
    traces: &[Trace],
    connections: usize,
) -> Option<Chart> {
    let interval_ms = records.run.plan.interval_ms as f64;
    let panels = traces.iter().map(|trace| {
        let points = trace.served.iter().zip(&trace.served_quartiles).enumerate();
        let points = points.map(|(at, (&served, &(lower, upper)))| Point {
            x: (at + 1) as f64 * interval_ms,
            y: served * 100.0,
            bounds: Some(Bounds {
                lower: lower * 100.0,
                upper: upper * 100.0,
            }),
        });
        let points: Vec<Point> = points.collect();
        let last = trace.served.last().copied().unwrap_or(0.0) * 100.0;
        let mut arms = records.run.arms.iter();
        let kind = arms.find(|arm| arm.name == trace.arm)?.kind;
        Some(Curve {
            subject: Subject {
                name: trace.arm.clone(),
                kind,
                detail: format!("{last:.1}% in the last interval"),
            },
            points,
            // An answer for each connection in turn: no more connections than answers.
            reference: Some(
                (trace.plateau * interval_ms / 1000.0 / connections as f64).min(1.0) * 100.0,
            ),
            is_open: false,
        })
    });
    let panels: Vec<Curve> = panels.collect::<Option<_>>()?;
    (!panels.is_empty()).then(|| Chart {
        id: format!("served-{connections}"),
        title: format!("Connections served every {interval_ms} ms, of {}", grouped(connections as u64)),
        doubt: None,
        reading: vec![
            "The share that got an answer in each interval; grey: the others. Line: median over slices; shade: the middle \
             half of them."
                .to_owned(),
        ],
        finding: String::new(),
        drawing: Drawing::Curves(Curves {
            across: Axis::Ms,
            up: Axis::Percent,
            reference: Some("if connections took turns"),
            panels,
        }),
    })
}
