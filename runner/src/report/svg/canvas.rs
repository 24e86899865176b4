//! An SVG as it is written: marks with their names, text, and the dark theme of what was used.

use super::ink::{Ink, dark_rules};
use crate::report::escape::xml;
use std::collections::BTreeSet;
use std::fmt::Write;

/// How wide charts are: a phone of 390 px leaves 358 to a picture, so text of 12 is drawn 11 px high there.
pub(super) const WIDTH: f64 = 390.0;

/// The height of small text.
pub(super) const SMALL: f64 = 12.0;

/// The height of names and headings.
pub(super) const NORMAL: f64 = 13.0;

const FONT: &str = "-apple-system,Segoe UI,Noto Sans,Helvetica,Arial,sans-serif";

/// Which way text goes from its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A chart while it is drawn.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    body: String,
    used: BTreeSet<String>,
}

impl Canvas {
    fn class(&mut self, letter: &str, ink: Ink) -> String {
        let class = format!("{letter}{}", ink.class());
        self.used.insert(class.clone());
        class
    }

    /// Text of this size.
    pub(super) fn text(&mut self, x: f64, y: f64, ink: Ink, size: f64, anchor: Anchor, text: &str) {
        let class = self.class("f", ink);
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let _ = write!(
            self.body,
            "<text class=\"{class}\" x=\"{}\" y=\"{}\" fill=\"{}\" font-size=\"{size}\"{anchor}>{}</text>",
            number(x),
            number(y),
            ink.light(),
            xml(text)
        );
    }

    /// A heading.
    pub(super) fn heading(&mut self, x: f64, y: f64, text: &str) {
        let class = self.class("f", Ink::Text);
        let _ = write!(
            self.body,
            "<text class=\"{class}\" x=\"{}\" y=\"{}\" fill=\"{}\" font-weight=\"600\">{}</text>",
            number(x),
            number(y),
            Ink::Text.light(),
            xml(text)
        );
    }

    /// A filled rectangle.
    pub(super) fn bar(&mut self, x: f64, y: f64, width: f64, height: f64, ink: Ink) {
        let class = self.class("f", ink);
        let _ = write!(
            self.body,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
            number(x),
            number(y),
            number(width),
            number(height),
            ink.light()
        );
    }

    /// The outline of a rectangle.
    pub(super) fn outline(&mut self, x: f64, y: f64, width: f64, height: f64, ink: Ink) {
        let (fill, stroke) = (self.class("f", Ink::Background), self.class("s", ink));
        let _ = write!(
            self.body,
            "<rect class=\"{fill} {stroke}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\" stroke=\"{}\" \
             stroke-width=\"1.5\"/>",
            number(x),
            number(y),
            number(width),
            number(height),
            Ink::Background.light(),
            ink.light()
        );
    }

    /// A straight line; `dashes` as in `stroke-dasharray`, or none.
    pub(super) fn line(
        &mut self,
        from: [f64; 2],
        to: [f64; 2],
        ink: Ink,
        width: f64,
        dashes: &str,
    ) {
        let class = self.class("s", ink);
        let dashes = match dashes {
            "" => String::new(),
            dashes => format!(" stroke-dasharray=\"{dashes}\""),
        };
        let _ = write!(
            self.body,
            "<path class=\"{class}\" d=\"M{} {}L{} {}\" stroke=\"{}\" stroke-width=\"{width}\"{dashes}/>",
            number(from[0]),
            number(from[1]),
            number(to[0]),
            number(to[1]),
            ink.light()
        );
    }

    /// A line through points.
    pub(super) fn curve(&mut self, points: &[[f64; 2]], ink: Ink, width: f64) {
        let class = self.class("s", ink);
        let _ = write!(
            self.body,
            "<path class=\"{class}\" d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"/>",
            path(points),
            ink.light()
        );
    }

    /// An area with these corners.
    pub(super) fn area(&mut self, corners: &[[f64; 2]], ink: Ink) {
        let class = self.class("f", ink);
        let _ = write!(
            self.body,
            "<path class=\"{class}\" d=\"{}Z\" fill=\"{}\"/>",
            path(corners),
            ink.light()
        );
    }

    /// The outline of an area with these corners.
    pub(super) fn shape(&mut self, corners: &[[f64; 2]], ink: Ink) {
        let (fill, stroke) = (self.class("f", Ink::Background), self.class("s", ink));
        let _ = write!(
            self.body,
            "<path class=\"{fill} {stroke}\" d=\"{}Z\" fill=\"{}\" stroke=\"{}\" stroke-width=\"1.5\"/>",
            path(corners),
            Ink::Background.light(),
            ink.light()
        );
    }

    /// What is drawn by `draw` is kept under an id, to be drawn again at other places.
    pub(super) fn define(&mut self, id: &str, draw: impl FnOnce(&mut Self)) {
        let _ = write!(
            self.body,
            "<defs><g id=\"{}\"><title>all of them</title>",
            xml(id)
        );
        draw(self);
        self.body.push_str("</g></defs>");
    }

