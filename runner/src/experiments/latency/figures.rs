//! What each row of a latency table shows, computed from the records of one run.

use super::records::LatencyRecords;
use super::rows::PacedRow;
use super::tables::{HELD_SHARE_MIN, P99, QUANTILES, Table, held_share, share_of_schedule};
use crate::analysis::Standing;
use crate::run::{Arm, ArmKind, ProcessRow};
use crate::stats::median;

/// One arm at one rate.
#[derive(Debug)]
pub(super) struct TableRow {
    /// Who it is.
    pub(super) arm: Arm,
    /// The figures, or why there are none.
    pub(super) figures: Result<Figures, String>,
}

/// The figures of a row.
#[derive(Debug)]
pub(super) struct Figures {
    /// Percentiles of the response time over the whole run, in ns, one for each quantile.
    pub(super) response_ns: [u64; 3],
    /// Where it stands by each measure; `None` if it did not hold the rate, or took part in too few blocks.
    pub(super) standings: Vec<Option<Standing>>,
    /// Server CPU time per right answer, in ns; the median over slices.
    pub(super) cpu_ns: Option<f64>,
    /// Share of the schedule that got a right answer.
    pub(super) held_share: f64,
    /// Share of the schedule that was not sent, for want of a free connection.
    pub(super) unsent_share: f64,
    /// 99th percentile of the dispatch delay, in ns; the median over slices.
    pub(super) dispatch_delay_ns: f64,
    /// Requests without a right answer, and slices that could not be measured.
    pub(super) errors: u64,
    /// What went wrong first.
    pub(super) first_error: Option<String>,
    /// How many of its processes had to be started more than once, in words.
    pub(super) restarts: Option<String>,
}

impl Figures {
    /// Whether enough of the schedule got a right answer for a rank.
    pub(super) fn holds(&self) -> bool {
        self.held_share >= HELD_SHARE_MIN
    }
}

/// The rows of a table: contestants and baseline by their 99th percentile, then those not measured, then the
/// controls.
pub(super) fn rows(records: &LatencyRecords, table: &Table) -> Vec<TableRow> {
    let arms = records.run.arms.iter();
    let mut rows: Vec<TableRow> = arms
        .map(|arm| TableRow {
            figures: figures(records, table, arm),
            arm: arm.clone(),
        })
        .collect();
    rows.sort_by(|one, other| {
        // The baseline stands among the contestants.
        let kind = |row: &TableRow| row.arm.kind.max(ArmKind::Baseline);
        let group = |row: &TableRow| (kind(row), !row.holds());
        let p99 = |row: &TableRow| {
            row.figures
                .as_ref()
                .map_or(u64::MAX, |figures| figures.response_ns[P99])
        };
        group(one)
            .cmp(&group(other))
            .then(p99(one).cmp(&p99(other)))
            .then(one.arm.name.cmp(&other.arm.name))
    });
    rows
}

impl TableRow {
    fn holds(&self) -> bool {
        self.figures.as_ref().is_ok_and(Figures::holds)
    }

    /// Whether everything asked for was measured without an error.
    pub(super) fn is_good(&self) -> bool {
        match &self.figures {
            Ok(figures) => figures.errors == 0,
            Err(_) => self.arm.absent.is_some(),
        }
    }
}

fn figures(records: &LatencyRecords, table: &Table, arm: &Arm) -> Result<Figures, String> {
    if let Some(reason) = arm.absent.as_ref().or(arm.err.as_ref()) {
        return Err(reason.clone());
    }
    let slices = records.slices_of(table.rate_per_s, &arm.name);
    let errs = slices.iter().map(|row| &row.err);
    let first_error = errs.into_iter().find(|err| !err.is_empty()).cloned();
    let times = records.times_of(table.rate_per_s, &arm.name);
    if times.is_empty() {
        return Err(first_error.unwrap_or_else(|| "no block was completed".to_owned()));
    }
    let all = |of: fn(&PacedRow) -> Option<f64>| {
        slices
            .iter()
            .filter_map(|row| of(row))
            .collect::<Vec<f64>>()
    };
    let unmeasured = slices.iter().filter(|row| row.sent == 0).count() as u64;
    let processes = records.processes.iter();
    let own = |row: &&ProcessRow| row.rate_per_s == table.rate_per_s && row.arm == arm.name;
    let delays = all(|row| (row.sent > 0).then_some(row.dispatch_delay_p99_ns as f64));
    Ok(Figures {
        response_ns: QUANTILES.map(|quantile| times.value_at_quantile(quantile)),
        standings: table
            .measures
            .iter()
            .map(|one| one.standing(&arm.name))
            .collect(),
        cpu_ns: median(&all(PacedRow::cpu_ns_per_request)),
        held_share: held_share(&slices).unwrap_or(0.0),
        unsent_share: share_of_schedule(&slices, |row| row.unsent).unwrap_or(0.0),
        dispatch_delay_ns: median(&delays).unwrap_or(0.0),
        errors: slices.iter().map(|row| row.errors()).sum::<u64>() + unmeasured,
        first_error,
        restarts: ProcessRow::restarts(processes.filter(own)),
    })
}

impl Figures {
    /// Where it stands by one measure.
    pub(super) fn standing(&self, measure: usize) -> Option<Standing> {
        self.standings.get(measure).copied().flatten()
    }
}
