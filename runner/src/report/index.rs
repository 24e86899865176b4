//! The list of kept runs.

use super::beside::beside;
use super::escape::{link, markdown};
use super::front::{Kept, of_experiment};
use super::page::{Page, Shown};
use super::takeaways::takeaways;
use std::fmt::Write;

/// The kept runs of each machine, with its page: first the run of each of the `experiments` that pages show, then those of
/// another kind, then older ones, which are folded; and closed beside open loop. `runs` are newest first.
#[must_use]
pub fn index(runs: &[Kept], experiments: &[&str]) -> String {
    if runs.is_empty() {
        return "No run is kept.\n".to_owned();
    }
    let mut machines: Vec<&str> = Vec::new();
    for run in runs {
        let slug = run.page.machine_slug.as_str();
        if !machines.contains(&slug) {
            machines.push(slug);
        }
    }
    let machines = machines.into_iter().map(|slug| {
        let own: Vec<&Kept> = runs
            .iter()
            .filter(|run| run.page.machine_slug == slug)
            .collect();
        of_machine(slug, &own, experiments)
    });
    machines.collect::<Vec<_>>().join("\n") + &beside(runs)
}

fn of_machine(slug: &str, runs: &[&Kept], experiments: &[&str]) -> String {
    let shown = experiments
        .iter()
        .filter_map(|name| of_experiment(runs.iter().copied(), name));
    let shown: Vec<&Kept> = shown.collect();
    let is_shown = |run: &Kept| shown.iter().any(|one| one.folder == run.folder);
    let others = runs.iter().copied().filter(|run| !is_shown(run));
    let (older, other): (Vec<&Kept>, Vec<&Kept>) = others.partition(|run| run.is_plain());
    let machine = runs.first().map_or("", |run| run.page.machine.as_str());
    let mut text = format!(
        "## {}\n\nPages show one run of each experiment: the newest whose main table is trusted, or else the newest. All of \
         them are on one page, to sort, filter and compare (download it, then open it): [{1}]({1})\n\n{2}",
        markdown(machine),
        html_name(slug),
        list(&shown)
    );
    if !other.is_empty() {
        let _ = write!(
            text,
            "\nRuns of other builds, servers or networks:\n\n{}",
            list(&other)
        );
    }
    if !older.is_empty() {
        let _ = write!(
            text,
            "\n<details><summary>Further runs ({}): older, untrusted, unfinished or of fewer conditions</summary>\n\n{}\n</details>\n",
            older.len(),
            list(&older)
        );
    }
    text
}

/// An item for each run: a table of sentences would be narrow columns on a phone.
fn list(runs: &[&Kept]) -> String {
    let mut text = String::new();
    for run in runs {
        let facts = format!(
            "{}, method {}, {}",
            run.page.date,
            run.page.method,
            trusted(&run.page)
        );
        let takeaway = takeaway(&run.page);
        let said = match takeaway.is_empty() {
            true => String::new(),
            false => format!(": {}", markdown(&takeaway)),
        };
        let _ = writeln!(
            text,
            "- **[{}]({}/)** ({}){said}",
            markdown(&run.undated()),
            link(&run.folder),
            markdown(&facts)
        );
    }
    text
}

fn takeaway(page: &Page) -> String {
    // An experiment that the front page does not show has a takeaway here all the same.
    let (mut shown, others): (Vec<_>, Vec<_>) = page
        .sections
        .iter()
        .partition(|one| one.shown == Shown::Everywhere);
    if shown.is_empty() {
        shown = others;
    }
    takeaways(shown.into_iter()).join(" ")
}

/// Whether all tables of a run are trusted, or which are not.
fn trusted(page: &Page) -> String {
    let untrusted: Vec<&str> = page
        .sections
        .iter()
        .filter(|one| !one.untrusted.is_empty())
        .map(|one| one.heading.as_str())
        .collect();
    match (untrusted.as_slice(), &page.unfinished) {
        ([], None) => "trusted".to_owned(),
        ([], Some(_)) => "not finished".to_owned(),
        // Headings have commas of their own.
        (all, _) => format!("UNTRUSTED: {}", all.join("; ")),
    }
}

/// The name of the page of a machine.
#[must_use]
pub fn html_name(slug: &str) -> String {
    format!("report-{slug}.html")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::page::Section;

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
        let text = index(&[kept], &["throughput"]);
        let said = "UNTRUSTED: 64 connections, by requests per connection; 1,000 connections, by requests per connection)";
        assert!(text.contains(said), "{text}");
    }
}
