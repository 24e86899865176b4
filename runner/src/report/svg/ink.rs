//! Colours: light ones as attributes of every element, so that a host that drops styles shows a light chart, and dark
//! ones in one rule per colour that is used.

use std::fmt::Write;

/// What something is drawn in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// What everything stands on.
    Background,
    /// Every other row.
    Zebra,
    /// Words that matter.
    Text,
    /// Words that explain.
    Muted,
    /// Lines of a scale.
    Grid,
    /// The figures.
    Accent,
    /// Others' figures, and those of controls.
    Grey,
    /// What a figure varies between.
    Band,
    /// One of several parts.
    Part(usize),
    /// Words on a part.
    OnPart(usize),
}

/// Eight colours that are told apart in both themes and by readers who see fewer of them, each at least 3:1 against
/// the background; and whether words on it are light.
const PARTS: [[(&str, bool); 2]; 8] = [
    [("#1c727f", true), ("#0c6a76", true)],
    [("#c57118", false), ("#c57118", false)],
    [("#7429c3", true), ("#8347cf", true)],
    [("#309d8b", false), ("#309d8b", false)],
    [("#760a03", true), ("#af3628", true)],
    [("#996fda", false), ("#b093e5", false)],
    [("#293871", true), ("#c5d3fd", false)],
    [("#93532d", true), ("#f6bc9c", false)],
];

impl Ink {
    /// The light colour and the dark one.
    fn colours(self) -> [&'static str; 2] {
        match self {
            Self::Background => ["#ffffff", "#0d1117"],
            Self::Zebra => ["#f6f8fa", "#161b22"],
            Self::Text => ["#1f2328", "#e6edf3"],
            Self::Muted => ["#59636e", "#9198a1"],
            Self::Grid => ["#d1d9e0", "#30363d"],
            Self::Accent => ["#0969da", "#58a6ff"],
            Self::Grey => ["#818b98", "#6e7781"],
            Self::Band => ["#b6d9ff", "#1c4273"],
            Self::Part(part) => PARTS[part % PARTS.len()].map(|(colour, _)| colour),
            Self::OnPart(part) => PARTS[part % PARTS.len()]
                .map(|(_, light)| if light { "#ffffff" } else { "#0d1117" }),
        }
    }

    /// The light colour.
    pub(super) fn light(self) -> &'static str {
        self.colours()[0]
    }

    /// The end of its class, after `f` for what is filled and `s` for lines.
    pub(super) fn class(self) -> String {
        match self {
            Self::Background => "b".to_owned(),
            Self::Zebra => "z".to_owned(),
            Self::Text => "t".to_owned(),
            Self::Muted => "m".to_owned(),
            Self::Grid => "g".to_owned(),
            Self::Accent => "a".to_owned(),
            Self::Grey => "y".to_owned(),
            Self::Band => "d".to_owned(),
            Self::Part(part) => format!("p{}", part % PARTS.len()),
            Self::OnPart(part) => format!("o{}", part % PARTS.len()),
        }
    }

    /// All there are.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        [
            Self::Background,
            Self::Zebra,
            Self::Text,
            Self::Muted,
            Self::Grid,
            Self::Accent,
            Self::Grey,
            Self::Band,
        ]
        .into_iter()
        .chain((0..PARTS.len()).map(Self::Part))
        .chain((0..PARTS.len()).map(Self::OnPart))
    }
}

/// The dark colours of the classes that are used.
pub(super) fn dark_rules(is_used: impl Fn(&str) -> bool) -> String {
    rules(is_used, |[_, dark]| dark.to_owned())
}

/// The colours of all classes, by the colour scheme of the page. They name nothing but the class: what `<use>` draws
/// again is in a tree of its own, so a rule for what stands in an element of the page does not reach it.
pub(in crate::report) fn page_rules() -> String {
    rules(
        |_| true,
        |[light, dark]| format!("light-dark({light},{dark})"),
    )
}

fn rules(is_used: impl Fn(&str) -> bool, colour: impl Fn([&'static str; 2]) -> String) -> String {
    let mut rules = String::new();
    for ink in Ink::all() {
        for (letter, property) in [("f", "fill"), ("s", "stroke")] {
            let name = format!("{letter}{}", ink.class());
            if is_used(&name) {
                let _ = write!(rules, ".{name}{{{property}:{}}}", colour(ink.colours()));
            }
        }
    }
    rules
}
