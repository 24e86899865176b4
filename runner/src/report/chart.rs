//! Charts as data: what is drawn of a run, before anybody has decided how. Each mark carries its uncertainty or its
//! repeatability.

use super::cell::{Bounds, Cell};
use crate::run::ArmKind;
use serde::Serialize;

/// A chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    /// Its name within the run, which is also that of its file.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// How it is to be read, a line each.
    pub reading: Vec<String>,
    /// What it shows in one sentence, for those who do not see it.
    pub finding: String,
    /// What is drawn.
    pub drawing: Drawing,
}

impl Chart {
    /// The name of its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.svg", self.id)
    }

    /// The table of this condition is untrusted.
    pub(super) fn doubt(&mut self, condition: &str) {
        let Drawing::Ratios(ratios) = &mut self.drawing else {
            return;
        };
        let place = ratios.conditions.iter().position(|one| one == condition);
        let rows = ratios.rows.iter_mut();
        let marks = rows.filter_map(|row| row.marks.get_mut(place?)?.as_mut());
        marks.for_each(|mark| mark.rank.doubt());
    }
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Drawing {
    /// Ratios to the baseline, at one condition or several.
    Ratios(Ratios),
    /// Figures with a range, on an axis of powers of ten.
    Ranges(Ranges),
    /// Lengths that are made of parts.
    Stacks(Stacks),
    /// A curve for each arm.
    Curves(Curves),
}

/// Who a row or a panel is of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ArmKind,
    /// What is said under the name, such as its ranks.
    pub detail: String,
}

/// Ratios to the baseline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ratios {
    /// To whom.
    pub baseline: String,
    /// What they were measured at, such as `64 connections`.
    pub conditions: Vec<String>,
    /// The ratio of the null server at each condition, which nobody can exceed.
    pub limits: Vec<Option<f64>>,
    /// A row for each arm.
    pub rows: Vec<RatioRow>,
}

/// The ratios of one arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RatioRow {
    /// Whose ratios, and what its line says of it.
    pub subject: Subject,
    /// One for each condition; `None` if there is no figure.
    pub marks: Vec<Option<RatioMark>>,
}

/// One ratio.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RatioMark {
    /// Its value.
    pub ratio: f64,
    /// Its interval; `None` for the baseline itself, and if there are too few blocks.
    pub interval: Option<Bounds>,
    /// Its cell in the column of ranks.
    pub rank: Cell,
    /// The generator was saturated, so the ratio is a lower limit.
    pub client_bound: bool,
}

/// Figures with a range.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranges {
    /// The unit of the figures.
    pub unit: &'static str,
    /// What each row has a figure of, such as `p99`.
    pub series: Vec<String>,
    /// A row for each arm.
    pub rows: Vec<RangeRow>,
}

/// The figures of one arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RangeRow {
    /// Who.
    pub subject: Subject,
    /// One for each of the series.
    pub marks: Vec<Option<Range>>,
}

/// A figure and how far it varies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    /// The figure.
    pub value: f64,
    /// What it varies between.
    pub bounds: Bounds,
}

/// Lengths that are made of parts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stacks {
    /// What is counted.
    pub unit: &'static str,
    /// Digits of a total after the point.
    pub digits: usize,
    /// The names of the parts.
    pub parts: Vec<String>,
    /// A row for each arm.
    pub rows: Vec<StackRow>,
}

/// The parts of one arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StackRow {
    /// Who.
    pub subject: Subject,
    /// The size of each part.
    pub sizes: Vec<f64>,
    /// Their sum, as the table has it.
    pub total: f64,
}

/// A curve for each arm, in panels of one scale.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curves {
    /// What goes to the right.
    pub across: Axis,
    /// What goes up.
    pub up: Axis,
    /// What the reference level of a panel is, such as `if connections took turns`; `None` if no panel has one.
    pub reference: Option<&'static str>,
    /// A panel for each arm.
    pub panels: Vec<Curve>,
}

/// A scale and what is on it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Axis {
    /// Quantiles, by the number of nines: `log10(1 / (1 - quantile))`.
    Nines,
    /// Times in ms, by powers of ten.
    LogMs,
    /// Times in ms from 0.
    Ms,
    /// Percent from 0 to 100.
    Percent,
    /// Numbers of connections, by powers of ten.
    Connections,
    /// Figures from 0.
    Number,
}

/// The curve of one arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// Who.
    pub subject: Subject,
    /// From left to right.
    pub points: Vec<Point>,
    /// It ends for want of values, and not because there is nothing more.
    pub is_open: bool,
    /// A level on the axis that goes up, which the curve is to be compared with.
    pub reference: Option<f64>,
}

/// A point of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// What `y` varies between; `None` if a part of the record has too few values to say.
    pub bounds: Option<Bounds>,
}
