//! How the rate of an open loop goes on in time: constant, or in stages that may rise or fall. Pure.
//!
//! A profile maps how many requests have fallen due to when the next one does: the inverse of the rate's
//! integral over time. So requests of a stage that rises are as exact as those of one that does not.

use std::time::Duration;

/// A stretch of time in which the rate is constant, or goes evenly from one value to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// Requests per second at its beginning,
    pub from_rate: f64,
    /// and at its end.
    pub to_rate: f64,
    /// How long it is.
    pub duration: Duration,
}

impl Stage {
    /// The requests that fall due in it.
    #[must_use]
    pub fn requests(&self) -> f64 {
        (self.from_rate + self.to_rate) / 2.0 * self.duration.as_secs_f64()
    }
}

/// Stages one after another.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    parts: Vec<Part>,
    /// Requests in all of it, and when it is over; neither has an end at a constant rate.
    total: f64,
    end_ns: u64,
}

/// One stage, and what was before it.
#[derive(Debug, Clone)]
struct Part {
    /// Requests that fell due before it.
    before: f64,
    begins_ns: f64,
    /// Requests per ns at its beginning, and how much that grows per ns.
    rate: f64,
    growth: f64,
}

impl Profile {
    /// One rate for ever.
    pub(super) fn constant(rate: f64) -> Self {
        Self {
            parts: vec![Part {
                before: 0.0,
                begins_ns: 0.0,
                rate: rate / 1e9,
                growth: 0.0,
            }],
            total: f64::INFINITY,
            end_ns: u64::MAX,
        }
    }

    /// These stages.
    pub(super) fn of(stages: &[Stage]) -> Self {
        let (mut before, mut begins_ns) = (0.0, 0.0);
        let mut parts = Vec::new();
        for stage in stages {
            let length_ns = stage.duration.as_nanos() as f64;
            parts.push(Part {
                before,
                begins_ns,
                rate: stage.from_rate / 1e9,
                growth: (stage.to_rate - stage.from_rate) / 1e9 / length_ns,
            });
            before += stage.requests();
            begins_ns += length_ns;
        }
        Self {
            parts,
            total: before,
            end_ns: begins_ns as u64,
        }
    }

    /// When the request is due before which `count` others are; never, if the profile has no more.
    pub(super) fn due_ns(&self, count: f64) -> u64 {
        if count >= self.total {
            return u64::MAX;
        }
        let place = self.parts.partition_point(|part| part.before <= count);
        let part = &self.parts[place.saturating_sub(1)];
        (part.begins_ns + part.time_to(count - part.before)) as u64
    }

    /// How many requests are due before then.
    pub(super) fn count_before(&self, at_ns: u64) -> f64 {
        if at_ns >= self.end_ns {
            return self.total;
        }
        let at_ns = at_ns as f64;
        let place = self.parts.partition_point(|part| part.begins_ns <= at_ns);
        let part = &self.parts[place.saturating_sub(1)];
        let since_ns = at_ns - part.begins_ns;
        part.before + part.rate * since_ns + part.growth * since_ns * since_ns / 2.0
    }
}

impl Part {
    /// How long it takes in this stage until so many requests have fallen due, in ns: where
    /// rate·t + growth·t²/2 has that value.
    fn time_to(&self, count: f64) -> f64 {
        if self.growth == 0.0 {
            return count / self.rate;
        }
        let under_root = self.rate * self.rate + 2.0 * self.growth * count;
        // Of the usual form of the solution this is the one that does not cancel.
        2.0 * count / (self.rate + under_root.max(0.0).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stage(from_rate: f64, to_rate: f64, seconds: u64) -> Stage {
        Stage {
            from_rate,
            to_rate,
            duration: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn stages_follow_each_other_without_a_gap() {
        let profile = Profile::of(&[stage(10.0, 10.0, 2), stage(100.0, 100.0, 1)]);
        assert_eq!(profile.due_ns(0.0), 0);
        assert_eq!(profile.due_ns(19.0), 1_900_000_000);
        assert_eq!(profile.due_ns(20.0), 2_000_000_000);
        assert_eq!(profile.due_ns(21.0), 2_010_000_000);
        assert_eq!(profile.due_ns(119.0), 2_990_000_000);
        assert_eq!(profile.due_ns(120.0), u64::MAX);
        assert_eq!(profile.count_before(u64::MAX), 120.0);
    }

    #[test]
    fn a_rate_that_rises_is_the_integral_of_itself() {
        // From 0 to 100 in 10 s: 500 requests, half of them in the last 10·(1 − 1/√2) s.
        let profile = Profile::of(&[stage(0.0, 100.0, 10)]);
        let half_s = profile.due_ns(250.0) as f64 / 1e9;
        assert!((half_s - 10.0 / 2f64.sqrt()).abs() < 1e-6, "{half_s}");
        assert_eq!(profile.due_ns(500.0), u64::MAX);
        let falls = Profile::of(&[stage(100.0, 0.0, 10)]);
        let half_s = falls.due_ns(250.0) as f64 / 1e9;
        assert!(
            (half_s - 10.0 * (1.0 - 0.5f64.sqrt())).abs() < 1e-6,
            "{half_s}"
        );
    }

    proptest! {
        #[test]
        fn due_times_never_go_back_and_counts_are_their_inverse(
            stages in prop::collection::vec((0.1f64..1e5, 0.1f64..1e5, 1u64..20), 1..6),
            share in 0.0f64..1.0,
        ) {
            let stages: Vec<Stage> = stages.into_iter().map(|(a, b, s)| stage(a, b, s)).collect();
            let profile = Profile::of(&stages);
            let count = (share * profile.total).floor();
            let due_ns = profile.due_ns(count);
            prop_assert!(profile.due_ns(count + 1.0) >= due_ns);
            let back = profile.count_before(due_ns);
            prop_assert!((back - count).abs() < 1e-3 * (1.0 + count / 1e6), "{} {}", back, count);
        }
    }
}
