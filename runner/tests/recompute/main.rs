//! A kept run's ratios and intervals, computed again from its files by docs/ANALYSIS.md alone: no line
//! of the runner's analysis is used, and whatever could be plainer is plainer and slower. The result
//! must be what the run's page says, to the last digit printed.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod intervals;
mod page;
mod record;
mod regression;

use record::{Measure, Table};
use std::path::{Path, PathBuf};

/// Every throughput run of enough blocks that is kept under results/.
fn kept_runs() -> Vec<PathBuf> {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let kept = std::fs::read_dir(results).unwrap();
    let kept = kept.map(|entry| entry.unwrap().path());
    kept.filter(|path| record::is_throughput(path)).collect()
}

/// The page of a run, as the runner writes it now.
fn page(run: &Path) -> String {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(run).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    let report = assert_cmd::Command::cargo_bin("runner")
        .unwrap()
        .arg("report")
        .arg(copy.path())
        .output()
        .unwrap();
    assert!(report.status.success(), "{report:?}");
    std::fs::read_to_string(copy.path().join("README.md")).unwrap()
}

#[test]
fn the_page_of_a_kept_run_follows_from_its_files_to_the_last_digit() {
    let runs = kept_runs();
    assert!(!runs.is_empty(), "no throughput run is kept");
    for run in runs {
        let page = page(&run);
        let mut compared = 0;
        for connections in record::connections(&run) {
            for measure in [Measure::Rate, Measure::ServerCpu] {
                compared += compare(&run, &page, connections, measure);
            }
        }
        assert!(compared >= 20, "only {compared} ratios were compared");
    }
}

/// Compares one table's ratios and intervals, and says how many there were.
fn compare(run: &Path, page: &str, connections: u64, measure: Measure) -> usize {
    let table = Table::read(run, connections, measure);
    let rows = regression::block_values(&table.blocks, table.arms.len());
    let intervals = intervals::to_baseline(&rows, table.baseline, table.seed);
    for (name, interval) in table.arms.iter().zip(intervals) {
        let printed = page::ratio(page, connections, measure, name);
        let found = interval.map_or("1.000".to_owned(), |(ratio, half_width)| {
            let digits = (-(half_width * ratio).log10()).ceil().clamp(3.0, 6.0) as usize;
            format!("{ratio:.digits$} ±{:.1}%", half_width * 100.0)
        });
        let run = run.display();
        assert_eq!(
            found, printed,
            "{name} in {run}, {measure:?} at {connections} connections"
        );
    }
    table.arms.len()
}
