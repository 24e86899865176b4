//! The original's numbers beside those of the newest kept runs, in the same shape.

use crate::report::{Cell, Grid, Heading, Kept, VARIANTS, escaped, pick};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The folder of the original's numbers.
const ORIGINAL: &str = "2013-python";

/// The interpreter whose column is the floor of today's comparison: the one all rows were measured with.
const INTERPRETER: &str = "cpython 2.7";

/// What the original reads its rows against.
const FLOOR: &str = "wsgi";

/// A row of the original under load.
#[derive(Debug, Deserialize)]
struct Loaded {
    framework: String,
    version: String,
    interpreter: String,
    requests_per_second: Option<f64>,
}

/// A row of the original in one process.
#[derive(Debug, Deserialize)]
struct Alone {
    framework: String,
    version: String,
    interpreter: String,
    msec_per_100000_requests: Option<f64>,
    requests_per_second: Option<f64>,
    tcalls: Option<f64>,
    funcs: Option<f64>,
    leaks: Option<u8>,
}

/// The page and its file; nothing if the original's numbers are not there.
///
/// # Errors
///
/// If they do not read.
pub(super) fn page(results: &Path, runs: &[Kept]) -> Result<Option<(PathBuf, String)>> {
    let folder = results.join(ORIGINAL);
    if !folder.is_dir() {
        return Ok(None);
    }
    let loaded: Vec<Loaded> = rows(&folder.join("throughput.csv"))?;
    let alone: Vec<Alone> = rows(&folder.join("isolated.csv"))?;
    let mut text = String::from(HEAD);
    let none = BTreeMap::new();
    let _ = write!(
        text,
        "\n## Under load\n\n2013: {INTERPRETER}, uWSGI, 1,000 connections.\n\n{}",
        loaded_then(loaded).markdown(&none)
    );
    let columns = ["requests/s", "ratio to baseline (95%)", "errors"];
    text.push_str(&now(runs, &columns, "throughput"));
    text.push_str(&by_variant(runs));
    let _ = write!(
        text,
        "\n## Alone, in one process\n\n2013: {INTERPRETER}.\n\n{}",
        alone_then(alone).markdown(&none)
    );
    let columns = ["msec", "rps", "tcalls", "funcs", "ratio to baseline (95%)"];
    text.push_str(&now(runs, &columns, "isolated"));
    text.push_str(ABSENT);
    text.push_str(COLUMNS);
    Ok(Some((results.join("then-and-now.md"), text)))
}

fn rows<R: for<'de> Deserialize<'de>>(file: &Path) -> Result<Vec<R>> {
    let what = || format!("{} does not read", file.display());
    let mut reader = csv::Reader::from_path(file).with_context(what)?;
    reader
        .deserialize()
        .collect::<Result<_, _>>()
        .with_context(what)
}

/// Our newest run of an experiment, in the original's columns.
fn now(runs: &[Kept], columns: &[&str], experiment: &str) -> String {
    match pick(runs, experiment, columns) {
        Some((run, section, grid)) => {
            let heading = &section.heading;
            let doubt = match section.untrusted.is_empty() {
                true => "",
                false => ", UNTRUSTED",
            };
            format!(
                "\nNow: {heading}{doubt}, [{}]({}/), {}.\n\n{}",
                run.page.date,
                run.folder,
                escaped(&run.page.machine),
                grid.markdown(&run.page.sources_from("../"))
            )
        }
        None => "\nNow: no run is kept yet.\n".to_owned(),
    }
}

/// The original has a column for each interpreter and each server; ours are builds and servers.
fn by_variant(runs: &[Kept]) -> String {
    match pick(runs, "matrix", &VARIANTS) {
        Some(_) => format!(
            "\nBy server and build, in requests/s, with the gain over the first column:\n{}",
            now(runs, &VARIANTS, "matrix")
        ),
        None => String::new(),
    }
}

fn number(long: &'static str) -> Heading {
    Heading::number(long, None)
}

fn loaded_then(rows: Vec<Loaded>) -> Grid {
    let mut rows: Vec<Loaded> = rows
        .into_iter()
        .filter(|row| row.interpreter == INTERPRETER)
        .collect();
    rows.sort_by(|one, other| {
        other
            .requests_per_second
            .unwrap_or(0.0)
            .total_cmp(&one.requests_per_second.unwrap_or(0.0))
    });
    let mut floors = rows.iter().filter(|row| row.framework == FLOOR);
    let floor = floors.find_map(|row| row.requests_per_second);
    let rows = rows.iter().map(|row| {
        let ratio = row
            .requests_per_second
            .zip(floor)
            .map(|(rate, floor)| rate / floor);
        vec![
            Cell::text(&row.framework),
            Cell::text(&row.version),
            row.requests_per_second.map_or(Cell::Missing, Cell::whole),
            ratio.map_or(Cell::Missing, |ratio| Cell::ratio(ratio, None)),
        ]
    });
    let headings = vec![
        Heading::text("framework", None),
        Heading::text("version", None),
        number("requests/s"),
        number("ratio to wsgi (no interval)"),
    ];
    Grid::plain(headings, rows)
}

