//! The figures of one variant of a contestant at one concurrency.

use super::by_variant::{Gains, Outcome};
use super::figures::block_rates;
use super::limit::{Limit, limit_of, null_ratio};
use super::plan::Level;
use super::records::ThroughputRecords;
use crate::analysis::Ranked;
use crate::load::{Bound, time_histogram};
use crate::record::HistogramTag;
use crate::report::Cell;
use crate::run::{Arm, ArmKind};
use crate::stats::{Interval, Quartiles, median};
use hdrhistogram::Histogram;

/// The figures of a variant.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    /// What the records call it.
    pub(super) arm: String,
    /// Right answers per second: the median over blocks of the median over slices.
    pub(super) rate: f64,
    /// Its ratio to the contestant's first variant; `None` for that one, and if it was not measured.
    pub(super) ratio: Option<f64>,
    /// The interval of that ratio, jointly valid with those of all other gains of the table.
    pub(super) gain: Option<Interval>,
    /// Which side was saturated; `None` for the null server, which shows the generator in any case.
    pub(super) limit: Option<Limit>,
    /// Median service time in µs; `None` if none was recorded.
    pub(super) service_time_p50_us: Option<u64>,
    /// Mean service time in ns.
    pub(super) service_time_mean_ns: f64,
    /// 99th percentile of the service time; `None` if none was recorded.
    pub(super) p99: Option<Spread>,
    /// Share of the connections that got a right answer within 100 ms; `None` if windows are shorter.
    pub(super) served_per_100_ms: Option<f64>,
    /// Requests counted.
    pub(super) requests: u64,
    /// Requests without a right answer, and slices that could not be measured.
    pub(super) errors: u64,
    /// What went wrong first.
    pub(super) first_error: Option<String>,
}

/// A time in ms over the whole run, and in the blocks in which it was shortest and longest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    /// Over all slices.
    pub(super) whole_ms: f64,
    /// In the best block.
    pub(super) least_ms: f64,
    /// In the worst block.
    pub(super) most_ms: f64,
}

impl Figures {
    /// Whether the generator was saturated, so that the server may be faster.
    pub(super) fn is_client_bound(&self) -> bool {
        self.is_bound(Bound::ClientBound)
    }

    /// Whether it is unclear which side was.
    pub(super) fn is_unclear(&self) -> bool {
        self.is_bound(Bound::Unclear)
    }

    fn is_bound(&self, bound: Bound) -> bool {
        self.limit.is_some_and(|limit| limit.bound == bound)
    }

    /// The cell of its rate, whose gain is over `first`.
    pub(super) fn rate_cell(&self, first: Option<&Self>) -> Cell {
        let cell = Cell::gain(self.rate, self.ratio, self.gain, self.is_client_bound());
        cell.over_bound(first.is_some_and(Self::is_client_bound))
            .unclear(self.is_unclear())
    }
}

/// What came of an arm.
pub(super) fn outcome(
    records: &ThroughputRecords,
    connections: usize,
    ranked: &Ranked,
    gains: &Gains,
    arm: &Arm,
) -> Outcome {
    if let Some(reason) = &arm.absent {
        return Outcome::Absent(reason.clone());
    }
    if let Some(reason) = &arm.err {
        return Outcome::Failed(reason.clone());
    }
    let slices = records.slices_of(connections, &arm.name);
    let mut errs = slices.iter().map(|row| &row.err);
    let first_error = errs.find(|err| !err.is_empty()).cloned();
    let blocks: Vec<f64> = block_rates(&slices).into_values().collect();
    let Some(rate) = Quartiles::of(&blocks) else {
        let reason = first_error.unwrap_or_else(|| "no block was completed".to_owned());
        return Outcome::Failed(reason);
    };
    let gain = ranked
        .measured
        .index(&arm.name)
        .and_then(|one| gains.of_arm(one));
    let level = records.run.plan.level(connections);
    let tells_served = level.is_some_and(Level::tells_served);
    let told: Vec<f64> = slices
        .iter()
        .filter(|row| tells_served && row.sent > 0)
        .map(|row| row.served_per_100_ms_ppm as f64 / 1e6)
        .collect();
    let unmeasured = slices.iter().filter(|row| row.sent == 0).count() as u64;
    let errors = slices.iter().map(|row| row.errors() + row.outside_errors);
    let times = times(records, connections, arm);
    let limit = || {
        limit_of(
            records,
            connections,
            ranked,
            arm,
            null_ratio(records, ranked),
        )
    };
    Outcome::Measured(Box::new(Figures {
        arm: arm.name.clone(),
        rate: rate.median,
        ratio: gain.map(|one| one.estimate).or_else(|| plain(ranked, arm)),
        gain,
        limit: (arm.kind != ArmKind::Null).then(limit).flatten(),
        service_time_p50_us: (!times.whole.is_empty())
            .then(|| times.whole.value_at_quantile(0.5) / 1000),
        service_time_mean_ns: times.whole.mean(),
        p99: times.p99,
        served_per_100_ms: median(&told),
        requests: slices.iter().map(|row| row.sent).sum(),
        errors: errors.sum::<u64>() + unmeasured,
        first_error,
    }))
}

/// The ratio alone, of a run that has too few blocks for intervals.
fn plain(ranked: &Ranked, arm: &Arm) -> Option<f64> {
    let of = arm.variant_of.as_ref()?;
    let (own, first) = (
        ranked.standing(&arm.name)?,
        ranked.standing(&of.contestant)?,
    );
    Some(own.ratio / first.ratio)
}

/// The service times of an arm: over all slices, and how its 99th percentile varied over blocks.
struct Times {
    whole: Histogram<u64>,
    p99: Option<Spread>,
}

fn times(records: &ThroughputRecords, connections: usize, arm: &Arm) -> Times {
    let is_own = |tag: &HistogramTag| tag.arm == arm.name && tag.condition == connections as u64;
    let own = records.service_times.iter().filter(|(tag, _)| is_own(tag));
    let p99_ms = |times: &Histogram<u64>| times.value_at_quantile(0.99) as f64 / 1e6;
    let mut whole = time_histogram();
    let mut blocks = Vec::new();
    for (_, times) in own.filter(|(_, times)| !times.is_empty()) {
        whole
            .add(times)
            .expect("histograms were read with these bounds");
        blocks.push(p99_ms(times));
    }
    let least_ms = blocks.iter().copied().reduce(f64::min);
    Times {
        p99: least_ms.map(|least_ms| Spread {
            whole_ms: p99_ms(&whole),
            least_ms,
            most_ms: blocks.into_iter().fold(least_ms, f64::max),
        }),
        whole,
    }
}
