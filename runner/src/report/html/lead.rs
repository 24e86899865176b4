//! What the page of a machine begins with: the same few columns as the front page, and charts of two experiments that are
//! read together.

use super::{Kept, chart_id, shown, table, table_id};
use crate::report::beside::pair;
use crate::report::escape;
use crate::report::front::Summary;
use crate::report::svg;

/// The table of the first screen.
pub(super) struct Lead {
    /// What it is about.
    pub(super) heading: String,
    /// The table.
    pub(super) table: String,
}

impl Lead {
    /// Of the first of these runs; `None` if there is none.
    pub(super) fn of(runs: &[&Kept]) -> Option<Self> {
        let main = runs.first()?;
        let Summary { section, table, .. } = Summary::of(main, runs.iter().copied())?;
        let sources = main.page.sources_from("../");
        Some(Self {
            heading: escape::html(&section.heading),
            table: table::of(&table, "", "In short", &sources),
        })
    }
}

/// A chart that is on the page already, drawn once more at another place.
pub(super) struct Again {
    /// The id of the chart.
    pub(super) id: String,
    /// Its width and height.
    pub(super) size: String,
    /// What it shows.
    pub(super) label: String,
}

/// The same percentiles in a closed and in an open loop; nothing if the page does not have both.
pub(super) fn beside(runs: &[&Kept]) -> Vec<Again> {
    let again = pair(runs.iter().copied())
        .into_iter()
        .filter_map(|(run, chart)| {
            let at = runs.iter().position(|one| one.folder == run.folder)?;
            let mut sections = shown(run);
            let number =
                sections.position(|one| one.charts.iter().any(|own| own.id == chart.id))?;
            let id = chart_id(&table_id(at, number), chart);
            Some(Again {
                size: svg::size(chart),
                label: chart.in_words(),
                id,
            })
        });
    again.collect()
}