fn alone_then(rows: Vec<Alone>) -> Grid {
    let mut rows: Vec<Alone> = rows
        .into_iter()
        .filter(|row| row.interpreter == INTERPRETER)
        .collect();
    rows.sort_by(|one, other| {
        other
            .requests_per_second
            .unwrap_or(0.0)
            .total_cmp(&one.requests_per_second.unwrap_or(0.0))
    });
    let mut floors = rows.iter().filter(|row| row.framework == FLOOR);
    let floor = floors.find_map(|row| row.requests_per_second);
    let whole = |value: Option<f64>| value.map_or(Cell::Missing, Cell::whole);
    let rows = rows.iter().map(|row| {
        let mark = if row.leaks == Some(1) { "*" } else { "" };
        let ratio = row
            .requests_per_second
            .zip(floor)
            .map(|(rate, floor)| rate / floor);
        vec![
            Cell::text(format!("{}{mark}", row.framework)),
            Cell::text(&row.version),
            whole(row.msec_per_100000_requests),
            whole(row.requests_per_second),
            whole(row.tcalls),
            whole(row.funcs),
            // The slowest would be 0.000 otherwise.
            ratio.map_or(Cell::Missing, |ratio| Cell::number(ratio, 4)),
        ]
    });
    let headings = vec![
        Heading::text("framework", None),
        Heading::text("version", None),
        number("msec"),
        number("rps"),
        number("tcalls"),
        number("funcs"),
        number("ratio to wsgi (no interval)"),
    ];
    Grid::plain(headings, rows)
}

const HEAD: &str = "# Then and now\n\n\
    Generated by `runner report`; do not edit.\n\n\
    In 2012 and 2013 Andriy Kornatskyy measured twelve Python frameworks and a bare WSGI application that answer `Hello World!`, under load and alone in \
    one process ([his numbers](2013-python/README.md)). This project asks his question of Rust frameworks. Here are both, in \
    his shape.\n\n\
    What may be compared: the *shape* of the tables. How far does a framework stay behind the floor of its own table, how many \
    calls lie between a request and its answer, and does anything stay behind?\n\n\
    What may not: a number of one table with a number of the other. Language, hardware, kernel, network, load generator and \
    method differ at once, so no quotient of them has a cause. The original's rows were measured once, and have no interval; a \
    difference of a few percent between two of them means nothing.\n";

const ABSENT: &str = "\n`-`: the framework offers no way to hand it a stream of bytes in its own process; the run's page has its \
    figures at the other entry point, router and handler.\n";

const COLUMNS: &str = "\n## What each column has become\n\n\
    | 2013 | now | what is different |\n|---|---|---|\n\
    | `wsgi`, the bare application | the baseline, an HTTP library without a router | Both are the floor: what is left without a framework. The baseline is not ranked. |\n\
    | interpreter | build: `ENV=release` or `ENV=max` | What the code is translated by, and how hard it tries. |\n\
    | uWSGI, gunicorn | `SERVER=quickstart` or `SERVER=tuned` | Who accepts the connections. In Rust that is the framework's own server. |\n\
    | requests/s, one run of `ab` over a network | the median of interleaved blocks over loopback | Every answer is checked; each figure has an interval, and each row a verdict on who was the limit. |\n\
    | \"above 22K not reliable due to hardware limitations\" | limit: client-bound or server-bound, on the page of the run | The caveat is measured for each row. |\n\
    | msec, rps | the same, by wall clock | 100,000 requests in one process without a network. His call began at the WSGI interface; ours reads and writes bytes of HTTP/1.1, so it includes parsing. |\n\
    | tcalls | calls of machine functions | His were Python calls. What the compiler inlined is not a call. |\n\
    | funcs | machine functions | Counted if at least nine of ten requests run through them. |\n\
    | no column | ratio to baseline | Alone, it is of CPU time and from slices next to each other in time. msec and rps are medians over blocks, which drift with the machine, so their order can differ from the rank. |\n\
    | `*`, seen by looking at memory | `*`, a slope in bytes per request with its interval | A planted leak of known size has to be found. |\n\
    | err | errors | A framework that fails is a row, then and now. |\n";
