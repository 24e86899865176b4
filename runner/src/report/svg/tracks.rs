//! Ratios over runs: a row for each server with its own scale, a bar for the interval of each run, a line for each step.

use super::canvas::{Anchor, Canvas, NORMAL, SMALL, width};
use super::ink::Ink;
use super::scale::{Scale, label, multiples, step};
use super::{MARGIN, Rows};
use crate::report::cell::Cell;
use crate::report::chart::{TrackMark, TrackPart, TrackRow, TrackStep, Tracks};

/// The plot's left edge and right edge.
const PLOT: [f64; 2] = [158.0, 378.0];

/// From the edges of the plot to the first and the last run.
const INSET: f64 = 12.0;

/// How high a row is, and how much of that is left free above and below its marks.
const ROW: f64 = 58.0;
const FREE: f64 = 12.0;

/// A row shows at least this share above and below its middle, so that what is nothing does not look like something.
const REACH_MIN: f64 = 0.03;

/// Half of the line that an estimate is.
const HALF_A_MARK: f64 = 4.0;

pub(super) fn draw(canvas: &mut Canvas, tracks: &Tracks, top: f64) -> (f64, String) {
    let mut y = top;
    for part in &tracks.parts {
        if !part.heading.is_empty() {
            canvas.text(
                MARGIN,
                y + 14.0,
                Ink::Text,
                NORMAL,
                Anchor::Start,
                &part.heading,
            );
            y += 22.0;
        }
        y = draw_part(canvas, part, y) + 10.0;
    }
    (y, description(tracks))
}

fn draw_part(canvas: &mut Canvas, part: &TrackPart, top: f64) -> f64 {
    let rows = Rows {
        top,
        height: ROW,
        below: 0.0,
    };
    for (place, row) in part.rows.iter().enumerate() {
        rows.name(canvas, place, &row.subject, PLOT[0] - 42.0 - MARGIN);
        draw_row(canvas, part, row, rows.at(place));
    }
    let bottom = rows.at(part.rows.len());
    let y = bottom + 15.0;
    canvas.text(MARGIN, y, Ink::Muted, SMALL, Anchor::Start, "run");
    // As many names as there is room for.
    let widest = part
        .runs
        .iter()
        .map(|run| width(run, SMALL))
        .fold(0.0, f64::max);
    let distance = (across(part, 1) - across(part, 0)).max(1.0);
    let every = ((widest + 6.0) / distance).ceil().max(1.0) as usize;
    for (place, run) in part.runs.iter().enumerate().step_by(every) {
        let x = across(part, place);
        canvas.text(x, y, Ink::Muted, SMALL, Anchor::Middle, run);
    }
    y
}

/// Where a run stands.
fn across(part: &TrackPart, place: usize) -> f64 {
    let room = PLOT[1] - PLOT[0] - 2.0 * INSET;
    let gaps = part.runs.len().saturating_sub(1).max(1) as f64;
    PLOT[0] + INSET + room * place as f64 / gaps
}

fn draw_row(canvas: &mut Canvas, part: &TrackPart, row: &TrackRow, top: f64) {
    let Some([low, high]) = range(row) else {
        let y = top + ROW / 2.0 + 4.0;
        let x = PLOT[0] + 8.0;
        canvas.text(x, y, Ink::Muted, SMALL, Anchor::Start, "no figure");
        return;
    };
    let scale = Scale::linear([low, high], [top + ROW - FREE, top + FREE]);
    let step = step(low, high, 2.8);
    for tick in multiples(low, high, step) {
        let y = scale.at(tick);
        canvas.line([PLOT[0], y], [PLOT[1], y], Ink::Grid, 0.7, "");
        let name = label(tick, step);
        canvas.text(
            PLOT[0] - 4.0,
            y + 4.0,
            Ink::Muted,
            SMALL,
            Anchor::End,
            &name,
        );
    }
    let marks = || {
        let marks = row.marks.iter().enumerate();
        marks.filter_map(|(place, mark)| Some((place, mark.as_ref()?)))
    };
    for (place, mark) in marks() {
        let Some(step) = mark.step else { continue };
        let Some(Some(before)) = row.marks.get(step.from) else {
            continue;
        };
        let from = [across(part, step.from), scale.at(before.ratio)];
        draw_step(
            canvas,
            step,
            from,
            [across(part, place), scale.at(mark.ratio)],
            top,
        );
    }
    for (place, mark) in marks() {
        let run = part.runs.get(place).map_or("", String::as_str);
        let title = format!("{}, run {run}: {}", row.subject.name, written(mark));
        canvas.mark(&title, |canvas| {
            one(canvas, mark, &scale, across(part, place))
        });
    }
}

