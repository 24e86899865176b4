//! What is drawn of an isolated run.

use super::claims::SPREAD_MAX;
use super::figures::{ArmRow, Figures};
use super::plan::Entry;
use crate::report::{Chart, Drawing, StackRow, Stacks, Subject, grouped, rounded};
use crate::run::ArmKind;
use std::collections::{BTreeMap, BTreeSet};

/// Owners that many contestants share and that have a colour of their own.
const SHARED: usize = 5;

/// The instructions behind one request, by owner; `None` if nothing was counted.
pub(super) fn instructions(figures: &Figures) -> Option<Chart> {
    let drawn = figures
        .rows
        .iter()
        .filter(|row| row.arm.kind.is_contestant() && row.work.is_some());
    let mut drawn: Vec<&ArmRow> = drawn.collect();
    drawn.sort_by(|one, other| instructions_of(one).total_cmp(&instructions_of(other)));
    let owners = Owners::of(figures, &drawn);
    let rows: Vec<StackRow> = drawn.iter().map(|row| owners.row(row)).collect();
    let (first, last) = (drawn.first()?, drawn.last()?);
    Some(Chart {
        id: "instructions".to_owned(),
        title: "Instructions per request, by whose code they are in".to_owned(),
        doubt: None,
        reading: vec![
            "Counted in user mode, one process, no socket. “crates of its own”: no other contestant has them. Below a bar: \
             the shares that do not fit into it.".to_owned(),
            closeness(&drawn),
        ],
        finding: format!(
            "Instructions per request: from {} for `{}` to {} for `{}`.",
            grouped(rounded(instructions_of(first))),
            first.arm.name,
            grouped(rounded(instructions_of(last))),
            last.arm.name
        ),
        drawing: Drawing::Stacks(Stacks {
            unit: "Instructions per request",
            digits: 0,
            parts: owners.parts,
            rows,
        }),
    })
}

fn instructions_of(row: &ArmRow) -> f64 {
    row.work.map_or(f64::INFINITY, |work| work.instructions)
}

fn subject(row: &ArmRow) -> Subject {
    Subject {
        name: row.arm.name.clone(),
        kind: row.arm.kind,
        detail: row.arm.kind.said().to_owned(),
    }
}

/// How owners are grouped into parts: the crates of one contestant alone, the largest of those that several share,
/// and the rest.
struct Owners {
    parts: Vec<String>,
    sizes: BTreeMap<String, Vec<f64>>,
}

impl Owners {
    fn of(figures: &Figures, drawn: &[&ArmRow]) -> Self {
        let all = &figures.records.owners;
        let is_drawn = |arm: &str| drawn.iter().any(|row| row.arm.name == arm);
        let mut arms: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut total: BTreeMap<&str, f64> = BTreeMap::new();
        for row in all.iter().filter(|row| is_drawn(&row.arm)) {
            arms.entry(&row.owner).or_default().insert(&row.arm);
            *total.entry(&row.arm).or_default() += row.instructions_per_request;
        }
        // By their mean share, so that one large contestant does not choose alone.
        let mut shares: BTreeMap<&str, f64> = BTreeMap::new();
        for row in all.iter().filter(|row| is_drawn(&row.arm)) {
            *shares.entry(&row.owner).or_default() +=
                row.instructions_per_request / total[row.arm.as_str()];
        }
        let is_shared = |owner: &str| drawn.len() == 1 || arms[owner].len() > 1;
        let mut shared: Vec<&str> = shares
            .keys()
            .copied()
            .filter(|owner| is_shared(owner))
            .collect();
        shared.sort_by(|one, other| shares[other].total_cmp(&shares[one]).then(one.cmp(other)));
        shared.truncate(SHARED);
        let mut sizes: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for row in all.iter().filter(|row| is_drawn(&row.arm)) {
            let owner = row.owner.as_str();
            let part = match shared.iter().position(|one| *one == owner) {
                Some(place) => place + 1,
                None if is_shared(owner) => shared.len() + 1,
                None => 0,
            };
            let own = sizes
                .entry(row.arm.clone())
                .or_insert_with(|| vec![0.0; shared.len() + 2]);
            own[part] += row.instructions_per_request;
        }
        let mut parts = vec!["crates of its own".to_owned()];
        parts.extend(shared.iter().map(|owner| (*owner).to_owned()));
        parts.push("other shared crates".to_owned());
        Self { parts, sizes }
    }

