//! Charts as SVG: readable on a phone and in print, light and dark, without scripts, fonts or anything from elsewhere.
//!
//! `canvas` writes elements, `ink` knows the colours, `scale` turns values into places; the others draw one kind of
//! chart each.

mod canvas;
mod curves;
mod ink;
mod ranges;
mod ratios;
mod scale;
mod stacks;
mod tracks;

use super::chart::{Chart, Drawing, Subject};
use super::escape::terminal;
use crate::run::ArmKind;
use canvas::{Anchor, Canvas, NORMAL, SMALL, WIDTH, fitting, width};
use ink::Ink;
pub(in crate::report) use ink::page_rules;

/// The distance from the left and right edges.
const MARGIN: f64 = 12.0;

/// A line of small text.
const LINE: f64 = 16.0;

/// A chart as a file of its own.
#[must_use]
pub fn file(chart: &Chart) -> String {
    draw(chart, &chart.id, true)
}

/// The width and height of a chart, as a `viewBox` ends.
pub(super) fn size(chart: &Chart) -> String {
    let drawn = file(chart);
    let view = drawn.split_once("viewBox=\"0 0 ");
    let size = view.and_then(|(_, rest)| rest.split_once('"'));
    size.map_or_else(String::new, |(size, _)| size.to_owned())
}

/// A chart as a part of a page, whose style has [`page_rules`]; `prefix` makes its ids unique there.
#[must_use]
pub(super) fn part(chart: &Chart, prefix: &str) -> String {
    draw(chart, prefix, false)
}

fn draw(chart: &Chart, prefix: &str, is_alone: bool) -> String {
    let mut canvas = Canvas::default();
    let top = head(&mut canvas, chart);
    let (height, description) = match &chart.drawing {
        Drawing::Ratios(ratios) => ratios::draw(&mut canvas, ratios, top),
        Drawing::Ranges(ranges) => ranges::draw(&mut canvas, ranges, top),
        Drawing::Stacks(stacks) => stacks::draw(&mut canvas, stacks, top),
        Drawing::Curves(curves) => curves::draw(&mut canvas, curves, top, prefix),
        Drawing::Tracks(tracks) => tracks::draw(&mut canvas, tracks, top),
    };
    let title = chart.full_title();
    canvas.finish(prefix, height + 8.0, &title, &description, is_alone)
}

/// Title, what is untrusted, and how to read it; where the drawing begins.
fn head(canvas: &mut Canvas, chart: &Chart) -> f64 {
    canvas.heading(MARGIN, 21.0, &chart.title);
    let mut y = 21.0;
    let doubt = chart.doubt.iter().map(|text| (Ink::Text, text));
    let reading = chart.reading.iter().map(|text| (Ink::Muted, text));
    for (ink, text) in doubt.chain(reading) {
        // A picture has no font for code, so it shows no sign of it.
        for line in lines(&terminal(text), WIDTH - 2.0 * MARGIN) {
            y += LINE;
            canvas.text(MARGIN, y, ink, SMALL, Anchor::Start, &line);
        }
    }
    y + 10.0
}

/// Small text in lines that fit into so much room.
fn lines(text: &str, room: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let longer = match lines.last().map(String::as_str) {
            None | Some("") => word.to_owned(),
            Some(line) => format!("{line} {word}"),
        };
        if width(&longer, SMALL) <= room || !longer.contains(' ') {
            lines.pop();
            lines.push(longer);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Rows of names at the left, every other one on a stripe.
struct Rows {
    top: f64,
    height: f64,
    /// How much of the height, at the bottom, is not for the name.
    below: f64,
}

impl Rows {
    /// Where a row begins.
    fn at(&self, row: usize) -> f64 {
        self.top + self.height * row as f64
    }

    /// Stripe and name of a row; `room` is how wide a name may be.
    fn name(&self, canvas: &mut Canvas, row: usize, subject: &Subject, room: f64) {
        let y = self.at(row);
        if row.is_multiple_of(2) {
            canvas.bar(0.0, y, WIDTH, self.height, Ink::Zebra);
        }
        let ink = match subject.kind.is_contestant() {
            true => Ink::Text,
            false => Ink::Muted,
        };
        let name = fitting(&subject.name, NORMAL, room);
        let middle = y + (self.height - self.below) / 2.0;
        if subject.detail.is_empty() {
            canvas.text(MARGIN, middle + 4.5, ink, NORMAL, Anchor::Start, &name);
            return;
        }
        let details = lines(&subject.detail, room);
        // The baselines of the name and of each line below it: a row has room for two.
        let (own, below): (f64, &[f64]) = match details.len() {
            1 => (-3.0, &[12.0]),
            _ => (-8.0, &[4.0, 15.5]),
        };
        canvas.text(MARGIN, middle + own, ink, NORMAL, Anchor::Start, &name);
        for (detail, down) in details.iter().zip(below) {
            let detail = fitting(detail, SMALL, room);
            let y = middle + down;
            canvas.text(MARGIN, y, Ink::Muted, SMALL, Anchor::Start, &detail);
        }
    }
}

/// The ink of an arm's figures: those of controls are grey.
fn ink(kind: ArmKind) -> Ink {
    match kind.is_contestant() {
        true => Ink::Accent,
        false => Ink::Grey,
    }
}

#[cfg(test)]
mod tests;