/// The range of all trusted figures, widened so that small changes do not fill the chart; `None` without a figure.
fn range(row: &TrackRow) -> Option<[f64; 2]> {
    let marks = || row.marks.iter().flatten();
    let has_trusted = marks().any(|mark| !mark.is_doubted);
    let shown = marks().filter(|mark| !(has_trusted && mark.is_doubted));
    let ends = shown.flat_map(|mark| {
        let interval = mark.interval.map(|one| [one.lower, one.upper]);
        interval.unwrap_or([mark.ratio; 2])
    });
    let [low, high] = ends.fold([f64::INFINITY, 0.0_f64], |[low, high], end| {
        [low.min(end), high.max(end)]
    });
    if low > high {
        return None;
    }
    let middle = f64::midpoint(low, high);
    let reach = ((high - low) / 2.0).max(middle * REACH_MIN);
    Some([middle - reach, middle + reach])
}

fn draw_step(canvas: &mut Canvas, step: TrackStep, from: [f64; 2], to: [f64; 2], top: f64) {
    if !step.is_marked {
        canvas.line(from, to, Ink::Grey, 1.0, "");
        return;
    }
    canvas.line(from, to, Ink::Accent, 3.0, "");
    let change = format!("{:+.1}%", (step.change - 1.0) * 100.0);
    // Beside the end of the line, where it does not go.
    if width(&change, SMALL) <= to[0] - from[0] {
        let y = match to[1] < from[1] {
            true => top + ROW - 6.0,
            false => top + 14.0,
        };
        canvas.text(to[0] - 8.0, y, Ink::Text, SMALL, Anchor::End, &change);
    }
}

fn one(canvas: &mut Canvas, mark: &TrackMark, scale: &Scale, x: f64) {
    let ink = match mark.is_doubted {
        true => Ink::Grey,
        false => Ink::Accent,
    };
    if let Some(interval) = mark.interval {
        let ends = [interval.lower, interval.upper].map(|end| [x, scale.at(end)]);
        canvas.line(ends[0], ends[1], ink, 2.5, "");
    }
    // What lies beyond the scale has no mark on it.
    if scale.covers(mark.ratio) {
        let y = scale.at(mark.ratio);
        canvas.line([x - HALF_A_MARK, y], [x + HALF_A_MARK, y], ink, 2.5, "");
    }
}

/// As the table writes it.
fn written(mark: &TrackMark) -> String {
    let ratio = Cell::Ratio {
        value: mark.ratio,
        interval: mark.interval,
    };
    let doubt = if mark.is_doubted { " (untrusted)" } else { "" };
    let step = mark.step.filter(|step| step.is_marked);
    let step = step.map_or_else(String::new, |step| {
        format!(", a step of {:+.1}%", (step.change - 1.0) * 100.0)
    });
    format!("{}{doubt}{step}", ratio.full())
}

fn description(tracks: &Tracks) -> String {
    let rows = tracks.parts.iter().flat_map(|part| {
        part.rows.iter().map(move |row| {
            let marks = row.marks.iter().zip(&part.runs);
            let marks = marks
                .filter_map(|(mark, run)| Some(format!("run {run} {}", written(mark.as_ref()?))));
            let marks: Vec<String> = marks.collect();
            let part = match part.heading.as_str() {
                "" => String::new(),
                heading => format!("{heading}, "),
            };
            format!("{part}{}: {}", row.subject.name, marks.join(", "))
        })
    });
    let rows: Vec<String> = rows.collect();
    format!("{}.", rows.join("; "))
}
