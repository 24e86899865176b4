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
use crate::record::{ArmKind, IsolatedRecords, IsolatedRun, SliceRow};

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
                .chain(Distrust::of_ranking(&cpu))
                .chain(Distrust::of_blocks(&records.blocks))
                .chain(Distrust::of_slices(
                    slices.len(),
                    taking_part(&records.run, level),
                    records.run.plan.laps,
                    &records.blocks,
                ))
                .collect(),
            sensitivity: sensitivity::of_isolated(&cpu, &wall, &timed, seed),
            controls,
            cpu,
            wall,
        })
    }
}

/// The arms that each block has slices of.
fn taking_part(run: &IsolatedRun, level: InProcess) -> usize {
    let arms = run.arms.iter().filter(|arm| {
        let is_timed = arm.kind != ArmKind::Leak && arm.err.is_none() && arm.absent.is_none();
        is_timed && run.reason_without(&arm.name, level).is_none()
    });
    arms.count()
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
    fn a_slice_that_is_missing_makes_its_level_untrusted() {
        let mut records = crate::report::isolated_tests::records();
        let distrust = |records: &IsolatedRecords, level| {
            let level = IsolatedLevel::of(records, level).unwrap();
            level
                .distrust
                .iter()
                .map(ToString::to_string)
                .collect::<String>()
        };
        for level in InProcess::ALL {
            assert_eq!(distrust(&records, level), "");
        }
        let all = records.samples.clone();
        let last = all.iter().rposition(|row| row.level == InProcess::Call);
        records.samples.remove(last.unwrap());
        assert_eq!(distrust(&records, InProcess::Bytes), "");
        let words = distrust(&records, InProcess::Call);
        assert!(words.contains("1 of "), "{words}");
        // An arm of which nothing is left at all is missed too.
        records.samples = all;
        records.samples.retain(|row| row.arm != "leaky");
        assert!(!distrust(&records, InProcess::Bytes).is_empty());
    }

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
