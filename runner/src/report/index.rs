//! The list of kept runs.

use super::beside::beside;
use super::escape::{link, markdown};
use super::front::Kept;
use super::page::Shown;
use super::takeaways::takeaways;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A row for each run, newest first, the page of each machine, and closed beside open loop.
#[must_use]
pub fn index(runs: &[Kept]) -> String {
    if runs.is_empty() {
        return "No run is kept.\n".to_owned();
    }
    let mut text =
        String::from("| run | takeaway | trusted | machine | method |\n|---|---|---|---|---:|\n");
    for run in runs {
        let page = &run.page;
        let untrusted: Vec<&str> = page
            .sections
            .iter()
            .filter(|one| !one.untrusted.is_empty())
            .map(|one| one.heading.as_str())
            .collect();
        let trusted = match (untrusted.as_slice(), &page.unfinished) {
            ([], None) => "yes".to_owned(),
            ([], Some(_)) => "not finished".to_owned(),
            // Headings have commas of their own.
            (all, _) => format!("no ({})", all.join("; ")),
        };
        // An experiment that the front page does not show has a takeaway here all the same.
        let sections = run.page.sections.iter();
        let (mut shown, others): (Vec<_>, Vec<_>) =
            sections.partition(|one| one.shown == Shown::Everywhere);
        if shown.is_empty() {
            shown = others;
        }
        let _ = writeln!(
            text,
            "| [{}]({}/) | {} | {} | {} | {} |",
            markdown(&run.label()),
            link(&run.folder),
            markdown(&takeaways(shown.into_iter()).join(" ")),
            markdown(&trusted),
            markdown(&page.machine),
            page.method
        );
    }
    let machines: BTreeSet<&str> = runs
        .iter()
        .map(|run| run.page.machine_slug.as_str())
        .collect();
    for slug in machines {
        let _ = writeln!(
            text,
            "\nOne run of each experiment on a machine (the newest that is trusted), on one page, to sort, filter and compare (download it, then open it): \
             [{0}]({0})",
            html_name(slug)
        );
    }
    text + &beside(runs)
}

/// The name of the page of a machine.
#[must_use]
pub fn html_name(slug: &str) -> String {
    format!("report-{slug}.html")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::page::{Page, Section};

    #[test]
    fn headings_that_hold_commas_are_told_apart() {
        let section = |connections: &str| Section {
            heading: format!("{connections} connections, by requests per connection"),
            untrusted: vec!["a control failed".to_owned()],
            ..Section::default()
        };
        let kept = Kept {
            folder: "a-run".to_owned(),
            page: Page {
                sections: vec![section("64"), section("1,000")],
                ..Page::default()
            },
            is_candidate: true,
        };
        let text = index(&[kept]);
        let said = "no (64 connections, by requests per connection; 1,000 connections, by requests per connection)";
        assert!(text.contains(said), "{text}");
    }
}
