//! A panel for each arm: its own curve in colour, those of the others in grey, all on one scale.

use super::canvas::{Anchor, Canvas, NORMAL, SMALL, WIDTH, fitting, width};
use super::ink::Ink;
use super::scale::{Scale, decades, label, multiples, step};
use super::{LINE, MARGIN, ink};
use crate::report::chart::{Axis, Curve, Curves, Point};

/// Panels in a row.
const COLUMNS: usize = 2;

/// Height of a panel's plot, and of its name above it.
const PLOT_HEIGHT: f64 = 96.0;
const NAME_HEIGHT: f64 = 22.0;

/// Left of the first panel: the labels of its scale.
const LABELS: f64 = 50.0;

/// Between panels.
const GAP: f64 = 16.0;

/// What reference levels are drawn with.
const DASHES: &str = "4 3";

/// Quantiles that have a tick, by their nines.
const NINES: [(f64, &str); 6] = [
    (0.0, "0"),
    (std::f64::consts::LOG10_2, "50"),
    (1.0, "90"),
    (2.0, "99"),
    (3.0, "99.9"),
    (4.0, "99.99"),
];

pub(super) fn draw(canvas: &mut Canvas, curves: &Curves, top: f64, prefix: &str) -> (f64, String) {
    let points = || curves.panels.iter().flat_map(|panel| panel.points.iter());
    let right = points().map(|point| point.x).fold(0.0, f64::max);
    let values = || heights(curves);
    let columns = COLUMNS as f64;
    let plot_width = (WIDTH - MARGIN - LABELS - GAP * (columns - 1.0)) / columns;
    let rows = curves.panels.len().div_ceil(COLUMNS);
    let mut bottom = top;
    for (place, panel) in curves.panels.iter().enumerate() {
        let (row, column) = (place / COLUMNS, place % COLUMNS);
        let left = LABELS + column as f64 * (plot_width + GAP);
        let y = top + NAME_HEIGHT + row as f64 * (PLOT_HEIGHT + NAME_HEIGHT);
        let frame = Frame {
            across: scale_across(curves.across, right, [left, left + plot_width]),
            up: scale_up(curves.up, values(), [y + PLOT_HEIGHT, y]),
            left,
            right: left + plot_width,
            top: y,
        };
        let is_last = row + 1 == rows || place + COLUMNS >= curves.panels.len();
        grid_up(canvas, curves.up, &frame, values(), column == 0);
        grid_across(canvas, curves.across, &frame, right, is_last);
        // All curves are drawn once, in the first panel, and shown again in the others, under the panel's own.
        let id = format!("{prefix}-all");
        if place == 0 {
            canvas.define(&id, |canvas| {
                for one in &curves.panels {
                    canvas.curve(&places(&one.points, &frame), Ink::Grey, 1.0);
                }
            });
        }
        canvas.again(&id, left - LABELS, y - top - NAME_HEIGHT);
        one(canvas, curves, panel, &frame);
        bottom = f64::max(bottom, y + PLOT_HEIGHT);
    }
    (below(canvas, curves, bottom + 34.0), description(curves))
}

/// The unit of the lower axis, and beside or below it what the dashed levels are; where all of it ends.
fn below(canvas: &mut Canvas, curves: &Curves, mut y: f64) -> f64 {
    let unit = match curves.across {
        Axis::Nines => "percentile",
        Axis::Ms | Axis::LogMs => "ms after the load began",
        Axis::Percent => "%",
        Axis::Connections => "connections",
        Axis::Number => "",
    };
    let right = WIDTH - MARGIN;
    canvas.text(right, y, Ink::Muted, SMALL, Anchor::End, unit);
    if let Some(name) = curves.reference {
        let left = MARGIN + 24.0;
        if left + width(name, SMALL) + 8.0 > right - width(unit, SMALL) {
            y += LINE;
        }
        let middle = y - 4.0;
        let ends = ([MARGIN, middle], [left - 4.0, middle]);
        canvas.line(ends.0, ends.1, Ink::Muted, 1.2, DASHES);
        canvas.text(left, y, Ink::Muted, SMALL, Anchor::Start, name);
    }
    y + 2.0
}

/// One panel.
struct Frame {
    across: Scale,
    up: Scale,
    left: f64,
    right: f64,
    top: f64,
}

impl Frame {
    fn bottom(&self) -> f64 {
        self.top + PLOT_HEIGHT
    }
}

