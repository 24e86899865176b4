//! The ratio of each server to its baseline over several runs: what is shown of it, whoever shows it.
//!
//! `text` writes it for a terminal, `page` for the folder of kept runs, `chart` draws it; as JSON it is what stands here.

mod chart;
mod page;
mod text;

pub use chart::{chart, charts};
pub use page::page;
pub use text::text;

use super::escape::clean;
use crate::stats::Interval;
use serde::Serialize;

/// Runs of one experiment, by what they can be compared in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct History {
    /// Which experiment.
    pub experiment: String,
    /// Runs that can be compared, the largest group first.
    pub groups: Vec<Group>,
    /// The runs that stand in no group.
    pub left_out: Vec<LeftOut>,
}

/// A run that is not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its folder.
    pub folder: String,
    /// Why, to be read after "left out, since".
    pub why: String,
}

/// Runs of one machine, method, variant and baseline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// The machine, in a few words.
    pub machine: String,
    /// The machine as names of files have it.
    pub machine_slug: String,
    /// The version of the method.
    pub method: u32,
    /// Which servers and builds of the contestants; empty if the runs are of no one variant.
    pub variant: String,
    /// Whom ratios are to.
    pub baseline: String,
    /// The runs, in the order of time.
    pub runs: Vec<Member>,
    /// A table for each concurrency, rate or entry point.
    pub tables: Vec<Table>,
}

/// A run of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Its number in the group, from 1.
    pub run: usize,
    /// Its folder.
    pub folder: String,
    /// The day it began.
    pub date: String,
    /// When it began.
    pub started_at: String,
    /// The revision of the sources.
    pub revision: Option<String>,
    /// The compiler; empty if the run built nothing.
    pub compiler: String,
    /// The kernel.
    pub kernel: String,
    /// Whether all that was planned was measured.
    pub is_complete: bool,
    /// What differs from the run before, in sentences without their ends.
    pub changed: Vec<String>,
}

/// One table of a group, by one measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// Its heading in the runs, such as `64 connections`.
    pub heading: String,
    /// By what.
    pub measure: &'static str,
    /// How many steps it has, all of whose intervals are jointly valid at 95 %.
    pub steps: usize,
    /// The runs whose table is untrusted, and why.
    pub untrusted: Vec<Doubt>,
    /// The servers, the best of the last run first.
    pub servers: Vec<Server>,
}

/// Why the table of a run is untrusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// The run's number.
    pub run: usize,
    /// The reasons.
    pub reasons: Vec<String>,
}

/// One server over the runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// One for each run that has a figure of it.
    pub points: Vec<Point>,
}

/// A server in one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// The run's number.
    pub run: usize,
    /// The server's version.
    pub version: Option<String>,
    /// Its ratio to the baseline.
    pub ratio: f64,
    /// The interval of the ratio, jointly valid at 95 % with all others of the run's own table.
    pub interval: Option<Interval>,
    /// Whether the run's table is trusted.
    pub is_trusted: bool,
    /// What became of the ratio since the trusted run before.
    pub step: Option<Step>,
}

/// From one run to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The number of the run before.
    pub from: usize,
    /// The ratio of this run over that of the run before; jointly valid at 95 % with all other steps of the table.
    pub change: Interval,
    /// Whether the interval excludes 1.
    pub is_marked: bool,
    /// What became of the server itself, such as `1.0.0 to 1.1.0`.
    pub server: String,
    /// What became of all that its ratio depends on besides.
    pub around: Vec<String>,
}

impl Table {
    /// Its name.
    fn title(&self) -> String {
        format!("{}, {}", self.heading, self.measure)
    }

    /// Every step that is marked, with its server and the run it leads to, in the order of runs.
    fn marked(&self) -> Vec<(&Server, usize, &Step)> {
        let points = self
            .servers
            .iter()
            .flat_map(|server| server.points.iter().map(move |point| (server, point)));
        let marked = points.filter_map(|(server, point)| {
            let step = point.step.as_ref().filter(|step| step.is_marked)?;
            Some((server, point.run, step))
        });
        let mut marked: Vec<_> = marked.collect();
        // Servers keep their order within a step.
        marked.sort_by_key(|(_, run, step)| (*run, step.from));
        marked
    }
}

impl History {
    /// Cleans all strings that may hold something from outside.
    pub(crate) fn clean(&mut self) {
        let one = |text: &mut String| *text = clean(text);
        for left_out in &mut self.left_out {
            one(&mut left_out.folder);
            one(&mut left_out.why);
        }
        for group in &mut self.groups {
            one(&mut group.machine);
            one(&mut group.baseline);
            for run in &mut group.runs {
                [&mut run.folder, &mut run.date, &mut run.started_at]
                    .into_iter()
                    .chain([&mut run.compiler, &mut run.kernel])
                    .chain(&mut run.revision)
                    .chain(&mut run.changed)
                    .for_each(one);
            }
            for table in &mut group.tables {
                one(&mut table.heading);
                let reasons = table.untrusted.iter_mut();
                reasons.flat_map(|doubt| &mut doubt.reasons).for_each(one);
                for server in &mut table.servers {
                    one(&mut server.name);
                    for point in &mut server.points {
                        point.version.iter_mut().for_each(one);
                        let step = point.step.iter_mut();
                        let words =
                            step.flat_map(|step| step.around.iter_mut().chain([&mut step.server]));
                        words.for_each(one);
                    }
                }
            }
        }
    }
}
