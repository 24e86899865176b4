//! What disturbs a block. The bounds look at the machine only, never at an arm, so that excluding blocks favours
//! nobody. Pure.

use super::blocks::BlockRow;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The hypervisor may give this share of a block's processor time to others, in parts per million. A quiet
/// virtual machine loses about a thousandth.
const STEAL_MAX_PPM: u64 = 10_000;

/// The sentinel's work may take this much longer than before the first block, in parts per million.
const SLOWDOWN_MAX_PPM: u64 = 150_000;

/// Other programs may use this share of our processors' time, in parts per million. A quiet machine stays below a
/// hundredth; the kernel counts in ticks of 10 ms, so the sum over a block is exact to about as much.
const OTHERS_MAX_PPM: u64 = 40_000;

/// We may be stopped for this share of the time in which we measure, in parts per million.
const PAUSE_MAX_PPM: u64 = 10_000;

/// What has disturbed a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disturbance {
    /// Nothing.
    #[default]
    None,
    /// A limit on the processors' time of our control group stopped us.
    Quota,
    /// We were stopped: by a signal, or with the whole machine.
    Pause,
    /// Generators on several hosts did not begin a slice together, however often it was tried.
    Apart,
    /// The hypervisor gave too much processor time to others.
    Steal,
    /// Other programs used too much of our processors.
    Others,
    /// A fixed piece of work took too long.
    Sentinel,
}

impl Disturbance {
    /// The first that holds of a block on this number of processors. The causes that explain others come first.
    pub(super) fn of(row: &BlockRow, ours: usize) -> Self {
        let share = |ms: u64, of_ms: u64| ms.saturating_mul(1_000_000) / of_ms.max(1);
        let others_ppm = share(row.others_cpu_ms, row.watched_ms * ours as u64);
        if row.throttled_periods > 0 {
            Self::Quota
        } else if share(row.pause_ms, row.watched_ms) > PAUSE_MAX_PPM {
            Self::Pause
        } else if share(row.steal_ms, row.elapsed_ms * ours as u64) > STEAL_MAX_PPM {
            Self::Steal
        } else if others_ppm > OTHERS_MAX_PPM {
            Self::Others
        } else if row.sentinel_slowdown_ppm > SLOWDOWN_MAX_PPM {
            Self::Sentinel
        } else {
            Self::None
        }
    }

    /// The cause, and how much of it the worst of these blocks had.
    #[must_use]
    pub fn with_size(self, rows: &[&BlockRow]) -> String {
        let time = |ms: u64| match ms {
            0..=999 => format!("{ms} ms"),
            _ => format!("{:.1} s", ms as f64 / 1000.0),
        };
        let of_row = |row: &BlockRow| match self {
            Self::None | Self::Apart => 0,
            Self::Quota => row.throttled_periods,
            Self::Pause => row.pause_ms,
            Self::Steal => row.steal_ms,
            Self::Others => row.others_cpu_ms,
            Self::Sentinel => row.sentinel_slowdown_ppm,
        };
        let Some(worst) = rows.iter().max_by_key(|row| of_row(row)) else {
            return self.to_string();
        };
        let size = match self {
            Self::None | Self::Apart => return self.to_string(),
            Self::Quota => format!("{} periods", of_row(worst)),
            Self::Sentinel => format!("{:.0}% slower", of_row(worst) as f64 / 1e4),
            _ => format!(
                "{} in a block of {}",
                time(of_row(worst)),
                time(worst.elapsed_ms)
            ),
        };
        format!("{self} (up to {size})")
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::None => "nothing",
            Self::Quota => "a limit on the processors' time of this control group",
            Self::Pause => "pauses of this runner",
            Self::Apart => "generators that did not begin together",
            Self::Steal => "the hypervisor",
            Self::Others => "other programs on the same processors",
            Self::Sentinel => "a slow processor",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(change: impl Fn(&mut BlockRow)) -> Disturbance {
        let mut row = BlockRow {
            elapsed_ms: 10_000,
            watched_ms: 8_000,
            steal_ms: 100,
            others_cpu_ms: 160,
            pause_ms: 20,
            sentinel_slowdown_ppm: 50_000,
            ..BlockRow::default()
        };
        change(&mut row);
        Disturbance::of(&row, 2)
    }

    #[test]
    fn a_quiet_block_is_not_disturbed() {
        assert_eq!(row(|_| ()), Disturbance::None);
    }

    #[test]
    fn a_cause_is_said_with_the_size_of_its_worst_block() {
        let block = |others_cpu_ms| BlockRow {
            elapsed_ms: 40_000,
            others_cpu_ms,
            sentinel_slowdown_ppm: 210_000,
            ..BlockRow::default()
        };
        let (one, other) = (block(2_000), block(6_700));
        let rows = [&one, &other];
        assert_eq!(
            Disturbance::Others.with_size(&rows),
            "other programs on the same processors (up to 6.7 s in a block of 40.0 s)"
        );
        assert_eq!(
            Disturbance::Sentinel.with_size(&rows),
            "a slow processor (up to 21% slower)"
        );
    }

    #[test]
    fn each_cause_is_told_beyond_its_bound() {
        assert_eq!(row(|row| row.throttled_periods = 1), Disturbance::Quota);
        assert_eq!(row(|row| row.pause_ms = 81), Disturbance::Pause);
        assert_eq!(row(|row| row.steal_ms = 201), Disturbance::Steal);
        assert_eq!(row(|row| row.others_cpu_ms = 641), Disturbance::Others);
        assert_eq!(
            row(|row| row.sentinel_slowdown_ppm = 150_001),
            Disturbance::Sentinel
        );
    }

    #[test]
    fn a_quota_explains_the_pauses_it_makes() {
        let both = row(|row| (row.throttled_periods, row.pause_ms) = (3, 900));
        assert_eq!(both, Disturbance::Quota);
    }
}
