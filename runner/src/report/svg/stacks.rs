//! Lengths made of parts, from a common zero, with the total at the end.

use super::canvas::{Anchor, Canvas, SMALL, WIDTH, fitting, width};
use super::ink::Ink;
use super::scale::Scale;
use super::{LINE, MARGIN, Rows};
use crate::report::chart::{StackRow, Stacks};
use crate::report::format::{decimal, grouped, rounded};

/// The plot's left edge, and its right edge without the totals.
const PLOT: [f64; 2] = [128.0, 318.0];

pub(super) fn draw(canvas: &mut Canvas, stacks: &Stacks, top: f64) -> (f64, String) {
    let end = legend(canvas, stacks, top);
    let most = stacks.rows.iter().map(|row| row.total).fold(0.0, f64::max);
    let scale = Scale::linear([0.0, most], PLOT);
    // A line below each bar has the shares that do not fit into it.
    let below = number(stacks, 0).map_or(0.0, |_| 18.0);
    let rows = Rows {
        top: end,
        height: 38.0 + below,
        below,
    };
    for (place, row) in stacks.rows.iter().enumerate() {
        rows.name(canvas, place, &row.subject, PLOT[0] - 8.0 - MARGIN);
        bar(canvas, stacks, row, &scale, rows.at(place) + 9.0);
        // The common zero. It ends above what is written below a bar.
        let (top, bottom) = (rows.at(place), rows.at(place + 1) - below);
        canvas.line([PLOT[0], top], [PLOT[0], bottom], Ink::Muted, 1.0, "");
    }
    (rows.at(stacks.rows.len()), description(stacks))
}

/// A number for each of several parts, so that segments can be distinguished without their colours.
fn number(stacks: &Stacks, part: usize) -> Option<String> {
    (stacks.parts.len() > 2).then(|| (part + 1).to_string())
}

/// The number of a part and its share of a row.
fn numbered_share(stacks: &Stacks, part: usize, share: f64) -> Option<String> {
    let number = number(stacks, part)?;
    Some(match share > 0.0 && share < 0.005 {
        true => format!("{number}: <1%"),
        false => format!("{number}: {:.0}%", 100.0 * share),
    })
}

/// What is written on a segment of this length: the number of its part, and its share if there is room.
fn label(stacks: &Stacks, part: usize, share: f64, length: f64) -> Option<String> {
    let both = numbered_share(stacks, part, share)?;
    let mut fitting = [both, number(stacks, part)?].into_iter();
    fitting.find(|text| fits(text, length))
}

fn fits(text: &str, length: f64) -> bool {
    width(text, SMALL) + 1.0 <= length
}

/// The shares of a row that do not fit on their segments.
fn beside(stacks: &Stacks, row: &StackRow, scale: &Scale) -> String {
    let parts = row
        .sizes
        .iter()
        .enumerate()
        .filter(|(_, size)| **size > 0.0);
    let shares = parts.filter_map(|(part, &size)| {
        let text = numbered_share(stacks, part, size / row.total)?;
        (!fits(&text, length(scale, size))).then_some(text)
    });
    shares.collect::<Vec<_>>().join(" ")
}

/// How long the segment of a part is: with a background line of 1 between it and the next.
fn length(scale: &Scale, size: f64) -> f64 {
    scale.at(size) - scale.at(0.0) - 1.0
}

fn legend(canvas: &mut Canvas, stacks: &Stacks, top: f64) -> f64 {
    let (mut x, mut y) = (MARGIN, top + 10.0);
    for (part, name) in stacks.parts.iter().enumerate() {
        let name = match number(stacks, part) {
            Some(number) => format!("{number} {name}"),
            None => name.clone(),
        };
        let length = 16.0 + width(&name, SMALL);
        if x + length > WIDTH - MARGIN && x > MARGIN {
            (x, y) = (MARGIN, y + LINE);
        }
        canvas.bar(x, y - 9.0, 10.0, 10.0, Ink::Part(part));
        canvas.text(x + 15.0, y, Ink::Text, SMALL, Anchor::Start, &name);
        x += length + 12.0;
    }
    y + 10.0
}

