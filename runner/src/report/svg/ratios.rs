//! Ratios to the baseline: the interval is a bar, its estimate a line across it; what is off the scale is an arrow with
//! its number.

use super::canvas::{Anchor, Canvas, SMALL, WIDTH, width};
use super::ink::Ink;
use super::scale::{Scale, decades, label, multiples, step};
use super::{MARGIN, Rows, ink};
use crate::report::cell::Cell;
use crate::report::chart::{RatioMark, RatioRow, Ratios};
use crate::run::ArmKind;

/// The plot's left edge and right edge.
const PLOT: [f64; 2] = [170.0, 376.0];

/// The middle of the column of ranks.
const RANKS: f64 = 144.0;

/// A line within a row: one condition.
const LANE: f64 = 14.0;

/// How high a bar is.
const MARK: f64 = 8.0;

/// How high the line of an estimate is: it stands out of its bar, so that it is seen if the bar is hardly wider than it.
const ESTIMATE: f64 = 12.0;

/// Rows that far below the best one are off the scale; if nobody is ranked, marks that far from the middle one.
const OFF_SCALE: f64 = 2.0;

pub(super) fn draw(canvas: &mut Canvas, ratios: &Ratios, top: f64) -> (f64, String) {
    let Across { low, scale, ticks } = Across::of(ratios);
    let lanes = ratios.conditions.len().max(1) as f64;
    let labels = 14.0 * ratios.limits.iter().flatten().count() as f64;
    let rows = Rows {
        top: top + 16.0 + labels,
        height: (8.0 + LANE * lanes).max(36.0),
        below: 0.0,
    };
    let bottom = rows.at(ratios.rows.len());
    if has_ranks(ratios) {
        let y = top + 10.0 + labels;
        canvas.text(RANKS, y, Ink::Muted, SMALL, Anchor::Middle, "rank");
    }
    for (place, row) in ratios.rows.iter().enumerate() {
        rows.name(canvas, place, &row.subject, RANKS - 22.0 - MARGIN);
    }
    for (tick, label) in ticks {
        let x = scale.at(tick);
        let is_one = (tick - 1.0).abs() < 1e-9;
        let thickness = if is_one { 1.8 } else { 0.7 };
        canvas.line([x, rows.top], [x, bottom], Ink::Grid, thickness, "");
        canvas.text(x, bottom + 15.0, Ink::Muted, SMALL, Anchor::Middle, &label);
    }
    limits(canvas, ratios, &scale, top, bottom);
    for (place, row) in ratios.rows.iter().enumerate() {
        let middle = rows.at(place) + rows.height / 2.0 - LANE * (lanes - 1.0) / 2.0;
        marks(canvas, ratios, row, &scale, middle);
    }
    let axis = axis(low, &scale);
    canvas.text(
        MARGIN,
        bottom + 15.0,
        Ink::Muted,
        SMALL,
        Anchor::Start,
        &axis,
    );
    (legend(canvas, ratios, bottom + 36.0), description(ratios))
}

/// What ratios are drawn on.
struct Across {
    low: f64,
    scale: Scale,
    /// Where there is a line, and what it says.
    ticks: Vec<(f64, String)>,
}

impl Across {
    fn of(ratios: &Ratios) -> Self {
        if is_wide(ratios) {
            return Self::log(ratios);
        }
        let [low, high] = range(ratios);
        let step = step(low, high, 5.0);
        let ticks = multiples(low, high, step).map(|tick| (tick, label(tick, step)));
        Self {
            low,
            scale: Scale::linear([low, high], PLOT),
            ticks: ticks.collect(),
        }
    }

    /// Powers of ten that all marks lie between, and no farther up than they do.
    fn log(ratios: &Ratios) -> Self {
        let marks = marks_of(ratios).map(|mark| mark.interval.map_or(mark.ratio, |one| one.lower));
        let [low, _] = decades(marks);
        let [_, high] = range(ratios);
        let powers = (low.log10().round() as i32..).map(|power| 10_f64.powi(power));
        let ticks = powers.take_while(|tick| *tick <= high * 1.000_001);
        Self {
            low,
            scale: Scale::log([low, high], PLOT),
            ticks: ticks.map(|tick| (tick, label(tick, tick))).collect(),
        }
    }
}

fn marks_of(ratios: &Ratios) -> impl Iterator<Item = &RatioMark> {
    ratios
        .rows
        .iter()
        .flat_map(|row| row.marks.iter().flatten())
}

/// Whether most ranked marks would be off a linear scale, as if servers of several kinds are measured in one run.
fn is_wide(ratios: &Ratios) -> bool {
    if !has_ranks(ratios) {
        return false;
    }
    let [least, _] = reach(ratios);
    let ranked = || marks_of(ratios).filter(|mark| matches!(mark.rank, Cell::Rank { .. }));
    let off = ranked().filter(|mark| mark.ratio < least).count();
    2 * off > ranked().count()
}

