//! The stages of an open loop, and the rate up to which they were held.

use super::Quantiles;
use crate::load::{Stage, StageMeasured, decode_times, encode_times};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// More requests than any stage has.
const COUNT_MAX: u64 = 1 << 48;

/// What came of one stage of the schedule, or of one step of a stage whose rate changes: by when requests
/// were due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StageResult {
    /// Requests per second at its beginning,
    pub from_rate: f64,
    /// and at its end.
    pub to_rate: f64,
    /// How long it was, in seconds.
    pub duration_s: f64,
    /// Requests that were due in it and have left.
    pub sent: u64,
    /// Of these, right answers,
    pub ok: u64,
    /// and others.
    pub errors: u64,
    /// Requests that were due in it and never left.
    pub unsent: u64,
    /// Requests that were due and had not left when it ended.
    pub backlog: u64,
    /// Requests that had left and were not answered when it ended.
    #[serde(default)]
    pub in_flight: u64,
    /// Right answers per second that came while it went on.
    pub rps: f64,
    /// From when its requests were due to their answers.
    pub response_time_us: Quantiles,
    /// At least 99 % of what was due had left when it ended, answers kept up with requests, and all were
    /// right.
    pub is_held: bool,
    /// The distribution itself, as those of the whole run are kept: of a part of a load, whose stages are added to
    /// those of the other parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_time: Option<String>,
}

impl From<&StageMeasured> for StageResult {
    fn from(measured: &StageMeasured) -> Self {
        let duration_s = measured.stage.duration.as_secs_f64();
        Self {
            from_rate: measured.stage.from_rate,
            to_rate: measured.stage.to_rate,
            duration_s,
            sent: measured.sent,
            ok: measured.ok,
            errors: measured.errors,
            unsent: measured.unsent,
            backlog: measured.backlog,
            in_flight: measured.in_flight,
            rps: measured.answered as f64 / duration_s,
            response_time_us: Quantiles::of(&measured.response),
            is_held: measured.is_held(),
            response_time: None,
        }
    }
}

impl StageResult {
    /// What came of these stages of a load, or of one part of it.
    pub(super) fn all(stages: &[StageMeasured], is_part: bool) -> Result<Vec<Self>> {
        let each = stages.iter().map(|stage| match is_part {
            true => Self::of_part(stage),
            false => Ok(Self::from(stage)),
        });
        each.collect()
    }

    /// What came of a stage of a part of a load, with its distribution.
    pub(super) fn of_part(measured: &StageMeasured) -> Result<Self> {
        Ok(Self {
            response_time: Some(encode_times(&measured.response)?),
            ..Self::from(measured)
        })
    }

    /// What was measured, if `before` it came that stage and it is so much of the load.
    pub(super) fn measured(&self, before: Option<&Self>, share: f64) -> Result<StageMeasured> {
        let response = self.response_time.as_ref();
        let response = response.context("a stage has no distribution")?;
        let duration = Duration::try_from_secs_f64(self.duration_s)
            .context("the duration of a stage is not one")?;
        let counts = [self.sent, self.unsent, self.backlog, self.in_flight];
        ensure!(
            counts.iter().all(|&count| count <= COUNT_MAX)
                && self.ok.checked_add(self.errors) == Some(self.sent),
            "the counts of a stage do not add up"
        );
        Ok(StageMeasured {
            stage: Stage {
                from_rate: self.from_rate,
                to_rate: self.to_rate,
                duration,
            },
            sent: self.sent,
            ok: self.ok,
            errors: self.errors,
            unsent: self.unsent,
            backlog: self.backlog,
            in_flight: self.in_flight,
            open_before: before.map_or(0, |before| before.backlog + before.in_flight),
            rate_risen: (self.to_rate - before.map_or(0.0, |before| before.to_rate)) * share,
            answered: (self.rps * self.duration_s).round() as u64,
            response: decode_times(response)?,
        })
    }

    /// Its rate, on average: a server that held a rising rate need not have held its last moment's.
    #[must_use]
    pub fn rate_mean(&self) -> f64 {
        f64::midpoint(self.from_rate, self.to_rate)
    }
}

/// The highest rate that was held, of a step of a rising rate its mean, all lower ones having been held too; nothing if not one was, or if
/// none was missed.
#[must_use]
pub fn knee(stages: &[StageResult]) -> Option<f64> {
    let missed = stages.iter().filter(|stage| !stage.is_held);
    let lowest_missed = missed.map(StageResult::rate_mean).min_by(f64::total_cmp)?;
    let held = stages.iter().filter(|stage| stage.is_held);
    held.map(StageResult::rate_mean)
        .filter(|&rate| rate < lowest_missed)
        .max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(rate: f64, is_held: bool) -> StageResult {
        StageResult {
            from_rate: rate,
            to_rate: rate,
            duration_s: 1.0,
            sent: 0,
            ok: 0,
            errors: 0,
            unsent: 0,
            backlog: 0,
            in_flight: 0,
            rps: 0.0,
            response_time_us: Quantiles::default(),
            is_held,
            response_time: None,
        }
    }

    #[test]
    fn the_knee_is_the_highest_rate_below_the_first_that_was_missed() {
        let of = |stages: &[(f64, bool)]| {
            let stages: Vec<_> = stages
                .iter()
                .map(|&(rate, held)| stage(rate, held))
                .collect();
            knee(&stages)
        };
        assert_eq!(
            of(&[(1.0, true), (2.0, true), (3.0, false), (4.0, false)]),
            Some(2.0)
        );
        // Not the last one: one that holds above a missed one is luck, or the fall of a ramp.
        assert_eq!(of(&[(1.0, true), (2.0, false), (3.0, true)]), Some(1.0));
        assert_eq!(of(&[(1.0, true), (2.0, true)]), None);
        assert_eq!(of(&[(1.0, false), (2.0, false)]), None);
        let rising = StageResult {
            from_rate: 150.0,
            ..stage(200.0, true)
        };
        assert_eq!(knee(&[rising, stage(250.0, false)]), Some(175.0));
    }
}