    /// What was defined under an id, moved by so much.
    pub(super) fn again(&mut self, id: &str, x: f64, y: f64) {
        let (id, x, y) = (xml(id), number(x), number(y));
        let _ = write!(self.body, "<use href=\"#{id}\" x=\"{x}\" y=\"{y}\"/>");
    }

    /// What is drawn by `draw` is one mark with this name.
    pub(super) fn mark(&mut self, name: &str, draw: impl FnOnce(&mut Self)) {
        let _ = write!(self.body, "<g><title>{}</title>", xml(name));
        draw(self);
        self.body.push_str("</g>");
    }

    /// The whole picture. `prefix` makes its ids unique; a picture that stands by itself brings its dark theme, one
    /// on a page takes the page's.
    pub(super) fn finish(
        mut self,
        prefix: &str,
        height: f64,
        title: &str,
        description: &str,
        is_alone: bool,
    ) -> String {
        let mut body = std::mem::take(&mut self.body);
        self.bar(0.0, 0.0, WIDTH, height, Ink::Background);
        let (prefix, height) = (xml(prefix), number(height));
        let style = match is_alone {
            true => format!(
                "<style>@media (prefers-color-scheme:dark){{{}}}</style>",
                dark_rules(|class| self.used.contains(class))
            ),
            false => String::new(),
        };
        if !is_alone {
            body = without_colours(&body);
            self.body = without_colours(&self.body);
        }
        // On a page it can be drawn again at another place.
        let size = match is_alone {
            true => format!(" width=\"{}\" height=\"{height}\"", number(WIDTH)),
            false => format!(" id=\"{prefix}\""),
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {height}\"{size} font-family=\"{FONT}\" \
             font-size=\"{NORMAL}\" role=\"img\" aria-labelledby=\"{prefix}-t {prefix}-d\">\
             <title id=\"{prefix}-t\">{}</title><desc id=\"{prefix}-d\">{}</desc>{style}{}{body}</svg>\n",
            number(WIDTH),
            xml(title),
            xml(description),
            self.body
        )
    }
}

/// The same elements with their classes alone, of which the page has the colours. Text is escaped, so none of it looks like
/// an attribute.
fn without_colours(body: &str) -> String {
    Ink::all().fold(body.to_owned(), |body, ink| {
        let light = ink.light();
        let filled = body.replace(&format!(" fill=\"{light}\""), "");
        filled.replace(&format!(" stroke=\"{light}\""), "")
    })
}

/// A coordinate with one digit, if it needs one.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A path through points: the first as it is, the others as steps from the one before, which takes half the room. Steps
/// are differences of rounded places, so that errors do not add up.
fn path(points: &[[f64; 2]]) -> String {
    let mut text = String::new();
    let mut before: Option<[i64; 2]> = None;
    for (number, place) in bends(points).into_iter().enumerate() {
        let step = before.map_or(place, |before| [place[0] - before[0], place[1] - before[1]]);
        text.push_str(match number {
            0 => "M",
            1 => "l",
            _ => "",
        });
        for (axis, tenths) in step.into_iter().enumerate() {
            let is_apart = tenths < 0 || (axis == 0 && number < 2);
            if !is_apart {
                text.push(' ');
            }
            text.push_str(&in_tenths(tenths));
        }
        before = Some(place);
    }
    text
}

/// The points in tenths, without those in the middle of a level stretch, which change nothing that is seen.
fn bends(points: &[[f64; 2]]) -> Vec<[i64; 2]> {
    let places = points
        .iter()
        .map(|point| point.map(|one| (one * 10.0).round() as i64));
    let mut kept: Vec<[i64; 2]> = Vec::new();
    for place in places {
        if let [.., [first, height], [middle, level]] = kept[..]
            && height == level
            && level == place[1]
            && (first <= middle) == (middle <= place[0])
        {
            kept.pop();
        }
        kept.push(place);
    }
    kept
}

/// `-3.4`, `.4`, `12`.
fn in_tenths(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, rest) = (tenths.abs() / 10, tenths.abs() % 10);
    match (whole, rest) {
        (_, 0) => format!("{sign}{whole}"),
        (0, _) => format!("{sign}.{rest}"),
        _ => format!("{sign}{whole}.{rest}"),
    }
}

/// How wide text is drawn at most, whatever the font: the widest common ones take 0.6 of their height a character.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.58
}

/// Text that fits into so much room, cut off if it has to be.
pub(super) fn fitting(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let chars = (room / (size * 0.58)) as usize;
    let kept: String = text.chars().take(chars.saturating_sub(1)).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn the_middle_of_a_level_stretch_is_left_out_and_a_way_back_is_not() {
        let level = [[0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [3.0, 2.0], [4.0, 2.0]];
        assert_eq!(path(&level), "M0 1l2 0 1 1 1 0");
        let back = [[0.0, 1.0], [2.0, 1.0], [1.0, 1.0]];
        assert_eq!(path(&back), "M0 1l2 0-1 0");
    }

    #[test]
    fn a_path_is_written_in_steps_that_do_not_drift() {
        let points = [[50.0, 192.9], [54.0, 152.14], [58.04, 152.5], [58.0, 152.0]];
        assert_eq!(path(&points), "M50 192.9l4-40.8 4 .4 0-.5");
    }
}
