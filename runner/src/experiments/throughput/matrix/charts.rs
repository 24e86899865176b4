//! What is drawn of a matrix: gains, and what becomes of the slowest requests.

use crate::experiments::throughput::by_variant::{ByVariant, VariantsRow};
use crate::report::{
    Bounds, Cell, Chart, Drawing, Range, RangeRow, Ranges, RatioMark, RatioRow, Ratios, Subject,
};

fn subject(row: &VariantsRow) -> Subject {
    Subject {
        name: row.arm.name.clone(),
        kind: row.arm.kind,
        detail: row.arm.kind.said().to_owned(),
    }
}

/// Requests per second of each variant relative to the first one of the same contestant; `None` if nothing gains.
pub(super) fn gains(level: &ByVariant, finding: &str) -> Option<Chart> {
    let rows: Vec<RatioRow> = level
        .contestants()
        .map(|row| RatioRow {
            subject: subject(row),
            marks: (1..level.labels.len()).map(|one| mark(row, one)).collect(),
        })
        .filter(|row| row.marks.iter().any(Option::is_some))
        .collect();
    let (first, others) = level.labels.split_first()?;
    (!rows.is_empty()).then(|| Chart {
        id: format!("gains-{}", level.connections),
        title: format!("Requests per second by variant, {}", level.heading()),
        doubt: None,
        reading: vec![format!(
            "Relative to the same contestant's {first}. Bar: 95% interval, jointly valid; line: estimate."
        )],
        finding: finding.to_owned(),
        drawing: Drawing::Ratios(Ratios {
            baseline: format!("the same contestant's {first}"),
            conditions: others.to_vec(),
            limits: vec![None; others.len()],
            rows,
        }),
    })
}

fn mark(row: &VariantsRow, variant: usize) -> Option<RatioMark> {
    let figures = row.figures(variant)?;
    Some(RatioMark {
        ratio: figures.ratio?,
        interval: figures.gain.map(|one| Bounds {
            lower: one.lower,
            upper: one.upper,
        }),
        rank: Cell::Empty,
        client_bound: figures.is_client_bound(),
    })
}

/// 99th percentiles of the service time by variant; `None` if there are none.
pub(super) fn p99s(level: &ByVariant) -> Option<Chart> {
    let range = |row: &VariantsRow, variant| {
        let p99 = row.figures(variant)?.p99?;
        Some(Range {
            value: p99.whole_ms,
            bounds: Bounds {
                lower: p99.least_ms,
                upper: p99.most_ms,
            },
        })
    };
    let rows: Vec<RangeRow> = level
        .contestants()
        .map(|row| RangeRow {
            subject: subject(row),
            marks: (0..level.labels.len()).map(|one| range(row, one)).collect(),
        })
        .collect();
    let has_any = rows.iter().any(|row| row.marks.iter().any(Option::is_some));
    has_any.then(|| Chart {
        id: format!("p99-{}", level.connections),
        title: format!("p99 of the service time by variant, {}", level.heading()),
        // Its table is not untrusted, but stands beside one that is.
        doubt: (!level.untrusted.is_empty()).then(|| {
            format!(
                "UNTRUSTED: rates at {}. Ranges of blocks need no control.",
                level.heading()
            )
        }),
        reading: vec![
            "Closed loop. Line: from the lowest block to the highest; mark: all slices.".to_owned(),
        ],
        finding: String::new(),
        drawing: Drawing::Ranges(Ranges {
            unit: "ms",
            series: level.labels.clone(),
            rows,
        }),
    })
}
