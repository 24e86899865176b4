//! One concurrency of a run that has several variants of each contestant: what each reached, and what it gains over the
//! first one.

use super::limit::UNCLEAR;
use super::plan::said;
use super::records::ThroughputRecords;
use super::signatures::{self, Parts, Seen};
use super::tables::{MARGIN, RATE, observations, untrusted};
use super::variant::{Figures, outcome};
use crate::analysis::{Control, Effect, Ranked, Untrusted, judge};
use crate::report::{Answers, Cell, grouped, trust};
use crate::run::{Arm, ArmKind, Warning};
use crate::stats::{DRAWS, Interval, chosen_ratios, median};

/// One concurrency, by variants.
#[derive(Debug)]
pub(super) struct ByVariant {
    /// What the variants are called; the first is what the others are held against.
    pub(super) labels: Vec<String>,
    /// Connections.
    pub(super) connections: usize,
    /// All arms, by right answers per second.
    pub(super) ranked: Ranked,
    /// The controls.
    pub(super) controls: Vec<Control>,
    /// Why nothing here is to be trusted, if it is not.
    pub(super) untrusted: Vec<Untrusted>,
    /// A row for each contestant, in the order of the first variant's rate; then the controls.
    pub(super) rows: Vec<VariantsRow>,
    /// What is known to cause figures that stand out.
    signatures: Vec<String>,
}

/// A contestant.
#[derive(Debug, Clone)]
pub(super) struct VariantsRow {
    /// Its first variant, under its own name.
    pub(super) arm: Arm,
    /// What came of each variant, in the order of the labels; controls have the first one alone.
    pub(super) variants: Vec<Outcome>,
}

/// What came of a variant.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// It was measured.
    Measured(Box<Figures>),
    /// It has no server of this kind, which is not an error.
    Absent(String),
    /// It could not be measured.
    Failed(String),
}

impl ByVariant {
    /// Analyses one concurrency of a run.
    pub(super) fn of(records: &ThroughputRecords, connections: usize) -> Self {
        let (arms, seed) = (&records.run.arms, records.run.seed);
        let observations = observations(&records.slices, connections, RATE);
        let ranked = Ranked::of(&observations, arms, RATE, MARGIN, seed);
        let percent = records.run.plan.withheld_percent(connections);
        let controls = judge(&ranked, arms, Effect::Withheld { percent });
        let untrusted = ranked
            .unsound()
            .into_iter()
            .chain(untrusted(records, connections, &controls))
            .collect();
        let gains = Gains::of(&ranked, arms, seed);
        let labels = records.run.plan.labels();
        let first = arms.iter().filter(|arm| arm.variant_of.is_none());
        let row = |arm: &Arm| VariantsRow {
            variants: variants(arms, arm, &labels)
                .map(|one| one.map(|one| outcome(records, connections, &ranked, &gains, one)))
                .map(|outcome| outcome.unwrap_or_else(|| Outcome::Absent(String::new())))
                .collect(),
            arm: arm.clone(),
        };
        let mut rows: Vec<VariantsRow> = first.map(row).collect();
        rows.sort_by(|one, other| {
            let group = |row: &VariantsRow| row.arm.kind.max(ArmKind::Baseline);
            let rate = |row: &VariantsRow| row.figures(0).map_or(0.0, |one| one.rate);
            let by_rate = rate(other).total_cmp(&rate(one));
            group(one).cmp(&group(other)).then(by_rate)
        });
        Self {
            signatures: signed(records, connections, &labels, &rows),
            labels,
            connections,
            ranked,
            controls,
            untrusted,
            rows,
        }
    }

    /// The heading.
    pub(super) fn heading(&self) -> String {
        said(self.connections)
    }

    /// The cell of an arm's name; the planted control says how much it withholds.
    pub(super) fn name(&self, arm: &Arm) -> Cell {
        let mut controls = self.controls.iter();
        let control = controls.find(|control| control.name == arm.name);
        let name = match control.map(|control| control.effect) {
            Some(Effect::Withheld { percent }) => format!("{}-{percent}%", arm.name),
            _ => arm.name.clone(),
        };
        Cell::name(name, arm.kind, "")
    }

    /// Contestants and the baseline.
    pub(super) fn contestants(&self) -> impl Iterator<Item = &VariantsRow> {
        self.rows.iter().filter(|row| row.arm.kind.is_contestant())
    }

    /// All variants that were measured.
    pub(super) fn measured(&self) -> impl Iterator<Item = &Figures> {
        let rows = self.rows.iter();
        rows.flat_map(|row| (0..row.variants.len()).filter_map(|one| row.figures(one)))
    }

    /// Whether everything asked for was measured without an error.
    pub(super) fn is_good(&self) -> bool {
        self.rows.iter().all(VariantsRow::is_good)
    }

