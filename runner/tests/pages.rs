//! From a record on disk to every page that is made of it: each is made once and stays, and all say the same.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use runner::experiments::publish::{self, Renewed};
use runner::report::{Cell, Page};
use std::fs;
use std::path::{Path, PathBuf};

const RUN: &str = "2026-11-22-a-processor-2cpu";

fn project_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let file = entry.unwrap().path();
        if file.is_file() {
            fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
        }
    }
}

/// A project with the pages of this one and one kept run, whose contestants have their folders.
fn project() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let (here, there) = (project_root(), root.path());
    let results = there.join("results");
    copy(
        &here.join("runner/tests/records/throughput"),
        &results.join(RUN),
    );
    copy(
        &here.join("results/2013-python"),
        &results.join("2013-python"),
    );
    for page in ["README.md", "results/README.md"] {
        fs::copy(here.join(page), there.join(page)).unwrap();
    }
    for name in ["fast", "slow"] {
        fs::create_dir_all(there.join("frameworks").join(name)).unwrap();
    }
    root
}

fn read(root: &Path, file: &str) -> String {
    fs::read_to_string(root.join(file)).unwrap()
}

fn page(root: &Path) -> Page {
    let kind = publish::kind("throughput").unwrap();
    (kind.page)(&root.join("results").join(RUN)).unwrap()
}

fn html_file(root: &Path) -> PathBuf {
    let entries = fs::read_dir(root.join("results"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .into_iter()
        .find(|path| path.extension().is_some_and(|one| one == "html"))
        .unwrap()
}

#[test]
fn everything_is_written_once_and_then_stays_byte_for_byte() {
    let project = project();
    let written = publish::all(project.path(), false).unwrap().stale;
    let names: Vec<String> = written
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    for expected in ["README.md", "ratios.svg", "then-and-now.md"] {
        assert!(
            names.iter().any(|name| name == expected),
            "{expected}: {names:?}"
        );
    }
    assert_eq!(
        publish::all(project.path(), true).unwrap(),
        Renewed::default()
    );
    // What somebody changed by hand is found.
    let chart = project.path().join("results").join(RUN).join("ratios.svg");
    fs::write(&chart, "changed").unwrap();
    let checked = publish::all(project.path(), true).unwrap();
    assert_eq!(checked.stale, [chart]);
}

/// Exit status and standard error of `runner report` in a project.
fn report(root: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut runner = assert_cmd::Command::cargo_bin("runner").unwrap();
    runner.arg("report").args(arguments).current_dir(root);
    let output = runner.output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), words)
}

#[test]
fn a_kept_run_that_does_not_read_is_named_and_no_success() {
    let project = project();
    fs::write(project.path().join("Cargo.toml"), "[workspace]\n").unwrap();
    let results = project.path().join("results");
    // One whose record is cut off, and one whose record has lost a digit.
    for name in ["2026-11-23-cut", "2026-11-24-edited"] {
        copy(&results.join(RUN), &results.join(name));
    }
    let record = |name: &str| results.join(name).join("run.json");
    let text = fs::read_to_string(record(RUN)).unwrap();
    fs::write(record("2026-11-23-cut"), &text[..text.len() / 2]).unwrap();
    let edited = text.replacen("\"seed\": ", "\"seed\": 1", 1);
    assert_ne!(edited, text);
    fs::write(record("2026-11-24-edited"), edited).unwrap();
    for arguments in [&[][..], &["--check"], &["--json"]] {
        let (status, words) = report(project.path(), arguments);
        assert_eq!(status, Some(1), "{arguments:?}: {words}");
        let last = words.lines().last().unwrap();
        for part in ["left out", "2026-11-23-cut", "2026-11-24-edited"] {
            assert!(last.contains(part), "{arguments:?}: {words}");
        }
        assert!(!last.contains(RUN), "{words}");
    }
    // The rest went on.
    assert!(read(project.path(), "README.md").contains(RUN));
    for name in ["2026-11-23-cut", "2026-11-24-edited"] {
        fs::remove_dir_all(results.join(name)).unwrap();
    }
    let (status, words) = report(project.path(), &["--check"]);
    assert_eq!((status, words.as_str()), (Some(0), ""));
}

#[test]
fn the_page_of_one_kept_run_is_the_same_whoever_writes_it() {
    let project = project();
    publish::all(project.path(), false).unwrap();
    let folder = project.path().join("results").join(RUN);
    let before = fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(before.contains("../../frameworks/fast/"), "{before}");
    let kind = publish::kind("throughput").unwrap();
    let page = publish::with_sources((kind.page)(&folder).unwrap(), &folder);
    assert_eq!(
        runner::experiments::renew_page(&page, &folder, false).unwrap(),
        Vec::<PathBuf>::new()
    );
    // A run that is kept elsewhere has no contestants beside it.
    let elsewhere = project.path().join("elsewhere");
    copy(&folder, &elsewhere);
    let page = publish::with_sources((kind.page)(&elsewhere).unwrap(), &elsewhere);
    assert!(page.sources.is_empty());
}

#[test]
fn rows_link_to_the_measured_revision_if_it_is_published() {
    let project = project();
    let manifest = "[workspace.package]\nrepository = \"https://example.org/a/b\"\n";
    fs::write(project.path().join("Cargo.toml"), manifest).unwrap();
    publish::all(project.path(), false).unwrap();
    let revision = page(project.path()).revision.unwrap();
    let link = format!("[fast](https://example.org/a/b/tree/{revision}/frameworks/fast/)");
    let run_page = format!("results/{RUN}/README.md");
    for file in ["README.md", "results/then-and-now.md", &run_page] {
        let text = read(project.path(), file);
        assert!(text.contains(&link), "{file}: {text}");
    }
}

