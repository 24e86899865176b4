//! Arms whose truth is known: the A/A twin, which must not differ from what it is a copy of, and the planted
//! control, which must be found, as what it is.

use super::ranked::Ranked;
use super::untrusted::Untrusted;
use crate::run::{Arm, ArmKind, Measure};
use crate::stats::{ControlFailure, Interval};

/// What is known of a control, relative to the arm it is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// It is the same program.
    None,
    /// Of every `100 + percent` right answers, `percent` do not count. The work behind them is real, so rates
    /// are lower and costs higher by exactly this share.
    Withheld {
        /// How much, in percent of what counts.
        percent: u64,
    },
}

impl Effect {
    /// The ratio it makes, of rates per second or per CPU second.
    #[must_use]
    pub fn ratio(self) -> f64 {
        match self {
            Self::None => 1.0,
            Self::Withheld { percent } => 100.0 / (100.0 + percent as f64),
        }
    }
}

/// One control by one measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// Its name.
    pub name: String,
    /// By what.
    pub measure: Measure,
    /// What is known of it.
    pub effect: Effect,
    /// Its ratio to the baseline, as wide as makes good runs hardly ever fail.
    pub ratio: Interval,
    /// The same as the only question, which a planted effect is: it was asked before the run.
    pub alone: Interval,
}

/// Holds the controls among `arms` against what is known of them. `effect` is that of the planted control.
#[must_use]
pub fn judge(ranked: &Ranked, arms: &[Arm], effect: Effect) -> Vec<Control> {
    let controls = arms.iter().filter_map(|arm| {
        let effect = match arm.kind {
            ArmKind::Twin => Effect::None,
            ArmKind::Planted => effect,
            _ => return None,
        };
        let (index, baseline) = (ranked.measured.index(&arm.name)?, ranked.baseline?);
        Some(Control {
            name: arm.name.clone(),
            measure: ranked.measure,
            effect,
            ratio: ranked.ratio_of_control(index, baseline)?,
            alone: ranked.ratio_alone(index, baseline)?,
        })
    });
    controls.collect()
}

impl Control {
    /// Why it fails, if it does.
    #[must_use]
    pub fn failure(&self) -> Option<Untrusted> {
        let (measure, truth) = (self.measure, self.effect.ratio());
        match self.effect {
            Effect::None => {
                ControlFailure::of_twin(&self.ratio).map(|_| Untrusted::TwinDiffers(measure))
            }
            Effect::Withheld { percent } => {
                let failure = ControlFailure::of_planted(&self.ratio, &self.alone, truth)?;
                Some(match failure {
                    ControlFailure::PlantedMistaken => Untrusted::PlantedMistaken(measure, percent),
                    _ => Untrusted::PlantedNotFound(measure, percent),
                })
            }
        }
    }
}
