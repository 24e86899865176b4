//! The table of one rate: who differs significantly, by percentiles of the response time and by server CPU time,
//! and whether that can be trusted.

use super::delay::DelayControl;
use super::plan::BEYOND_MIN;
use super::records::LatencyRecords;
use super::rows::{PacedRow, RESPONSE_TIMES};
use crate::analysis::{Completeness, Control, Effect, Ranked, Untrusted, judge};
use crate::run::{Measure, Observation, ProcessRow, Row};
use crate::stats::median;
use hdrhistogram::Histogram;

/// Differences smaller than this are called a tie: fixed before any run.
const MARGIN: f64 = 0.05;

/// An arm that answers a smaller share of the schedule rightly has not held the rate, and is not ranked.
pub(super) const HELD_SHARE_MIN: f64 = 0.99;

/// Index of the median among [`MEASURES`].
pub(super) const P50: usize = 0;

/// Index of the 99th percentile.
pub(super) const P99: usize = 1;

/// Index of the 99.9th percentile.
pub(super) const P999: usize = 2;

/// Index of the server's CPU time.
pub(super) const CPU: usize = 3;

/// What arms are ranked by.
const MEASURES: [Measure; 4] = [
    lower_is_better("p50"),
    lower_is_better("p99"),
    lower_is_better("p99.9"),
    lower_is_better("CPU per request"),
];

/// The quantiles of the first three.
pub(super) const QUANTILES: [f64; 3] = [0.5, 0.99, 0.999];

const fn lower_is_better(name: &'static str) -> Measure {
    Measure {
        name,
        higher_is_better: false,
    }
}

/// One rate, by all measures.
#[derive(Debug)]
pub(super) struct Table {
    /// Requests per second.
    pub(super) rate_per_s: u64,
    /// One for each of [`MEASURES`].
    pub(super) measures: Vec<Ranked>,
    /// The A/A twin, by each measure.
    pub(super) controls: Vec<Control>,
    /// The planted delay.
    pub(super) delay: Option<DelayControl>,
    /// Why nothing here is to be trusted, if it is not.
    pub(super) untrusted: Vec<Untrusted>,
}

impl Table {
    /// Analyses one rate of a run.
    pub(super) fn of(records: &LatencyRecords, rate_per_s: u64) -> Self {
        let (arms, seed) = (&records.run.arms, records.run.seed);
        let rows = records
            .slices
            .iter()
            .filter(|row| row.rate_per_s == rate_per_s);
        let rows: Vec<&PacedRow> = rows.collect();
        let held: Vec<&str> = arms
            .iter()
            .map(|arm| arm.name.as_str())
            .filter(|name| {
                let share = held_share(&records.slices_of(rate_per_s, name));
                share.is_some_and(|share| share >= HELD_SHARE_MIN)
            })
            .collect();
        let ranked = |index: usize| {
            let is_ranked = is_ranked(records, rate_per_s, index);
            let observations: Vec<Observation> = rows
                .iter()
                .filter(|row| is_ranked && held.contains(&row.arm.as_str()))
                .map(|row| row.observation(value(row, index)))
                .collect();
            Ranked::of(&observations, arms, MEASURES[index], MARGIN, seed)
        };
        let mut table = Self {
            rate_per_s,
            measures: (0..MEASURES.len()).map(ranked).collect(),
            controls: Vec::new(),
            delay: None,
            untrusted: Vec::new(),
        };
        // The planted arm is held against the null server instead.
        let twins = arms
            .iter()
            .filter(|arm| arm.kind == crate::run::ArmKind::Twin);
        let twins: Vec<_> = twins.cloned().collect();
        table.controls = table
            .measures
            .iter()
            .flat_map(|one| judge(one, &twins, Effect::None))
            .collect();
        table.delay = DelayControl::of(&table, arms, |name| {
            let own = records.response_times.iter();
            let own = own.filter(|(tag, _)| tag.arm == name && tag.condition == rate_per_s);
            let p99 = |times: &Histogram<u64>| times.value_at_quantile(QUANTILES[P99]) as f64;
            let of_blocks: Vec<f64> = own.map(|(_, times)| p99(times)).collect();
            median(&of_blocks).map(|ns| ns.round() as u64)
        });
        table.untrusted = untrusted(records, &table);
        table
    }

