//! What a sweep says of one arm: its figures at each number of connections, where it saturates and where fairness breaks.

use crate::analysis::Standing;
use crate::experiments::throughput::figures::{TableRow, block_rates, rows};
use crate::experiments::throughput::plan::Level;
use crate::experiments::throughput::records::ThroughputRecords;
use crate::experiments::throughput::rows::SliceRow;
use crate::experiments::throughput::tables::Table;
use crate::run::Arm;
use crate::stats::median;
use std::collections::BTreeMap;

/// A rate that reaches this share of the highest one is saturated.
const SATURATED_SHARE: f64 = 0.95;

/// Fairness has broken if a smaller share of the connections that could get an answer within 100 ms gets one.
const FAIR_SHARE: f64 = 0.95;

/// One arm over all numbers of connections.
#[derive(Debug)]
pub(super) struct Swept {
    /// Who.
    pub(super) arm: Arm,
    /// In the order of the plan; a concurrency at which it was not measured is missing.
    pub(super) points: Vec<SweptPoint>,
    /// Why it has no points at all, or fewer than the plan has.
    pub(super) failure: Option<String>,
}

/// One arm at one number of connections.
#[derive(Debug, Clone)]
pub(super) struct SweptPoint {
    /// Connections.
    pub(super) connections: usize,
    /// Right answers per second.
    pub(super) rate: Spread,
    /// Where it stands against the baseline.
    pub(super) standing: Option<Standing>,
    /// Median service time in ms.
    pub(super) p50_ms: Option<Spread>,
    /// 99th percentile of the service time in ms.
    pub(super) p99_ms: Option<Spread>,
    /// Share of the connections that got a right answer within 100 ms.
    pub(super) served: Option<Spread>,
    /// Server CPU time per request in µs.
    pub(super) cpu_us: Option<Spread>,
    /// The generator was saturated.
    pub(super) is_client_bound: bool,
    /// Requests counted.
    pub(super) requests: u64,
    /// Requests without a right answer, and slices that could not be measured.
    pub(super) errors: u64,
}

/// A figure over blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    /// The median.
    pub(super) median: f64,
    /// The lowest.
    pub(super) least: f64,
    /// The highest.
    pub(super) most: f64,
}

impl Spread {
    fn of(blocks: &[f64]) -> Option<Self> {
        Some(Self {
            median: median(blocks)?,
            least: blocks.iter().copied().reduce(f64::min)?,
            most: blocks.iter().copied().reduce(f64::max)?,
        })
    }
}

impl SweptPoint {
    /// How many of the connections that could have got an answer within 100 ms have got one. At most as many could as
    /// there were answers: a server that answers each in turn serves all of these.
    pub(super) fn fairness(&self) -> Option<f64> {
        let answers = self.rate.median * 0.1;
        let possible = (answers / self.connections as f64).min(1.0);
        Some(self.served?.median / possible)
    }
}

impl Swept {
    /// Whether the run tells who was served.
    pub(super) fn tells_fairness(&self) -> bool {
        self.points.iter().any(|point| point.served.is_some())
    }

    /// The least number of connections that reaches nearly the highest rate.
    pub(super) fn saturates(&self) -> Option<&SweptPoint> {
        let highest = self.highest()?.rate.median;
        let mut points = self.points.iter();
        points.find(|point| point.rate.median >= SATURATED_SHARE * highest)
    }

    /// Where the rate is highest.
    pub(super) fn highest(&self) -> Option<&SweptPoint> {
        let by_rate =
            |one: &&SweptPoint, other: &&SweptPoint| one.rate.median.total_cmp(&other.rate.median);
        self.points.iter().max_by(by_rate)
    }

    /// The least number of connections at which some are served over and over and others wait; `None` if that is seen at
    /// none.
    pub(super) fn breaks(&self) -> Option<&SweptPoint> {
        let mut points = self.points.iter();
        points.find(|point| point.fairness().is_some_and(|share| share < FAIR_SHARE))
    }
}

/// All arms, in the order of their highest rate; contestants first.
pub(super) fn swept(records: &ThroughputRecords, tables: &[Table]) -> Vec<Swept> {
    let rows: Vec<(usize, Vec<TableRow>)> = tables
        .iter()
        .map(|table| (table.connections, rows(records, table)))
        .collect();
    let of_arm = |arm: &Arm| {
        let points = rows.iter().filter_map(|(connections, rows)| {
            let row = rows.iter().find(|row| row.arm.name == arm.name)?;
            point(records, *connections, row)
        });
        let points: Vec<SweptPoint> = points.collect();
        Swept {
            failure: failure(records, arm, points.len(), rows.len()),
            arm: arm.clone(),
            points,
        }
    };
    let mut all: Vec<Swept> = records.run.arms.iter().map(of_arm).collect();
    all.sort_by(|one, other| {
        let rate = |swept: &Swept| swept.highest().map_or(0.0, |point| point.rate.median);
        let is_control = |swept: &Swept| !swept.arm.kind.is_contestant();
        let by_rate = rate(other).total_cmp(&rate(one));
        is_control(one).cmp(&is_control(other)).then(by_rate)
    });
    all
}

