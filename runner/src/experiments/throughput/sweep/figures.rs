//! What a sweep says of one arm: its figures at each number of connections, where it saturates and where fairness breaks.

use super::fairness::Fairness;
use super::saturation::Rates;
use crate::analysis::Standing;
use crate::experiments::throughput::figures::{TableRow, block_rates};
use crate::experiments::throughput::plan::Level;
use crate::experiments::throughput::records::ThroughputRecords;
use crate::experiments::throughput::rows::SliceRow;
use crate::run::Arm;
use crate::stats::median;
use std::collections::BTreeMap;

/// One arm over all numbers of connections.
#[derive(Debug)]
pub(super) struct Swept {
    /// Who.
    pub(super) arm: Arm,
    /// In the order of the plan; a concurrency at which it was not measured is missing.
    pub(super) points: Vec<SweptPoint>,
    /// The least number of connections at which its rate is not distinguishable from the highest.
    pub(super) saturated_from: Option<usize>,
    /// At how many connections its rate was highest: the least number over blocks, and the largest.
    pub(super) highest_at: Option<(usize, usize)>,
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
    /// How its answers are spread over connections.
    pub(super) fairness: Option<Fairness>,
    /// Server CPU time per request in µs.
    pub(super) cpu_us: Option<Spread>,
    /// The generator was saturated.
    pub(super) is_client_bound: bool,
    /// It is unclear which side was.
    pub(super) is_unclear: bool,
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

impl Swept {
    /// Whether the run tells who was served.
    pub(super) fn tells_fairness(&self) -> bool {
        let mut all = self.points.iter().filter_map(|point| point.fairness);
        all.any(|fairness| fairness.is_told())
    }

    /// Where the rate is highest.
    pub(super) fn highest(&self) -> Option<&SweptPoint> {
        let by_rate =
            |one: &&SweptPoint, other: &&SweptPoint| one.rate.median.total_cmp(&other.rate.median);
        self.points.iter().max_by(by_rate)
    }

    /// The least number of connections at which some get markedly fewer answers than others; `None` if that is seen at
    /// none.
    pub(super) fn breaks(&self) -> Option<&SweptPoint> {
        let mut points = self.points.iter();
        points.find(|point| point.fairness.is_some_and(|one| one.is_broken()))
    }
}

/// The rows of one number of connections.
pub(super) type LevelRows = (usize, Vec<TableRow>);

/// All arms, in the order of their highest rate; contestants first.
pub(super) fn swept(records: &ThroughputRecords, rows: &[LevelRows]) -> Vec<Swept> {
    let of_arm = |arm: &Arm| {
        let points = rows.iter().filter_map(|(connections, rows)| {
            let row = rows.iter().find(|row| row.arm.name == arm.name)?;
            point(records, *connections, row)
        });
        let points: Vec<SweptPoint> = points.collect();
        let rates = points.iter().map(|point| {
            let slices = records.slices_of(point.connections, &arm.name);
            (point.connections, block_rates(&slices))
        });
        let rates = Rates::of(&rates.collect::<Vec<_>>());
        Swept {
            failure: failure(records, arm, points.len(), rows.len()),
            arm: arm.clone(),
            saturated_from: rates.saturated_from(records.run.seed),
            highest_at: rates.highest_at(),
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
        fairness: Fairness::of(&slices),
        cpu_us: of_blocks(&slices, |rows| {
            let measured = || rows.iter().filter(|row| row.cpu_rate().is_some());
            let cpu_ns: u64 = measured().map(|row| row.server_cpu_ns).sum();
            let requests: u64 = measured().map(|row| row.counted()).sum();
            (requests > 0).then(|| cpu_ns as f64 / requests as f64 / 1000.0)
        }),
        is_client_bound: row.is_client_bound(),
        is_unclear: row.is_unclear(),
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
