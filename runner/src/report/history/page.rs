//! The page of a history beside the kept runs.

use super::text::{grid, member, sentences, title};
use super::{Group, History, charts};
use crate::report::escape::{link, markdown, xml};
use std::collections::BTreeMap;
use std::fmt::Write;

const HEAD: &str = "\
# The ratio of each contestant over the kept runs

Made by `runner report` from the records of the runs; do not edit. `runner history` prints the same for any runs
([how to read it](../docs/YOUR-SERVERS.md#over-many-runs)).

A step is the ratio to the baseline in one run over that in the trusted run before. It is marked if its interval excludes 1.
A mark says that something changed, and not what: beside it stands what the records know of both runs. The same binaries on a machine
that became faster or slower make a step too, since no ratio is the same at every speed of the machine.
";

/// The page, below which the folders of the runs are.
#[must_use]
pub fn page(history: &History) -> String {
    let mut text = HEAD.to_owned();
    for group in &history.groups {
        let _ = writeln!(
            text,
            "\n## {}\n",
            markdown(&title(&history.experiment, group))
        );
        for run in &group.runs {
            let name = run.folder.rsplit('/').next().unwrap_or_default();
            let place = "\u{1}";
            let words = markdown(&member(run, place));
            let folder = format!("[{}]({}/)", markdown(name), link(&run.folder));
            let _ = writeln!(text, "- {}", words.replacen(place, &folder, 1));
        }
        tables(&mut text, group);
    }
    if !history.left_out.is_empty() {
        text.push_str("\n## Left out\n\n");
    }
    for one in &history.left_out {
        let name = one.folder.rsplit('/').next().unwrap_or_default();
        let _ = writeln!(
            text,
            "- [{}]({}/), since {}",
            markdown(name),
            link(&one.folder),
            markdown(&one.why)
        );
    }
    text
}

fn tables(text: &mut String, group: &Group) {
    for (table, chart) in group.tables.iter().zip(charts(group)) {
        let _ = writeln!(text, "\n### {}\n", markdown(&table.title()));
        for sentence in sentences(table) {
            let _ = writeln!(text, "- {}", markdown(&sentence));
        }
        let _ = writeln!(
            text,
            "\n<img src=\"{}\" width=\"640\" alt=\"{}\">\n\n{}",
            chart.file_name(),
            xml(&chart.in_words()),
            grid(group, table).markdown(&BTreeMap::new()).trim_end()
        );
    }
}
