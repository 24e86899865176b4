//! The controls: the baseline's build again, so that any difference is noise, and once more with a known share of CPU
//! time added, which has to be found.

use super::figures::Figures;
use crate::analysis::Untrusted;
use crate::report::percent;
use crate::run::ArmKind;
use crate::stats::mean_interval;

/// What the controls are called in an outline.
pub(super) const NAMES: [&str; 2] = ["twin", "planted"];

/// What is added to the CPU time of the planted control, in percent.
pub(super) const ADDED_PERCENT: u64 = 25;

/// How much longer than the baseline's a control's builds took, block by block, as a factor with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Held {
    kind: ArmKind,
    factor: f64,
    /// None if there is one block.
    bounds: Option<[f64; 2]>,
}

impl Held {
    /// Holds a control against the baseline; `None` if either was not built.
    pub(super) fn of(all: &[Figures], kind: ArmKind) -> Option<Self> {
        let of = |kind| all.iter().find(move |one| one.arm.kind == kind);
        let (control, baseline) = (of(kind)?, of(ArmKind::Baseline)?);
        let logs: Vec<f64> = control
            .cpu_by_block
            .iter()
            .filter_map(|(block, cpu_s)| Some((cpu_s / baseline.cpu_by_block.get(block)?).ln()))
            .collect();
        let interval = mean_interval(&logs);
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        mean.is_finite().then(|| Self {
            kind,
            factor: mean.exp(),
            bounds: interval.map(|one| [one.lower.exp(), one.upper.exp()]),
        })
    }

    /// Why the control fails, if it does.
    pub(super) fn failure(self) -> Option<Untrusted> {
        let [lower, upper] = self.bounds?;
        let is_found = lower > 1.0 || upper < 1.0;
        let is_wanted = self.kind == ArmKind::Planted;
        (is_found != is_wanted).then(|| Untrusted::ControlFails(self.said()))
    }

    /// In words.
    pub(super) fn said(self) -> String {
        let found = percent(self.factor - 1.0);
        let within = match self.bounds {
            Some([lower, upper]) => {
                format!(" ({} to {}%)", percent(lower - 1.0), percent(upper - 1.0))
            }
            None => String::new(),
        };
        match self.kind {
            ArmKind::Planted => {
                format!("planted {ADDED_PERCENT}% more CPU time, found {found}%{within}")
            }
            _ => format!("A/A twin: {found}% more CPU time{within}"),
        }
    }
}