    /// The heading.
    pub(super) fn heading(&self) -> String {
        format!("{} requests/s", crate::report::grouped(self.rate_per_s))
    }
}

/// Whether a slice at this rate has enough answers beyond the percentile for a figure of its own.
pub(super) fn is_ranked(records: &LatencyRecords, rate_per_s: u64, index: usize) -> bool {
    match QUANTILES.get(index) {
        Some(&quantile) => records
            .level(rate_per_s)
            .is_some_and(|level| level.beyond(quantile) >= BEYOND_MIN),
        None => true,
    }
}

fn value(row: &PacedRow, index: usize) -> Option<f64> {
    let ns = match index {
        P50 => row.response_time_p50_ns,
        P99 => row.response_time_p99_ns,
        P999 => row.response_time_p999_ns,
        _ => return row.cpu_ns_per_request(),
    };
    (row.ok > 0 && ns > 0).then_some(ns as f64)
}

/// The share of the schedule that got a right answer; `None` if nothing was scheduled.
pub(super) fn held_share(slices: &[&PacedRow]) -> Option<f64> {
    share_of_schedule(slices, |row| row.ok)
}

/// A share of what was due in all slices; `None` if nothing was.
pub(super) fn share_of_schedule(slices: &[&PacedRow], of: fn(&PacedRow) -> u64) -> Option<f64> {
    let sum = |of: fn(&PacedRow) -> u64| slices.iter().map(|row| of(row)).sum::<u64>() as f64;
    let due = sum(|row| row.sent) + sum(|row| row.unsent);
    (due > 0.0).then(|| sum(of) / due)
}

fn untrusted(records: &LatencyRecords, table: &Table) -> Vec<Untrusted> {
    let completeness = Completeness {
        missing: records.missing.clone(),
        blocks: records.blocks.clone(),
        planned: records.planned(),
    };
    let rate_per_s = table.rate_per_s;
    let arms = records
        .run
        .arms
        .iter()
        .filter(|arm| arm.takes_part())
        .count();
    let slices = records
        .slices
        .iter()
        .filter(|row| row.rate_per_s == rate_per_s);
    let processes = records
        .processes
        .iter()
        .filter(|row| row.rate_per_s == rate_per_s);
    let rounds = records
        .level(rate_per_s)
        .map_or(0, |level| level.rounds as usize);
    let mut reasons: Vec<Untrusted> = table.controls.iter().filter_map(Control::failure).collect();
    reasons.extend(table.delay.as_ref().and_then(DelayControl::failure));
    reasons.extend(table.measures.iter().flat_map(Ranked::unsound));
    reasons.extend(completeness.untrusted());
    reasons.extend(completeness.rows(PacedRow::FILE, slices.count(), rounds * arms));
    reasons.extend(completeness.rows(ProcessRow::FILE, processes.count(), arms));
    reasons.extend(disagreement(records, rate_per_s));
    reasons
}

/// Whether histograms and slices disagree on the number of times of an arm.
fn disagreement(records: &LatencyRecords, rate_per_s: u64) -> Option<Untrusted> {
    records.run.arms.iter().find_map(|arm| {
        let slices = records.slices_of(rate_per_s, &arm.name);
        // A request that was due and never sent has the age it had at the end.
        let times = slices.iter().map(|row| {
            row.ok
                .saturating_add(row.timeout)
                .saturating_add(row.unsent)
        });
        let recorded = std::iter::once(records.times_of(rate_per_s, &arm.name).len());
        Untrusted::of_times(RESPONSE_TIMES.name, &arm.name, recorded, times)
    })
}
