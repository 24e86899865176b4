//! What each row of a table shows, computed from the records of one run.

use super::limit::{self, Limit};
use crate::analysis::{LevelAnalysis, Standing};
use crate::load::{Bound, time_histogram};
use crate::record::{Arm, Records, Run, SliceRow};
use crate::stats::{Quartiles, median};
use std::collections::BTreeMap;

/// A run as its readers see it.
#[derive(Debug)]
pub struct Report {
    /// What was run.
    pub run: Run,
    /// Blocks that count.
    pub blocks: u32,
    /// Complete blocks that were set aside.
    pub set_aside: u32,
    /// One table per level of concurrency.
    pub levels: Vec<Level>,
}

/// The table of one level.
#[derive(Debug)]
pub struct Level {
    /// Connections, each with one request open at a time.
    pub connections: usize,
    /// What the blocks say of the arms together.
    pub analysis: LevelAnalysis,
    /// Contestants by their ratio to the floor, then those not measured, then the controls.
    pub rows: Vec<Row>,
}

/// One arm at one level.
#[derive(Debug)]
pub struct Row {
    /// Who it is.
    pub arm: Arm,
    /// Who was the limit, where that is known: no rank says more of a server than the generator lets
    /// it show.
    pub limit: Option<Limit>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an arm at a level.
#[derive(Debug)]
pub enum Outcome {
    /// It was measured.
    Measured(Box<Figures>),
    /// It has no such server; nothing is wrong.
    Absent(String),
    /// It could not be measured.
    Failed(String),
}

/// The figures of a row.
#[derive(Debug)]
pub struct Figures {
    /// Right answers per second; each block counts once, with the median of its slices.
    pub rps: Quartiles,
    /// Where it stands by requests per second; nothing where the floor took no part, or the arm took
    /// part in too few blocks.
    pub rps_standing: Option<Standing>,
    /// The same by server CPU time; ratios are of requests per CPU second.
    pub cpu_standing: Option<Standing>,
    /// Median service time over all slices, in µs.
    pub service_time_p50_us: u64,
    /// 99th percentile of the service time over all slices, in µs.
    pub service_time_p99_us: u64,
    /// Server CPU time per request, in ns; the median over blocks.
    pub server_cpu_ns: f64,
    /// The share of it in user mode, over all blocks.
    pub user_share: f64,
    /// The most memory resident, in KiB; the median over blocks.
    pub peak_rss_kib: f64,
    /// Requests sent in slices.
    pub requests: u64,
    /// Slices that reached their time limit before their last request.
    pub cut_slices: usize,
    /// Slices.
    pub slices: usize,
    /// Requests without a right answer, and slices that could not be measured.
    pub errors: u64,
    /// What went wrong first.
    pub first_err: Option<String>,
}

impl Report {
    /// Computes every table of a run.
    #[must_use]
    pub fn of(records: &Records) -> Self {
        let levels = &records.run.plan.levels;
        Self {
            levels: levels
                .iter()
                .map(|&level| Level::of(records, level))
                .collect(),
            blocks: records.complete_blocks(),
            set_aside: records.set_aside_blocks(),
            run: records.run.clone(),
        }
    }

    /// The contestant all others are read against, if it took part.
    #[must_use]
    pub fn floor(&self) -> Option<&Arm> {
        self.run.arms.iter().find(|arm| arm.is_floor())
    }
}

impl Level {
    fn of(records: &Records, connections: usize) -> Self {
        let analysis = LevelAnalysis::of(records, connections);
        let mut rows: Vec<Row> = records
            .run
            .arms
            .iter()
            .map(|arm| Row {
                limit: None,
                outcome: Outcome::of(records, connections, arm, &analysis),
                arm: arm.clone(),
            })
            .collect();
        rows.sort_by(|one, other| {
            let group = |row: &Row| (row.arm.kind as u8, row.figures().is_none());
            group(one)
                .cmp(&group(other))
                .then(other.estimate().total_cmp(&one.estimate()))
                .then(one.arm.name.cmp(&other.arm.name))
        });
        let mut level = Self {
            connections,
            analysis,
            rows,
        };
        limit::judge(records, &mut level);
        level
    }
}

impl Row {
    /// The figures, where there are any.
    #[must_use]
    pub fn figures(&self) -> Option<&Figures> {
        match &self.outcome {
            Outcome::Measured(figures) => Some(figures),
            Outcome::Absent(_) | Outcome::Failed(_) => None,
        }
    }

    /// Whether the generator was the limit: there the server could be faster than it shows.
    pub(super) fn is_client_bound(&self) -> bool {
        self.limit
            .is_some_and(|limit| limit.bound == Bound::ClientBound)
    }

