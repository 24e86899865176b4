//! The same percentiles in a closed and in an open loop, side by side: what saturation does to times, and what users
//! wait for at a rate that is held.

use super::chart::{Axis, Chart, Drawing};
use super::escape::{link, markdown, terminal, xml};
use super::front::{Kept, newest};

/// A run's curves over percentiles at its highest concurrency or rate.
fn curves(run: &Kept) -> Option<(&Kept, &Chart)> {
    let is_over_quantiles = |chart: &&Chart| matches!(&chart.drawing, Drawing::Curves(curves) if curves.across == Axis::Nines);
    let mut charts = run.main_section()?.charts.iter();
    Some((run, charts.find(is_over_quantiles)?))
}

/// The charts of the run of each experiment that pages show, if it has some, for the machine of the newest of them, as a
/// table; nothing if there are not two.
pub(super) fn beside(runs: &[Kept]) -> String {
    let mut shown: Vec<(&Kept, &Chart)> = Vec::new();
    let is_shown = |run: &&Kept| {
        let shown = newest(runs.iter(), &run.page.experiment);
        shown.is_some_and(|shown| shown.folder == run.folder)
    };
    for (run, chart) in runs.iter().filter(is_shown).filter_map(curves) {
        let is_new = |(other, _): &(&Kept, &Chart)| other.page.experiment != run.page.experiment;
        let is_of_machine =
            |(other, _): &(&Kept, &Chart)| other.page.machine_slug == run.page.machine_slug;
        if shown.iter().all(is_new) && shown.iter().all(is_of_machine) {
            shown.push((run, chart));
        }
    }
    if shown.len() < 2 {
        return String::new();
    }
    // Throughput, whose name is the last of the alphabet, stands on the left.
    shown.sort_by(|(one, _), (other, _)| other.page.experiment.cmp(&one.page.experiment));
    let row = |cell: &dyn Fn(&Kept, &Chart) -> String| {
        let cells: Vec<String> = shown.iter().map(|(run, chart)| cell(run, chart)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let heading =
        row(&|run, chart| format!("[{}]({}/)", markdown(&chart.title), link(&run.folder)));
    let images = row(&|run, chart| {
        format!(
            "<img src=\"{}/{}\" width=\"400\" alt=\"{}\">",
            link(&run.folder),
            link(&chart.file_name()),
            xml(&terminal(&chart.title))
        )
    });
    format!(
        "\n## Closed loop and open loop, side by side\n\n{heading}|{}\n{images}\n\
         In a closed loop each connection sends its next request as soon as it has an answer: times are those of a \
         saturated server. In an open loop requests are due by a schedule, whatever the server does: times are what a \
         user waits for at that rate.\n",
        "---|".repeat(shown.len())
    )
}