fn scale_across(axis: Axis, right: f64, place: [f64; 2]) -> Scale {
    match axis {
        Axis::Connections => Scale::log([1.0, right.max(10.0)], place),
        _ => Scale::linear([0.0, right], place),
    }
}

/// All that goes up: the curves, what they vary between, and levels to compare them with.
fn heights(curves: &Curves) -> impl Iterator<Item = f64> + Clone {
    let of_point = |point: &Point| {
        let bounds = point.bounds.map(|one| [one.lower, one.upper]);
        std::iter::once(point.y).chain(bounds.into_iter().flatten())
    };
    let panels = curves.panels.iter();
    panels.flat_map(move |panel| {
        panel
            .points
            .iter()
            .flat_map(of_point)
            .chain(panel.reference)
    })
}

fn scale_up(axis: Axis, values: impl Iterator<Item = f64>, place: [f64; 2]) -> Scale {
    match axis {
        Axis::LogMs => Scale::log(decades(values), place),
        Axis::Percent => Scale::linear([0.0, 100.0], place),
        _ => Scale::linear([0.0, values.fold(0.0, f64::max)], place),
    }
}

fn grid_up(
    canvas: &mut Canvas,
    axis: Axis,
    frame: &Frame,
    values: impl Iterator<Item = f64> + Clone,
    has_labels: bool,
) {
    let ticks: Vec<(f64, String)> = match axis {
        Axis::LogMs => {
            let [low, high] = decades(values);
            let powers = low.log10().round() as i32..=high.log10().round() as i32;
            let tick = |power: i32| (10_f64.powi(power), written(10_f64.powi(power)));
            powers.map(tick).collect()
        }
        Axis::Percent => [0.0, 50.0, 100.0]
            .map(|tick| (tick, format!("{tick}%")))
            .to_vec(),
        Axis::Number => {
            let high = values.fold(0.0, f64::max);
            let step = step(0.0, high, 3.0);
            let tick = |tick: f64| (tick, thousands(tick, step));
            multiples(0.0, high, step).map(tick).collect()
        }
        Axis::Nines | Axis::Ms | Axis::Connections => Vec::new(),
    };
    for (tick, label) in ticks {
        let y = frame.up.at(tick);
        canvas.line([frame.left, y], [frame.right, y], Ink::Grid, 0.7, "");
        if has_labels {
            canvas.text(
                frame.left - 4.0,
                y + 4.0,
                Ink::Muted,
                12.0,
                Anchor::End,
                &label,
            );
        }
    }
}

/// Thousands as k.
fn thousands(tick: f64, step: f64) -> String {
    match step >= 1000.0 && tick > 0.0 {
        true => format!("{}k", label(tick / 1000.0, step / 1000.0)),
        false => label(tick, step),
    }
}

/// A time with its unit.
fn written(ms: f64) -> String {
    match ms {
        ms if ms < 1.0 => format!("{:.0} µs", ms * 1000.0),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.0} s", ms / 1000.0),
    }
}

fn grid_across(canvas: &mut Canvas, axis: Axis, frame: &Frame, right: f64, has_labels: bool) {
    let ticks: Vec<(f64, String)> = match axis {
        Axis::Nines => NINES.map(|(nines, name)| (nines, name.to_owned())).to_vec(),
        Axis::Connections => [1.0, 10.0, 100.0, 1000.0, 10_000.0]
            .map(|tick| (tick, thousands(tick, tick.max(1.0))))
            .to_vec(),
        _ => {
            let step = step(0.0, right, 4.0);
            multiples(0.0, right, step)
                .map(|tick| (tick, label(tick, step)))
                .collect()
        }
    };
    for (tick, label) in ticks.into_iter().filter(|(tick, _)| *tick <= right) {
        let x = frame.across.at(tick);
        canvas.line([x, frame.top], [x, frame.bottom()], Ink::Grid, 0.7, "");
        // The lowest quantile stands too close to the median to be named.
        if has_labels && !(axis == Axis::Nines && tick == 0.0) {
            let y = frame.bottom() + 14.0;
            // Nines stand close together, and their last label has room.
            let anchor = match axis {
                Axis::Nines => Anchor::Middle,
                _ => anchor(x, frame),
            };
            canvas.text(x, y, Ink::Muted, 12.0, anchor, &label);
        }
    }
}

