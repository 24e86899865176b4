//! Charts as data: what is drawn of a run, before anybody has decided how. Each mark carries its uncertainty or its
//! repeatability.

use super::cell::{Bounds, Cell};
use super::escape::terminal;
use crate::run::ArmKind;
use serde::Serialize;

/// A chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    /// Its name within the run, which is also that of its file.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// What of it is untrusted, in the first line under its title; `None` if nothing is.
    pub doubt: Option<String>,
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

    /// What it shows, for those who do not see it: its title if it has no finding, and that it is untrusted.
    pub(super) fn in_words(&self) -> String {
        let said = match self.finding.is_empty() {
            true => &self.title,
            false => &self.finding,
        };
        let parts: Vec<&str> = self
            .doubt
            .iter()
            .chain([said])
            .map(String::as_str)
            .collect();
        terminal(&parts.join(" "))
    }

    /// Title, doubt and finding in one line.
    pub(super) fn full_title(&self) -> String {
        let finding = (!self.finding.is_empty()).then_some(&self.finding);
        let said: Vec<&str> = self
            .doubt
            .iter()
            .chain(finding)
            .map(String::as_str)
            .collect();
        match said.is_empty() {
            true => self.title.clone(),
            false => format!("{}: {}", self.title, terminal(&said.join(" "))),
        }
    }

    /// It is drawn of one table, which is untrusted.
    pub(super) fn doubt_all(&mut self) {
        self.doubt = Some("UNTRUSTED: not to be relied on.".to_owned());
    }

    /// It is drawn of several tables, of which the one of this heading is untrusted.
    pub(super) fn doubt_one(&mut self, heading: &str) {
        if let Drawing::Ratios(ratios) = &mut self.drawing {
            let place = ratios.conditions.iter().position(|one| one == heading);
            let Some(place) = place else { return };
            let rows = ratios.rows.iter_mut();
            let marks = rows.filter_map(|row| row.marks.get_mut(place)?.as_mut());
            marks.for_each(|mark| mark.rank.doubt());
        }
        self.doubt = Some(match self.doubt.take() {
            None => format!("UNTRUSTED: {heading}."),
            Some(before) => format!("{}; {heading}.", before.trim_end_matches('.')),
        });
    }
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Drawing {
    /// Ratios to the baseline, at one condition or several.
    Ratios(Ratios),
    /// Figures with a range, on a logarithmic axis.
    Ranges(Ranges),
    /// Lengths that are made of parts.
    Stacks(Stacks),
    /// A curve for each arm.
    Curves(Curves),
    /// Ratios to the baseline over runs.
    Tracks(Tracks),
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

/// Ratios to the baseline over several runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tracks {
    /// One below the other.
    pub parts: Vec<TrackPart>,
}

/// The ratios of one table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackPart {
    /// What it is of; empty if the chart's title says it.
    pub heading: String,
    /// What the runs are called, in their order.
    pub runs: Vec<String>,
    /// A row for each server.
    pub rows: Vec<TrackRow>,
}

/// One server over the runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackRow {
    /// Who.
    pub subject: Subject,
    /// One for each run; `None` if it has no figure.
    pub marks: Vec<Option<TrackMark>>,
}

/// A server in one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackMark {
    /// Its ratio.
    pub ratio: f64,
    /// The interval; `None` if there are too few blocks.
    pub interval: Option<Bounds>,
    /// Whether it is not to be relied on.
    pub is_doubted: bool,
    /// How it came from an earlier run.
    pub step: Option<TrackStep>,
}

/// From one run to another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TrackStep {
    /// The place of the run before.
    pub from: usize,
    /// This ratio over that one.
    pub change: f64,
    /// Whether the change exceeds its interval.
    pub is_marked: bool,
}
