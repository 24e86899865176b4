//! What is drawn of a run of costs.

use super::figures::{Figures, TableRow};
use crate::report::{Bounds, Chart, Drawing, Range, RangeRow, Ranges, Subject};

/// CPU time of cold builds; `None` if there is none.
pub(super) fn builds(rows: &[TableRow], finding: &str) -> Option<Chart> {
    let rows = rows.iter().filter(|row| row.own.arm.kind.is_contestant());
    let rows: Vec<RangeRow> = rows.map(range_row).collect();
    let has_any = rows.iter().any(|row| row.marks.iter().any(Option::is_some));
    has_any.then(|| Chart {
        id: "builds".to_owned(),
        title: "CPU time of a cold release build".to_owned(),
        doubt: None,
        reading: vec![
            "Mark: mean of the builds; line: from the least to the most. The second mark is missing if the framework has no \
             default features beyond what the contestant asks for."
                .to_owned(),
        ],
        finding: finding.to_owned(),
        drawing: Drawing::Ranges(Ranges {
            unit: "s",
            series: vec!["manifest here".to_owned(), "default features".to_owned()],
            rows,
        }),
    })
}

fn range_row(row: &TableRow) -> RangeRow {
    let crates = row.own.crates;
    RangeRow {
        subject: Subject {
            name: row.own.arm.name.clone(),
            kind: row.own.arm.kind,
            detail: crates.map_or_else(String::new, |count| format!("{count} crates")),
        },
        marks: vec![range(row.own), row.default.and_then(range)],
    }
}

fn range(one: &Figures) -> Option<Range> {
    let values = || one.cpu_by_block.values().copied();
    Some(Range {
        value: one.cpu_s.as_ref()?.value,
        bounds: Bounds {
            lower: values().fold(f64::INFINITY, f64::min),
            upper: values().fold(0.0, f64::max),
        },
    })
}
