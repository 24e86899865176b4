//! What is shown of a run, whatever it measured: figures and sentences, before anybody has decided how to draw them.
//! Terminal, Markdown, pictures, page and JSON are all made from it, so they cannot disagree.

use super::cell::Cell;
use super::chart::Chart;
use super::frame;
use super::grid::Grid;
use super::pairs::Pairs;
use crate::run::{Arm, ArmKind, Run, State};
use serde::Serialize;
use std::collections::BTreeMap;

/// The heading of the checks of a table.
pub(super) const CHECKS: &str = "Checks of the method";

/// The heading of the list of warnings, which a terminal shows too.
pub const WARNINGS: &str = "Warnings";

/// A run as its readers see it.
#[derive(Debug, Default, Serialize)]
pub struct Page {
    /// Which experiment.
    pub experiment: String,
    /// The version of its method.
    pub method: u32,
    /// The day it began.
    pub date: String,
    /// The revision of the sources.
    pub revision: Option<String>,
    /// The machine, in a few words.
    pub machine: String,
    /// The machine as names of files have it.
    pub machine_slug: String,
    /// Where the sources of contestants are, by name: below the project, or an address. Whoever publishes the page knows.
    #[serde(skip)]
    pub sources: BTreeMap<String, String>,
    /// Its title.
    pub title: String,
    /// How it was made, in sentences.
    pub design: String,
    /// Said in bold if the run has not been finished.
    pub unfinished: Option<String>,
    /// Who took part.
    pub arms: Vec<ArmFacts>,
    /// What is drawn of several of its sections.
    pub charts: Vec<Chart>,
    /// Its tables.
    pub sections: Vec<Section>,
    /// How to read them, an item each.
    pub reading: Vec<String>,
    /// Further lists with their headings.
    pub lists: Vec<(&'static str, Vec<String>)>,
    /// Machine, tools and command, an item each: what the numbers must be read with.
    pub circumstances: Vec<String>,
    /// Whether everything was measured without an error.
    pub is_good: bool,
}

/// What is said of an arm besides its figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArmFacts {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ArmKind,
    /// Its version.
    pub version: Option<String>,
    /// What a reader has to know of it.
    pub note: Option<String>,
}

/// A table with its heading and what has to be said under it.
#[derive(Debug, Default, Serialize)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// The concurrency or the rate it is about, if it is about one.
    pub level: Option<u64>,
    /// Who is first, in one sentence; empty if it ranks nobody.
    pub takeaway: String,
    /// Why it is not to be trusted, if it is not; this stands in the heading.
    pub untrusted: Vec<String>,
    /// What is drawn of it.
    pub charts: Vec<Chart>,
    /// The table.
    pub grid: Grid,
    /// Every pair of its arms, by each measure.
    pub pairs: Vec<Pairs>,
    /// How far it can be relied on, in a few words each: controls, what would have been seen, errors.
    pub trust: Vec<String>,
    /// The numbers that verdicts of the table rest on, which it has no room for; with a heading.
    pub evidence: Option<(&'static str, Grid)>,
    /// How far blocks lie apart, by arm.
    pub spread: Option<Grid>,
    /// Remarks under it, an item each.
    pub remarks: Vec<String>,
    /// How the checks of its method came out, an item each, which pages fold.
    pub checks: Vec<String>,
    /// A sentence under it.
    pub explanation: &'static str,
    /// Where it is shown.
    pub shown: Shown,
}

/// What an experiment has to say of its run; the rest is the same for all.
#[derive(Debug, Default)]
pub struct Body {
    /// How it was made, in sentences.
    pub design: String,
    /// How far it came, if it has not been finished.
    pub unfinished: String,
    /// What is drawn of several of its sections.
    pub charts: Vec<Chart>,
    /// Its tables.
    pub sections: Vec<Section>,
    /// How to read them, an item each.
    pub reading: Vec<String>,
    /// Whether all rows are without an error.
    pub is_good: bool,
    /// What stands beside machine and command.
    pub circumstances: Vec<String>,
}

impl Page {
    /// Where the sources of contestants are, seen from a page from which `up` leads to the project.
    pub(crate) fn sources_from(&self, up: &str) -> BTreeMap<String, String> {
        let seen = self.sources.iter().map(|(name, place)| {
            let up = if place.contains("://") { "" } else { up };
            (name.clone(), format!("{up}{place}"))
        });
        seen.collect()
    }

    /// All its charts, in the order of the page.
    pub fn all_charts(&self) -> impl Iterator<Item = &Chart> {
        let of_sections = self.sections.iter().flat_map(|section| &section.charts);
        self.charts.iter().chain(of_sections)
    }

    /// The page of a run, whose experiment is called `name`.
    #[must_use]
    pub fn of<P>(run: &Run<P>, name: &str, body: Body) -> Self {
        let is_complete = run.state == State::Complete;
        let facts = |arm: &Arm| ArmFacts {
            name: arm.name.clone(),
            kind: arm.kind,
            version: arm.version.clone(),
            note: arm.note.clone(),
        };
        let mut page = Self {
            experiment: run.experiment.clone(),
            method: run.method,
            date: frame::date(run),
            revision: run.toolchain.revision.clone(),
            machine: format!(
                "{}, {} processors",
                run.machine.processor, run.machine.processors
            ),
            machine_slug: run.machine.slug(),
            sources: BTreeMap::new(),
            title: format!(
                "{name}, {}, {}, {} processors",
                frame::date(run),
                run.machine.processor,
                run.machine.processors
            ),
            design: body.design,
            unfinished: (!is_complete).then_some(body.unfinished),
            arms: run.arms.iter().map(facts).collect(),
            charts: body.charts,
            sections: body.sections,
            reading: body.reading,
            lists: vec![
                ("Conformance misses", frame::conformance(&run.arms)),
                ("Notes", frame::notes(&run.arms)),
                (WARNINGS, frame::warnings(run)),
            ],
            circumstances: frame::circumstances(run, body.circumstances),
            is_good: is_complete && body.is_good,
        };
        page.doubt();
        page.clean();
        page
    }

    /// Ranks of untrusted tables and charts of them get a sign, wherever they are shown.
    fn doubt(&mut self) {
        for section in self
            .sections
            .iter_mut()
            .filter(|one| !one.untrusted.is_empty())
        {
            let cells = section.grid.rows.iter_mut().flat_map(|row| &mut row.cells);
            cells.for_each(Cell::doubt);
            section.charts.iter_mut().for_each(Chart::doubt_all);
            for chart in &mut self.charts {
                chart.doubt_one(&section.heading);
            }
        }
    }
}

/// Where a section is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// On the front page, on the run's page and on a terminal.
    #[default]
    Everywhere,
    /// On the run's page and on a terminal.
    PageAndTerminal,
    /// On the run's page.
    Page,
    /// On the run's page, and not on that of its machine.
    RunPage,
    /// On the run's page and on a terminal, and not on the page of its machine.
    RunPageAndTerminal,
    /// On a terminal, whose main table has no room for it.
    Terminal,
}

impl Section {
    /// The heading, with what makes the section untrusted.
    #[must_use]
    pub fn full_heading(&self) -> String {
        match self.untrusted.as_slice() {
            [] => self.heading.clone(),
            reasons => format!("{}: UNTRUSTED, {}", self.heading, reasons.join(", ")),
        }
    }
}
