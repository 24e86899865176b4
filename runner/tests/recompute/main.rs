//! A kept run's ratios and intervals, computed again from its files by docs/ANALYSIS.md alone: no line
//! of the runner's analysis is used, and whatever could be plainer is plainer and slower. The result
//! must be what the run's page says, to the last digit printed.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod intervals;
mod page;
mod record;
mod regression;

use record::{Measure, Table};
use std::path::PathBuf;

/// The newest kept run.
fn kept_run() -> PathBuf {
    let results = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let (path, _) = runner::record::find_runs(&results).unwrap().remove(0);
    path
}

#[test]
fn the_page_of_a_kept_run_follows_from_its_files_to_the_last_digit() {
    let run = kept_run();
    let mut compared = 0;
    for connections in record::connections(&run) {
        for measure in [Measure::Rate, Measure::ServerCpu] {
            let table = Table::read(&run, connections, measure);
            let rows = regression::block_values(&table.blocks, table.arms.len());
            let intervals = intervals::to_baseline(&rows, table.baseline, table.seed);
            for (name, interval) in table.arms.iter().zip(intervals) {
                let printed = page::ratio(&run, connections, measure, name);
                let found = match interval {
                    Some((ratio, half_width)) => format!("{ratio:.3} ±{:.1}%", half_width * 100.0),
                    None => "1.000".to_owned(),
                };
                assert_eq!(
                    found, printed,
                    "{name}, {measure:?} at {connections} connections"
                );
                compared += 1;
            }
        }
    }
    assert!(compared >= 20, "only {compared} ratios were compared");
}
