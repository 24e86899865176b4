//! What the documents show is there: rows of files, and commands that the parser accepts.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use clap::Parser;
use runner::cli::Cli;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn documents() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|one| one == "md"));
    pages.chain([root().join("README.md")]).collect()
}

/// The lines of all code blocks in this language.
fn code(page: &Path, language: &str) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let opening = format!("```{language}\n");
    let blocks = text
        .split(&opening)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    blocks
        .flat_map(|block| block.lines().map(str::to_owned))
        .collect()
}

#[test]
fn the_example_rows_of_the_tutorial_are_those_of_the_record() {
    let tutorial = root().join("docs/TUTORIAL.md");
    let record = root().join("runner/tests/records/throughput");
    let files = fs::read_dir(record)
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let lines: Vec<String> = files
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let shown = [code(&tutorial, "csv"), code(&tutorial, "json")].concat();
    assert!(shown.len() > 6, "{shown:?}");
    for line in shown {
        assert!(lines.contains(&line), "{line}");
    }
}

/// The words of a command of the runner, however it is started; `None` for other commands.
fn arguments(line: &str) -> Option<Vec<String>> {
    let command = line.split(" #").next().unwrap();
    let starts = [
        ("cargo run --release --package runner -- ", ""),
        ("target/release/runner ", ""),
        ("runner ", ""),
        // The alias of docs/LOAD.md.
        ("load ", "load "),
    ];
    let (rest, before) = starts
        .iter()
        .find_map(|(start, before)| Some((command.strip_prefix(start)?, before)))?;
    let arguments = format!("{before}{rest}");
    let parsed = [vec!["runner".to_owned()], words(&arguments)].concat();
    let is_whole = !arguments.contains(['|', '>', '$', '\\', '&']);
    is_whole.then_some(parsed)
}

/// As a shell splits them; one level of single quotes is what the documents use.
fn words(line: &str) -> Vec<String> {
    let mut is_quoted = false;
    let mut words: Vec<Option<String>> = vec![None];
    for one in line.chars() {
        match one {
            '\'' => {
                is_quoted = !is_quoted;
                words.last_mut().unwrap().get_or_insert_default();
            }
            ' ' if !is_quoted => words.push(None),
            other => words
                .last_mut()
                .unwrap()
                .get_or_insert_default()
                .push(other),
        }
    }
    words.into_iter().flatten().collect()
}

#[test]
fn the_commands_of_the_documents_are_accepted() {
    let mut seen = 0;
    for page in documents() {
        for line in code(&page, "sh") {
            let Some(arguments) = arguments(&line) else {
                continue;
            };
            if let Err(error) = Cli::try_parse_from(&arguments) {
                panic!("{}: {line}\n{error}", page.display());
            }
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn the_make_targets_of_the_documents_are_there() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let frameworks = runner::framework::discover().unwrap().frameworks;
    for page in documents() {
        for line in code(&page, "sh") {
            let Some(rest) = line.strip_prefix("make ") else {
                continue;
            };
            let target = rest.split_whitespace().next().unwrap();
            let is_there = makefile.contains(&format!("\n{target}:"))
                || frameworks.iter().any(|one| one.name == target)
                || target == "mine";
            assert!(is_there, "{}: {line}", page.display());
        }
    }
}
