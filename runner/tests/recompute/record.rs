//! What a record's files say. Their names and columns are known here and nowhere else in this test.

use super::intervals::CHECKED_BLOCKS_MIN;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const SLICES: &str = "slices.csv";
const BLOCKS: &str = "blocks.csv";
const RUN: &str = "run.json";
const ROUND: &str = "round";
const WITHHELD: &str = "withheld";
const EXCLUDED: &str = "excluded";
const BASELINE_KIND: &str = "baseline";
const LEVELS: &str = "levels";

/// What arms are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Rate,
    ServerCpu,
}

/// One slice.
pub(crate) struct Slice {
    pub(crate) arm: usize,
    pub(crate) after: Option<usize>,
    pub(crate) middle_s: f64,
    pub(crate) log: f64,
}

/// One table's data.
pub(crate) struct Table {
    pub(crate) arms: Vec<String>,
    pub(crate) baseline: usize,
    pub(crate) seed: u64,
    pub(crate) blocks: Vec<Vec<Slice>>,
}

fn run(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join(RUN)).unwrap()).unwrap()
}

/// Whether a folder holds a throughput run whose format this test knows, with enough blocks for the rules of
/// `intervals.rs`.
pub(crate) fn is_throughput(folder: &Path) -> bool {
    folder.join(RUN).exists() && {
        let run = run(folder);
        let blocks = run["plan"]["blocks"].as_u64().unwrap_or(0);
        let is_long = blocks >= CHECKED_BLOCKS_MIN as u64;
        run["experiment"] == "throughput" && run["schema"] == 2 && is_long
    }
}

/// Numbers of connections of the run.
pub(crate) fn connections(folder: &Path) -> Vec<u64> {
    let levels = run(folder)["plan"][LEVELS].as_array().unwrap().clone();
    let of = |level: &Value| level["connections"].as_u64().unwrap();
    levels.iter().map(of).collect()
}

/// The lines of a file that closing lines name, from 1: the others were left behind by an interruption.
fn closed_lines(folder: &Path, file: &str) -> BTreeSet<usize> {
    let text = fs::read_to_string(folder.join("units.csv")).unwrap();
    let parts = text
        .lines()
        .skip(1)
        .flat_map(|line| line.split(',').nth(1).unwrap().split(' '));
    let ranges = parts.filter_map(|part| part.strip_prefix(&format!("{file}:")));
    let lines = ranges.flat_map(|range| {
        let (first, last) = range.split_once('-').unwrap();
        first.parse::<usize>().unwrap()..=last.parse().unwrap()
    });
    lines.collect()
}

/// Rows of a file by the names of their columns.
fn rows(folder: &Path, file: &str) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(folder.join(file)).unwrap();
    let closed = closed_lines(folder, file);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        let cells = line.split(',').map(str::to_owned);
        names
            .iter()
            .map(|name| (*name).to_owned())
            .zip(cells)
            .collect()
    };
    // The line of names is the first.
    let numbered = (2..).zip(lines);
    let counted = numbered.filter(|(number, _)| closed.contains(number));
    counted.map(|(_, line)| row(line)).collect()
}

fn number(row: &BTreeMap<String, String>, name: &str) -> f64 {
    row[name].parse().unwrap()
}

impl Table {
    pub(crate) fn read(folder: &Path, connections: u64, measure: Measure) -> Self {
        let run = run(folder);
        let all = run["arms"].as_array().unwrap();
        let is_there = |arm: &&Value| arm["err"].is_null() && arm["absent"].is_null();
        let name = |arm: &Value| arm["name"].as_str().unwrap().to_owned();
        let arms: Vec<String> = all.iter().filter(is_there).map(name).collect();
        let baseline = all.iter().find(|arm| arm["kind"] == BASELINE_KIND).unwrap();
        let baseline = arms.iter().position(|arm| *arm == name(baseline)).unwrap();

        let mut slices: BTreeMap<u64, Vec<BTreeMap<String, String>>> = BTreeMap::new();
        for row in rows(folder, BLOCKS) {
            if row[EXCLUDED] == "0" {
                slices.insert(row["block"].parse().unwrap(), Vec::new());
            }
        }
        for row in rows(folder, SLICES) {
            let is_counted = number(&row, "connections") == connections as f64;
            let block = slices.get_mut(&row["block"].parse().unwrap());
            if let Some(block) = block.filter(|_| is_counted) {
                block.push(row);
            }
        }
        let blocks = slices
            .into_values()
            .map(|rows| block(rows, &arms, measure))
            .collect();
        Self {
            baseline,
            seed: run["seed"].as_u64().unwrap(),
            blocks,
            arms,
        }
    }
}

fn block(mut rows: Vec<BTreeMap<String, String>>, arms: &[String], measure: Measure) -> Vec<Slice> {
    rows.sort_by_key(|row| (number(row, ROUND) as u64, number(row, "position") as u64));
    let mut after = None;
    let mut slices = Vec::new();
    for row in &rows {
        let counted = number(row, "ok") - number(row, WITHHELD);
        let elapsed_ns = number(row, "elapsed_ns");
        let time_ns = match measure {
            Measure::Rate => elapsed_ns,
            Measure::ServerCpu => number(row, "server_cpu_ns"),
        };
        let arm = arms.iter().position(|arm| *arm == row["arm"]).unwrap();
        slices.push(Slice {
            arm,
            after,
            middle_s: number(row, "started_us") / 1e6
                + (number(row, "settling_ns") + elapsed_ns / 2.0) / 1e9,
            log: (counted * 1e9 / time_ns).ln(),
        });
        after = Some(arm);
    }
    slices
}
