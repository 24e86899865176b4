//! `runner history`: each server's ratio to the baseline over runs, with the steps that exceed their intervals.

use crate::cli::HistoryOptions;
use crate::experiments::history::{Wanted, history};
use crate::experiments::publish;
use crate::framework;
use crate::output::{Screen, Verdict, print, print_json};
use crate::record::write_whole;
use crate::report::history::{chart, text};
use crate::report::svg;
use anyhow::{Context, Result};

const NO_FOLDER: &str =
    "no folder is named, and there are no kept runs of a project; name the folders of runs";

pub(super) fn run(options: &HistoryOptions) -> Result<Verdict> {
    let folders = match options.folders.as_slice() {
        [] => vec![publish::kept_folder(&framework::root().context(NO_FOLDER)?)],
        named => named.to_vec(),
    };
    let wanted = Wanted {
        servers: options.servers.clone(),
        measure: options.measure.clone(),
    };
    let history = history(&folders, &options.experiment, &wanted)?;
    if let Some((file, chart)) = options.svg.as_ref().zip(chart(&history)) {
        write_whole(file, &svg::file(&chart))?;
        crate::say!("{}: written", file.display());
    }
    if options.json {
        print_json(&history)?;
    } else {
        print(text(&history, Screen::of_standard_output()))?;
    }
    Ok(Verdict::Good)
}
