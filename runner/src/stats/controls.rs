//! Arms whose truth is known: the baseline's twin, which must not differ from it, and the planted
//! control, which must differ by what was planted.
//!
//! A good run must hardly ever fail on its controls, of which a page has several. So a control's estimate
//! may miss the truth by as much as chance brings for all pairs of its table together, and at least by as
//! much as makes all controls of a page together fail in 2 % of good runs. A method that is off by
//! the planted share misses it nearly always, as long as intervals are narrower than that share; so the
//! planted control must also be found, as the one question it is.

use super::Interval;

/// How many controls a page has: two per table, two measures, two numbers of connections.
const PAGE_CONTROLS: f64 = 8.0;

/// How often good runs may fail on any of them.
const PAGE_FAILURES: f64 = 0.02;

/// How sure a single control has to miss the truth.
pub(super) const CONTROL_CONFIDENCE: f64 = 1.0 - PAGE_FAILURES / PAGE_CONTROLS;

/// How a control came out that is not as it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlFailure {
    /// Two equal arms differ.
    TwinDiffers,
    /// A known difference was not found.
    PlantedNotFound,
    /// A known difference was found, as something else than it is.
    PlantedMistaken,
}

impl ControlFailure {
    /// How the twin fails, if it does, from [`ratio_of_control`](super::Ranking::ratio_of_control) to the
    /// baseline.
    #[must_use]
    pub fn of_twin(joint: &Interval) -> Option<Self> {
        (!joint.covers(1.0)).then_some(Self::TwinDiffers)
    }

    /// How the planted control fails, if it does, whose rate is the share `truth` of the baseline's; `joint`
    /// as for the twin, `alone` from [`ratio_alone`](super::Ranking::ratio_alone).
    #[must_use]
    pub fn of_planted(joint: &Interval, alone: &Interval, truth: f64) -> Option<Self> {
        // On the side of the truth: the opposite is not a finding.
        let is_found = if truth < 1.0 {
            alone.upper < 1.0
        } else {
            alone.lower > 1.0
        };
        if !is_found {
            Some(Self::PlantedNotFound)
        } else if !joint.covers(truth) {
            Some(Self::PlantedMistaken)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(lower: f64, upper: f64) -> Interval {
        Interval {
            estimate: (lower * upper).sqrt(),
            lower,
            upper,
        }
    }

    #[test]
    fn a_twin_must_not_differ() {
        assert_eq!(ControlFailure::of_twin(&interval(0.99, 1.01)), None);
        let differs = ControlFailure::of_twin(&interval(1.001, 1.02));
        assert_eq!(differs, Some(ControlFailure::TwinDiffers));
    }

    #[test]
    fn a_planted_loss_must_be_found_as_what_it_is() {
        let judged = |joint, alone| ControlFailure::of_planted(&joint, &alone, 0.98);
        assert_eq!(judged(interval(0.97, 0.99), interval(0.975, 0.985)), None);
        // A method that is blind to the loss.
        let blind = judged(interval(0.99, 1.01), interval(0.995, 1.005));
        assert_eq!(blind, Some(ControlFailure::PlantedNotFound));
        // One that makes it twice as large.
        let mistaken = judged(interval(0.95, 0.97), interval(0.955, 0.965));
        assert_eq!(mistaken, Some(ControlFailure::PlantedMistaken));
        // One that turns it into a gain.
        let turned = judged(interval(1.01, 1.03), interval(1.015, 1.025));
        assert_eq!(turned, Some(ControlFailure::PlantedNotFound));
        // Intervals too wide to find anything.
        let wide = judged(interval(0.93, 1.03), interval(0.95, 1.01));
        assert_eq!(wide, Some(ControlFailure::PlantedNotFound));
    }
}