/// What has to be known of the axis, if it is not one from zero.
fn axis(low: f64, scale: &Scale) -> String {
    match (scale.is_log(), low > 0.0) {
        (true, _) => "logarithmic axis".to_owned(),
        (false, true) => format!("axis from {low:.2}"),
        (false, false) => String::new(),
    }
}

/// Ratios of arms to something other than the baseline rank nobody.
fn has_ranks(ratios: &Ratios) -> bool {
    marks_of(ratios).any(|mark| matches!(mark.rank, Cell::Rank { .. }))
}

/// The ratios that are on the scale: of ranked rows, those within reach of the best one; otherwise those within reach of
/// the middle one, so that one contestant that gains tenfold does not make the others' gains invisible.
fn reach(ratios: &Ratios) -> [f64; 2] {
    let mut all: Vec<f64> = marks_of(ratios).map(|mark| mark.ratio).collect();
    if has_ranks(ratios) {
        let best = all.into_iter().fold(1.0, f64::max);
        return [best / OFF_SCALE, best];
    }
    all.sort_by(f64::total_cmp);
    let middle = all.get(all.len() / 2).copied().unwrap_or(1.0);
    [middle / OFF_SCALE, middle * OFF_SCALE]
}

/// From the smallest interval on the scale to the largest.
fn range(ratios: &Ratios) -> [f64; 2] {
    let [least, best] = reach(ratios);
    let ends = |mark: &RatioMark| {
        mark.interval
            .map_or([mark.ratio; 2], |one| [one.lower, one.upper])
    };
    let near = marks_of(ratios)
        .filter(|mark| (least..=best).contains(&mark.ratio))
        .map(ends);
    let limits = ratios.limits.iter().flatten().map(|&limit| [limit; 2]);
    let limits = limits.filter(|limit| limit[0] <= best * 1.3);
    let [low, high] = near
        .chain(limits)
        .fold([1.0_f64, 1.0_f64], |[low, high], [lower, upper]| {
            [low.min(lower), high.max(upper.min(best * 1.5))]
        });
    let step = step(low, high, 5.0);
    let low = ((low - 0.05 * step) / step).floor() * step;
    [low.max(0.0), high + 0.25 * step]
}

/// The null server, as a line for each condition, named above the rows.
fn limits(canvas: &mut Canvas, ratios: &Ratios, scale: &Scale, top: f64, bottom: f64) {
    let named = ratios.limits.iter().zip(&ratios.conditions);
    let named: Vec<(f64, &String)> = named
        .filter_map(|(limit, condition)| Some(((*limit)?, condition)))
        .collect();
    // All names end left of all lines, so that none is crossed out.
    let lines = named.iter().filter(|(limit, _)| scale.covers(*limit));
    let end = lines
        .map(|(limit, _)| scale.at(*limit) - 5.0)
        .fold(PLOT[1], f64::min);
    for (place, (limit, condition)) in named.into_iter().enumerate() {
        let y = top + 10.0 + 14.0 * place as f64;
        let sign = if scale.covers(limit) { "" } else { " ▸" };
        let name = format!("null server, {condition}: {limit:.2}{sign}");
        let end = end.max(MARGIN + width(&name, SMALL));
        canvas.text(end, y, Ink::Muted, SMALL, Anchor::End, &name);
        if scale.covers(limit) {
            let x = scale.at(limit);
            canvas.line(
                [x, y - 4.0],
                [x, bottom],
                Ink::Muted,
                1.2,
                DASHES[place % DASHES.len()],
            );
        }
    }
}

const DASHES: [&str; 4] = ["4 3", "1.5 3", "8 3", "8 3 2 3"];

fn marks(canvas: &mut Canvas, ratios: &Ratios, row: &RatioRow, scale: &Scale, middle: f64) {
    for (lane, mark) in row.marks.iter().enumerate() {
        let y = middle + LANE * lane as f64;
        let Some(mark) = mark else {
            canvas.text(
                PLOT[0] + 8.0,
                y + 4.0,
                Ink::Muted,
                SMALL,
                Anchor::Start,
                "no figure",
            );
            continue;
        };
        canvas.text(
            RANKS,
            y + 4.0,
            Ink::Text,
            SMALL,
            Anchor::Middle,
            &rank(ratios, row, mark),
        );
        let condition = ratios.conditions.get(lane).map_or("", String::as_str);
        let name = format!("{}, {condition}: {}", row.subject.name, written(mark));
        canvas.mark(&name, |canvas| one(canvas, row, mark, scale, lane, y));
    }
}

fn rank(ratios: &Ratios, row: &RatioRow, mark: &RatioMark) -> String {
    match mark.rank {
        _ if !has_ranks(ratios) => String::new(),
        Cell::Rank { .. } => mark.rank.full(),
        _ if row.subject.kind == ArmKind::Contestant => "-".to_owned(),
        _ => String::new(),
    }
}

