//! Stages of a rate on the command line: `10k@30s,20k@30s`, and `1k..50k@1m` for one that rises.

use crate::load::Stage;
use crate::values::{duration, rate};

/// A rate that changes is told in so many steps at most, and in none shorter than a second.
const STEPS_MAX: u32 = 20;

/// One stage as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct StageOption {
    text: String,
    stage: Stage,
}

impl StageOption {
    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether its rate changes.
    #[must_use]
    pub fn is_ramp(&self) -> bool {
        self.stage.from_rate != self.stage.to_rate
    }

    /// The stages it is told in: one, or the steps of a rate that changes, without a gap.
    #[must_use]
    pub fn steps(&self) -> Vec<Stage> {
        let Stage {
            from_rate,
            to_rate,
            duration,
        } = self.stage;
        let steps = match self.is_ramp() {
            true => (duration.as_secs() as u32).clamp(1, STEPS_MAX),
            false => 1,
        };
        let rate_at = |step: u32| {
            let share = f64::from(step) / f64::from(steps);
            from_rate + (to_rate - from_rate) * share
        };
        let steps = (0..steps).map(|step| Stage {
            from_rate: rate_at(step),
            to_rate: rate_at(step + 1),
            duration: duration / steps,
        });
        steps.collect()
    }
}

/// `RATE@TIME` or `RATE..RATE@TIME`.
pub(crate) fn stage(text: &str) -> Result<StageOption, String> {
    let wrong = || format!("`{text}` is not a stage such as 10k@30s or 1k..50k@1m");
    let (rates, time) = text.split_once('@').ok_or_else(wrong)?;
    let (from, to) = rates.split_once("..").unwrap_or((rates, rates));
    Ok(StageOption {
        text: text.to_owned(),
        stage: Stage {
            from_rate: rate(from)?,
            to_rate: rate(to)?,
            duration: duration(time)?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn stages_are_read_or_refused() {
        let constant = stage("10k@30s").unwrap();
        assert!(!constant.is_ramp());
        assert_eq!(constant.steps().len(), 1);
        assert_eq!(constant.steps()[0].requests(), 300_000.0);
        for text in [
            "",
            "10k",
            "10k@",
            "@30s",
            "10k@30",
            "1..@1s",
            "0@1s",
            "1k..2k..3k@1s",
        ] {
            assert!(stage(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rate_that_changes_is_told_in_steps_without_a_gap() {
        let ramp = stage("1k..50k@1m").unwrap();
        let steps = ramp.steps();
        assert_eq!(
            (steps.len(), steps[0].duration),
            (20, Duration::from_secs(3))
        );
        assert_eq!((steps[0].from_rate, steps[19].to_rate), (1_000.0, 50_000.0));
        assert!(
            steps
                .windows(2)
                .all(|pair| pair[0].to_rate == pair[1].from_rate)
        );
        assert_eq!(stage("1..2@5s").unwrap().steps().len(), 5);
        assert_eq!(stage("2..1@100ms").unwrap().steps().len(), 1);
    }
}