/// Labels at the ends of a panel stay within it: the next panel has its own.
fn anchor(x: f64, frame: &Frame) -> Anchor {
    const HALF_A_LABEL: f64 = 16.0;
    if x - frame.left < HALF_A_LABEL / 2.0 {
        Anchor::Start
    } else if frame.right - x < HALF_A_LABEL {
        Anchor::End
    } else {
        Anchor::Middle
    }
}

fn one(canvas: &mut Canvas, curves: &Curves, panel: &Curve, frame: &Frame) {
    let name = fitting(&panel.subject.name, NORMAL, frame.right - frame.left);
    canvas.text(
        frame.left,
        frame.top - 6.0,
        Ink::Text,
        NORMAL,
        Anchor::Start,
        &name,
    );
    let ink = ink(panel.subject.kind);
    canvas.mark(&said(curves, panel), |canvas| {
        let with_bounds = || {
            panel
                .points
                .iter()
                .filter_map(|point| Some((point, point.bounds?)))
        };
        let upper =
            with_bounds().map(|(point, one)| [frame.across.at(point.x), frame.up.at(one.upper)]);
        let lower =
            with_bounds().map(|(point, one)| [frame.across.at(point.x), frame.up.at(one.lower)]);
        let mut band: Vec<[f64; 2]> = upper.collect();
        band.extend(lower.collect::<Vec<_>>().into_iter().rev());
        if band.len() > 2 {
            canvas.area(&band, Ink::Band);
        }
        if let Some(level) = panel.reference {
            let y = frame.up.at(level);
            canvas.line([frame.left, y], [frame.right, y], Ink::Muted, 1.2, DASHES);
        }
        let places = places(&panel.points, frame);
        canvas.curve(&places, ink, 1.8);
        if let (true, Some([x, y])) = (panel.is_open, places.last()) {
            canvas.outline(x - 3.0, y - 3.0, 6.0, 6.0, ink);
        }
    });
}

fn places(points: &[Point], frame: &Frame) -> Vec<[f64; 2]> {
    points
        .iter()
        .map(|point| [frame.across.at(point.x), frame.up.at(point.y)])
        .collect()
}

/// A curve in words: where it begins and where it ends, and what it is to be compared with.
fn said(curves: &Curves, panel: &Curve) -> String {
    let name = &panel.subject.name;
    let reference = panel.reference.map_or_else(String::new, |level| {
        let level = match curves.up {
            Axis::Percent => format!("{level:.1}%"),
            Axis::LogMs | Axis::Ms => format!("{level:.3} ms"),
            _ => format!("{level:.3}"),
        };
        let what = curves.reference.unwrap_or_default();
        format!(", dashed: {level} {what}").trim_end().to_owned()
    });
    match (panel.points.first(), panel.points.last()) {
        (Some(first), Some(last)) => {
            let detail = match panel.subject.detail.as_str() {
                "" => format!("from {:.3} to {:.3}", first.y, last.y),
                detail => detail.to_owned(),
            };
            format!("{name}: {detail}{reference}")
        }
        _ => format!("{name}: no figure{reference}"),
    }
}

fn description(curves: &Curves) -> String {
    let panels = curves.panels.iter().map(|panel| said(curves, panel));
    let panels: Vec<String> = panels.collect();
    format!("{}.", panels.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::cell::Bounds;
    use crate::report::chart::Subject;
    use crate::run::ArmKind;

    #[test]
    fn every_bound_lies_on_the_scale() {
        for up in [Axis::Number, Axis::LogMs, Axis::Ms] {
            let point = |x: f64, y: f64, upper: f64| Point {
                x,
                y,
                bounds: Some(Bounds {
                    lower: y / 20.0,
                    upper,
                }),
            };
            let curves = Curves {
                across: Axis::Connections,
                up,
                reference: None,
                panels: vec![Curve {
                    subject: Subject {
                        name: "one".to_owned(),
                        kind: ArmKind::Contestant,
                        detail: String::new(),
                    },
                    points: vec![point(1.0, 60_000.0, 102_384.0), point(64.0, 71_900.0, 75e3)],
                    is_open: false,
                    reference: None,
                }],
            };
            let scale = scale_up(up, heights(&curves), [PLOT_HEIGHT, 0.0]);
            for value in [60_000.0, 3_000.0, 102_384.0, 71_900.0, 3_595.0, 75e3] {
                assert!(scale.covers(value), "{up:?}: {value} is not on {scale:?}");
            }
        }
    }
}
