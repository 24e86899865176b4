//! What is drawn of a memory run.

use super::figures::{Figures, Level};
use super::plan::{MemoryPlan, Stage, in_words};
use crate::report::{Bounds, Chart, Drawing, Range, RangeRow, Ranges, Subject, grouped};

const MIB: f64 = 1024.0 * 1024.0;

/// Memory at the start, with the most idle connections, and at the end.
pub(super) fn memory(plan: &MemoryPlan, rows: &[&Figures], finding: &str) -> Option<Chart> {
    let last = plan.after_ms.last().copied().unwrap_or(0);
    let most = plan.most();
    let range = |level: Option<Level>| {
        let Level {
            median,
            least,
            most,
        } = level?;
        Some(Range {
            value: median / MIB,
            bounds: Bounds {
                lower: least / MIB,
                upper: most / MIB,
            },
        })
    };
    let rows = rows.iter().map(|row| RangeRow {
        subject: Subject {
            name: row.arm.name.clone(),
            kind: row.arm.kind,
            detail: detail(row),
        },
        marks: vec![
            range(row.level(Stage::Started, 0, 0)),
            range(row.level(Stage::Idle, most, 0)),
            range(row.level(Stage::Closed, 0, last)),
        ],
    });
    let rows: Vec<RangeRow> = rows.collect();
    let has_any = rows.iter().any(|row| row.marks.iter().any(Option::is_some));
    has_any.then(|| Chart {
        id: "memory".to_owned(),
        title: format!(
            "Memory before, with and after {} connections",
            grouped(most as u64)
        ),
        doubt: None,
        reading: vec![format!(
            "Mark: median of {} processes; line: from the least to the most. The last mark is after load as well.",
            plan.blocks
        )],
        finding: finding.to_owned(),
        drawing: Drawing::Ranges(Ranges {
            unit: "MiB",
            series: vec![
                "at the start".to_owned(),
                format!("{} idle", grouped(most as u64)),
                format!("{} after", in_words(last)),
            ],
            rows,
        }),
    })
}

fn detail(row: &Figures) -> String {
    match &row.slope {
        Some(slope) => format!("{:.1} KiB each", slope.value / 1024.0),
        None => row.arm.kind.said().to_owned(),
    }
}
