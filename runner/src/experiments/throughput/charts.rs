//! What is drawn of a throughput run.

use super::columns::rank;
use super::figures::TableRow;
use super::records::ThroughputRecords;
use super::tables::Table;
use crate::experiments::curves::quantiles;
use crate::report::{
    Axis, Bounds, Chart, Curves, Drawing, RatioMark, RatioRow, Ratios, Subject, grouped,
};
use crate::run::{Arm, ArmKind};

/// Ratios to the baseline at every concurrency, in the order of the highest one; `None` without a baseline.
pub(super) fn ratios(all: &[(&Table, Vec<TableRow>)], findings: &[String]) -> Option<Chart> {
    let (_, order) = all.iter().max_by_key(|(table, _)| table.connections)?;
    let baseline = order.iter().find(|row| row.arm.kind == ArmKind::Baseline)?;
    let of_arm = |rows: &[TableRow], name: &str| {
        let row = rows.iter().find(|row| row.arm.name == name)?;
        mark(row)
    };
    let null = order.iter().find(|row| row.arm.kind == ArmKind::Null);
    let limits = all
        .iter()
        .map(|(_, rows)| Some(of_arm(rows, &null?.arm.name)?.ratio));
    let rows = order.iter().filter(|row| row.arm.kind != ArmKind::Null);
    let rows: Vec<RatioRow> = rows
        .map(|row| RatioRow {
            subject: subject(&row.arm),
            marks: all
                .iter()
                .map(|(_, rows)| of_arm(rows, &row.arm.name))
                .collect(),
        })
        .collect();
    let has_any = rows.iter().any(|row| row.marks.iter().any(Option::is_some));
    has_any.then(|| Chart {
        id: "ratios".to_owned(),
        title: format!("Requests per second, relative to {}", baseline.arm.name),
        doubt: None,
        reading: vec!["Bar: 95% interval, jointly valid; line: estimate.".to_owned()],
        finding: findings.join(" "),
        drawing: Drawing::Ratios(Ratios {
            baseline: baseline.arm.name.clone(),
            conditions: all.iter().map(|(table, _)| table.heading()).collect(),
            limits: limits.collect(),
            rows,
        }),
    })
}

fn mark(row: &TableRow) -> Option<RatioMark> {
    let standing = row.figures()?.rate_standing?;
    let interval = standing.interval.filter(|one| one.half_width() > 0.0);
    Some(RatioMark {
        ratio: standing.ratio,
        interval: interval.map(|one| Bounds {
            lower: one.lower,
            upper: one.upper,
        }),
        rank: rank(row),
        client_bound: row.is_client_bound(),
    })
}

fn subject(arm: &Arm) -> Subject {
    Subject {
        name: arm.name.clone(),
        kind: arm.kind,
        detail: arm.kind.said().to_owned(),
    }
}

/// Service times over quantiles at one concurrency, a panel for each arm.
pub(super) fn service_times(
    records: &ThroughputRecords,
    table: &Table,
    rows: &[TableRow],
) -> Option<Chart> {
    let panels = rows.iter().filter(|row| row.arm.kind.is_contestant());
    let panels = panels.filter_map(|row| {
        let own = records.service_times.iter().filter(|(tag, _)| {
            tag.arm == row.arm.name && tag.condition == table.connections as u64
        });
        let own: Vec<_> = own.map(|(_, histogram)| histogram).collect();
        let figures = row.figures()?;
        let (p50, p99) = (figures.service_time_p50_us?, figures.service_time_p99_us?);
        let subject = Subject {
            detail: format!("p50 {} µs, p99 {} µs", grouped(p50), grouped(p99)),
            ..subject(&row.arm)
        };
        quantiles(subject, &own)
    });
    let panels: Vec<_> = panels.collect();
    (!panels.is_empty()).then(|| Chart {
        id: format!("service-times-{}", table.connections),
        title: format!("Service time, {}, closed loop", table.heading()),
        doubt: None,
        reading: vec![
            "From sending a request to its answer; grey: the others. Shade: from the lowest block to the highest. □: \
             beyond it lie fewer than ten answers."
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
