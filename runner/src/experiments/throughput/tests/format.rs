//! The format of records, as files: `tests/records/throughput` holds the made-up run, byte for byte. The tests of the
//! command line read it.

use super::*;
use std::fs;

/// Set to write the files anew after a change of the format that is meant.
const UPDATE: &str = "UPDATE_RECORDS";

#[test]
fn a_run_is_written_as_it_always_was() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records/throughput");
    if std::env::var_os(UPDATE).is_some() {
        fs::remove_dir_all(&kept).unwrap();
        MadeUp::new().write_to(&kept);
    }
    let run = MadeUp::new();
    let written = run.write();
    let mut names: Vec<_> = fs::read_dir(&written)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names.len(), 6, "{names:?}");
    for name in names {
        let (then, now) = (
            fs::read(kept.join(&name)),
            fs::read(written.join(&name)).unwrap(),
        );
        assert!(
            then.unwrap_or_default() == now,
            "{name:?} differs; if that is meant, set {UPDATE}"
        );
    }
}
