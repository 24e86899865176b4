//! The page of a machine in a browser: seen, read aloud, without scripts, and used. Needs node, chromium and two modules
//! of npm; without them it says so, and in CI it fails.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use runner::experiments::publish;
use runner::report::{Kept, html_page};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn runner_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where modules, pages and pictures are.
fn target() -> PathBuf {
    runner_folder().parent().unwrap().join("target/browser")
}

/// What is missing, in one line; in CI that is a failure.
fn missing(what: &str) -> Option<PathBuf> {
    let line = left_out(what, std::env::var_os("CI").is_some());
    println!("{}", line.unwrap_or_else(|line| panic!("{line}")));
    None
}

/// The line that says what is missing; an error in CI, where a test that is left out would pass for one that was made.
fn left_out(what: &str, is_ci: bool) -> Result<String, String> {
    let line = format!("the browser test is left out: {what}");
    if is_ci { Err(line) } else { Ok(line) }
}

#[test]
fn what_is_missing_fails_in_ci_and_is_said_elsewhere() {
    let line = "the browser test is left out: no npm".to_owned();
    assert_eq!(left_out("no npm", false), Ok(line.clone()));
    assert_eq!(left_out("no npm", true), Err(line));
}

fn runs(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// The browser, after the modules of the test are there.
fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let browser = named.unwrap_or_else(|| PathBuf::from("/usr/bin/chromium"));
    if !browser.is_file() {
        let browser = browser.display();
        return missing(&format!("{browser} is missing (apt-get install chromium)"));
    }
    if !runs("node") || !runs("npm") {
        return missing("node or npm does not start (apt-get install nodejs npm)");
    }
    fs::create_dir_all(target()).unwrap();
    for file in ["package.json", "package-lock.json"] {
        fs::copy(
            runner_folder().join("tests/browser").join(file),
            target().join(file),
        )
        .unwrap();
    }
    let installed = target()
        .join("node_modules/playwright-core/package.json")
        .is_file();
    if !installed && let Err(words) = install() {
        return missing(&format!(
            "npm cannot install playwright-core and axe-core ({words})"
        ));
    }
    Some(browser)
}

/// Installs the modules; the first line of what npm says if it cannot.
fn install() -> Result<(), String> {
    let npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(target())
        .output();
    let output = npm.map_err(|error| error.to_string())?;
    let words = String::from_utf8_lossy(&output.stderr);
    let first = words.lines().next().unwrap_or("it says nothing");
    match output.status.success() {
        true => Ok(()),
        false => Err(first.to_owned()),
    }
}

/// The faults of a page, a line each; with `wanted`, only the part of the script that can find faults of this check runs,
/// until the first of them.
fn faults(browser: &Path, name: &str, html: &str, wanted: Option<&str>) -> Vec<String> {
    let page = target().join(format!("{name}.html"));
    fs::write(&page, html).unwrap();
    let output = Command::new("node")
        .arg(runner_folder().join("tests/browser/check.mjs"))
        .args([browser, page.as_path(), target().join(name).as_path()])
        .args(wanted)
        .current_dir(target())
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(0 | 1)) && words.is_empty(),
        "{words}"
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

/// The page of the run that is kept for tests, its table at two numbers of connections.
fn html() -> String {
    let kind = publish::kind("throughput").unwrap();
    let read = || (kind.page)(&runner_folder().join("tests/records/throughput")).unwrap();
    let (mut page, mut again) = (read(), read().sections.swap_remove(0));
    (again.level, again.heading) = (Some(1_000), "1,000 connections".to_owned());
    page.sections.push(again);
    html_page(&[&Kept {
        folder: "a-run".to_owned(),
        page,
        is_candidate: true,
    }])
}

#[test]
#[ignore = "needs chromium, node and, once, the network: make test runs it"]
fn the_page_is_without_fault_in_a_browser() {
    let Some(browser) = browser() else { return };
    assert_eq!(faults(&browser, "page", &html(), None), [""; 0]);
    // And those of this project's own runs.
    let results = runner_folder().parent().unwrap().join("results");
    for entry in fs::read_dir(results).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|one| one == "html") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert_eq!(
                faults(&browser, &name, &fs::read_to_string(&path).unwrap(), None),
                [""; 0],
                "{name}"
            );
        }
    }
}

