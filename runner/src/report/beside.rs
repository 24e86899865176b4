//! The same percentiles in a closed and in an open loop: what saturation does to times, and what users
//! wait for at a rate that is held.

use super::chart::{Axis, Chart, Drawing};
use super::escape::{link, xml};
use super::front::{Kept, newest};

/// A run's curves over percentiles at its highest concurrency or rate.
fn curves(run: &Kept) -> Option<(&Kept, &Chart)> {
    let is_over_quantiles = |chart: &&Chart| matches!(&chart.drawing, Drawing::Curves(curves) if curves.across == Axis::Nines);
    let mut charts = run.main_section()?.charts.iter();
    Some((run, charts.find(is_over_quantiles)?))
}

/// The charts of the run of each experiment that pages show, if it has some, for the machine of the newest of them;
/// nothing if there are not two.
pub(super) fn pair<'k>(runs: impl Iterator<Item = &'k Kept> + Clone) -> Vec<(&'k Kept, &'k Chart)> {
    let mut shown: Vec<(&Kept, &Chart)> = Vec::new();
    let is_shown = |run: &&Kept| {
        let shown = newest(runs.clone(), &run.page.experiment);
        shown.is_some_and(|shown| shown.folder == run.folder)
    };
    for (run, chart) in runs.clone().filter(is_shown).filter_map(curves) {
        let is_new = |(other, _): &(&Kept, &Chart)| other.page.experiment != run.page.experiment;
        let is_of_machine =
            |(other, _): &(&Kept, &Chart)| other.page.machine_slug == run.page.machine_slug;
        if shown.iter().all(is_new) && shown.iter().all(is_of_machine) {
            shown.push((run, chart));
        }
    }
    // Throughput, whose name is the last of the alphabet, comes first.
    shown.sort_by(|(one, _), (other, _)| other.page.experiment.cmp(&one.page.experiment));
    match shown.len() {
        0 | 1 => Vec::new(),
        _ => shown,
    }
}

/// What the two kinds of load say of times.
pub(super) const CLOSED_AND_OPEN: &str = "In a closed loop each connection sends its next request as soon as it has an answer: \
     times are those of a saturated server. In an open loop requests are due by a schedule, whatever the server does: times \
     are what a user waits for at that rate.";

/// These charts, each leading to its run; nothing if there are not two.
pub(super) fn beside(runs: &[Kept]) -> String {
    let shown = pair(runs.iter());
    if shown.is_empty() {
        return String::new();
    }
    // In one paragraph, not in a table: on a narrow screen the second one stands below the first.
    let images = shown.iter().map(|(run, chart)| {
        let folder = link(&run.folder);
        format!(
            "[<img src=\"{folder}/{}\" width=\"390\" alt=\"{}\">]({folder}/)\n",
            link(&chart.file_name()),
            xml(&chart.in_words())
        )
    });
    format!(
        "\n## Closed loop and open loop\n\n{}\n{CLOSED_AND_OPEN}\n",
        images.collect::<String>()
    )
}
