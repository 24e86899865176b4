//! From a record on disk to every page that is made of it: each is made once and stays, and all say the same.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use runner::experiments::publish;
use runner::report::{Cell, Page};
use serde_json::Value;
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
        fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
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
    let written = publish::all(project.path(), false).unwrap();
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
        Vec::<PathBuf>::new()
    );
    // What somebody changed by hand is found.
    let chart = project.path().join("results").join(RUN).join("ratios.svg");
    fs::write(&chart, "changed").unwrap();
    assert_eq!(publish::all(project.path(), true).unwrap(), [chart]);
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
    assert!(text.contains("Trust: A/A twin"), "{text}");
    assert!(
        text.contains(&format!("<img src=\"results/{RUN}/ratios.svg\"")),
        "{text}"
    );
}

#[test]
fn figures_are_the_same_in_table_chart_page_and_json() {
    let project = project();
    publish::all(project.path(), false).unwrap();
    let page = page(project.path());
    let json: Value = serde_json::to_value(&page).unwrap();
    let run = format!("results/{RUN}");
    let of_run = read(project.path(), &format!("{run}/README.md"));
    let chart = read(project.path(), &format!("{run}/ratios.svg"));
    let html = fs::read_to_string(html_file(project.path())).unwrap();
    let front = read(project.path(), "README.md");
    let section = page
        .sections
        .iter()
        .max_by_key(|section| section.level)
        .unwrap();
    let at = section
        .grid
        .headings
        .iter()
        .position(|one| one.long == "ratio to baseline (95 %)")
        .unwrap();
    let mut seen = 0;
    for (number, row) in section.grid.rows.iter().enumerate() {
        let cell = &row.cells[at];
        let Cell::Ratio {
            value,
            interval: Some(_),
        } = cell
        else {
            continue;
        };
        let (written, arm) = (cell.full(), row.arm.clone().unwrap());
        let unbroken = written.replace(' ', "\u{a0}");
        assert!(of_run.contains(&format!("| {unbroken} |")), "{arm}");
        assert!(html.contains(&format!(">{unbroken}</td>")), "{arm}");
        let is_off_the_front =
            arm.contains("null") || arm.contains("twin") || arm.contains("planted");
        assert!(
            is_off_the_front || front.contains(&format!("| {unbroken} |")),
            "{arm}"
        );
        let title = format!("<title>{arm}, {}: {written}</title>", section.heading);
        assert!(arm.contains("null") || chart.contains(&title), "{title}");
        let stored = &json["sections"][page.sections.len() - 1]["grid"]["rows"][number]["cells"]
            [at]["value"];
        assert_eq!(stored.as_f64(), Some(*value), "{arm}");
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
        text.contains("| fast |") && text.contains(&format!("]({RUN}/)")),
        "{text}"
    );
    assert!(
        text.contains("Now: no run is kept yet."),
        "no isolated run: {text}"
    );
}
