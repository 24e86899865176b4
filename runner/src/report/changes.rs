//! What has changed from one run to another, for a terminal.

use super::cell::Cell;
use super::escape::clean;
use super::format::{heading, wrapped};
use super::grid::{Grid, Heading};
use crate::analysis::Change;
use crate::output::Screen;
use serde::Serialize;

/// What has changed from one run to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What makes it weak.
    pub weaknesses: Vec<String>,
    /// One entry per table, measure and contestant in both.
    pub changes: Vec<Change>,
}

/// A table for each table and measure of both, and what makes the comparison weak.
#[must_use]
pub fn comparison(comparison: &Comparison, screen: Screen) -> String {
    let mut text = String::from("Ratios to the baseline of the same run.\n");
    let is_of_one =
        |one: &Change, other: &Change| (&one.table, one.measure) == (&other.table, other.measure);
    for changes in comparison.changes.chunk_by(is_of_one) {
        let name = clean(&format!("{}, {}", changes[0].table, changes[0].measure));
        text.push_str(&format!(
            "\n{}{}\n",
            heading(&name, screen.columns),
            grid(changes).terminal(screen)
        ));
    }
    let mut said: Vec<&str> = Vec::new();
    for change in &comparison.changes {
        if let (Some(before), Some(after)) = (&change.version_before, &change.version_after)
            && before != after
            && !said.contains(&change.name.as_str())
        {
            said.push(&change.name);
            let words = format!("{} went from {before} to {after}.", change.name);
            text.push_str(&format!("\n{}", wrapped(&clean(&words), screen.columns)));
        }
    }
    for weakness in &comparison.weaknesses {
        let words = format!("weak: {weakness}.");
        text.push_str(&format!("\n{}", wrapped(&clean(&words), screen.columns)));
    }
    text
}

fn grid(changes: &[Change]) -> Grid {
    let number = |name| Heading::number(name, Some(name));
    let headings = vec![
        Heading::text("contestant", Some("contestant")),
        number("before"),
        number("after"),
        number("change"),
        number("95%"),
        Heading::text("", Some("")),
    ];
    let percent = |ratio: f64| format!("{:+.1}%", (ratio - 1.0) * 100.0);
    let rows = changes.iter().map(|change| {
        let interval = &change.change;
        vec![
            Cell::text(clean(&change.name)),
            Cell::text(format!("{:.3}", change.before)),
            Cell::text(format!("{:.3}", change.after)),
            Cell::text(percent(interval.estimate)),
            Cell::text(format!(
                "{}…{}",
                percent(interval.lower),
                percent(interval.upper)
            )),
            Cell::text(if change.is_significant { "changed" } else { "" }),
        ]
    });
    Grid::plain(headings, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::hostile::{HOSTILE, assert_without_controls};
    use crate::stats::Interval;

    #[test]
    fn nothing_from_outside_commands_the_terminal() {
        let made_up = Comparison {
            weaknesses: vec![HOSTILE.to_owned()],
            changes: vec![Change {
                table: HOSTILE.to_owned(),
                measure: "requests/s",
                name: HOSTILE.to_owned(),
                version_before: Some("1.0".to_owned()),
                version_after: Some(HOSTILE.to_owned()),
                before: 1.0,
                after: 1.0,
                change: Interval {
                    estimate: 1.0,
                    lower: 0.9,
                    upper: 1.1,
                },
                is_significant: false,
            }],
        };
        assert_without_controls(&comparison(&made_up, Screen::PLAIN));
    }

    #[test]
    fn a_comparison_fits_eighty_columns_whatever_its_tables_are_called() {
        let change = |table: &str, measure| Change {
            table: table.to_owned(),
            measure,
            name: "a-contestant".to_owned(),
            version_before: Some("1.9.0".to_owned()),
            version_after: Some("1.10.0".to_owned()),
            before: 1.234,
            after: 0.123,
            change: Interval {
                estimate: 0.1,
                lower: 0.05,
                upper: 23.0,
            },
            is_significant: true,
        };
        let table =
            "1,000 connections, by requests per connection and by much else that is measured";
        let made_up = Comparison {
            weaknesses: vec![
                "the machine is not the same, and neither are its clock, its kernel and its noise"
                    .to_owned(),
            ],
            changes: vec![
                change(table, "requests per CPU second"),
                change(table, "requests/s"),
            ],
        };
        let text = comparison(&made_up, Screen::PLAIN);
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        assert_eq!(
            text.matches("a-contestant went from 1.9.0 to 1.10.0.")
                .count(),
            1
        );
        for part in ["changed", "-95.0%…+2200.0%", "weak: the machine"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
