//! From intervals to traces: how rate, 99th percentile and fairness of an arm go on from idle, and from when on they
//! have settled. Pure.

use super::records::SettlingRecords;
use super::rows::IntervalRow;
use crate::stats::{Quartiles, median};
use std::collections::BTreeMap;
use std::ops::Range;

/// Settled is what stays this close to the plateau,
const CLOSE: f64 = 0.02;

/// or so many standard errors closer than it looks: windows of some milliseconds on a shared machine vary by more
/// than 2 %.
const ERRORS: f64 = 2.0;

/// Makes the median absolute deviation estimate a standard deviation, and that of a median from it: both for normal
/// values.
const ERROR_OF_MEDIAN: f64 = 1.4826 * 1.2533;

/// The plateau is the mean of this last part of a slice.
const PLATEAU_SHARE: f64 = 0.4;

/// One arm at one concurrency: a figure for each interval, the median over slices.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The arm.
    pub arm: String,
    /// Connections.
    pub connections: usize,
    /// Right answers per second.
    pub rate: Vec<f64>,
    /// 99th percentile of the service time, in µs; `None` for an interval without an answer in any slice.
    pub p99_us: Vec<Option<f64>>,
    /// Share of the connections that got an answer.
    pub served: Vec<f64>,
    /// Between which the middle half of the slices lie.
    pub served_quartiles: Vec<(f64, f64)>,
    /// The rate in each of the stretches asked for, as a share of the plateau of the same slice; `None` if no slice
    /// is that long.
    pub stretches: Vec<Option<f64>>,
    /// Right answers per second in the last part of the slice.
    pub plateau: f64,
    /// From when on it has settled; `None` if it never does.
    pub settled: Option<Settled>,
}

/// From when on a trace has settled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settled {
    /// Every window that begins here or later has the plateau's rate, to 2 % or within chance.
    pub after_ms: u64,
}

/// The traces of all arms at one concurrency, in the order of the record's arms, with windows of this length.
#[must_use]
pub(super) fn traces(
    records: &SettlingRecords,
    connections: usize,
    window_ms: u64,
    stretches_ms: &[(u64, u64)],
) -> Vec<Trace> {
    let arms = records.run.arms.iter().filter(|arm| arm.takes_part());
    let of_arm = arms.filter_map(|arm| {
        let rows = records.intervals_of(connections, &arm.name);
        trace(records, &rows, window_ms, stretches_ms)
    });
    of_arm.collect()
}

fn trace(
    records: &SettlingRecords,
    rows: &[&IntervalRow],
    window_ms: u64,
    stretches_ms: &[(u64, u64)],
) -> Option<Trace> {
    let first = rows.first()?;
    let (plan, interval_s) = (
        &records.run.plan,
        records.run.plan.interval_ms as f64 / 1000.0,
    );
    let mut by_interval: Vec<Vec<&IntervalRow>> = vec![Vec::new(); plan.intervals() as usize];
    for row in rows {
        if let Some(own) = by_interval.get_mut(row.interval as usize) {
            own.push(row);
        }
    }
    let over_slices = |of: &dyn Fn(&IntervalRow) -> Option<f64>| -> Vec<Option<f64>> {
        let of_interval = |own: &Vec<&IntervalRow>| {
            median(&own.iter().filter_map(|row| of(row)).collect::<Vec<f64>>())
        };
        by_interval.iter().map(of_interval).collect()
    };
    // Every interval of a slice has a row, so there is a rate and a share for each.
    let of_all = |of: &dyn Fn(&IntervalRow) -> f64| -> Vec<f64> {
        let values = over_slices(&|row| Some(of(row)));
        values
            .into_iter()
            .map(|one| one.unwrap_or(f64::NAN))
            .collect()
    };
    let slices = slices(rows, plan.intervals());
    let plateaus: Vec<f64> = slices.iter().map(|slice| plateau(slice)).collect();
    Some(Trace {
        arm: first.arm.clone(),
        connections: first.connections,
        rate: of_all(&|row| row.ok as f64 / interval_s),
        p99_us: over_slices(&|row| (row.ok > 0).then_some(row.service_time_p99_us as f64)),
        served: of_all(&share_served),
        served_quartiles: by_interval
            .iter()
            .map(|own| served_quartiles(own))
            .collect(),
        stretches: stretches_ms
            .iter()
            .map(|&(from, to)| {
                let stretch = (from / plan.interval_ms) as usize..(to / plan.interval_ms) as usize;
                let is_whole =
                    from.is_multiple_of(plan.interval_ms) && to.is_multiple_of(plan.interval_ms);
                let is_there =
                    is_whole && !stretch.is_empty() && stretch.end as u64 <= plan.intervals();
                let shares = is_there.then(|| relative(&slices, &plateaus, stretch));
                median(&shares?)
            })
            .collect(),
        plateau: median(&plateaus)? / interval_s,
        settled: settled(&slices, &plateaus, window_ms / plan.interval_ms).map(|interval| {
            Settled {
                after_ms: interval as u64 * plan.interval_ms,
            }
        }),
    })
}

