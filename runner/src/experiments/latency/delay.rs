//! The positive control of the open loop: the null server, with a stated share of its answers a stated time late.
//! That must be found in the 99th percentile, as long as it is, and must not be found in the median.

use super::tables::Table;
use crate::analysis::{Ranked, Untrusted};
use crate::run::{Arm, ArmKind};
use crate::stats::Interval;

/// Its name in rows.
pub(super) const NAME: &str = "null-delayed";

/// Of how many answers one is late.
const EVERY: u64 = 50;

/// How late it is.
pub(super) const DELAY_NS: u64 = 1_000_000;

/// The null server's options for it.
pub(super) const OPTIONS: [&str; 4] = ["--delay", "1ms", "--delay-every", "50"];

/// By how much the delay may be measured too long: timers of a virtual machine are late, and the answers around a
/// late one wait, too.
const TOO_LONG_MAX: f64 = 2.0;

/// What the control came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DelayControl {
    /// The ratio of the medians to the null server's, whose truth is 1: as for a twin, good runs hardly ever miss it.
    p50: Interval,
    /// The ratio of the 99th percentiles, as the only question.
    p99: Interval,
    /// The 99th percentiles of the null server and of the control, as medians over blocks.
    found_ns: (u64, u64),
}

impl DelayControl {
    /// Holds the control against the null server; `None` if either took no part.
    pub(super) fn of(
        table: &Table,
        arms: &[Arm],
        p99_ns: impl Fn(&str) -> Option<u64>,
    ) -> Option<Self> {
        let name = |kind| {
            arms.iter()
                .find(|arm| arm.kind == kind)
                .map(|arm| arm.name.as_str())
        };
        let (null, delayed) = (name(ArmKind::Null)?, name(ArmKind::Planted)?);
        let ratio = |measure: usize, of: fn(&Ranked, usize, usize) -> Option<Interval>| {
            let ranked = table.measures.get(measure)?;
            let measured = &ranked.measured;
            of(ranked, measured.index(delayed)?, measured.index(null)?)
        };
        Some(Self {
            p50: ratio(super::tables::P50, Ranked::ratio_of_control)?,
            p99: ratio(super::tables::P99, Ranked::ratio_alone)?,
            found_ns: (p99_ns(null)?, p99_ns(delayed)?),
        })
    }

    /// Why it fails, if it does.
    pub(super) fn failure(&self) -> Option<Untrusted> {
        let (without, with) = self.found_ns;
        let most = without as f64 + TOO_LONG_MAX * DELAY_NS as f64;
        let fails = if without > DELAY_NS / 2 {
            "other times are as long as the planted delay, which could not have been found"
        } else if self.p99.lower <= 1.0 || with < DELAY_NS {
            "a planted delay was not found in the 99th percentile"
        } else if with as f64 > most {
            "a planted delay was measured as a longer one"
        } else if !self.p50.covers(1.0) && self.p50.estimate > P50_MAX {
            "a planted delay of few answers was found in the median"
        } else if self.p50.upper > P50_KNOWN {
            "the median is too uncertain to say that a planted delay of few answers is not in it"
        } else {
            return None;
        };
        Some(Untrusted::ControlFails(fails.to_owned()))
    }

    /// What it says, in a sentence.
    pub(super) fn sentence(&self) -> String {
        let outcome = if self.failure().is_some() {
            "FAILS"
        } else {
            "passes"
        };
        let us = |ns: u64| (ns + 500) / 1000;
        format!(
            "`{NAME}` {outcome}: one of {EVERY} answers is {} ms late. 99th percentile, median over blocks: {} µs without and {} µs \
             with it (ratio of slices next to each other {:.2}, {:.2}–{:.2}); ratio of the medians {:.3} (control interval {:.3}–{:.3}).",
            DELAY_NS / 1_000_000,
            us(self.found_ns.0),
            us(self.found_ns.1),
            self.p99.estimate,
            self.p99.lower,
            self.p99.upper,
            self.p50.estimate,
            self.p50.lower,
            self.p50.upper
        )
    }
}

/// Two percent of late answers move the median to the 51st percentile of the others: a ratio up to this is no
/// larger than that.
const P50_MAX: f64 = 1.05;

/// If the ratio of the medians may be larger than this, nothing is known of it.
const P50_KNOWN: f64 = 1.5;

#[cfg(test)]
mod tests {
    use super::*;

    fn control(p50: f64, p99: f64, found_ns: (u64, u64)) -> DelayControl {
        let around = |estimate: f64| Interval {
            estimate,
            lower: estimate * 0.98,
            upper: estimate * 1.02,
        };
        DelayControl {
            p50: around(p50),
            p99: around(p99),
            found_ns,
        }
    }

    #[test]
    fn a_delay_is_found_where_it_was_planted_and_nowhere_else() {
        assert_eq!(control(1.0, 8.0, (150_000, 1_200_000)).failure(), None);
        let fails = |control: DelayControl| control.failure().unwrap().to_string();
        assert!(fails(control(1.0, 1.0, (150_000, 150_000))).contains("was not found"));
        assert!(fails(control(1.0, 5.0, (150_000, 900_000))).contains("was not found"));
        assert!(fails(control(1.0, 30.0, (150_000, 4_000_000))).contains("a longer one"));
        assert!(fails(control(1.2, 8.0, (150_000, 1_200_000))).contains("in the median"));
        assert!(
            fails(control(1.0, 8.0, (900_000, 1_200_000))).contains("could not have been found")
        );
        let mut vague = control(1.0, 8.0, (150_000, 1_200_000));
        vague.p50.lower = 0.5;
        vague.p50.upper = 2.0;
        assert!(fails(vague).contains("too uncertain"));
    }
}
