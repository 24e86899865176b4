//! Tables for a terminal of 80 columns.

use super::claims;
use super::columns::{COLUMNS, Column, brackets, rank};
use super::figures::{Level, Report};
use super::markdown::remarks;
use comfy_table::{Attribute, Cell, CellAlignment, Table, presets};

/// All tables of a run, with what has to be said under them.
#[must_use]
pub fn tables(report: &Report) -> String {
    let mut text = String::new();
    for level in &report.levels {
        text.push_str(&format!("\n{}\n{}\n", claims::heading(level), table(level)));
        let claims = claims::under(report, level);
        for remark in claims.into_iter().chain(remarks(report, level)) {
            let words = remark.replace('`', "");
            text.push_str(&format!("  {words}\n"));
        }
    }
    text.push_str(&format!("\n{}\n", claims::HOW_TO_READ));
    for warning in &report.run.warnings {
        text.push_str(&format!("\nwarning: {warning}\n"));
    }
    text
}

fn table(level: &Level) -> Table {
    let columns: Vec<&Column> = COLUMNS
        .iter()
        .filter(|column| column.short.is_some())
        .collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let heading = |text: &str| Cell::new(text).add_attribute(Attribute::Bold);
    let headings = columns.iter().filter_map(|column| column.short);
    table.set_header(
        ["", "rank", "framework"]
            .into_iter()
            .chain(headings)
            .map(heading),
    );
    for (row, bracket) in level.rows.iter().zip(brackets(level)) {
        let cells = columns.iter().map(|column| column.short_cell(row));
        let first = [bracket.to_owned(), rank(row), claims::name(level, row)];
        table.add_row(first.into_iter().chain(cells));
    }
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        let is_number = place == 1 || place > 2 && columns[place - 3].is_number;
        if is_number {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
