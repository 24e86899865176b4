//! Figures with the range they vary in, on a logarithmic axis: a line for the range, a mark for the figure.

use super::canvas::{Anchor, Canvas, SMALL, WIDTH, width};
use super::ink::Ink;
use super::scale::{Scale, decades};
use super::{MARGIN, Rows, ink};
use crate::report::chart::{RangeRow, Ranges};

/// The plot's left edge and right edge.
const PLOT: [f64; 2] = [140.0, 368.0];

/// A line within a row: one of the series.
const LANE: f64 = 10.0;

pub(super) fn draw(canvas: &mut Canvas, ranges: &Ranges, top: f64) -> (f64, String) {
    let marks = || {
        ranges
            .rows
            .iter()
            .flat_map(|row| row.marks.iter().flatten())
    };
    let values = marks().flat_map(|one| [one.value, one.bounds.lower, one.bounds.upper]);
    let limits = tight(decades(values.clone()), values);
    let scale = Scale::log(limits, PLOT);
    let rows = Rows {
        top,
        height: (LANE * ranges.series.len() as f64 + 8.0).max(38.0),
        below: 0.0,
    };
    let bottom = rows.at(ranges.rows.len());
    for (place, row) in ranges.rows.iter().enumerate() {
        rows.name(canvas, place, &row.subject, PLOT[0] - 16.0 - MARGIN);
    }
    for tick in ticks(limits) {
        let x = scale.at(tick);
        canvas.line([x, top], [x, bottom], Ink::Grid, 0.7, "");
        canvas.text(
            x,
            bottom + 15.0,
            Ink::Muted,
            SMALL,
            Anchor::Middle,
            &short(tick),
        );
    }
    for (place, row) in ranges.rows.iter().enumerate() {
        let middle = rows.at(place) + rows.height / 2.0;
        marks_of(canvas, ranges, row, &scale, middle);
    }
    canvas.text(
        MARGIN,
        bottom + 15.0,
        Ink::Muted,
        SMALL,
        Anchor::Start,
        ranges.unit,
    );
    let end = legend(canvas, &ranges.series, bottom + 38.0);
    (end, description(ranges))
}

/// What each shape stands for, in as many lines as it takes; the last one's baseline.
fn legend(canvas: &mut Canvas, series: &[String], mut y: f64) -> f64 {
    let mut x = MARGIN;
    for (place, name) in series.iter().enumerate() {
        let end = x + 16.0 + width(name, SMALL);
        if end > WIDTH - MARGIN && x > MARGIN {
            (x, y) = (MARGIN, y + 16.0);
        }
        shape(canvas, place, x + 5.0, y - 4.0, Ink::Accent);
        canvas.text(x + 16.0, y, Ink::Text, SMALL, Anchor::Start, name);
        x += 16.0 + width(name, SMALL) + 14.0;
    }
    y
}

/// Decades, cut at 2 or 5 if that leaves all values in.
fn tight([low, high]: [f64; 2], values: impl Iterator<Item = f64> + Clone) -> [f64; 2] {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let most = values.fold(0.0, f64::max);
    let lows = [5.0, 2.0, 1.0].map(|part| part * low);
    let highs = [0.2, 0.5, 1.0].map(|part| part * high);
    let low = lows
        .into_iter()
        .find(|&one| one <= least * 0.98)
        .unwrap_or(low * 0.5);
    let high = highs
        .into_iter()
        .find(|&one| one >= most * 1.02)
        .unwrap_or(high * 2.0);
    [low, high.max(low * 4.0)]
}

/// 1, 2 and 5 times powers of ten, or the powers alone if these are many.
fn ticks([low, high]: [f64; 2]) -> Vec<f64> {
    let parts: &[f64] = if high / low > 200.0 {
        &[1.0]
    } else {
        &[1.0, 2.0, 5.0]
    };
    let mut power = 10_f64.powf(low.log10().floor());
    let mut ticks = Vec::new();
    while power <= high * 1.001 {
        let own = parts.iter().map(|part| part * power);
        ticks.extend(own.filter(|tick| (low * 0.999..=high * 1.001).contains(tick)));
        power *= 10.0;
    }
    ticks
}

fn short(tick: f64) -> String {
    let digits = (-tick.log10()).ceil().max(0.0) as usize;
    format!("{tick:.digits$}")
}

fn marks_of(canvas: &mut Canvas, ranges: &Ranges, row: &RangeRow, scale: &Scale, middle: f64) {
    let count = ranges.series.len().max(1) as f64;
    let ink = ink(row.subject.kind);
    for (series, mark) in row.marks.iter().enumerate() {
        let Some(mark) = mark else { continue };
        let y = middle + (series as f64 - (count - 1.0) / 2.0) * LANE;
        let name = ranges.series.get(series).map_or("", String::as_str);
        let (lower, upper) = (mark.bounds.lower, mark.bounds.upper);
        let title = format!(
            "{}, {name}: {:.3} {} ({lower:.3}–{upper:.3})",
            row.subject.name, mark.value, ranges.unit
        );
        canvas.mark(&title, |canvas| {
            canvas.line([scale.at(lower), y], [scale.at(upper), y], ink, 2.5, "");
            shape(canvas, series, scale.at(mark.value), y, ink);
        });
    }
    if row.marks.iter().all(Option::is_none) {
        canvas.text(
            PLOT[0] + 8.0,
            middle + 4.0,
            Ink::Muted,
            SMALL,
            Anchor::Start,
            "no figure",
        );
    }
}

/// A shape for each of the series, so that nobody needs colours.
fn shape(canvas: &mut Canvas, series: usize, x: f64, y: f64, ink: Ink) {
    let r = 4.5;
    match series % 4 {
        0 => canvas.bar(x - r + 0.5, y - r + 0.5, 2.0 * r - 1.0, 2.0 * r - 1.0, ink),
        1 => canvas.area(
            &[
                [x, y - r - 1.0],
                [x + r + 1.0, y],
                [x, y + r + 1.0],
                [x - r - 1.0, y],
            ],
            ink,
        ),
        2 => canvas.shape(&[[x, y - r], [x + r, y + r], [x - r, y + r]], ink),
        _ => canvas.outline(x - r + 0.5, y - r + 0.5, 2.0 * r - 1.0, 2.0 * r - 1.0, ink),
    }
}

fn description(ranges: &Ranges) -> String {
    let rows = ranges.rows.iter().map(|row| {
        let marks = row.marks.iter().zip(&ranges.series);
        let marks =
            marks.filter_map(|(mark, name)| Some(format!("{name} {:.3}", mark.as_ref()?.value)));
        format!(
            "{}: {}",
            row.subject.name,
            marks.collect::<Vec<_>>().join(", ")
        )
    });
    format!(
        "In {}. {}.",
        ranges.unit,
        rows.collect::<Vec<_>>().join("; ")
    )
}
