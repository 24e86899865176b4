//! What is drawn of a run by requests per connection.

use super::costs::Costs;
use crate::experiments::throughput::by_variant::ByVariant;
use crate::report::{Bounds, Chart, Drawing, Range, RangeRow, Ranges, Subject};
use crate::stats::Interval;
use std::collections::BTreeMap;

/// What a request and an accept cost each contestant; `None` if that is not known of any.
pub(super) fn costs_of(
    level: &ByVariant,
    costs: &BTreeMap<String, Costs>,
    finding: &str,
) -> Option<Chart> {
    let range = |cost_ns: Interval| {
        Some(Range {
            value: cost_ns.estimate / 1000.0,
            bounds: Bounds {
                lower: cost_ns.lower / 1000.0,
                upper: cost_ns.upper / 1000.0,
            },
        })
    };
    let rows = level.contestants().filter_map(|row| {
        let costs = costs.get(&row.arm.name)?;
        Some(RangeRow {
            subject: Subject {
                name: row.arm.name.clone(),
                kind: row.arm.kind,
                detail: row.arm.kind.said().to_owned(),
            },
            marks: vec![range(costs.request_ns), range(costs.accept_ns)],
        })
    });
    let rows: Vec<RangeRow> = rows.collect();
    (!rows.is_empty()).then(|| Chart {
        id: format!("accept-costs-{}", level.connections),
        title: format!("CPU of requests and accepts, {}", level.heading()),
        doubt: None,
        reading: vec![
            "Line: 95% interval, jointly valid for all of them; mark: estimate. Log scale."
                .to_owned(),
        ],
        finding: finding.to_owned(),
        drawing: Drawing::Ranges(Ranges {
            unit: "µs",
            series: ["a request", "an accept"].map(str::to_owned).to_vec(),
            rows,
        }),
    })
}
