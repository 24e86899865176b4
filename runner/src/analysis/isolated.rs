//! One level of an isolated run: who can be told apart, by the same analysis as in a throughput run; and
//! whether what was planted was found.

use super::ISOLATED_MARGIN;
use super::controls::{Control, Distrust, judge};
use super::extract::Measure;
use super::growth::{Growth, Watched};
use super::sensitivity::{self, Sensitivity};
use super::table::Ranked;
use crate::isolated::PLANTED_LEAK_BYTES_PER_REQUEST;
use crate::plan::{InProcess, IsolatedPlan};
use crate::record::{ArmKind, IsolatedRecords, SliceRow};

/// How far the planted leak's slope may lie from what was planted, in bytes per request.
const LEAK_TOLERANCE_BYTES: f64 = 0.01;

/// One level, ranked by the process's CPU time; wall time is the other view.
#[derive(Debug)]
pub struct IsolatedLevel {
    /// Which.
    pub level: InProcess,
    /// By CPU time.
    pub cpu: Ranked,
    /// By wall time.
    pub wall: Ranked,
    /// The controls, by CPU time.
    pub controls: Vec<Control>,
    /// Why nothing here is to be trusted, if it is not.
    pub distrust: Vec<Distrust>,
    /// What other ways to analyse the same records would change.
    pub sensitivity: Vec<Sensitivity>,
}

impl IsolatedLevel {
    /// Analyses one level of a run; nothing where nobody was timed at it.
    #[must_use]
    pub fn of(records: &IsolatedRecords, level: InProcess) -> Option<Self> {
        let rows = records.samples.iter().filter(|row| row.level == level);
        let slices: Vec<SliceRow> = rows.map(|row| row.as_slice()).collect();
        if slices.is_empty() {
            return None;
        }
        let timed: Vec<_> = records
            .run
            .arms
            .iter()
            .filter(|arm| slices.iter().any(|row| row.arm == arm.name))
            .cloned()
            .collect();
        let seed = records.run.plan.seed;
        let ranked = |measure| {
            let mut ranked = Ranked::of(&slices, level as usize, &timed, measure, seed);
            ranked.margin = ISOLATED_MARGIN;
            ranked
        };
        let (cpu, wall) = (ranked(Measure::Cpu), ranked(Measure::Wall));
        let controls = judge(&cpu, &timed, IsolatedPlan::PLANTED_PERCENT);
        let distrust = controls.iter().filter_map(Control::failure);
        Some(Self {
            level,
            distrust: distrust
                .chain(Distrust::of_blocks(&records.blocks))
                .chain(missing(records, &slices, timed.len()))
                .collect(),
            sensitivity: sensitivity::of_isolated(&cpu, &wall, &timed, seed),
            controls,
            cpu,
            wall,
        })
    }
}

/// Whether slices are missing that complete blocks have had: each leaves a row, also that of an arm that
/// has failed.
fn missing(records: &IsolatedRecords, slices: &[SliceRow], arms: usize) -> Option<Distrust> {
    let of = arms * (records.run.plan.laps * records.complete_blocks()) as usize;
    (slices.len() < of).then(|| Distrust::SlicesMissing {
        slices: of - slices.len(),
        of,
    })
}

/// Whether a control of the leak test came out as planted.
#[derive(Debug, Clone, PartialEq)]
pub struct LeakControl {
    /// Its name.
    pub arm: String,
    /// What was planted, in bytes per request.
    pub planted_bytes: f64,
    /// What was found, if it could be watched.
    pub watched: Option<Watched>,
}

impl LeakControl {
    /// Whether it was found as what it is.
    #[must_use]
    pub fn passes(&self) -> bool {
        let Some(watched) = &self.watched else {
            return false;
        };
        let found = watched.live_bytes.estimate;
        let is_leak = matches!(watched.growth, Growth::Leak(_));
        is_leak == (self.planted_bytes > 0.0)
            && (found - self.planted_bytes).abs() <= LEAK_TOLERANCE_BYTES
    }
}

/// The canned writer, which must not grow, and the planted leak, which must; none where no memory was
/// watched.
#[must_use]
pub fn leak_controls(records: &IsolatedRecords, watched: &[Watched]) -> Vec<LeakControl> {
    let arms = records.run.arms.iter().filter(|_| !watched.is_empty());
    arms.filter_map(|arm| {
        let planted_bytes = match arm.kind {
            ArmKind::Null => 0.0,
            ArmKind::Leak => PLANTED_LEAK_BYTES_PER_REQUEST,
            _ => return None,
        };
        let watched = watched.iter().find(|one| one.arm == arm.name).cloned();
        Some(LeakControl {
            arm: arm.name.clone(),
            planted_bytes,
            watched,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Exercise;
    use crate::stats::Slope;

    #[test]
    fn a_control_passes_as_what_it_is_and_in_no_other_way() {
        let of = |planted_bytes, found: Option<(f64, bool)>| LeakControl {
            arm: "leak".to_owned(),
            planted_bytes,
            watched: found.map(|(estimate, is_leak)| {
                let live_bytes = Slope {
                    estimate,
                    lower: estimate,
                    upper: estimate,
                };
                Watched {
                    arm: "leak".to_owned(),
                    exercise: Exercise::Requests,
                    level: InProcess::Bytes,
                    repetitions: 1_024_000,
                    live_bytes,
                    growth: match is_leak {
                        true => Growth::Leak(live_bytes),
                        false => Growth::None,
                    },
                }
            }),
        };
        assert!(of(0.16, Some((0.165, true))).passes());
        assert!(of(0.0, Some((0.0, false))).passes());
        for (planted, found) in [
            (0.16, Some((0.18, true))),
            (0.16, Some((0.16, false))),
            (0.0, Some((0.02, false))),
            (0.0, Some((0.0, true))),
            (0.16, None),
        ] {
            assert!(!of(planted, found).passes(), "{planted} {found:?}");
        }
    }
}
