//! Curves over quantiles from histograms of times, the same for every experiment that records some.

use crate::report::{Bounds, Curve, Point, Subject};
use hdrhistogram::Histogram;

/// A quantile that fewer values lie beyond is not drawn.
const BEYOND_MIN: f64 = 10.0;

/// Points per nine.
const POINTS: u32 = 8;

/// More nines than these are never drawn.
const NINES_MAX: u32 = 5;

/// The curve of times in ns: over all blocks together, and how far single blocks lie apart, as far as each has enough
/// values to say. `None` if there are no values.
pub(super) fn quantiles(subject: Subject, blocks: &[&Histogram<u64>]) -> Option<Curve> {
    let mut all = (*blocks.first()?).clone();
    for block in &blocks[1..] {
        all.add(*block).ok()?;
    }
    let least = blocks.iter().map(|block| block.len()).min()?;
    let steps = (0..=NINES_MAX * POINTS).map(|step| f64::from(step) / f64::from(POINTS));
    let beyond = |nines: f64| 10_f64.powf(-nines);
    let steps = steps.take_while(|&nines| (all.len() as f64) * beyond(nines) >= BEYOND_MIN);
    let steps: Vec<f64> = steps.collect();
    // All of a histogram at once: each by itself would go through its counts from their beginning.
    let ms = |histogram: &Histogram<u64>| -> Vec<f64> {
        let quantiles = steps.iter().map(|&nines| 1.0 - beyond(nines));
        let values = histogram.value_at_quantiles(quantiles);
        values.map(|ns| ns as f64 / 1e6).collect()
    };
    let of_blocks: Vec<Vec<f64>> = blocks.iter().map(|block| ms(block)).collect();
    let points = steps.iter().zip(ms(&all)).enumerate();
    let points = points.map(|(step, (&nines, y))| {
        let own = of_blocks.iter().map(|block| block[step]);
        Point {
            x: nines,
            y,
            bounds: (least as f64 * beyond(nines) >= BEYOND_MIN).then(|| Bounds {
                lower: own.clone().fold(f64::INFINITY, f64::min),
                upper: own.fold(0.0, f64::max),
            }),
        }
    });
    let mut points: Vec<Point> = points.collect();
    // What is below the resolution of the clock has no place on an axis of powers of ten.
    points.retain(|point| point.y > 0.0);
    (!points.is_empty()).then_some(Curve {
        subject,
        points,
        is_open: true,
        reference: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::ArmKind;

    fn subject() -> Subject {
        Subject {
            name: "one".to_owned(),
            kind: ArmKind::Contestant,
            detail: String::new(),
        }
    }

    #[test]
    fn a_curve_ends_where_few_values_lie_beyond() {
        let mut block = crate::load::time_histogram();
        block.record_n(1_000_000, 990).unwrap();
        block.record_n(50_000_000, 10).unwrap();
        let curve = quantiles(subject(), &[&block, &block]).unwrap();
        // 2000 values: beyond 99.5 % lie ten, and in one block beyond 99 %.
        let last = curve.points.last().unwrap();
        assert!((last.x - 2.25).abs() < 1e-9, "{last:?}");
        assert_eq!(last.bounds, None);
        let mut with_bounds = curve.points.iter().filter(|point| point.bounds.is_some());
        assert!((with_bounds.next_back().unwrap().x - 2.0).abs() < 1e-9);
        assert!((curve.points[0].y - 1.0).abs() < 0.01);
    }

    #[test]
    fn no_values_make_no_curve() {
        assert_eq!(quantiles(subject(), &[]), None);
        assert_eq!(
            quantiles(subject(), &[&crate::load::time_histogram()]),
            None
        );
    }
}
