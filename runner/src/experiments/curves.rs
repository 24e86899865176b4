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
    let ms =
        |histogram: &Histogram<u64>, quantile| histogram.value_at_quantile(quantile) as f64 / 1e6;
    let mut points = Vec::new();
    for step in 0..=NINES_MAX * POINTS {
        let nines = f64::from(step) / f64::from(POINTS);
        let beyond = 10_f64.powf(-nines);
        if (all.len() as f64) * beyond < BEYOND_MIN {
            break;
        }
        let of_blocks = blocks.iter().map(|block| ms(block, 1.0 - beyond));
        let bounds = (least as f64 * beyond >= BEYOND_MIN).then(|| Bounds {
            lower: of_blocks.clone().fold(f64::INFINITY, f64::min),
            upper: of_blocks.fold(0.0, f64::max),
        });
        points.push(Point {
            x: nines,
            y: ms(&all, 1.0 - beyond),
            bounds,
        });
    }
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
