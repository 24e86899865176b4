//! The values of cells, and how each is written: in one way, wherever a table is shown.

use super::format::{decimal, grouped};
use super::{digits, escape};
use crate::run::ArmKind;
use crate::stats::{Interval, RankSet};
use serde::Serialize;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Cell {
    /// Nothing belongs here.
    Empty,
    /// There is no figure.
    Missing,
    /// It was to be measured and could not be.
    Failed,
    /// Words.
    Text {
        /// What it says.
        text: String,
    },
    /// Who a row is of.
    Name {
        /// The arm's name.
        name: String,
        /// What it is.
        role: ArmKind,
        /// Signs beside the name, explained under the table.
        marks: String,
    },
    /// A figure.
    Number {
        /// Its value.
        value: f64,
        /// Digits after the point.
        digits: usize,
    },
    /// A figure with what it is made of.
    Sum {
        /// Its value.
        value: f64,
        /// The parts, which a terminal leaves out.
        parts: [f64; 2],
    },
    /// A figure with its interval.
    Estimate {
        /// Its value.
        value: f64,
        /// The interval's lower end.
        lower: f64,
        /// The interval's upper end.
        upper: f64,
    },
    /// A ratio to the baseline.
    Ratio {
        /// Its value.
        value: f64,
        /// Its interval at 95 %, jointly valid with those of the whole table; `None` for the baseline itself, and
        /// if there are too few blocks for any.
        interval: Option<Bounds>,
    },
    /// A rate, and how it compares with another one.
    Gain {
        /// Its value.
        value: f64,
        /// Its ratio to the other; `None` if it is what others are held against.
        ratio: Option<f64>,
        /// The interval of the ratio; `None` if there are too few blocks for any.
        interval: Option<Bounds>,
        /// The generator was saturated, so the rate may be higher.
        client_bound: bool,
        /// The same is so of the other rate.
        over_bound: bool,
        /// It is unclear whether server or generator was the limit.
        unclear: bool,
    },
    /// The ranks a row can have.
    Rank {
        /// The best.
        best: usize,
        /// The worst.
        worst: usize,
        /// The generator was saturated, so the row may deserve a better one.
        client_bound: bool,
        /// The table is untrusted, so its ranks are not to be relied on.
        doubted: bool,
    },
}

/// The ends of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bounds {
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

impl Cell {
    /// Words.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// Who a row is of.
    #[must_use]
    pub fn name(name: impl Into<String>, role: ArmKind, marks: impl Into<String>) -> Self {
        Self::Name {
            name: name.into(),
            role,
            marks: marks.into(),
        }
    }

    /// A figure with so many digits after the point.
    #[must_use]
    pub fn number(value: f64, digits: usize) -> Self {
        Self::Number { value, digits }
    }

    /// A whole figure.
    #[must_use]
    pub fn whole(value: f64) -> Self {
        Self::number(value.round(), 0)
    }

    /// A count.
    #[must_use]
    pub fn count(count: u64) -> Self {
        Self::number(count as f64, 0)
    }

    /// A share as a percentage with one digit.
    #[must_use]
    pub fn percent(share: f64) -> Self {
        match share.is_finite() {
            true => Self::number(share * 100.0, 1),
            false => Self::Missing,
        }
    }

    /// KiB as MiB with one digit.
    #[must_use]
    pub fn mib(kib: f64) -> Self {
        Self::number(kib / 1024.0, 1)
    }

    /// A ratio to the baseline, with its interval if there is one.
    #[must_use]
    pub fn ratio(value: f64, interval: Option<Interval>) -> Self {
        let interval = interval.filter(|interval| interval.half_width() > 0.0);
        Self::Ratio {
            value,
            interval: interval.map(|one| Bounds {
                lower: one.lower,
                upper: one.upper,
            }),
        }
    }

    /// A rate and its gain over another one, `interval` being that of their ratio.
    #[must_use]
    pub fn gain(
        value: f64,
        ratio: Option<f64>,
        interval: Option<Interval>,
        client_bound: bool,
    ) -> Self {
        Self::Gain {
            value: value.round(),
            ratio,
            interval: interval.map(|one| Bounds {
                lower: one.lower,
                upper: one.upper,
            }),
            client_bound,
            over_bound: false,
            unclear: false,
        }
    }

    /// The same gain over a rate that may be higher itself.
    #[must_use]
    pub fn over_bound(mut self, is_bound: bool) -> Self {
        if let Self::Gain { over_bound, .. } = &mut self {
            *over_bound = is_bound;
        }
        self
    }

    /// The same rate with a sign if it `is_unclear` what was its limit.
    #[must_use]
    pub fn unclear(mut self, is_unclear: bool) -> Self {
        if let Self::Gain { unclear, .. } = &mut self {
            *unclear = is_unclear;
        }
        self
    }

    /// The ranks a row can have.
    #[must_use]
    pub fn rank(rank: RankSet, client_bound: bool) -> Self {
        Self::Rank {
            best: rank.best,
            worst: rank.worst,
            client_bound,
            doubted: false,
        }
    }

