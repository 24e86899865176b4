//! Real builds of a package that is written here, so that nothing has to be downloaded.

use super::*;
use crate::experiments::costs::prepare::Source;
use std::fs;
use std::path::Path;

/// A package without dependencies, whose program is larger with its feature.
fn package(root: &Path, main: &str) {
    fs::create_dir_all(root.join("src")).unwrap();
    let manifest = "[package]\nname = \"one\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[features]\nmore = []\n";
    fs::write(root.join("Cargo.toml"), manifest).unwrap();
    let lock = "version = 4\n\n[[package]]\nname = \"one\"\nversion = \"0.0.0\"\n";
    fs::write(root.join("Cargo.lock"), lock).unwrap();
    fs::write(root.join("src/main.rs"), main).unwrap();
}

const MAIN: &str = "static MORE: &[u8] = &[7; if cfg!(feature = \"more\") { 1 << 20 } else { 1 }];\n\
                    fn main() { println!(\"{}\", MORE[std::env::args().count() - 1]); }\n";

fn prepared(root: &Path) -> Prepared {
    let source = |name: &str, kind, features: &[&str]| Source {
        name: name.to_owned(),
        kind,
        package: "one".to_owned(),
        binary: "one".to_owned(),
        features: features.iter().map(|one| (*one).to_owned()).collect(),
    };
    Prepared {
        root: root.to_owned(),
        folder: root.join("target/costs"),
        sources: vec![
            source("large-default", ArmKind::Contestant, &["more"]),
            source("large", ArmKind::Contestant, &[]),
        ],
        facts: facts().into_iter().take(1).collect(),
    }
}

/// The record of a run of both arms, once with each build.
fn measured(main: &str) -> CostsRecords {
    let parent = tempfile::tempdir().unwrap();
    let (root, path) = (parent.path().join("workspace"), parent.path().join("run"));
    package(&root, main);
    let plan = CostsPlan {
        blocks: 1,
        counted_requests: 0,
        ..plan()
    };
    let run = runs::header(
        Costs::NAME,
        Costs::METHOD,
        plan,
        arms().drain(..2).collect(),
    );
    let mut job = runs::begin(&path, &run);
    let done = Costs::read(&path).unwrap();
    Costs::measure(&mut job, prepared(&root), &done).unwrap();
    assert!(!root.join("target/costs").exists(), "builds are removed");
    Costs::read(&path).unwrap()
}

#[test]
fn a_cold_build_has_taken_time_and_made_a_program() {
    let records = measured(MAIN);
    assert_eq!(records.facts.len(), 1);
    let row = |arm: &'static str| records.of_arm(arm).next().unwrap();
    for arm in ["large", "large-default"] {
        let row = row(arm);
        assert_eq!((row.err.as_str(), row.crates), ("", 0), "{row:?}");
        assert!(row.cpu_ns > 0 && row.wall_ns > 0, "{row:?}");
    }
    let (own, with_features) = (row("large").size_bytes, row("large-default").size_bytes);
    assert!(with_features > own + (1 << 19), "{own} {with_features}");
}

#[test]
fn a_build_that_fails_is_a_row_and_the_run_goes_on() {
    let records = measured("#[cfg(feature = \"more\")] compile_error!(\"no\");\nfn main() {}\n");
    let row = |arm: &'static str| records.of_arm(arm).next().unwrap();
    assert_eq!(row("large").err, "");
    let err = &row("large-default").err;
    assert!(
        err.contains("--features more") && err.contains("failed"),
        "{err}"
    );
}
