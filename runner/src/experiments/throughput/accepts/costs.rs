//! What a request costs and what an accept costs: a line through the server CPU per request over accepts per request.

use crate::experiments::throughput::records::ThroughputRecords;
use crate::experiments::throughput::rows::SliceRow;
use crate::run::Arm;
use crate::stats::{DRAWS, Interval, chosen_ratios};
use std::collections::BTreeMap;

/// The costs of one contestant, in ns of server CPU time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Costs {
    /// Of a request on a connection that is there.
    pub(super) request_ns: Interval,
    /// Of accepting and closing a connection, on top of the request it carries.
    pub(super) accept_ns: Interval,
    /// How far the line misses what was measured, at the point where it misses most; a share.
    pub(super) miss: f64,
}

/// Accepts per request, and ns of server CPU per request.
type Points = Vec<(f64, f64)>;

/// The costs of each contestant at one concurrency that was measured in every block, by name; all intervals are
/// jointly valid at 95 %.
pub(super) fn costs(records: &ThroughputRecords, connections: usize) -> BTreeMap<String, Costs> {
    let arms = records.run.arms.iter();
    let first = arms.filter(|arm| arm.kind.is_contestant() && arm.variant_of.is_none());
    let blocks: usize = records.counting() as usize;
    // Another set of points would make another line.
    let has_all = |points: &Points| points.len() == records.run.plan.labels().len();
    let lines: Vec<(&Arm, Vec<(Points, Line)>)> = first
        .map(|arm| (arm, points(records, connections, &arm.name)))
        .map(|(arm, points)| {
            (
                arm,
                points
                    .into_values()
                    .filter(has_all)
                    .filter_map(fitted)
                    .collect(),
            )
        })
        .filter(|(_, lines): &(&Arm, Vec<_>)| lines.len() == blocks && blocks > 0)
        .collect();
    let row = |block: usize| {
        let logs = lines.iter().flat_map(|(_, lines)| {
            let line = &lines[block].1;
            [line.at_zero.ln(), line.slope.ln()]
        });
        // What all are held against: one nanosecond.
        logs.chain([0.0]).collect::<Vec<f64>>()
    };
    let rows: Vec<Vec<f64>> = (0..blocks).map(row).collect();
    let one_ns = 2 * lines.len();
    let pairs: Vec<(usize, usize)> = (0..one_ns).map(|arm| (arm, one_ns)).collect();
    let intervals = chosen_ratios(&rows, &pairs, records.run.seed, DRAWS).unwrap_or_default();
    let both = lines.iter().zip(intervals.chunks_exact(2));
    let named = both.map(|((arm, lines), intervals)| {
        let costs = Costs {
            request_ns: intervals[0],
            accept_ns: intervals[1],
            miss: largest_miss(lines),
        };
        (arm.name.clone(), costs)
    });
    named.collect()
}

/// Server CPU per request in each block, for each number of requests per connection.
fn points(
    records: &ThroughputRecords,
    connections: usize,
    contestant: &str,
) -> BTreeMap<u32, Points> {
    let mut blocks: BTreeMap<u32, Points> = BTreeMap::new();
    let plan = &records.run.plan;
    let limited = plan.requests_per_connection.iter();
    let limited =
        limited.map(|&requests| (format!("{contestant}-{requests}"), f64::from(requests)));
    for (arm, requests) in limited.chain([(contestant.to_owned(), f64::INFINITY)]) {
        let mut sums: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        let slices = records.slices_of(connections, &arm);
        let measured = |row: &&&SliceRow| row.cpu_rate().is_some();
        for row in slices.iter().filter(measured) {
            let (cpu_ns, counted) = sums.entry(row.block).or_default();
            *cpu_ns += row.server_cpu_ns;
            *counted += row.counted();
        }
        for (block, (cpu_ns, counted)) in sums {
            let per_request = cpu_ns as f64 / counted as f64;
            blocks
                .entry(block)
                .or_default()
                .push((1.0 / requests, per_request));
        }
    }
    blocks
}

/// A line through points.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    at_zero: f64,
    slope: f64,
}

impl Line {
    /// By least squares of relative errors: what is measured varies by a share of itself. `None` if there are fewer than
    /// three points, or if they do not make a line that rises from above zero.
    fn of(points: &[(f64, f64)]) -> Option<Self> {
        if points.len() < 3 {
            return None;
        }
        let weighted = |of: &dyn Fn(f64, f64) -> f64| {
            let terms = points.iter().map(|&(x, y)| of(x, y) / (y * y));
            terms.sum::<f64>()
        };
        let (ones, xs, ys) = (
            weighted(&|_, _| 1.0),
            weighted(&|x, _| x),
            weighted(&|_, y| y),
        );
        let (squares, products) = (weighted(&|x, _| x * x), weighted(&|x, y| x * y));
        let determinant = ones * squares - xs * xs;
        let slope = (ones * products - xs * ys) / determinant;
        let at_zero = (ys - slope * xs) / ones;
        let is_sound = slope.is_finite() && slope > 0.0 && at_zero > 0.0;
        is_sound.then_some(Self { at_zero, slope })
    }

    fn at(&self, x: f64) -> f64 {
        self.at_zero + self.slope * x
    }
}

fn fitted(points: Points) -> Option<(Points, Line)> {
    let line = Line::of(&points)?;
    Some((points, line))
}

/// How far the lines miss their points on average over blocks, at the point where that is most.
fn largest_miss(blocks: &[(Points, Line)]) -> f64 {
    let mut misses: BTreeMap<u64, f64> = BTreeMap::new();
    for (points, line) in blocks {
        for &(x, y) in points {
            *misses.entry(x.to_bits()).or_default() += (line.at(x) / y).ln() / blocks.len() as f64;
        }
    }
    let misses = misses.into_values().map(f64::abs);
    misses.fold(0.0, f64::max).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_as_it_was_made() {
        let points = [0.0, 0.01, 0.1, 1.0].map(|x| (x, 7_000.0 + 21_000.0 * x));
        let line = Line::of(&points).unwrap();
        assert!((line.at_zero - 7_000.0).abs() < 1e-6, "{line:?}");
        assert!((line.slope - 21_000.0).abs() < 1e-6, "{line:?}");
        assert!(largest_miss(&[(points.to_vec(), line)]) < 1e-9);
    }

    #[test]
    fn what_is_not_a_line_says_by_how_much() {
        let points = vec![(0.0, 7_000.0), (0.1, 12_000.0), (1.0, 28_000.0)];
        let line = Line::of(&points).unwrap();
        let miss = largest_miss(&[(points, line)]);
        assert!(miss > 0.1 && miss < 0.5, "{miss}");
    }

    #[test]
    fn accepts_that_cost_nothing_or_two_points_have_no_line() {
        assert_eq!(Line::of(&[(0.0, 7.0), (0.1, 7.0), (1.0, 6.0)]), None);
        assert_eq!(Line::of(&[(0.0, 7.0), (1.0, 9.0)]), None);
        assert_eq!(Line::of(&[(1.0, 7.0), (1.0, 9.0), (1.0, 8.0)]), None);
    }
}