fn failure(records: &ThroughputRecords, arm: &Arm, points: usize, of: usize) -> Option<String> {
    if let Some(reason) = arm.err.as_ref().or(arm.absent.as_ref()) {
        return Some(reason.clone());
    }
    let mut errs = records.slices.iter().filter(|row| row.arm == arm.name);
    let first = errs.find(|row| !row.err.is_empty());
    match first {
        Some(row) => Some(format!("at {} connections: {}", row.connections, row.err)),
        None => (points < of).then(|| "no block was completed at some concurrencies".to_owned()),
    }
}

fn point(records: &ThroughputRecords, connections: usize, row: &TableRow) -> Option<SweptPoint> {
    let figures = row.figures()?;
    let arm = &row.arm.name;
    let slices = records.slices_of(connections, arm);
    let rates: Vec<f64> = block_rates(&slices).into_values().collect();
    let level = records.run.plan.level(connections);
    let tells_served = level.is_some_and(Level::tells_served);
    let at = |quantile| {
        let own = records.service_times.iter().filter(|(tag, times)| {
            tag.arm == *arm && tag.condition == connections as u64 && !times.is_empty()
        });
        let ms = own.map(|(_, times)| times.value_at_quantile(quantile) as f64 / 1e6);
        Spread::of(&ms.collect::<Vec<f64>>())
    };
    Some(SweptPoint {
        connections,
        rate: Spread::of(&rates)?,
        standing: figures.rate_standing,
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        served: of_blocks(&slices, |rows| {
            // A window in which nobody was served tells that; a shorter one tells nothing.
            let told = rows.iter().filter(|row| tells_served && row.sent > 0);
            let shares: Vec<f64> = told
                .map(|row| row.served_per_100_ms_ppm as f64 / 1e6)
                .collect();
            median(&shares)
        }),
        cpu_us: of_blocks(&slices, |rows| {
            let measured = || rows.iter().filter(|row| row.cpu_rate().is_some());
            let cpu_ns: u64 = measured().map(|row| row.server_cpu_ns).sum();
            let requests: u64 = measured().map(|row| row.counted_requests()).sum();
            (requests > 0).then(|| cpu_ns as f64 / requests as f64 / 1000.0)
        }),
        is_client_bound: row.is_client_bound(),
        requests: figures.requests,
        errors: figures.errors,
    })
}

/// A figure of each block.
fn of_blocks(slices: &[&SliceRow], figure: impl Fn(&[&SliceRow]) -> Option<f64>) -> Option<Spread> {
    let mut blocks: BTreeMap<u32, Vec<&SliceRow>> = BTreeMap::new();
    for row in slices {
        blocks.entry(row.block).or_default().push(row);
    }
    let figures = blocks.values().filter_map(|rows| figure(rows));
    Spread::of(&figures.collect::<Vec<f64>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::ArmKind;

    fn swept(points: &[(usize, f64, Option<f64>)]) -> Swept {
        let spread = |value: f64| Spread {
            median: value,
            least: value,
            most: value,
        };
        let point = |&(connections, rate, served): &(usize, f64, Option<f64>)| SweptPoint {
            connections,
            rate: spread(rate),
            standing: None,
            p50_ms: None,
            p99_ms: None,
            served: served.map(spread),
            cpu_us: None,
            is_client_bound: false,
            requests: 1,
            errors: 0,
        };
        Swept {
            arm: Arm::new("one", ArmKind::Contestant),
            points: points.iter().map(point).collect(),
            failure: None,
        }
    }

    #[test]
    fn saturation_is_the_least_that_reaches_nearly_the_most() {
        let one = swept(&[
            (1, 20.0, None),
            (8, 96.0, None),
            (64, 100.0, None),
            (512, 80.0, None),
        ]);
        assert_eq!(one.saturates().unwrap().connections, 8);
        assert_eq!(one.highest().unwrap().connections, 64);
        assert!(swept(&[]).saturates().is_none());
    }

    #[test]
    fn fairness_breaks_where_some_wait() {
        let one = swept(&[
            (64, 9_000.0, Some(1.0)),
            (300, 9_000.0, Some(0.94)),
            (512, 9_000.0, Some(0.4)),
        ]);
        assert_eq!(one.breaks().unwrap().connections, 300);
        let fair = swept(&[
            (64, 9_000.0, Some(1.0)),
            (300, 9_000.0, Some(0.96)),
            (512, 9_000.0, None),
        ]);
        assert!(fair.breaks().is_none() && fair.tells_fairness());
        assert!(!swept(&[(64, 9_000.0, None)]).tells_fairness());
    }

    #[test]
    fn a_server_too_slow_to_serve_all_within_100_ms_may_be_fair() {
        let in_turn = swept(&[(4000, 17_200.0, Some(0.43))]);
        assert!(in_turn.breaks().is_none());
        let unfair = swept(&[(4000, 17_200.0, Some(0.2))]);
        assert!(unfair.breaks().is_some());
    }
}
