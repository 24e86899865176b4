//! How far the blocks of a table lie apart: the ratio of each arm to the baseline in single blocks.

use super::cell::Cell;
use super::grid::{Grid, GridRow, Heading};
use crate::analysis::Ranked;
use crate::run::Arm;
use crate::stats::Quartiles;

/// A row for each arm but the baseline; `None` without a baseline or blocks.
#[must_use]
pub fn spread(ranked: &Ranked, arms: &[Arm]) -> Option<Grid> {
    let baseline = ranked.baseline?;
    if ranked.rows.is_empty() {
        return None;
    }
    let direction = if ranked.measure.higher_is_better {
        1.0
    } else {
        -1.0
    };
    let rows = ranked
        .measured
        .arms
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != baseline);
    let rows = rows.filter_map(|(at, name)| {
        let ratio = |row: &Vec<f64>| (direction * (row[at] - row[baseline])).exp();
        let ratios: Vec<f64> = ranked.rows.iter().map(ratio).collect();
        let quartiles = Quartiles::of(&ratios)?;
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        let role = arms.iter().find(|arm| arm.name == *name)?.kind;
        let mut cells = vec![Cell::name(name, role, "")];
        let all = [
            least,
            quartiles.lower,
            quartiles.median,
            quartiles.upper,
            most,
        ];
        cells.extend(all.map(|ratio| Cell::number(ratio, 3)));
        Some(GridRow {
            arm: Some(name.clone()),
            joins_next: false,
            cells,
        })
    });
    let number = |long| Heading::number(long, None);
    Some(Grid {
        headings: vec![
            Heading::text("ratio to the baseline in one block", None),
            number("lowest"),
            number("quarter below"),
            number("median"),
            number("quarter above"),
            number("highest"),
        ],
        rows: rows.collect(),
    })
}