    /// The same cell in an untrusted table: ranks get a sign.
    pub(super) fn doubt(&mut self) {
        if let Self::Rank { doubted, .. } = self {
            *doubted = true;
        }
    }

    /// As it is written in Markdown; a contestant links to `source`. Figures do not break between lines.
    #[must_use]
    pub(super) fn markdown(&self, source: Option<&str>) -> String {
        match self {
            Self::Name { name, role, marks } => {
                let (name, marks) = (escape::markdown(name), escape::markdown(marks));
                match source {
                    Some(source) => format!("[{name}]({source}){marks}"),
                    None if role.is_contestant() => format!("{name}{marks}"),
                    None => format!("*{name}*{marks}"),
                }
            }
            Self::Ratio { .. } => self.full().replace(' ', "\u{a0}"),
            // A narrow page has room for what is in parentheses below the figure, and for an interval below its estimate.
            Self::Gain { .. } | Self::Sum { .. } => self
                .full()
                .replace(' ', "\u{a0}")
                .replace("\u{a0}(", " (")
                .replace(";\u{a0}", "; "),
            // Word joiners: a line could end after the dash.
            Self::Rank { .. } => escape::markdown(&self.full()).replace('–', "\u{2060}–\u{2060}"),
            other => escape::markdown(&other.full()),
        }
    }

    /// As it is written on a page of HTML, without a link.
    #[must_use]
    pub(super) fn html(&self) -> String {
        match self {
            Self::Ratio { .. } | Self::Estimate { .. } | Self::Gain { .. } => {
                self.full().replace(' ', "\u{a0}")
            }
            other => escape::html(&other.full()),
        }
    }

    /// What a column is sorted by; `None` stands last whichever way.
    #[must_use]
    pub(super) fn key(&self) -> Option<f64> {
        match self {
            Self::Number { value, .. }
            | Self::Sum { value, .. }
            | Self::Estimate { value, .. }
            | Self::Ratio { value, .. }
            | Self::Gain { value, .. } => Some(*value),
            Self::Rank { best, worst, .. } => Some(*best as f64 + *worst as f64 / 1000.0),
            Self::Empty | Self::Missing | Self::Failed | Self::Text { .. } | Self::Name { .. } => {
                None
            }
        }
    }

    /// As it is written if there is room.
    #[must_use]
    pub fn full(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Missing => "-".to_owned(),
            Self::Failed => "failed".to_owned(),
            Self::Text { text } => text.clone(),
            Self::Name { name, marks, .. } => format!("{name}{marks}"),
            Self::Number { value, digits: 0 } => grouped(value.round() as u64),
            Self::Number { value, digits } => decimal(*value, *digits),
            Self::Sum { value, parts } => {
                let [one, other] = parts.map(|part| grouped(part.round() as u64));
                format!("{} ({one} + {other})", grouped(value.round() as u64))
            }
            Self::Estimate {
                value,
                lower,
                upper,
            } if [value, lower, upper] == [&0.0; 3] => "0".to_owned(),
            Self::Estimate {
                value,
                lower,
                upper,
            } => {
                let digits = digits::meant(*lower, *upper);
                format!("{value:.digits$} ({lower:.digits$}–{upper:.digits$})")
            }
            Self::Ratio { value, interval } => digits::ratio(*value, *interval),
            Self::Gain {
                value,
                ratio,
                interval,
                client_bound,
                over_bound,
                unclear,
            } => {
                let bound = if *client_bound { "≥ " } else { "" };
                let sign = if *unclear { "‡" } else { "" };
                // If one of two rates is at least this, their gain has one bound and no interval; if both are, it has none.
                let gain = ratio.map_or_else(String::new, |ratio| {
                    let bare = digits::gain(ratio, None);
                    match (client_bound, over_bound) {
                        (false, false) => format!(" ({})", digits::gain(ratio, *interval)),
                        (true, false) => format!(" (≥ {bare})"),
                        (false, true) => format!(" (≤ {bare})"),
                        (true, true) => String::new(),
                    }
                });
                format!("{bound}{}{sign}{gain}", grouped(*value as u64))
            }
            Self::Rank {
                best,
                worst,
                client_bound,
                doubted,
            } => {
                let sign = if *client_bound { "†" } else { "" };
                let doubt = if *doubted { "?" } else { "" };
                let rank = RankSet {
                    best: *best,
                    worst: *worst,
                };
                format!("{rank}{sign}{doubt}")
            }
        }
    }

    /// As it is written on a terminal: without what stands in parentheses.
    #[must_use]
    pub fn brief(&self) -> String {
        match self {
            Self::Sum { value, .. } => grouped(value.round() as u64),
            Self::Estimate {
                value,
                lower,
                upper,
            } if *value != 0.0 => {
                let digits = digits::meant(*lower, *upper);
                format!("{value:.digits$}")
            }
            Self::Gain {
                value,
                ratio: Some(ratio),
                ..
            } => format!("{} {}", grouped(*value as u64), digits::gain(*ratio, None)),
            other => other.full(),
        }
    }
}

#[cfg(test)]
mod tests;