    /// Parts are of one process and the total is the median over processes: they are scaled to it.
    fn row(&self, row: &ArmRow) -> StackRow {
        let total = instructions_of(row);
        let sizes = self.sizes.get(&row.arm.name).cloned().unwrap_or_default();
        let sum: f64 = sizes.iter().sum();
        StackRow {
            subject: subject(row),
            sizes: sizes.iter().map(|size| size * total / sum).collect(),
            total,
        }
    }
}

/// How far processes of one binary lie apart, and whose lie further apart than they should.
fn closeness(drawn: &[&ArmRow]) -> String {
    let spreads = || {
        let measured = drawn.iter().filter_map(|row| Some((row, row.work?)));
        measured.map(|(row, work)| (row.arm.name.as_str(), work.spread))
    };
    let close = spreads().filter(|(_, spread)| *spread <= SPREAD_MAX);
    let most = close.map(|(_, spread)| spread).fold(0.0, f64::max);
    let far = spreads().filter(|(_, spread)| *spread > SPREAD_MAX);
    let far: Vec<String> = far
        .map(|(name, spread)| format!("{name} {:.2}%", 100.0 * spread))
        .collect();
    let further = match far.is_empty() {
        true => String::new(),
        false => format!("; further apart: {}", far.join(", ")),
    };
    format!(
        "Processes of one binary lie at most {:.2}% apart{further}.",
        100.0 * most
    )
}

/// What one request asks of the allocator; `None` if nothing was counted.
pub(super) fn allocations(figures: &Figures) -> Option<Chart> {
    let counted = figures
        .rows
        .iter()
        .filter(|row| row.arm.kind.is_contestant());
    let mut rows: Vec<StackRow> = counted
        .filter_map(|row| {
            let own = row.allocations.get(&Entry::Bytes)?;
            Some(StackRow {
                subject: subject(row),
                sizes: vec![own.count, own.reallocations],
                total: own.count + own.reallocations,
            })
        })
        .collect();
    rows.sort_by(|one, other| one.total.total_cmp(&other.total));
    let (first, last) = (rows.first()?, rows.last()?);
    Some(Chart {
        id: "allocations".to_owned(),
        title: "Calls of the allocator per request".to_owned(),
        doubt: None,
        reading: std::iter::once(
            "Counted over the same requests in one process, each call: nothing is sampled. A fraction is work that not \
             every request takes."
                .to_owned(),
        )
        .chain(counted_again(figures))
        .chain(control_of_counting(figures))
        .chain(not_counted(figures))
        .collect(),
        finding: format!(
            "Allocations and reallocations per request: from {:.1} for `{}` to {:.1} for `{}`.",
            first.total, first.subject.name, last.total, last.subject.name
        ),
        drawing: Drawing::Stacks(Stacks {
            unit: "Calls of the allocator per request",
            digits: 1,
            parts: vec!["allocations".to_owned(), "reallocations".to_owned()],
            rows,
        }),
    })
}

/// How far two processes of the baseline's program lie apart.
fn counted_again(figures: &Figures) -> Option<String> {
    let of = |kind: ArmKind| {
        let row = figures.rows.iter().find(|row| row.arm.kind == kind)?;
        let own = row.allocations.get(&Entry::Bytes)?;
        Some((&row.arm.name, own.count + own.reallocations))
    };
    let ((name, first), (_, second)) = (of(ArmKind::Baseline)?, of(ArmKind::Twin)?);
    Some(format!(
        "Two processes of `{name}`: {first:.2} and {second:.2} per request."
    ))
}

/// The contestants whose allocations were not counted, which have no row.
fn not_counted(figures: &Figures) -> Option<String> {
    let rows = figures.rows.iter();
    let without = rows
        .filter(|row| row.arm.kind.is_contestant() && !row.allocations.contains_key(&Entry::Bytes));
    let names: Vec<&str> = without.map(|row| row.arm.name.as_str()).collect();
    (!names.is_empty()).then(|| format!("not measured: {}", names.join(", ")))
}

/// What was counted of the controls, which answer from a constant and allocate nothing: any other figure would be the
/// error of all the others.
fn control_of_counting(figures: &Figures) -> Option<String> {
    let mut controls = figures
        .rows
        .iter()
        .filter(|row| matches!(row.arm.kind, ArmKind::Null | ArmKind::Leak));
    let (name, own) =
        controls.find_map(|row| Some((&row.arm.name, row.allocations.get(&Entry::Bytes)?)))?;
    Some(format!(
        "`{name}`, which allocates nothing, was counted in the same way: {:.1} per request.",
        own.count + own.reallocations
    ))
}
