//! What has changed from one run to another, for a terminal.

use crate::analysis::Comparison;
use comfy_table::{CellAlignment, Table, presets};

/// One row per level, measure and contestant, and what makes the comparison weak.
#[must_use]
pub fn changes(comparison: &Comparison) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "C",
        "measure",
        "framework",
        "before",
        "after",
        "change",
        "95 %",
        "",
    ]);
    for change in &comparison.changes {
        let percent = |ratio: f64| format!("{:+.1}%", (ratio - 1.0) * 100.0);
        table.add_row([
            change.connections.to_string(),
            change.measure.to_string(),
            change.name.clone(),
            format!("{:.3}", change.before),
            format!("{:.3}", change.after),
            percent(change.change.estimate),
            format!(
                "{}…{}",
                percent(change.change.lower),
                percent(change.change.upper)
            ),
            if change.is_sure { "changed" } else { "" }.to_owned(),
        ]);
    }
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if place == 0 || place > 2 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = format!(
        "Ratios to the floor of the same run, of requests/s and of requests per CPU second.\n{table}\n"
    );
    for change in &comparison.changes {
        if let (Some(before), Some(after)) = (&change.version_before, &change.version_after)
            && before != after
            && !text.contains(&format!("{} went", change.name))
        {
            text.push_str(&format!("{} went from {before} to {after}.\n", change.name));
        }
    }
    for weakness in &comparison.weaknesses {
        text.push_str(&format!("weak: {weakness}.\n"));
    }
    text
}