/// As the table writes it.
fn written(mark: &RatioMark) -> String {
    let sign = if mark.client_bound { "at least " } else { "" };
    let ratio = Cell::Ratio {
        value: mark.ratio,
        interval: mark.interval,
    };
    format!("{sign}{}", ratio.full())
}

fn one(canvas: &mut Canvas, row: &RatioRow, mark: &RatioMark, scale: &Scale, lane: usize, y: f64) {
    let ink = ink(row.subject.kind);
    if !scale.covers(mark.ratio) {
        off_scale(canvas, mark, scale, ink, y);
        return;
    }
    if mark.interval.is_none() && !mark.client_bound {
        // What is so by definition has no interval: a mark alone.
        estimate(canvas, scale.at(mark.ratio), y, ink);
        return;
    }
    let (low, high) = mark
        .interval
        .map_or((mark.ratio, mark.ratio), |one| (one.lower, one.upper));
    let (low, high, middle) = (scale.at(low), scale.at(high), scale.at(mark.ratio));
    let top = y - MARK / 2.0;
    if mark.client_bound {
        // Open to the right: nobody knows how much further it would go.
        canvas.outline(low, top, high - low, MARK, ink);
        canvas.area(
            &[[high + 2.0, top], [high + 8.0, y], [high + 2.0, top + MARK]],
            ink,
        );
    } else {
        bar(canvas, lane, [low, high - low], top, ink);
    }
    estimate(canvas, middle, y, ink);
}

/// The line of an estimate.
fn estimate(canvas: &mut Canvas, x: f64, y: f64, ink: Ink) {
    let half = ESTIMATE / 2.0;
    canvas.line([x, y - half], [x, y + half], ink, 2.0, "");
}

/// An arrow towards where it would be, and its number.
fn off_scale(canvas: &mut Canvas, mark: &RatioMark, scale: &Scale, ink: Ink, y: f64) {
    let (x, inwards, anchor) = match scale.is_below(mark.ratio) {
        true => (PLOT[0], 1.0, Anchor::Start),
        false => (PLOT[1], -1.0, Anchor::End),
    };
    let back = x + 7.0 * inwards;
    canvas.area(&[[back, y - 4.5], [x, y], [back, y + 4.5]], ink);
    let x = x + 12.0 * inwards;
    canvas.text(x, y + 4.0, Ink::Text, SMALL, anchor, &written(mark));
}

/// The bars of neighbouring lanes differ in their fill: solid, outlined or pale.
const STYLES: usize = 3;

fn bar(canvas: &mut Canvas, lane: usize, [x, width]: [f64; 2], top: f64, ink: Ink) {
    match lane % STYLES {
        0 => canvas.bar(x, top, width, MARK, ink),
        1 => canvas.outline(x, top, width, MARK, ink),
        _ => {
            canvas.bar(x, top, width, MARK, Ink::Band);
            let bottom = top + MARK;
            canvas.line([x, bottom], [x + width, bottom], ink, 1.5, "");
            canvas.line([x, top], [x + width, top], ink, 1.5, "");
        }
    }
}

/// What each kind of bar stands for; where it ends.
fn legend(canvas: &mut Canvas, ratios: &Ratios, mut y: f64) -> f64 {
    let mut x = MARGIN;
    for (lane, condition) in ratios.conditions.iter().enumerate() {
        let end = x + 28.0 + width(condition, SMALL);
        if end > WIDTH - MARGIN && x > MARGIN {
            (x, y) = (MARGIN, y + 16.0);
        }
        bar(canvas, lane, [x, 22.0], y - MARK + 1.0, Ink::Accent);
        canvas.text(x + 28.0, y, Ink::Text, SMALL, Anchor::Start, condition);
        x += 28.0 + width(condition, SMALL) + 14.0;
    }
    y
}

fn description(ratios: &Ratios) -> String {
    let rows = ratios.rows.iter().map(|row| {
        let marks = row.marks.iter().zip(&ratios.conditions);
        let marks = marks.map(|(mark, condition)| {
            let figure = mark
                .as_ref()
                .map_or_else(|| "no figure".to_owned(), written);
            let rank = mark
                .as_ref()
                .map_or_else(String::new, |mark| rank(ratios, row, mark));
            match rank.as_str() {
                "" => format!("{figure} at {condition}"),
                rank => format!("{figure} at {condition} (rank {rank})"),
            }
        });
        format!(
            "{}: {}",
            row.subject.name,
            marks.collect::<Vec<_>>().join(", ")
        )
    });
    format!(
        "Ratios to {}. {}.",
        ratios.baseline,
        rows.collect::<Vec<_>>().join("; ")
    )
}