fn share_served(row: &IntervalRow) -> f64 {
    row.served as f64 / row.connections as f64
}

/// Between which the middle half of the slices lie in one interval.
fn served_quartiles(rows: &[&IntervalRow]) -> (f64, f64) {
    let shares: Vec<f64> = rows.iter().map(|row| share_served(row)).collect();
    Quartiles::of(&shares).map_or((0.0, 0.0), |quartiles| (quartiles.lower, quartiles.upper))
}

/// Right answers of each interval, one list per slice that is whole.
fn slices(rows: &[&IntervalRow], intervals: u64) -> Vec<Vec<f64>> {
    let mut slices: BTreeMap<(u32, u32), Vec<f64>> = BTreeMap::new();
    for row in rows {
        let slice = slices.entry((row.block, row.round)).or_default();
        slice.push(row.ok as f64);
    }
    let whole = slices
        .into_values()
        .filter(|slice| slice.len() as u64 == intervals);
    whole.collect()
}

fn plateau(slice: &[f64]) -> f64 {
    let from = (slice.len() as f64 * (1.0 - PLATEAU_SHARE)) as usize;
    mean(&slice[from.min(slice.len())..])
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The rate in a stretch of intervals, relative to the plateau of the same slice: the machine's drift is in both.
fn relative(slices: &[Vec<f64>], plateaus: &[f64], stretch: Range<usize>) -> Vec<f64> {
    let slices = slices
        .iter()
        .zip(plateaus)
        .filter(|(_, plateau)| **plateau > 0.0);
    let own = |slice: &Vec<f64>| mean(slice.get(stretch.clone()).unwrap_or_default());
    slices
        .map(|(slice, plateau)| own(slice) / plateau)
        .collect()
}

/// The first interval from which on every window has the plateau's rate, in the median over slices.
fn settled(slices: &[Vec<f64>], plateaus: &[f64], window: u64) -> Option<usize> {
    let length = slices.first()?.len();
    let window = (window.max(1) as usize).min(length);
    let is_close = |from: usize| {
        let ratios = relative(slices, plateaus, from..from + window);
        let ratio = median(&ratios)?;
        let deviations: Vec<f64> = ratios.iter().map(|one| (one - ratio).abs()).collect();
        let error = ERROR_OF_MEDIAN * median(&deviations)? / (ratios.len() as f64).sqrt();
        Some((ratio - 1.0).abs() <= CLOSE + ERRORS * error)
    };
    let last = length - window;
    let mut first = None;
    for from in (0..=last).rev() {
        if !is_close(from)? {
            break;
        }
        first = Some(from);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ramps_up_has_settled_where_its_windows_reach_the_plateau() {
        let ramp = |at: usize| if at < 10 { 50.0 } else { 100.0 };
        let slice: Vec<f64> = (0..100).map(ramp).collect();
        let slices = vec![slice; 3];
        let plateaus: Vec<f64> = slices.iter().map(|slice| plateau(slice)).collect();
        assert_eq!(plateaus, [100.0; 3]);
        assert_eq!(settled(&slices, &plateaus, 1), Some(10));
        // Five intervals of which one is half as high are 10 % lower, of fifty it is 1 %.
        assert_eq!(settled(&slices, &plateaus, 5), Some(10));
        assert_eq!(settled(&slices, &plateaus, 50), Some(9));
    }

    #[test]
    fn noise_alone_does_not_keep_a_trace_from_settling() {
        let noisy = |slice: usize| -> Vec<f64> {
            let wobble = |at: usize| ((at * 7 + slice * 13) % 11) as f64 - 5.0;
            (0..100).map(|at| 100.0 + 2.0 * wobble(at)).collect()
        };
        let slices: Vec<Vec<f64>> = (0..9).map(noisy).collect();
        let plateaus: Vec<f64> = slices.iter().map(|slice| plateau(slice)).collect();
        assert_eq!(settled(&slices, &plateaus, 1), Some(0));
    }

    #[test]
    fn what_goes_up_and_down_never_settles() {
        let slice: Vec<f64> = (0..100)
            .map(|at| if at % 2 == 0 { 50.0 } else { 150.0 })
            .collect();
        let plateaus = [plateau(&slice)];
        assert_eq!(settled(&[slice], &plateaus, 1), None);
    }
}
