//! What has changed from one run to another, for a terminal.

use crate::analysis::Change;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

/// What has changed from one run to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What makes it weak.
    pub weaknesses: Vec<String>,
    /// One entry per table, measure and contestant in both.
    pub changes: Vec<Change>,
}

/// One row per table, measure and contestant, and what makes the comparison weak.
#[must_use]
pub fn comparison(comparison: &Comparison) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "table",
        "measure",
        "contestant",
        "before",
        "after",
        "change",
        "95%",
        "",
    ]);
    for change in &comparison.changes {
        let percent = |ratio: f64| format!("{:+.1}%", (ratio - 1.0) * 100.0);
        let interval = format!(
            "{}…{}",
            percent(change.change.lower),
            percent(change.change.upper)
        );
        table.add_row([
            change.table.clone(),
            change.measure.to_owned(),
            change.name.clone(),
            format!("{:.3}", change.before),
            format!("{:.3}", change.after),
            percent(change.change.estimate),
            interval,
            if change.is_significant { "changed" } else { "" }.to_owned(),
        ]);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if index > 2 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = format!("Ratios to the baseline of the same run.\n{table}\n");
    let mut said: Vec<&str> = Vec::new();
    for change in &comparison.changes {
        if let (Some(before), Some(after)) = (&change.version_before, &change.version_after)
            && before != after
            && !said.contains(&change.name.as_str())
        {
            said.push(&change.name);
            text.push_str(&format!("{} went from {before} to {after}.\n", change.name));
        }
    }
    for weakness in &comparison.weaknesses {
        text.push_str(&format!("weak: {weakness}.\n"));
    }
    text
}
