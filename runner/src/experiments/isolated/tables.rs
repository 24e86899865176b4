//! The table of one entry point: who differs significantly, by the analysis of a throughput run, and whether
//! that can be trusted.

use super::plan::{Entry, IsolatedPlan};
use super::records::IsolatedRecords;
use super::rows::SampleRow;
use crate::analysis::{
    Completeness, Control, Effect, Ranked, Sensitivity, Untrusted, judge, with_best_slices,
};
use crate::run::{ArmKind, Measure, Observation, Row};

/// Differences smaller than this are called a tie: fixed before any run.
const MARGIN: f64 = 0.01;

/// Requests per second of the process's CPU time.
pub(super) const CPU: Measure = Measure {
    name: "requests per CPU second",
    higher_is_better: true,
};

/// Requests per second.
const WALL: Measure = Measure {
    name: "requests/s",
    higher_is_better: true,
};

/// One entry point, ranked by the process's CPU time; wall time is the other view.
#[derive(Debug)]
pub(super) struct Table {
    /// Where requests enter the framework.
    pub(super) entry: Entry,
    /// By CPU time.
    pub(super) cpu: Ranked,
    /// By wall time.
    pub(super) wall: Ranked,
    /// The controls, by CPU time.
    pub(super) controls: Vec<Control>,
    /// Why nothing here is to be trusted, if it is not.
    pub(super) untrusted: Vec<Untrusted>,
    /// What other ways to analyse the same records would change.
    pub(super) sensitivity: Vec<Sensitivity>,
}

impl Table {
    /// Analyses one entry point of a run; `None` if nobody was timed at it.
    pub(super) fn of(records: &IsolatedRecords, entry: Entry) -> Option<Self> {
        let samples = records.samples.iter().filter(|row| row.entry == entry);
        let samples: Vec<&SampleRow> = samples.collect();
        if samples.is_empty() {
            return None;
        }
        let (arms, seed) = (&records.run.arms, records.run.seed);
        let ranked = |measure| {
            let observations: Vec<Observation> = samples
                .iter()
                .map(|row| {
                    row.observation(if measure == CPU {
                        row.cpu_rate()
                    } else {
                        row.rate()
                    })
                })
                .collect();
            Ranked::of(&observations, arms, measure, MARGIN, seed)
        };
        let (cpu, wall) = (ranked(CPU), ranked(WALL));
        let effect = Effect::Withheld {
            percent: IsolatedPlan::WITHHELD_PERCENT,
        };
        let controls = judge(&cpu, arms, effect);
        let best = with_best_slices(&cpu, arms, seed);
        let sensitivity = [
            Sensitivity::against("the best slice of each block", &cpu, &best),
            Sensitivity::against("wall time instead of CPU time", &cpu, &wall),
        ];
        let completeness = Completeness {
            missing: Vec::new(),
            blocks: records.blocks.clone(),
            planned: records.planned(),
        };
        let per_block = taking_part(records, entry) * records.run.plan.rounds as usize;
        let mut untrusted: Vec<Untrusted> = controls.iter().filter_map(Control::failure).collect();
        untrusted.extend(cpu.unsound());
        untrusted.extend(completeness.untrusted());
        untrusted.extend(completeness.rows(SampleRow::FILE, samples.len(), per_block));
        Some(Self {
            entry,
            untrusted,
            sensitivity: sensitivity.into_iter().flatten().collect(),
            controls,
            cpu,
            wall,
        })
    }
}

/// The arms that each block has slices of.
fn taking_part(records: &IsolatedRecords, entry: Entry) -> usize {
    let arms = records.run.arms.iter().filter(|arm| {
        let is_timed = arm.kind != ArmKind::Leak && arm.takes_part();
        is_timed && records.reason_without(&arm.name, entry).is_none()
    });
    arms.count()
}

/// Why no table of a run is to be trusted: what holds for the record as a whole.
pub(super) fn untrusted_record(records: &IsolatedRecords) -> Vec<Untrusted> {
    let missing = records.missing.iter().cloned().map(Untrusted::Missing);
    let mut reasons: Vec<Untrusted> = missing.collect();
    let units = records.missing_units();
    if let Some(first) = units.first() {
        reasons.push(Untrusted::Disagree(format!(
            "{} units are missing, the first `{first}`",
            units.len()
        )));
    }
    reasons
}