    /// What rows are sorted by: the ratio, which is steadier than the throughput it comes from.
    fn estimate(&self) -> f64 {
        let figures = self.figures();
        figures.map_or(0.0, |figures| match figures.rps_standing {
            Some(standing) => standing.ratio,
            None => figures.rps.median,
        })
    }
}

impl Outcome {
    fn of(records: &Records, connections: usize, arm: &Arm, analysis: &LevelAnalysis) -> Self {
        if let Some(reason) = &arm.absent {
            return Self::Absent(reason.clone());
        }
        if let Some(reason) = &arm.err {
            return Self::Failed(reason.clone());
        }
        let slices = slices_of(records, connections, &arm.name);
        let first_err = slices
            .iter()
            .map(|row| &row.err)
            .find(|err| !err.is_empty());
        let rps = block_rps(&slices);
        let blocks: Vec<f64> = rps.values().copied().collect();
        match Quartiles::of(&blocks) {
            Some(quartiles) => Self::Measured(Box::new(Figures {
                rps: quartiles,
                rps_standing: analysis.rps.standing(&arm.name),
                cpu_standing: analysis.cpu.standing(&arm.name),
                first_err: first_err.cloned(),
                ..Figures::sums(records, connections, arm, &slices, quartiles)
            })),
            None => Self::Failed(
                first_err
                    .cloned()
                    .unwrap_or_else(|| "no block was completed".to_owned()),
            ),
        }
    }
}

impl Figures {
    fn sums(
        records: &Records,
        connections: usize,
        arm: &Arm,
        slices: &[&SliceRow],
        rps: Quartiles,
    ) -> Self {
        let mut service_time = time_histogram();
        for (key, histogram) in &records.service_times {
            if key.arm == arm.name && key.connections == connections {
                service_time
                    .add(histogram)
                    .expect("histograms were read with these bounds");
            }
        }
        let processes: Vec<_> = records
            .processes
            .iter()
            .filter(|row| row.arm == arm.name && row.connections == connections)
            .collect();
        let user_ms: u64 = processes.iter().map(|row| row.user_ms).sum();
        let system_ms: u64 = processes.iter().map(|row| row.system_ms).sum();
        let peaks: Vec<f64> = processes
            .iter()
            .map(|row| row.peak_rss_kib as f64)
            .collect();
        Self {
            rps,
            rps_standing: None,
            cpu_standing: None,
            service_time_p50_us: service_time.value_at_quantile(0.5) / 1000,
            service_time_p99_us: service_time.value_at_quantile(0.99) / 1000,
            server_cpu_ns: median(&block_cpu_ns(slices)).unwrap_or(0.0),
            user_share: user_ms as f64 / (user_ms + system_ms).max(1) as f64,
            peak_rss_kib: median(&peaks).unwrap_or(0.0),
            requests: slices.iter().map(|row| row.sent).sum(),
            cut_slices: slices.iter().filter(|row| row.cut == 1).count(),
            slices: slices.len(),
            errors: slices
                .iter()
                .map(|row| row.errors() + unmeasured(row))
                .sum(),
            first_err: None,
        }
    }
}

/// A slice that could not be measured at all is one error.
fn unmeasured(row: &SliceRow) -> u64 {
    u64::from(row.sent == 0 && !row.err.is_empty())
}

fn slices_of<'r>(records: &'r Records, connections: usize, arm: &str) -> Vec<&'r SliceRow> {
    let slices = records.slices.iter();
    slices
        .filter(|row| row.connections == connections && row.arm == arm)
        .collect()
}

/// Throughput per block: the median of its slices, which neither a slow nor a lucky slice moves.
fn block_rps(slices: &[&SliceRow]) -> BTreeMap<u32, f64> {
    by_block(slices)
        .into_iter()
        .filter_map(|(block, rows)| {
            let values: Vec<f64> = rows.into_iter().map(rps).collect();
            Some((block, median(&values)?))
        })
        .collect()
}

/// Right answers per second of one slice.
fn rps(row: &SliceRow) -> f64 {
    row.counted() as f64 * 1e9 / row.elapsed_ns as f64
}

/// Server CPU time per request in each block, in ns.
fn block_cpu_ns(slices: &[&SliceRow]) -> Vec<f64> {
    by_block(slices)
        .into_values()
        .map(|rows| {
            let cpu_ns: u64 = rows.iter().map(|row| row.server_cpu_ns).sum();
            let sent: u64 = rows.iter().map(|row| row.counted_requests()).sum();
            cpu_ns as f64 / sent as f64
        })
        .collect()
}

/// The slices that brought right answers, by block.
fn by_block<'r>(slices: &[&'r SliceRow]) -> BTreeMap<u32, Vec<&'r SliceRow>> {
    let mut blocks: BTreeMap<u32, Vec<&SliceRow>> = BTreeMap::new();
    for row in slices {
        if row.ok > 0 && row.elapsed_ns > 0 {
            blocks.entry(row.block).or_default().push(row);
        }
    }
    blocks
}