fn bar(canvas: &mut Canvas, stacks: &Stacks, row: &StackRow, scale: &Scale, y: f64) {
    let mut from = 0.0;
    for (part, &size) in row.sizes.iter().enumerate() {
        let (start, length) = (scale.at(from), length(scale, size));
        from += size;
        if length < 0.3 {
            continue;
        }
        let name = stacks.parts.get(part).map_or("", String::as_str);
        let figure = figure(stacks, size);
        canvas.mark(
            &format!("{}, {name}: {figure}", row.subject.name),
            |canvas| {
                canvas.bar(start, y, length, 20.0, Ink::Part(part));
                if let Some(label) = label(stacks, part, size / row.total, length) {
                    let middle = start + length / 2.0;
                    canvas.text(
                        middle,
                        y + 14.0,
                        Ink::OnPart(part),
                        SMALL,
                        Anchor::Middle,
                        &label,
                    );
                }
            },
        );
    }
    let beside = fitting(&beside(stacks, row, scale), SMALL, WIDTH - 2.0 * MARGIN);
    if !beside.is_empty() {
        canvas.text(MARGIN, y + 37.0, Ink::Muted, SMALL, Anchor::Start, &beside);
    }
    let total = fitting(
        &figure(stacks, row.total),
        SMALL,
        WIDTH - scale.at(row.total) - 8.0,
    );
    canvas.text(
        scale.at(row.total) + 6.0,
        y + 14.0,
        Ink::Text,
        SMALL,
        Anchor::Start,
        &total,
    );
}

fn figure(stacks: &Stacks, value: f64) -> String {
    match stacks.digits {
        0 => grouped(rounded(value)),
        digits => decimal(value, digits),
    }
}

fn description(stacks: &Stacks) -> String {
    let rows = stacks.rows.iter().map(|row| {
        let parts = row.sizes.iter().zip(&stacks.parts);
        let parts = parts.filter(|(size, _)| **size > 0.0);
        let parts = parts.map(|(&size, name)| format!("{name} {}", figure(stacks, size)));
        let total = figure(stacks, row.total);
        let parts = parts.collect::<Vec<_>>().join(", ");
        format!("{}: {total} ({parts})", row.subject.name)
    });
    format!("{}. {}.", stacks.unit, rows.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::Subject;
    use crate::run::ArmKind;

    fn of_parts(count: usize) -> Stacks {
        Stacks {
            unit: "Instructions per request",
            digits: 0,
            parts: (0..count).map(|part| format!("crate {part}")).collect(),
            rows: Vec::new(),
        }
    }

    #[test]
    fn a_segment_carries_the_number_of_its_part_and_its_share_if_there_is_room() {
        let stacks = of_parts(7);
        let label = |length| label(&stacks, 2, 0.451, length);
        assert_eq!(label(60.0).as_deref(), Some("3: 45%"));
        assert_eq!(label(24.0).as_deref(), Some("3"));
        assert_eq!(label(5.0), None);
    }

    #[test]
    fn the_share_of_every_segment_is_on_it_or_below_its_bar() {
        let stacks = of_parts(7);
        let scale = Scale::linear([0.0, 1_000.0], PLOT);
        let row = StackRow {
            subject: Subject {
                name: "one".to_owned(),
                kind: ArmKind::Contestant,
                detail: String::new(),
            },
            sizes: vec![500.0, 250.0, 0.0, 100.0, 0.5, 49.5, 100.0],
            total: 1_000.0,
        };
        assert_eq!(beside(&stacks, &row, &scale), "4: 10% 5: <1% 6: 5% 7: 10%");
        let on = |part: usize| {
            let size = row.sizes[part];
            label(&stacks, part, size / row.total, length(&scale, size))
        };
        assert_eq!(on(0).as_deref(), Some("1: 50%"));
        assert_eq!(on(1).as_deref(), Some("2: 25%"));
    }

    #[test]
    fn the_legend_has_the_numbers_of_the_segments_unless_there_are_two() {
        let drawn = |count| {
            let mut canvas = Canvas::default();
            legend(&mut canvas, &of_parts(count), 0.0);
            canvas.finish("one", 100.0, "", "", true)
        };
        assert!(drawn(3).contains(">3 crate 2</text>"));
        assert!(drawn(2).contains(">crate 1</text>"));
    }
}
