//! What each row of a throughput table shows, computed from the records of one run.

use super::limit::{Limit, limit_of, null_ratio};
use super::records::ThroughputRecords;
use super::rows::SliceRow;
use super::tables::{ERROR_SHARE_MAX, Table, error_share};
use crate::analysis::Standing;
use crate::load::{Bound, time_histogram};
use crate::run::{Arm, ArmKind, ProcessRow};
use crate::stats::{Quartiles, median};
use std::collections::BTreeMap;

/// One arm at one concurrency.
#[derive(Debug)]
pub(super) struct TableRow {
    /// Who it is.
    pub(super) arm: Arm,
    /// Which side was saturated, if that is known: no rank says more of a server than the generator lets it
    /// show.
    pub(super) limit: Option<Limit>,
    /// What came of it.
    pub(super) outcome: Outcome,
}

/// What came of an arm at a concurrency.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It was measured.
    Measured(Box<Figures>),
    /// It has no such server; nothing is wrong.
    Absent(String),
    /// It could not be measured.
    Failed(String),
}

/// The figures of a row.
#[derive(Debug)]
pub(super) struct Figures {
    /// Right answers per second; each block counts once, with the median of its slices.
    pub(super) rate: Quartiles,
    /// Where it stands by requests per second; `None` if the baseline took no part, or the arm took part in too
    /// few blocks.
    pub(super) rate_standing: Option<Standing>,
    /// The same by server CPU time; ratios are of requests per CPU second.
    pub(super) cpu_standing: Option<Standing>,
    /// Median service time over all slices, in µs; `None` if none was recorded.
    pub(super) service_time_p50_us: Option<u64>,
    /// 99th percentile of the service time over all slices, in µs.
    pub(super) service_time_p99_us: Option<u64>,
    /// 99.9th percentile of the service time over all slices, in µs; `None` if fewer than ten answers lie beyond it.
    pub(super) service_time_p999_us: Option<u64>,
    /// Mean service time over all slices, in ns.
    pub(super) service_time_mean_ns: f64,
    /// Server CPU time per right answer, in ns; the median over blocks.
    pub(super) server_cpu_ns: f64,
    /// The share of it in user mode, over all blocks; `None` if it was not sampled.
    pub(super) user_share: Option<f64>,
    /// The most memory resident, in KiB; the median over blocks.
    pub(super) peak_rss_kib: Option<f64>,
    /// Requests counted.
    pub(super) requests: u64,
    /// Share of the connections that got a right answer within 100 ms; `None` if windows are shorter.
    pub(super) served_per_100_ms: Option<f64>,
    /// Share of the connections that got one within a window.
    pub(super) served_per_window: Option<f64>,
    /// Right answers per connection and window: the 5th, 50th and 95th percentile over connections.
    pub(super) answers_per_connection: Option<[f64; 3]>,
    /// Requests without a right answer, connections that could not be opened, and slices that could not be measured.
    pub(super) errors: u64,
    /// The share of the requests in its windows that got no right answer.
    pub(super) error_share: f64,
    /// What went wrong first.
    pub(super) first_error: Option<String>,
    /// How many of its processes had to be started more than once, in words.
    pub(super) restarts: Option<String>,
}

/// The rows of a table: contestants and baseline by their ratio, then those that fail too often, then those not
/// measured, then the controls.
pub(super) fn rows(records: &ThroughputRecords, table: &Table) -> Vec<TableRow> {
    let arms = records.run.arms.iter();
    let null_ratio = null_ratio(records, &table.rate);
    let mut rows: Vec<TableRow> = arms
        .map(|arm| TableRow {
            limit: limit_of(records, table.connections, &table.rate, arm, null_ratio),
            outcome: Outcome::of(records, table, arm),
            arm: arm.clone(),
        })
        .collect();
    rows.sort_by(|one, other| {
        // The baseline stands among the contestants.
        let kind = |row: &TableRow| row.arm.kind.max(ArmKind::Baseline);
        let group = |row: &TableRow| (kind(row), row.figures().is_none(), row.is_failing());
        group(one)
            .cmp(&group(other))
            .then(other.estimate().total_cmp(&one.estimate()))
            .then(one.arm.name.cmp(&other.arm.name))
    });
    rows
}

impl TableRow {
    /// The figures, if there are any.
    pub(super) fn figures(&self) -> Option<&Figures> {
        match &self.outcome {
            Outcome::Measured(figures) => Some(figures),
            Outcome::Absent(_) | Outcome::Failed(_) => None,
        }
    }

    /// Whether the generator was saturated: then the server could be faster than it shows.
    pub(super) fn is_client_bound(&self) -> bool {
        self.limit
            .is_some_and(|limit| limit.bound == Bound::ClientBound && !limit.is_network_bound)
    }

    /// Whether something else than the server was known to be the limit.
    pub(super) fn is_limited_elsewhere(&self) -> bool {
        self.is_client_bound() || self.is_network_bound()
    }

    /// Whether the network between hosts was the limit.
    pub(super) fn is_network_bound(&self) -> bool {
        self.limit.is_some_and(|limit| limit.is_network_bound)
    }

    /// Whether it is unclear which side was; the null server shows the generator in any case.
    pub(super) fn is_unclear(&self) -> bool {
        let is_unclear = |limit: Limit| limit.bound == Bound::Unclear && !limit.is_network_bound;
        self.arm.kind != ArmKind::Null && self.limit.is_some_and(is_unclear)
    }

    /// Whether it is a contestant that is not ranked for its errors.
    pub(super) fn is_failing(&self) -> bool {
        let share = self.figures().map_or(0.0, |figures| figures.error_share);
        self.arm.kind == ArmKind::Contestant && share > ERROR_SHARE_MAX
    }