/// Faults of what is laid out.
const PLANTED: [(&str, &str, &str); 12] = [
    ("axe", "<html lang=\"en\">", "<html>"),
    ("axe: color-contrast", "--muted:#59636e", "--muted:#d0d0d0"),
    (
        "overflow",
        "<main id=\"results\">",
        "<main id=\"results\"><pre>a line that is far too long for any telephone, as everybody can see who has one: x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x</pre>",
    ),
    (
        "small text",
        ".small,.trust,figcaption{color:var(--muted);font-size:.87rem}",
        ".small{font-size:9px}",
    ),
    (
        "overlap",
        "<text ",
        "<text x=\"20\" y=\"21\" font-size=\"13\">over another</text><text ",
    ),
    (
        "cut text",
        "<text ",
        "<text x=\"-40\" y=\"300\" font-size=\"13\">begins outside</text><text ",
    ),
    (
        "console",
        "<main id=\"results\">",
        "<main id=\"results\"><script>1</script>",
    ),
    ("network", "img-src data:", "img-src https: data:"),
    (
        "script off",
        "<form id=\"controls\" hidden aria",
        "<form id=\"controls\" aria",
    ),
    ("print", "#controls,#pick,", "#pick,"),
    ("print", "th,td{white-space:normal;padding:.2em}", ""),
    (
        "out of sight",
        "thead th{min-width:3em}",
        "thead th{min-width:9em}",
    ),
];

#[test]
#[ignore = "needs chromium, node and, once, the network: make test runs it"]
fn each_planted_fault_is_found() {
    let Some(browser) = browser() else { return };
    let good = html();
    for (check, part, fault) in PLANTED {
        assert!(good.contains(part), "{part}");
        let mut bad = good.replacen(part, fault, 1);
        match check {
            "network" => {
                bad = bad.replace(
                    "</main>",
                    "<img alt=\"\" src=\"https://127.0.0.1:9/x.png\"></main>",
                )
            }
            "axe: color-contrast" => {
                bad = bad.replace("--muted:light-dark(#59636e,#9198a1)", "--muted:#d0d0d0")
            }
            _ => {}
        }
        // A style that was changed needs its hash; faults of style are let through here.
        assert_found(&browser, check, &allow_any_style(&bad));
    }
    for (check, part, fault) in SCRIPTED {
        assert!(good.contains(part), "{part}");
        let bad = good.replacen(part, fault, 1);
        assert_found(&browser, check, &allow_any_script(&bad));
    }
}

/// The page has a fault that this check names.
fn assert_found(browser: &Path, check: &str, bad: &str) {
    let found = faults(browser, "planted", bad, Some(check));
    assert!(
        found.iter().any(|line| line.starts_with(check)),
        "{check}: {found:?}"
    );
}

/// Faults of the script: what a reader does goes wrong.
const SCRIPTED: [(&str, &str, &str); 19] = [
    ("compare", "=== measure.higher", "!== measure.higher"),
    (
        "compare",
        "1 / pair[2], 1 / pair[1]",
        "1 / pair[1], 1 / pair[2]",
    ),
    (
        "switch",
        "part.hidden = !((isAny",
        "part.hidden = true || !((isAny",
    ),
    (
        "compare",
        "!pair[3] ? \"· not distinguishable\" : better",
        "better",
    ),
    ("address", "parts.push([\"sort\"", "[].push([\"sort\""),
    (
        "address",
        "[\"show\", \"at\", \"cols\"",
        "[\"at\", \"cols\"",
    ),
    ("address", "&& only.checkValidity()", ""),
    ("switch", "columns(table);", ""),
    ("switch", "part.hidden = !((isAny", "part.hidden = !((true"),
    ("filter", "line.hidden = !matches(line.dataset.arm);", ""),
    (
        "sort",
        "const sign = way === \"descending\" ? -1 : 1;",
        "const sign = 1;",
    ),
    ("baseline", "rebase(table);", ""),
    (
        "highlight",
        "line.classList.toggle(\"pinned\", pins.has(line.dataset.arm));",
        "",
    ),
    ("address", "addEventListener(\"hashchange\", read);", ""),
    ("address", "if (!text || !isPlace) {", "{"),
    ("sort", "!head.dataset.text.startsWith(\"rank\")", "true"),
    ("sort", "{ numeric: true }", "{}"),
    ("filter", "find && !lines.length", "false"),
    ("calculator", "\"more\" : \"less\"", "\"\" : \"\""),
];

fn allow_any_style(html: &str) -> String {
    replace_hash(html, "style-src ")
}

fn allow_any_script(html: &str) -> String {
    replace_hash(html, "script-src ")
}

/// The policy with `'unsafe-inline'` in place of the hash after `directive`.
fn replace_hash(html: &str, directive: &str) -> String {
    let (before, after) = html.split_once(directive).unwrap();
    let (_, rest) = after.split_once(';').unwrap();
    format!("{before}{directive}'unsafe-inline';{rest}")
}