#[test]
fn the_front_page_is_one_screen() {
    let project = project();
    publish::all(project.path(), false).unwrap();
    for text in [
        read(project.path(), "README.md"),
        read(&project_root(), "README.md"),
    ] {
        assert!(
            text.lines().count() <= 120,
            "{} lines",
            text.lines().count()
        );
        for line in text.lines() {
            let is_prose = !line.starts_with('|') && !line.starts_with("<img");
            assert!(!is_prose || line.chars().count() <= 120, "{line}");
        }
        for table in text
            .split("\n\n")
            .filter(|part| part.starts_with("| rank |"))
        {
            let columns = table.lines().next().unwrap().matches('|').count() - 1;
            assert!(columns <= 7, "{table}");
        }
    }
    let text = read(project.path(), "README.md");
    assert!(text.contains("[fast](frameworks/fast/)"), "{text}");
    assert!(text.contains("Trust at 64 connections: A/A twin"), "{text}");
    assert!(
        text.contains(&format!("<img src=\"results/{RUN}/ratios.svg\"")),
        "{text}"
    );
}

/// Whether these figures stand in the text in this order, each as a cell of its own.
fn holds_in_order(mut text: &str, figures: &[String]) -> bool {
    figures
        .iter()
        .all(|figure| match text.find(figure.as_str()) {
            Some(at) => {
                text = &text[at + figure.len() - 1..];
                true
            }
            None => false,
        })
}

#[test]
fn the_front_page_and_the_charts_have_the_figures_of_the_run() {
    let project = project();
    publish::all(project.path(), false).unwrap();
    let page = page(project.path());
    let front = read(project.path(), "README.md");
    let section = page
        .sections
        .iter()
        .max_by_key(|section| section.level)
        .unwrap();
    let chart = |name: &str| read(project.path(), &format!("results/{RUN}/{name}.svg"));
    let (ratios, times) = (
        chart("ratios"),
        chart(&format!("service-times-{}", section.level.unwrap())),
    );
    let column = |heading: &str| {
        let headings = section.grid.headings.iter();
        headings
            .clone()
            .position(|one| one.long == heading)
            .unwrap_or_else(|| panic!("{:?}", headings.map(|one| one.long).collect::<Vec<_>>()))
    };
    let (rate, ratio) = (column("requests/s"), column("ratio to baseline (95%)"));
    let (p50, p99) = (column("p50 µs"), column("p99 µs"));
    let mut seen = 0;
    for row in &section.grid.rows {
        let arm = row.arm.clone().unwrap();
        let figure = |column: usize| row.cells[column].full();
        if !matches!(
            row.cells[ratio],
            Cell::Ratio {
                interval: Some(_),
                ..
            }
        ) || arm == "null"
        {
            continue;
        }
        let title = format!(
            "<title>{arm}, {}: {}</title>",
            section.heading,
            figure(ratio)
        );
        assert!(ratios.contains(&title), "{title}");
        let title = format!(
            "<title>{arm}: p50 {} µs, p99 {} µs</title>",
            figure(p50),
            figure(p99)
        );
        let is_contestant = !arm.contains("twin") && !arm.contains("planted");
        assert!(!is_contestant || times.contains(&title), "{title}");
        let cells: Vec<String> = [ratio, rate, p99]
            .map(|column| format!("| {} |", figure(column).replace(' ', "\u{a0}")))
            .to_vec();
        let mut lines = front.lines().filter(|line| line.contains(&arm));
        assert!(
            !is_contestant || lines.any(|line| holds_in_order(line, &cells)),
            "{arm}: {cells:?}"
        );
        seen += 1;
    }
    assert!(seen > 2, "{seen}");
}

#[test]
fn a_front_page_without_a_run_is_left_as_it_is() {
    let project = project();
    fs::remove_dir_all(project.path().join("results").join(RUN)).unwrap();
    let before = read(project.path(), "README.md");
    publish::all(project.path(), false).unwrap();
    assert_eq!(read(project.path(), "README.md"), before);
    assert!(read(project.path(), "results/README.md").contains("No run is kept."));
}

#[test]
fn the_page_of_a_machine_is_small() {
    let project = project();
    publish::all(project.path(), false).unwrap();
    let size = fs::metadata(html_file(project.path())).unwrap().len();
    assert!(size <= 500_000, "{size}");
}

#[test]
fn the_kept_page_of_a_machine_is_small() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    for entry in fs::read_dir(results).unwrap() {
        let file = entry.unwrap();
        if file.path().extension().is_some_and(|one| one == "html") {
            let size = file.metadata().unwrap().len();
            assert!(size <= 500_000, "{}: {size}", file.path().display());
        }
    }
}

#[test]
fn then_and_now_has_both_tables() {
    let project = project();
    publish::all(project.path(), false).unwrap();
    let text = read(project.path(), "results/then-and-now.md");
    assert!(
        text.contains("| wsgi |") && text.contains("| wheezy.web |"),
        "{text}"
    );
    assert!(
        text.contains("[fast](../frameworks/fast/)") && text.contains(&format!("]({RUN}/)")),
        "{text}"
    );
    assert!(
        text.contains("No run is kept yet."),
        "no isolated run: {text}"
    );
    let columns = "| cpython 2.7·uwsgi | pypy 1.9·gunicorn | cpython 3.3·uwsgi |";
    assert!(text.contains(columns), "{text}");
}
