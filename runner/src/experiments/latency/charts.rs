//! What is drawn of a latency run.

use super::figures::TableRow;
use super::records::LatencyRecords;
use super::tables::{P99, QUANTILES, Table};
use crate::experiments::curves::quantiles;
use crate::report::{
    Axis, Bounds, Cell, Chart, Curves, Drawing, Range, RangeRow, Ranges, Subject, grouped,
};
use crate::run::{Arm, ArmKind};
use crate::stats::Quartiles;
use hdrhistogram::Histogram;

/// What is drawn of one rate.
pub(super) fn charts(
    records: &LatencyRecords,
    table: &Table,
    rows: &[TableRow],
    finding: &str,
) -> Vec<Chart> {
    let is_drawn = |row: &&TableRow| row.arm.kind != ArmKind::Planted;
    let rows: Vec<&TableRow> = rows.iter().filter(is_drawn).collect();
    let charts = [
        percentiles(records, table, &rows, finding),
        response_times(records, table, &rows),
    ];
    charts.into_iter().flatten().collect()
}

fn blocks<'r>(records: &'r LatencyRecords, table: &Table, arm: &Arm) -> Vec<&'r Histogram<u64>> {
    let all = records.response_times.iter();
    let own = all.filter(|(tag, _)| tag.arm == arm.name && tag.condition == table.rate_per_s);
    own.map(|(_, histogram)| histogram).collect()
}

fn subject(row: &TableRow) -> Subject {
    let figures = row.figures.as_ref().ok();
    let standing = figures.and_then(|one| one.standing(P99));
    let rank = standing.and_then(|one| one.rank);
    Subject {
        name: row.arm.name.clone(),
        kind: row.arm.kind,
        detail: match (rank, not_held(row)) {
            (Some(rank), _) => format!("rank {}", Cell::rank(rank, false).full()),
            (None, Some(reason)) => reason,
            (None, None) => row.arm.kind.said().to_owned(),
        },
    }
}

/// How much of the rate a contestant held, if it was too little for a rank. Whole percents, rounded down: what is just
/// below the limit is not to read like the limit.
fn not_held(row: &TableRow) -> Option<String> {
    let figures = row.figures.as_ref().ok()?;
    let is_named = row.arm.kind.is_contestant() && !figures.holds();
    is_named.then(|| {
        let percent = (figures.held_share * 100.0).floor();
        format!("not ranked: held {percent:.0}% of the rate")
    })
}

fn percentiles(
    records: &LatencyRecords,
    table: &Table,
    rows: &[&TableRow],
    finding: &str,
) -> Option<Chart> {
    let rows: Vec<RangeRow> = rows
        .iter()
        .map(|row| {
            let blocks = blocks(records, table, &row.arm);
            let range = |index: usize| {
                let value = row.figures.as_ref().ok()?.response_ns[index] as f64 / 1e6;
                let of_block = |block: &&Histogram<u64>| {
                    block.value_at_quantile(QUANTILES[index]) as f64 / 1e6
                };
                let of_blocks: Vec<f64> = blocks.iter().map(of_block).collect();
                let quartiles = Quartiles::of(&of_blocks)?;
                let bounds = Bounds {
                    lower: quartiles.lower.min(value),
                    upper: quartiles.upper.max(value),
                };
                (value > 0.0).then_some(Range { value, bounds })
            };
            RangeRow {
                subject: subject(row),
                marks: (0..QUANTILES.len()).map(range).collect(),
            }
        })
        .collect();
    let has_any = rows.iter().any(|row| row.marks.iter().any(Option::is_some));
    has_any.then(|| Chart {
        id: format!("percentiles-{}", table.rate_per_s),
        title: format!("Response time at {}, open loop", table.heading()),
        doubt: None,
        reading: vec![
            "From when a request was due by the schedule; ranks are by p99. Mark: over the whole run; line: the middle \
             half of the blocks."
                .to_owned(),
        ],
        finding: finding.to_owned(),
        drawing: Drawing::Ranges(Ranges {
            unit: "ms",
            series: QUANTILES.map(|quantile| format!("p{}", quantile * 100.0)).to_vec(),
            rows,
        }),
    })
}

fn response_times(records: &LatencyRecords, table: &Table, rows: &[&TableRow]) -> Option<Chart> {
    let panels = rows.iter().filter(|row| row.arm.kind.is_contestant());
    let panels = panels.filter_map(|row| {
        let micros = |index: usize| {
            let ns = row.figures.as_ref().ok()?.response_ns[index];
            Some(grouped((ns as f64 / 1000.0).round() as u64))
        };
        let times = format!("p50 {} µs, p99 {} µs", micros(0)?, micros(P99)?);
        let subject = Subject {
            detail: match not_held(row) {
                Some(reason) => format!("{reason}, {times}"),
                None => times,
            },
            ..subject(row)
        };
        quantiles(subject, &blocks(records, table, &row.arm))
    });
    let panels: Vec<_> = panels.collect();
    (!panels.is_empty()).then(|| Chart {
        id: format!("response-times-{}", table.rate_per_s),
        title: format!("Response time over percentiles, {}", table.heading()),
        doubt: None,
        reading: vec![
            "Timed from the schedule; grey: the others. Shade: from the lowest block to the highest. □: beyond it lie \
             fewer than ten answers."
                .to_owned(),
        ],
        finding: String::new(),
        drawing: Drawing::Curves(Curves {
            across: Axis::Nines,
            up: Axis::LogMs,
            reference: None,
            panels,
        }),
    })
}
