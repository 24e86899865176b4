//! The original's numbers beside those of the newest kept runs, in the same shape.

use super::today;
use crate::report::{Cell, Grid, Heading, Kept, VARIANTS, escaped, grouped, pick};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The folder of the original's numbers.
pub(super) const ORIGINAL: &str = "2013-python";

/// The original's columns under load, as its files name interpreter and server; rows stand in the order of the first,
/// the only one that all of them were measured with.
const LOADED: [(&str, &str, &str); 3] = [
    ("cpython 2.7", "uwsgi", "cpython 2.7·uwsgi"),
    ("pypy 1.9", "gunicorn", "pypy 1.9·gunicorn"),
    ("cpython 3.3", "uwsgi", "cpython 3.3·uwsgi"),
];

/// Its columns without a server.
const ALONE: [&str; 3] = ["cpython 2.7", "pypy 1.9", "cpython 3.3"];

/// What the original reads its rows against.
const FLOOR: &str = "wsgi";

/// A row of the original under load.
#[derive(Debug, Deserialize)]
struct Loaded {
    framework: String,
    version: String,
    interpreter: String,
    server: String,
    requests_per_second: Option<f64>,
}

/// A row of the original in one process.
#[derive(Debug, Deserialize)]
struct Alone {
    framework: String,
    version: String,
    interpreter: String,
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
    let mut systems: Vec<&str> = loaded.iter().map(|row| row.framework.as_str()).collect();
    // The rows of one interpreter follow each other.
    let mut seen = BTreeSet::new();
    systems.retain(|system| seen.insert(*system));
    let today = today::table(&systems, FLOOR, runs);
    text.push_str(&under_load(&loaded_then(&loaded)?, today, runs));
    text.push_str(&in_one_process(&alone, runs)?);
    text.push_str(ABSENT);
    text.push_str(COLUMNS);
    Ok(Some((results.join("then-and-now.md"), text)))
}

fn under_load(then: &Grid, today: Option<String>, runs: &[Kept]) -> String {
    let mut text = format!("{UNDER_LOAD}{}", then.markdown(&BTreeMap::new()));
    text.extend(today);
    if pick(runs, "matrix", &VARIANTS).is_some() {
        let now = now(runs, &VARIANTS, "matrix");
        let _ = write!(
            text,
            "\n### Now: a column for each server and build\n{GAINS}{now}"
        );
    }
    let columns = ["requests/s", "ratio to baseline (95%)", "errors"];
    let now = now(runs, &columns, "throughput");
    let _ = write!(
        text,
        "\n### Now: one server and build, with its ratio to the baseline\n{now}"
    );
    text
}

fn in_one_process(then: &[Alone], runs: &[Kept]) -> Result<String> {
    let none = BTreeMap::new();
    let rates = alone_then(then, |row, floor| {
        let rate = row.requests_per_second?;
        let floor = floor.requests_per_second?;
        // The slowest would be 0.000 otherwise.
        Some(format!("{} ({:.4})", grouped(rate as u64), rate / floor))
    });
    let calls = alone_then(then, |row, _| {
        let whole = |value: f64| grouped(value.round() as u64);
        let mark = if row.leaks == Some(1) { " *" } else { "" };
        Some(format!(
            "{} / {}{mark}",
            whole(row.tcalls?),
            whole(row.funcs?)
        ))
    });
    let columns = ["msec", "rps", "tcalls", "funcs", "ratio to baseline (95%)"];
    Ok(format!(
        "{ALONE_RATES}{}{ALONE_CALLS}{}\n### Now: all of these in one table\n{}",
        rates?.markdown(&none),
        calls?.markdown(&none),
        now(runs, &columns, "isolated")
    ))
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
    let Some((run, section, mut grid)) = pick(runs, experiment, columns) else {
        return "\nNo run is kept yet.\n".to_owned();
    };
    // With their gains, four columns of rates would be wider than a page.
    let cells = grid.rows.iter_mut().flat_map(|row| &mut row.cells);
    cells.for_each(leave_out_gain);
    let heading = &section.heading;
    let doubt = match section.untrusted.is_empty() {
        true => "",
        false => ", UNTRUSTED",
    };
    format!(
        "\n{heading}{doubt}, [{}]({}/), {}.\n\n{}",
        run.page.date,
        run.folder,
        escaped(&run.page.machine),
        grid.markdown(&run.page.sources_from("../"))
    )
}

