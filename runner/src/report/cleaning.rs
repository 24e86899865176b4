//! Every string of a page on its way in: nothing that is unseen, moves its neighbours or buries the page.

use super::cell::Cell;
use super::chart::{Chart, Drawing, Subject};
use super::escape::clean;
use super::grid::Grid;
use super::page::{Page, Section};

impl Page {
    /// Cleans all strings that may hold something from outside.
    pub(crate) fn clean(&mut self) {
        one(&mut self.title);
        one(&mut self.machine);
        one(&mut self.design);
        self.unfinished.iter_mut().for_each(one);
        self.revision.iter_mut().for_each(one);
        for arm in &mut self.arms {
            one(&mut arm.name);
            arm.version.iter_mut().for_each(one);
            arm.note.iter_mut().for_each(one);
        }
        self.charts.iter_mut().for_each(chart);
        self.sections.iter_mut().for_each(section);
        self.reading.iter_mut().for_each(one);
        for (_, items) in &mut self.lists {
            items.iter_mut().for_each(one);
        }
        self.circumstances.iter_mut().for_each(one);
    }
}

fn one(text: &mut String) {
    *text = clean(text);
}

fn section(section: &mut Section) {
    one(&mut section.heading);
    one(&mut section.takeaway);
    section.untrusted.iter_mut().for_each(one);
    section.trust.iter_mut().for_each(one);
    section.remarks.iter_mut().for_each(one);
    section.checks.iter_mut().for_each(one);
    section.charts.iter_mut().for_each(chart);
    grid(&mut section.grid);
    let evidence = section.evidence.iter_mut().map(|(_, grid)| grid);
    evidence.chain(&mut section.spread).for_each(grid);
    for pairs in &mut section.pairs {
        pairs.arms.iter_mut().for_each(one);
    }
}

fn grid(grid: &mut Grid) {
    for row in &mut grid.rows {
        row.arm.iter_mut().for_each(one);
        for cell in &mut row.cells {
            match cell {
                Cell::Text { text } => one(text),
                Cell::Name { name, .. } => one(name),
                _ => {}
            }
        }
    }
}

fn chart(chart: &mut Chart) {
    one(&mut chart.title);
    one(&mut chart.finding);
    chart.doubt.iter_mut().for_each(one);
    chart.reading.iter_mut().for_each(one);
    match &mut chart.drawing {
        Drawing::Ratios(ratios) => {
            one(&mut ratios.baseline);
            ratios.conditions.iter_mut().for_each(one);
            ratios
                .rows
                .iter_mut()
                .for_each(|row| subject(&mut row.subject));
        }
        Drawing::Ranges(ranges) => {
            ranges.series.iter_mut().for_each(one);
            ranges
                .rows
                .iter_mut()
                .for_each(|row| subject(&mut row.subject));
        }
        Drawing::Stacks(stacks) => {
            stacks.parts.iter_mut().for_each(one);
            stacks
                .rows
                .iter_mut()
                .for_each(|row| subject(&mut row.subject));
        }
        Drawing::Curves(curves) => {
            curves
                .panels
                .iter_mut()
                .for_each(|panel| subject(&mut panel.subject));
        }
        Drawing::Tracks(tracks) => {
            for part in &mut tracks.parts {
                one(&mut part.heading);
                part.rows
                    .iter_mut()
                    .for_each(|row| subject(&mut row.subject));
            }
        }
    }
}

fn subject(subject: &mut Subject) {
    one(&mut subject.name);
    one(&mut subject.detail);
}