    /// What rows are sorted by: the ratio, which is steadier than the throughput it comes from.
    fn estimate(&self) -> f64 {
        let figures = self.figures();
        figures.map_or(0.0, |figures| match figures.rate_standing {
            Some(standing) => standing.ratio,
            None => figures.rate.median,
        })
    }

    /// Whether everything asked for was measured without an error.
    pub(super) fn is_good(&self) -> bool {
        match &self.outcome {
            Outcome::Measured(figures) => figures.errors == 0,
            Outcome::Absent(_) => true,
            Outcome::Failed(_) => false,
        }
    }
}

impl Outcome {
    fn of(records: &ThroughputRecords, table: &Table, arm: &Arm) -> Self {
        if let Some(reason) = &arm.absent {
            return Self::Absent(reason.clone());
        }
        if let Some(reason) = &arm.err {
            return Self::Failed(reason.clone());
        }
        let slices = records.slices_of(table.connections, &arm.name);
        let errs = slices.iter().map(|row| &row.err);
        let first_error = errs.into_iter().find(|err| !err.is_empty()).cloned();
        let blocks: Vec<f64> = block_rates(&slices).into_values().collect();
        match Quartiles::of(&blocks) {
            Some(rate) => Self::Measured(Box::new(Figures {
                first_error,
                ..Figures::of(records, table, arm, &slices, rate)
            })),
            None => {
                Self::Failed(first_error.unwrap_or_else(|| "no block was completed".to_owned()))
            }
        }
    }
}

impl Figures {
    fn of(
        records: &ThroughputRecords,
        table: &Table,
        arm: &Arm,
        slices: &[&SliceRow],
        rate: Quartiles,
    ) -> Self {
        let mut times = time_histogram();
        for (tag, histogram) in &records.service_times {
            if tag.arm == arm.name && tag.condition == table.connections as u64 {
                times
                    .add(histogram)
                    .expect("histograms were read with these bounds");
            }
        }
        let at = |quantile| (!times.is_empty()).then(|| times.value_at_quantile(quantile) / 1000);
        let processes = records.processes.iter();
        let processes: Vec<_> = processes
            .filter(|row| row.arm == arm.name && row.connections == table.connections)
            .collect();
        let user_ms: u64 = processes.iter().map(|row| row.user_ms).sum();
        let system_ms: u64 = processes.iter().map(|row| row.system_ms).sum();
        let measured = processes.iter().filter(|row| row.err.is_empty());
        let peaks: Vec<f64> = measured.map(|row| row.peak_rss_kib as f64).collect();
        let told: Vec<&&SliceRow> = slices
            .iter()
            .filter(|row| row.served_per_100_ms_ppm > 0)
            .collect();
        let typical = |of: &dyn Fn(&SliceRow) -> f64| {
            let values: Vec<f64> = told.iter().map(|row| of(row)).collect();
            median(&values)
        };
        let answers = [
            typical(&|row| row.answers_p5 as f64),
            typical(&|row| row.answers_p50 as f64),
            typical(&|row| row.answers_p95 as f64),
        ];
        let unmeasured = slices.iter().filter(|row| row.sent == 0).count() as u64;
        Self {
            rate,
            rate_standing: table.rate.standing(&arm.name),
            cpu_standing: table.cpu.standing(&arm.name),
            service_time_p50_us: at(0.5),
            service_time_p99_us: at(0.99),
            service_time_p999_us: at(0.999).filter(|_| times.len() >= 10_000),
            service_time_mean_ns: times.mean(),
            server_cpu_ns: median(&block_cpu_ns(slices)).unwrap_or(0.0),
            user_share: (user_ms + system_ms > 0)
                .then(|| user_ms as f64 / (user_ms + system_ms) as f64),
            peak_rss_kib: median(&peaks),
            requests: slices.iter().map(|row| row.sent).sum(),
            served_per_100_ms: typical(&|row| row.served_per_100_ms_ppm as f64 / 1e6),
            served_per_window: typical(&|row| row.served as f64 / row.connections as f64),
            answers_per_connection: match answers {
                [Some(p5), Some(p50), Some(p95)] => Some([p5, p50, p95]),
                _ => None,
            },
            errors: slices
                .iter()
                .map(|row| row.errors() + row.outside_errors)
                .sum::<u64>()
                + unmeasured,
            error_share: error_share(slices),
            first_error: None,
            restarts: ProcessRow::restarts(processes),
        }
    }
}

/// Throughput per block: the median of its slices, which neither a slow nor a fast slice moves.
pub(super) fn block_rates(slices: &[&SliceRow]) -> BTreeMap<u32, f64> {
    let mut blocks: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for row in slices {
        if let Some(rate) = row.rate() {
            blocks.entry(row.block).or_default().push(rate);
        }
    }
    let medians = blocks
        .into_iter()
        .filter_map(|(block, rates)| Some((block, median(&rates)?)));
    medians.collect()
}

/// Server CPU time per right answer in each block, in ns.
fn block_cpu_ns(slices: &[&SliceRow]) -> Vec<f64> {
    let mut blocks: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
    for row in slices.iter().filter(|row| row.cpu_rate().is_some()) {
        let (cpu_ns, requests) = blocks.entry(row.block).or_default();
        *cpu_ns += row.server_cpu_ns;
        *requests += row.counted();
    }
    let per_request = blocks
        .into_values()
        .map(|(cpu_ns, requests)| cpu_ns as f64 / requests as f64);
    per_request.collect()
}