fn leave_out_gain(cell: &mut Cell) {
    if let Cell::Gain {
        ratio, interval, ..
    } = cell
    {
        (*ratio, *interval) = (None, None);
    }
}

/// The original's rows under load: a column for each interpreter and its server.
fn loaded_then(rows: &[Loaded]) -> Result<Grid> {
    let column = |row: &Loaded| {
        let is_its = |one: &(&str, &str, &str)| one.0 == row.interpreter && one.1 == row.server;
        LOADED.iter().position(is_its)
    };
    let names: Vec<&str> = LOADED.iter().map(|one| one.2).collect();
    by_column(rows, &names, column, |row, floor| {
        let rate = row.requests_per_second?;
        let floor = floor.requests_per_second?;
        Some(format!("{} ({:.3})", grouped(rate as u64), rate / floor))
    })
}

/// The original's rows in one process: a column for each interpreter.
fn alone_then(rows: &[Alone], cell: impl Fn(&Alone, &Alone) -> Option<String>) -> Result<Grid> {
    let column = |row: &Alone| ALONE.iter().position(|one| *one == row.interpreter);
    by_column(rows, &ALONE, column, cell)
}

/// What every row of the original has.
trait Original {
    fn framework(&self) -> (&str, &str);
    fn requests_per_second(&self) -> Option<f64>;
}

impl Original for Loaded {
    fn framework(&self) -> (&str, &str) {
        (&self.framework, &self.version)
    }

    fn requests_per_second(&self) -> Option<f64> {
        self.requests_per_second
    }
}

impl Original for Alone {
    fn framework(&self) -> (&str, &str) {
        (&self.framework, &self.version)
    }

    fn requests_per_second(&self) -> Option<f64> {
        self.requests_per_second
    }
}

