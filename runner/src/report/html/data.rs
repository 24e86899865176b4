//! What the script computes with: the pairs of every table, as they are stored.

use super::{Kept, shown, table_id};
use crate::report::pairs::Pair;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Data {
    tables: BTreeMap<String, Table>,
}

#[derive(Serialize)]
struct Table {
    experiment: String,
    heading: String,
    /// What it was measured at, as the choice of conditions names it.
    condition: String,
    /// Whether nothing in it is to be relied on.
    untrusted: bool,
    measures: Vec<Measure>,
}

#[derive(Serialize)]
struct Measure {
    name: &'static str,
    higher: bool,
    arms: Vec<String>,
    /// Row against each arm behind it: ratio, lower end, upper end, and 1 if the two differ. The other way round they are
    /// the inverse.
    pairs: Vec<Vec<Option<[f64; 4]>>>,
}

/// JSON that can stand in a script element.
pub(super) fn json(runs: &[&Kept]) -> String {
    let mut tables = BTreeMap::new();
    for (at, run) in runs.iter().enumerate() {
        for (number, section) in shown(run).enumerate() {
            let measures = section.pairs.iter().map(|pairs| Measure {
                name: pairs.measure,
                higher: pairs.higher_is_better,
                arms: pairs.arms.clone(),
                pairs: pairs
                    .ratios
                    .iter()
                    .enumerate()
                    .map(|(at, row)| {
                        row.iter()
                            .skip(at + 1)
                            .map(|one| one.map(figures))
                            .collect()
                    })
                    .collect(),
            });
            let table = Table {
                experiment: run.page.experiment.clone(),
                heading: section.heading.clone(),
                condition: super::condition(section),
                untrusted: !section.untrusted.is_empty(),
                measures: measures.collect(),
            };
            tables.insert(table_id(at, number), table);
        }
    }
    let text = serde_json::to_string(&Data { tables }).expect("strings and numbers are JSON");
    text.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

/// Six significant digits, which is more than any table shows.
fn figures(pair: Pair) -> [f64; 4] {
    let rounded = |value: f64| {
        let text = format!("{value:.5e}");
        text.parse().unwrap_or(value)
    };
    [
        rounded(pair.ratio),
        rounded(pair.lower),
        rounded(pair.upper),
        f64::from(u8::from(pair.differs)),
    ]
}
