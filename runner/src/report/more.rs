//! What the front page has below its first screen: what else was measured, and the table by server and build.

use super::escape::{link, markdown};
use super::front::{Kept, chosen, newest, of_experiment, of_machine, shown};
use super::lines::filled;
use super::page::{Page, Section, Shown};

/// The columns of a table by server and build.
pub const VARIANTS: [&str; 4] = [
    "quickstart·release",
    "quickstart·max",
    "tuned·release",
    "tuned·max",
];

/// What else was measured, whose folder of kept runs is `results`; empty if nothing was. `experiments` are shown in this
/// order, without the first, which the first screen shows.
#[must_use]
pub fn more(runs: &[Kept], results: &str, experiments: &[&str]) -> String {
    let Some((first, others)) = experiments.split_first() else {
        return String::new();
    };
    let Some(main) = newest(runs.iter(), first) else {
        return String::new();
    };
    let own = of_machine(runs, main);
    let parts = [
        others_of(own.clone(), results, others, &main.page.date),
        by_variant(own, results, experiments),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|one| !one.is_empty()).collect();
    parts.join("\n")
}

/// The table by server and build at the highest concurrency that passes its controls, or else at the highest.
fn section_by_variant(page: &Page) -> Option<&Section> {
    let has_all = |section: &&Section| {
        let mut columns = VARIANTS.iter();
        columns.all(|name| section.grid.column(name).is_some())
    };
    let sections = || shown(page).filter(has_all);
    let trusted = sections().filter(|one| one.untrusted.is_empty());
    trusted.last().or_else(|| sections().last())
}

/// The table by server and build, if a run is kept that has one.
fn by_variant<'k>(
    runs: impl Iterator<Item = &'k Kept> + Clone,
    results: &str,
    experiments: &[&str],
) -> String {
    let newest = experiments
        .iter()
        .filter_map(|name| newest(runs.clone(), name));
    let mut with_all = newest.filter_map(|run| Some((run, section_by_variant(&run.page)?)));
    let Some((run, section)) = with_all.next() else {
        return String::new();
    };
    let columns: Vec<&str> = std::iter::once("contestant").chain(VARIANTS).collect();
    let doubt = match section.untrusted.is_empty() {
        true => "",
        false => ", UNTRUSTED",
    };
    // What else the run says, such as of the slowest requests.
    let sections = run.page.sections.iter().rev();
    let mut others = sections.filter(|one| one.shown == Shown::PageAndTerminal);
    let also = others.find(|one| !one.takeaway.is_empty());
    let also = also.map_or_else(String::new, |one| format!("{} ", markdown(&one.takeaway)));
    let above = format!(
        "{also}By server and build at {}{doubt}, requests/s and gain over the first column \
         ([run]({results}/{}/), [what differs]({results}/variants.md)):",
        markdown(&section.heading),
        link(&run.folder)
    );
    format!(
        "{}\n{}",
        filled(&above, ""),
        chosen(section, &columns).markdown(&run.page.sources)
    )
}

/// The run of each experiment that pages show, by its name. Those of another day than the first screen say so: figures of
/// different days are not comparable.
fn others_of<'k>(
    runs: impl Iterator<Item = &'k Kept> + Clone,
    results: &str,
    experiments: &[&str],
    date: &str,
) -> String {
    // A run by server and build has a table of its own below.
    let shown = experiments
        .iter()
        .filter_map(|name| of_experiment(runs.clone(), name))
        .filter(|run| section_by_variant(&run.page).is_none());
    let links = shown.map(|run| {
        let is_trusted = run
            .main_section()
            .is_none_or(|section| section.untrusted.is_empty());
        let untrusted = (!is_trusted).then_some("UNTRUSTED");
        let other_date = (run.page.date != date).then_some(run.page.date.as_str());
        let notes: Vec<&str> = untrusted.into_iter().chain(other_date).collect();
        let notes = match notes.is_empty() {
            true => String::new(),
            false => format!(" ({})", markdown(&notes.join(", "))),
        };
        format!(
            "[{}]({results}/{}/){notes}",
            markdown(&run.page.experiment),
            link(&run.folder)
        )
    });
    let links: Vec<String> = links.collect();
    match links.is_empty() {
        true => String::new(),
        false => filled(
            &format!(
                "{}; what each shows is in the [list of runs]({results}/README.md).",
                links.join(" · ")
            ),
            "",
        ),
    }
}