    /// What has to be said of single variants.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.measured().any(Figures::is_client_bound) {
            remarks.push(
                "≥: the generator was saturated, so the server may be faster. Of its gain, and of a gain over it, only a bound \
                 is known, or nothing if both are so."
                    .to_owned(),
            );
        }
        if self.measured().any(Figures::is_unclear) {
            remarks.push(UNCLEAR.to_owned());
        }
        for row in &self.rows {
            for (outcome, label) in row.variants.iter().zip(&self.labels) {
                remarks.extend(outcome.remark(&row.arm.name, label));
            }
        }
        remarks.extend(self.signatures.iter().cloned());
        remarks
    }

    /// How far the table can be relied on.
    pub(super) fn trust(&self, warnings: &[Warning]) -> Vec<String> {
        let answers = Answers {
            counted: self.measured().map(|one| one.requests).sum(),
            errors: self.measured().map(|one| one.errors).sum(),
        };
        let mut items = trust(&self.ranked, &self.controls, answers, warnings);
        let gains = self.measured().filter_map(|figures| figures.gain);
        let half_widths: Vec<f64> = gains.map(|gain| gain.half_width()).collect();
        items.extend(median(&half_widths).map(|median| {
            format!(
                "half of all gains would be seen from {:.1}% on",
                median * 100.0
            )
        }));
        items
    }
}

impl Outcome {
    fn remark(&self, name: &str, label: &str) -> Option<String> {
        match self {
            Self::Absent(reason) if reason.is_empty() => None,
            Self::Absent(reason) => Some(format!("`{name}` {label}: {reason}.")),
            Self::Failed(reason) => Some(format!("`{name}` {label} failed: {reason}.")),
            Self::Measured(figures) if figures.errors > 0 => {
                let first = figures.first_error.as_deref();
                Some(format!(
                    "`{name}` {label}: {} errors, the first: {}.",
                    grouped(figures.errors),
                    first.unwrap_or("the reason was not kept")
                ))
            }
            Self::Measured(_) => None,
        }
    }
}

impl VariantsRow {
    /// The figures of a variant, if it was measured.
    pub(super) fn figures(&self, variant: usize) -> Option<&Figures> {
        match self.variants.get(variant)? {
            Outcome::Measured(figures) => Some(figures),
            Outcome::Absent(_) | Outcome::Failed(_) => None,
        }
    }

    /// The cell of the rate of one of its variants, with the gain over the first.
    pub(super) fn rate_cell(&self, one: &Figures) -> Cell {
        one.rate_cell(self.figures(0).filter(|first| first.arm != one.arm))
    }

    fn is_good(&self) -> bool {
        self.variants.iter().all(|one| match one {
            Outcome::Measured(figures) => figures.errors == 0,
            Outcome::Absent(_) => true,
            Outcome::Failed(_) => false,
        })
    }
}

/// The arms of a contestant, in the order of the variants; a control has the first one alone.
fn variants<'a>(
    arms: &'a [Arm],
    first: &'a Arm,
    labels: &'a [String],
) -> impl Iterator<Item = Option<&'a Arm>> {
    let of = move |arm: &&Arm, label: &String| {
        let of = arm.variant_of.as_ref();
        of.is_some_and(|of| of.contestant == first.name && of.variant == *label)
    };
    let others = labels.iter().skip(1);
    let others = others.take_while(|_| first.kind.is_contestant());
    let others = others.map(move |label| arms.iter().find(|arm| of(arm, label)));
    std::iter::once(Some(first)).chain(others)
}

/// The signatures that the contestants show, of all their variants together.
fn signed(
    records: &ThroughputRecords,
    connections: usize,
    labels: &[String],
    rows: &[VariantsRow],
) -> Vec<String> {
    let contestants = rows.iter().filter(|row| row.arm.kind.is_contestant());
    let seen = contestants.flat_map(|row| {
        let of = move |(variant, label): (usize, &String)| {
            let figures = row.figures(variant)?;
            Some(Seen {
                name: row.arm.name.clone(),
                part: label.clone(),
                arm: figures.arm.clone(),
                connections,
                limit: figures.limit?,
                p50_us: figures.service_time_p50_us?,
                mean_ns: figures.service_time_mean_ns,
                served: figures.served_per_100_ms,
            })
        };
        labels.iter().enumerate().filter_map(of)
    });
    signatures::remarks(records, &seen.collect::<Vec<_>>(), Parts::Variants)
}

/// The interval of each gain, by name of the arm that gains.
pub(super) struct Gains {
    pairs: Vec<(usize, usize)>,
    intervals: Vec<Interval>,
}

impl Gains {
    fn of(ranked: &Ranked, arms: &[Arm], seed: u64) -> Self {
        let pair = |arm: &Arm| {
            let of = arm.variant_of.as_ref()?;
            let one = ranked.measured.index(&arm.name)?;
            Some((one, ranked.measured.index(&of.contestant)?))
        };
        let pairs: Vec<(usize, usize)> = arms.iter().filter_map(pair).collect();
        let intervals = chosen_ratios(&ranked.rows, &pairs, seed, DRAWS);
        Self {
            intervals: intervals.unwrap_or_default(),
            pairs,
        }
    }

    pub(super) fn of_arm(&self, arm: usize) -> Option<Interval> {
        let place = self.pairs.iter().position(|&(one, _)| one == arm)?;
        self.intervals.get(place).copied()
    }
}
