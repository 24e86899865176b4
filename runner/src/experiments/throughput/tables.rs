//! The table of one concurrency: who differs significantly, by requests per second and by server CPU time, and
//! whether that can be trusted.

use super::plan::said;
use super::records::ThroughputRecords;
use super::rows::{SERVICE_TIMES, SliceRow};
use crate::analysis::{
    Completeness, Control, Effect, Ranked, Sensitivity, Untrusted, judge, with_best_slices,
};
use crate::run::{ArmKind, Measure, Observation, ProcessRow, Row};

/// Differences smaller than this are called a tie: fixed before any run.
pub(super) const MARGIN: f64 = 0.02;

/// A contestant with fewer right answers in a window is measured too coarsely to set the length of a run.
const ANSWERS_MIN: u64 = 1000;

/// A contestant with a larger share of requests without a right answer is not ranked: an error may cost its server less
/// than an answer.
pub(super) const ERROR_SHARE_MAX: f64 = 0.01;

/// Right answers per second.
pub const RATE: Measure = Measure {
    name: "requests/s",
    higher_is_better: true,
};

/// Right answers per second of server CPU time.
pub const CPU: Measure = Measure {
    name: "requests per CPU second",
    higher_is_better: true,
};

/// One concurrency, by both measures.
#[derive(Debug)]
pub struct Table {
    /// Connections.
    pub connections: usize,
    /// By right answers per second.
    pub rate: Ranked,
    /// By server CPU time per request.
    pub cpu: Ranked,
    /// The controls, by both measures.
    pub controls: Vec<Control>,
    /// Why nothing here is to be trusted, if it is not.
    pub untrusted: Vec<Untrusted>,
    /// What other ways to analyse the same records would change.
    pub sensitivity: Vec<Sensitivity>,
}

impl Table {
    /// Analyses one concurrency of a run.
    #[must_use]
    pub fn of(records: &ThroughputRecords, connections: usize) -> Self {
        let (arms, seed) = (&records.run.arms, records.run.seed);
        // Only contestants are ranked; without the baseline and the controls nothing could be said of any.
        let contestants = arms.iter().filter(|arm| arm.kind == ArmKind::Contestant);
        let failing: Vec<&str> = contestants
            .map(|arm| arm.name.as_str())
            .filter(|name| error_share(&records.slices_of(connections, name)) > ERROR_SHARE_MAX)
            .collect();
        let ranked = |slices: &[SliceRow], measure| {
            let mut observations = observations(slices, connections, measure);
            observations.retain(|one| !failing.contains(&one.arm));
            Ranked::of(&observations, arms, measure, MARGIN, seed)
        };
        let (rate, cpu) = (ranked(&records.slices, RATE), ranked(&records.slices, CPU));
        let effect = Effect::Withheld {
            percent: records.run.plan.withheld_percent(connections),
        };
        let controls: Vec<Control> = [&rate, &cpu]
            .into_iter()
            .flat_map(|one| judge(one, arms, effect))
            .collect();
        let best = with_best_slices(&rate, arms, seed);
        let mut sensitivity = vec![
            Sensitivity::against("the best slice of each block", &rate, &best),
            Sensitivity::against("server CPU instead of wall time", &rate, &cpu),
        ];
        if !records.excluded_slices.is_empty() {
            let all = [records.slices.as_slice(), &records.excluded_slices].concat();
            let all = ranked(&all, RATE);
            sensitivity.push(Sensitivity::against(
                "excluded blocks counted too",
                &rate,
                &all,
            ));
        }
        Self {
            connections,
            untrusted: [&rate, &cpu]
                .into_iter()
                .flat_map(Ranked::unsound)
                .chain(untrusted(records, connections, &controls))
                .collect(),
            sensitivity: sensitivity.into_iter().flatten().collect(),
            controls,
            rate,
            cpu,
        }
    }

    /// The heading.
    #[must_use]
    pub fn heading(&self) -> String {
        said(self.connections)
    }
}

/// The share of an arm's requests that got no right answer; connections that could not be opened are requests here.
pub(super) fn error_share(slices: &[&SliceRow]) -> f64 {
    let sum = |of: fn(&SliceRow) -> u64| slices.iter().map(|row| of(row)).sum::<u64>() as f64;
    let (ok, errors) = (sum(|row| row.ok), sum(SliceRow::errors));
    errors / (ok + errors).max(1.0)
}

pub(super) fn observations(
    slices: &[SliceRow],
    connections: usize,
    measure: Measure,
) -> Vec<Observation<'_>> {
    let slices = slices.iter().filter(|row| row.connections == connections);
    slices
        .map(|row| {
            let value = if measure == RATE {
                row.rate()
            } else {
                row.cpu_rate()
            };
            row.observation(value)
        })
        .collect()
}

/// Why a table with these controls is not to be trusted.
pub(super) fn untrusted(
    records: &ThroughputRecords,
    connections: usize,
    controls: &[Control],
) -> Vec<Untrusted> {
    let completeness = Completeness {
        missing: records.missing.clone(),
        blocks: records.blocks.clone(),
        planned: records.planned(),
    };
    let arms = records
        .run
        .arms
        .iter()
        .filter(|arm| arm.takes_part())
        .count();
    let slices = records
        .slices
        .iter()
        .filter(|row| row.connections == connections);
    let processes = records
        .processes
        .iter()
        .filter(|row| row.connections == connections);
    let level = records.run.plan.level(connections);
    let rounds = level.map_or(0, |level| level.rounds as usize);
    let mut reasons: Vec<Untrusted> = controls.iter().filter_map(Control::failure).collect();
    reasons.extend(completeness.untrusted());
    reasons.extend(completeness.rows(SliceRow::FILE, slices.count(), rounds * arms));
    reasons.extend(completeness.rows(ProcessRow::FILE, processes.count(), arms));
    reasons.extend(disagreement(records, connections));
    reasons
}

/// Whether histograms and slices disagree on the number of times of an arm.
fn disagreement(records: &ThroughputRecords, connections: usize) -> Option<Untrusted> {
    records.run.arms.iter().find_map(|arm| {
        let slices = records.slices_of(connections, &arm.name);
        let times = slices.iter().map(|row| row.ok.saturating_add(row.timeout));
        let histograms = records.service_times.iter();
        let own = histograms
            .filter(|(tag, _)| tag.arm == arm.name && tag.condition == connections as u64);
        let recorded = own.map(|(_, histogram)| histogram.len());
        Untrusted::of_times(SERVICE_TIMES.name, &arm.name, recorded, times)
    })
}

/// Whether most windows of an arm hold few answers.
pub(super) fn is_coarse(records: &ThroughputRecords, connections: usize, arm: &str) -> bool {
    let own = records.slices_of(connections, arm);
    let few = own.iter().filter(|row| row.ok < ANSWERS_MIN).count();
    2 * few > own.len()
}
