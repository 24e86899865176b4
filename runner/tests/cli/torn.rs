//! Records whose last line was torn off, and what is said of them.

use super::runner;
use std::fs;
use std::path::Path;

#[test]
fn a_torn_last_line_is_said_by_whoever_reads_the_record() {
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records/throughput");
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(run).unwrap() {
        let file = entry.unwrap();
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let torn = copy.path().join("slices.csv");
    let text = fs::read_to_string(&torn).unwrap();
    fs::write(&torn, text + "3,64").unwrap();
    let output = runner(&["report", "--json"])
        .arg(copy.path())
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    let said = "slices.csv: the last line was torn off and does not count";
    assert_eq!(words.matches(said).count(), 1, "{words}");
}
