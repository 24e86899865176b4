//! Tables as HTML: each cell with what it is sorted by, each row with whose it is.

use crate::report::cell::Cell;
use crate::report::escape::xml;
use crate::report::grid::{Grid, GridRow, Heading};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Columns that a phone has no room for: without them its screen shows the ratio and its interval.
const WIDE: [&str; 2] = [VERSION, "IQR %"];

/// The column that leads to a contestant's sources.
const VERSION: &str = "version";

/// A text of more characters than this is broken into lines.
const LONG: usize = 80;

/// The attribute for these classes.
fn class(names: &[&str]) -> String {
    let names: Vec<&str> = names
        .iter()
        .copied()
        .filter(|one| !one.is_empty())
        .collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!(" class=\"{}\"", names.join(" ")),
    }
}

/// The classes of a column.
fn of_column(heading: &Heading) -> [&'static str; 3] {
    let is_wide = WIDE.contains(&heading.long);
    [
        if heading.is_number { "n" } else { "" },
        if is_wide { "wide" } else { "" },
        if heading.is_detail { "detail" } else { "" },
    ]
}

/// A table in a region that scrolls by itself; with an id it can be sorted. `sources` are where contestants are, by name:
/// their versions lead there.
pub(super) fn of(grid: &Grid, id: &str, name: &str, sources: &BTreeMap<String, String>) -> String {
    let mut text = opened(name);
    match id {
        "" => text.push_str("<table class=\"grid\">"),
        id => {
            let _ = write!(text, "<table class=\"figures grid\" id=\"{}\">", xml(id));
        }
    }
    text.push_str("<thead><tr>");
    let brackets = grid.brackets();
    if brackets.is_some() {
        text.push_str("<td></td>");
    }
    for heading in &grid.headings {
        let class = class(&of_column(heading));
        let measure = heading
            .measure
            .map_or_else(String::new, |one| format!(" data-measure=\"{}\"", xml(one)));
        let group = match heading.group {
            "" => String::new(),
            group => format!(" data-group=\"{}\"", xml(group)),
        };
        let _ = write!(
            text,
            "<th scope=\"col\"{class}{measure}{group}>{}</th>",
            xml(heading.long)
        );
    }
    text.push_str("</tr></thead><tbody>");
    for (at, row) in grid.rows.iter().enumerate() {
        let bracket = brackets.as_ref().map(|all| all[at]);
        let source = row.arm.as_ref().and_then(|arm| sources.get(arm));
        text.push_str(&self::row(grid, row, bracket, source));
    }
    text.push_str("</tbody></table></div>");
    text
}

fn opened(name: &str) -> String {
    let name = xml(name);
    format!("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Table: {name}\">")
}

fn row(grid: &Grid, row: &GridRow, bracket: Option<&str>, source: Option<&String>) -> String {
    let mut text = String::from("<tr");
    if let Some(arm) = &row.arm {
        let _ = write!(text, " data-arm=\"{}\"", xml(arm));
    }
    text.push('>');
    if let Some(bracket) = bracket {
        // Said in words by the ranks.
        let _ = write!(
            text,
            "<td class=\"bracket\" aria-hidden=\"true\">{bracket}</td>"
        );
    }
    let has_name = row
        .cells
        .iter()
        .any(|cell| matches!(cell, Cell::Name { .. }));
    for (at, (cell, heading)) in row.cells.iter().zip(&grid.headings).enumerate() {
        let is_name = matches!(cell, Cell::Name { .. }) || (!has_name && at == 0);
        let role = match cell {
            Cell::Name { role, .. } if !role.is_contestant() => "control",
            _ => "",
        };
        // Most cells hold numbers, so it is the others that have a class.
        let text_or_number = if heading.is_number { "" } else { "t" };
        let [_, wide, _] = of_column(heading);
        let long = match cell {
            Cell::Text { text } if text.chars().count() > LONG => "long",
            _ => "",
        };
        let class = match is_name {
            true => class(&[wide, role]),
            false => class(&[text_or_number, wide, long]),
        };
        let (key, cell) = (cell.key(), cell.html());
        let key = key.map_or_else(String::new, |key| sorted_by(key, &cell));
        let cell = match source {
            // A name is a button, so it is the version that leads to the sources.
            Some(source) if heading.long == VERSION && !cell.is_empty() => {
                let name = row.arm.as_deref().unwrap_or_default();
                let label = format!("{cell}, sources of {}", xml(name));
                format!(
                    "<a href=\"{}\" aria-label=\"{label}\">{cell}</a>",
                    xml(source)
                )
            }
            _ => cell,
        };
        let _ = match is_name {
            true => write!(text, "<th scope=\"row\"{class}>{cell}</th>"),
            false => write!(text, "<td{class}{key}>{cell}</td>"),
        };
    }
    text.push_str("</tr>");
    text
}

/// What a cell is sorted by, with six digits, unless it is written in the cell.
fn sorted_by(key: f64, cell: &str) -> String {
    let rounded: f64 = format!("{key:.5e}").parse().unwrap_or(key);
    match cell.replace(',', "").parse() == Ok(rounded) {
        true => String::new(),
        false => format!(" data-key=\"{rounded}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::ArmKind;

    #[test]
    fn columns_that_a_phone_has_no_room_for_are_named_in_every_row() {
        let grid = Grid {
            headings: vec![
                Heading::text("contestant", None),
                Heading::text("version", None),
                Heading::number("IQR %", None),
                Heading::number("requests/s", None),
                Heading::number("p99 ms", None),
            ],
            rows: vec![GridRow {
                arm: Some("twin".to_owned()),
                joins_next: false,
                cells: vec![
                    Cell::name("twin", ArmKind::Twin, ""),
                    Cell::text("1.2.3"),
                    Cell::number(0.5, 1),
                    Cell::count(7_000),
                    Cell::number(1.234_567_89, 1),
                ],
            }],
        };
        let sources = BTreeMap::from([("twin".to_owned(), "../frameworks/twin/".to_owned())]);
        let html = of(&grid, "t0-0", "one", &sources);
        for part in [
            "<th scope=\"col\" class=\"wide\">version</th>",
            "<th scope=\"col\" class=\"n wide\">IQR %</th>",
            "<th scope=\"col\" class=\"n\">requests/s</th>",
            "<th scope=\"row\" class=\"control\">twin</th>",
            "<td class=\"t wide\"><a href=\"../frameworks/twin/\" aria-label=\"1.2.3, sources of twin\">1.2.3</a></td>",
            "<td class=\"wide\">0.5</td>",
            "<td data-key=\"1.23457\">1.2</td>",
            "<td>7,000</td>",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }
}
