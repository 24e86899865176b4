//! The conventions of this codebase, as far as a program can check them.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use runner::framework::discover;
use runner::record::Records;
use runner::report::{Report, run_page};
use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// All files below `folder` with this ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found
}

fn sources() -> Vec<PathBuf> {
    let root = root();
    [
        files(&root.join("runner"), ".rs"),
        files(&root.join("frameworks"), ".rs"),
    ]
    .concat()
}

#[test]
fn every_source_file_opens_with_its_job_and_stays_small() {
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("//! "),
            "{} does not say its job",
            file.display()
        );
        let lines = text.lines().count();
        assert!(
            lines <= FILE_LINES_MAX,
            "{} has {lines} lines",
            file.display()
        );
    }
}

#[test]
fn every_function_fits_a_screen() {
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        let mut open: Option<(usize, usize, String)> = None;
        for (number, line) in text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let is_function = line.trim_start().starts_with("fn ") || line.contains(" fn ");
            if is_function && line.ends_with('{') && !line.trim_start().starts_with("//") {
                open = Some((number, indent, line.trim().to_owned()));
            }
            if let Some((start, outer, name)) = &open
                && line.trim_start().starts_with('}')
                && indent == *outer
            {
                let lines = number - start + 1;
                assert!(
                    lines <= FUNCTION_LINES_MAX,
                    "{}: {name} has {lines} lines",
                    file.display()
                );
                open = None;
            }
        }
    }
}

/// Adding a framework is adding one folder: nothing outside it may know its name.
#[test]
fn no_framework_is_named_outside_its_folder() {
    let root = root();
    let mut places = files(&root.join("runner"), ".rs");
    places.extend(
        ["Makefile", ".ci/run", "Cargo.toml", "runner/Cargo.toml"].map(|file| root.join(file)),
    );
    places.extend(files(&root.join(".github"), ".yml"));
    let workspace = discover().unwrap();
    for file in places {
        let text = fs::read_to_string(&file).unwrap();
        for framework in &workspace.frameworks {
            let named = text
                .split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
                .any(|word| word == framework.name || word == framework.package);
            assert!(!named, "{} names {}", file.display(), framework.name);
        }
    }
}

#[test]
fn every_framework_has_a_page_and_says_what_the_tables_need() {
    for framework in discover().unwrap().frameworks {
        let folder = root().join("frameworks").join(&framework.name);
        let page = fs::read_to_string(folder.join("README.md")).unwrap();
        assert!(
            page.contains("http"),
            "{} has no upstream link",
            framework.name
        );
        for kind in framework.servers.keys() {
            assert!(
                framework.topology.contains_key(kind),
                "{}: topology of {kind}",
                framework.name
            );
        }
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    for page in files(&root(), ".md") {
        let text = fs::read_to_string(&page).unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let place = link.split('#').next().unwrap();
            if place.is_empty() || place.contains("://") {
                continue;
            }
            let target = page.parent().unwrap().join(place);
            assert!(target.exists(), "{} links to {link}", page.display());
        }
    }
}

/// Everything below the records of a kept run is made from them, byte for byte.
#[test]
fn generated_pages_are_what_the_records_say() {
    for (folder, _) in runner::record::find_runs(&root().join("results")).unwrap() {
        let page = fs::read_to_string(folder.join("README.md")).unwrap();
        let made = run_page(&Report::of(&Records::read(&folder).unwrap()));
        assert!(
            page == made,
            "{} is stale: run `make report`",
            folder.display()
        );
    }
    for (folder, _) in runner::record::find_isolated_runs(&root().join("results")).unwrap() {
        let page = fs::read_to_string(folder.join("README.md")).unwrap();
        let records = runner::record::IsolatedRecords::read(&folder).unwrap();
        let made = runner::report::isolated_page(&runner::report::IsolatedReport::of(records));
        assert!(
            page == made,
            "{} is stale: run `make report`",
            folder.display()
        );
    }
    let mut report = assert_cmd::Command::cargo_bin("runner").unwrap();
    report
        .args(["report", "--check"])
        .current_dir(root())
        .assert()
        .success();
}

/// Kept runs hold what adds up.
#[test]
fn every_kept_row_balances() {
    for (folder, _) in runner::record::find_runs(&root().join("results")).unwrap() {
        for row in Records::read(&folder).unwrap().slices {
            assert!(row.balances(), "{}: {row:?}", folder.display());
        }
    }
}