/// A row for each framework, the fastest of the first column first; `cell` says what stands in a column, from its row and
/// that of the floor.
fn by_column<R: Original>(
    rows: &[R],
    names: &[&'static str],
    column: impl Fn(&R) -> Option<usize>,
    cell: impl Fn(&R, &R) -> Option<String>,
) -> Result<Grid> {
    let mut frameworks: BTreeMap<(&str, &str), Vec<Option<&R>>> = BTreeMap::new();
    for row in rows {
        let place = column(row);
        let (name, _) = row.framework();
        let place =
            place.with_context(|| format!("{ORIGINAL}: {name} has a row that no column is for"))?;
        let columns = frameworks
            .entry(row.framework())
            .or_insert_with(|| vec![None; names.len()]);
        ensure!(
            columns[place].is_none(),
            "{ORIGINAL}: {name} has a row twice"
        );
        columns[place] = Some(row);
    }
    let floors = frameworks.iter().find(|((name, _), _)| *name == FLOOR);
    let floors = floors.map_or_else(|| vec![None; names.len()], |(_, columns)| columns.clone());
    let mut frameworks: Vec<_> = frameworks.into_iter().collect();
    let rate = |columns: &[Option<&R>]| columns[0].and_then(R::requests_per_second).unwrap_or(0.0);
    frameworks.sort_by(|one, other| rate(&other.1).total_cmp(&rate(&one.1)));
    let rows = frameworks.into_iter().map(|((name, version), columns)| {
        let cells = columns.iter().zip(&floors).map(|(row, floor)| {
            let text = row.zip(*floor).and_then(|(row, floor)| cell(row, floor));
            // A figure does not break between lines.
            text.map_or(Cell::Missing, |text| {
                Cell::text(text.replace(' ', "\u{a0}"))
            })
        });
        let first = [Cell::text(name), Cell::text(version)];
        first.into_iter().chain(cells).collect()
    });
    let mut headings = vec![
        Heading::text("framework", None),
        Heading::text("version", None),
    ];
    headings.extend(names.iter().map(|name| Heading::number(name, None)));
    Ok(Grid::plain(headings, rows))
}

const UNDER_LOAD: &str = "\n## Under load\n\n\
    ### 2013: a column for each interpreter and its server\n\n\
    requests/s at 1,000 connections; in parentheses the ratio to `wsgi` in the same column, without an interval. `-`: not \
    published. On pypy both the interpreter and the server differ from the other columns, so a difference between them has two \
    possible causes.\n\n";

const GAINS: &str = "\nrequests/s. The page of the run has the gains over the first column, with their intervals.\n";

const ALONE_RATES: &str = "\n## Alone, in one process\n\n\
    ### 2013: requests per second, a column for each interpreter\n\n\
    In parentheses the ratio to `wsgi` in the same column, without an interval. `-`: not measured. The original's column \
    `msec`, of 100,000 requests, follows from it (100,000,000 / rps), and is in [isolated.csv](2013-python/isolated.csv).\n\n";

const ALONE_CALLS: &str = "\n### 2013: calls and functions of a request, a column for each interpreter\n\n\
    `tcalls` / `funcs`; `*`: leaks memory.\n\n";

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

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/2013-python")
    }

    fn cells(grid: &Grid) -> BTreeMap<String, Vec<String>> {
        let rows = grid.rows.iter().map(|row| {
            let mut cells = row.cells.iter().map(Cell::full);
            (cells.next().unwrap(), cells.skip(1).collect())
        });
        rows.collect()
    }

    #[test]
    fn every_figure_of_the_original_under_load_is_shown_in_the_column_of_its_interpreter() {
        let rows: Vec<Loaded> = rows(&folder().join("throughput.csv")).unwrap();
        let grid = loaded_then(&rows).unwrap();
        let shown = cells(&grid);
        let column = |heading| shown["wheezy.web"][place(&grid, heading)].clone();
        assert_eq!(column("cpython 2.7·uwsgi"), "24,703\u{a0}(0.991)");
        assert_eq!(column("pypy 1.9·gunicorn"), "22,323\u{a0}(0.959)");
        assert_eq!(column("cpython 3.3·uwsgi"), "24,858\u{a0}(0.996)");
        assert_eq!(shown["flask"][2], "-");
        let figures = rows.iter().filter(|row| row.requests_per_second.is_some());
        let told = shown.values().flatten().filter(|cell| *cell != "-");
        assert_eq!(told.count(), figures.count());
    }

    fn place(grid: &Grid, heading: &str) -> usize {
        let mut headings = grid.headings.iter();
        headings.position(|one| one.long == heading).unwrap() - 2
    }

    #[test]
    fn every_figure_of_the_original_in_one_process_is_shown_too() {
        let rows: Vec<Alone> = rows(&folder().join("isolated.csv")).unwrap();
        let text = in_one_process(&rows, &[]).unwrap();
        for row in [
            "| wheezy.web | 0.1.365 | 55,786\u{a0}(0.1570) | 210,341\u{a0}(0.6027) | 50,818\u{a0}(0.1923) |",
            "| tornado | 3.0.1 | 201 / 66 | 176 / 62 \\* | 220 / 74 |",
            "| circuits | 2.1.0 | 504 / 112 \\* | 509 / 112 \\* | - |",
            "| web.py | 0.37 | 168\u{a0}(0.0005) | 29\u{a0}(0.0001) | - |",
        ] {
            assert!(
                text.contains(
                    &row.replace(" / ", "\u{a0}/\u{a0}")
                        .replace(" \\", "\u{a0}\\")
                ),
                "{row}: {text}"
            );
        }
    }

    #[test]
    fn rates_of_variants_fit_into_their_columns() {
        let mut cell = Cell::gain(48_696.0, Some(1.035), None, true);
        assert!(cell.full().contains("(≥ +3.5%"), "{cell:?}");
        leave_out_gain(&mut cell);
        assert_eq!(cell.full(), "≥ 48,696");
    }

    #[test]
    fn a_row_that_no_column_is_for_is_not_passed_over() {
        let mut rows: Vec<Loaded> = rows(&folder().join("throughput.csv")).unwrap();
        rows[0].server = "gunicorn".to_owned();
        let error = loaded_then(&rows).unwrap_err().to_string();
        assert!(
            error.contains("bobo has a row that no column is for"),
            "{error}"
        );
    }
}
