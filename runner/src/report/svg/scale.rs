//! Scales: from values to places, and the ticks that a reader expects.

/// A scale from `low` to `high`, drawn from `start` to `end`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
    is_log: bool,
}

impl Scale {
    /// Equal distances for equal differences.
    pub(super) fn linear([low, high]: [f64; 2], [start, end]: [f64; 2]) -> Self {
        Self {
            low,
            high: if high > low { high } else { low + 1.0 },
            start,
            end,
            is_log: false,
        }
    }

    /// Equal distances for equal ratios.
    pub(super) fn log([low, high]: [f64; 2], place: [f64; 2]) -> Self {
        Self {
            is_log: true,
            ..Self::linear([low.log10(), high.log10()], place)
        }
    }

    /// Whether equal distances stand for equal ratios.
    pub(super) fn is_log(&self) -> bool {
        self.is_log
    }

    /// Where a value is.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = if self.is_log { value.log10() } else { value };
        let share = (value - self.low) / (self.high - self.low);
        self.start + share.clamp(0.0, 1.0) * (self.end - self.start)
    }

    /// Whether a value lies before its start.
    pub(super) fn is_below(&self, value: f64) -> bool {
        let value = if self.is_log { value.log10() } else { value };
        value < self.low
    }

    /// Whether a value is on it.
    pub(super) fn covers(&self, value: f64) -> bool {
        let value = if self.is_log { value.log10() } else { value };
        (self.low..=self.high).contains(&value)
    }
}

/// The distance of ticks, of which there are some `count` from `low` to `high`: 1, 2 or 5 times a power of ten.
pub(super) fn step(low: f64, high: f64, count: f64) -> f64 {
    let rough = ((high - low) / count).max(f64::MIN_POSITIVE);
    let power = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    let fitting = steps.into_iter().find(|step| step * power >= rough * 0.999);
    fitting.unwrap_or(10.0) * power
}

/// All multiples of a step from `low` to `high`.
pub(super) fn multiples(low: f64, high: f64, step: f64) -> impl Iterator<Item = f64> {
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(move |place| place as f64 * step)
}

/// A tick's label, with as many digits as its step has.
pub(super) fn label(value: f64, step: f64) -> String {
    let digits = (-step.log10()).ceil().max(0.0) as usize;
    format!("{value:.digits$}")
}

/// Powers of ten around these values.
pub(super) fn decades(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let (low, high) = values
        .filter(|value| *value > 0.0 && value.is_finite())
        .fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
            (low.min(value), high.max(value))
        });
    if low > high {
        return [1.0, 10.0];
    }
    let (low, high) = (low.log10().floor(), high.log10().ceil());
    [10_f64.powf(low), 10_f64.powf(high.max(low + 1.0))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_their_range() {
        assert!((step(0.5, 1.3, 6.0) - 0.2).abs() < 1e-12);
        let ticks: Vec<String> = multiples(0.5, 1.3, 0.2)
            .map(|tick| label(tick, 0.2))
            .collect();
        assert_eq!(ticks, ["0.6", "0.8", "1.0", "1.2"]);
        assert_eq!(decades([0.3, 47.0].into_iter()), [0.1, 100.0]);
        assert_eq!(decades(std::iter::empty()), [1.0, 10.0]);
    }

    #[test]
    fn equal_ratios_are_equally_far_apart_on_a_log_scale() {
        let scale = Scale::log([1.0, 100.0], [0.0, 200.0]);
        assert!((scale.at(10.0) - 100.0).abs() < 1e-9);
        assert!(!scale.covers(0.5) && scale.covers(100.0));
    }
}
