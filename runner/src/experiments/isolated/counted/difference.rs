//! Where the counted work of two servers differs: by function and owner, by who asks the allocator, by system call.

use crate::experiments::isolated::records::IsolatedRecords;
use crate::report::{Cell, Grid, Heading};
use crate::work::is_allocation;
use std::collections::BTreeMap;

/// Functions shown.
const FUNCTIONS: usize = 20;

/// Smaller differences are not shown: in instructions and in calls per request.
const INSTRUCTIONS_MIN: f64 = 0.5;
const CALLS_MIN: f64 = 0.01;

/// Characters of a function's name in a terminal; its end says most.
const NAME_CHARACTERS: usize = 44;

/// Sentences shown of each kind.
const SENTENCES: usize = 10;

/// What one server does per request and the other one does.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Sides<T> {
    own: T,
    of_baseline: T,
}

impl Sides<f64> {
    fn more(&self) -> f64 {
        self.own - self.of_baseline
    }
}

/// A function by its owner and its path.
type Name = (String, String);

/// Values by what they are of, on both sides.
fn both<K: Ord, T: Copy + Default>(
    own: impl Iterator<Item = (K, T)>,
    of_baseline: impl Iterator<Item = (K, T)>,
) -> BTreeMap<K, Sides<T>> {
    let mut all: BTreeMap<K, Sides<T>> = BTreeMap::new();
    for (key, value) in own {
        all.entry(key).or_default().own = value;
    }
    for (key, value) in of_baseline {
        all.entry(key).or_default().of_baseline = value;
    }
    all
}

/// A function's instructions and calls.
type Work = (f64, f64);

/// The functions in which two servers differ, the largest difference first; `None` if there are none to show.
pub(super) fn by_function(records: &IsolatedRecords, name: &str, baseline: &str) -> Option<Grid> {
    let of = |arm: &str| -> Vec<(Name, Work)> {
        let rows = records.functions.iter().filter(|row| row.arm == arm);
        rows.map(|row| {
            let work = (row.instructions_per_request, row.calls_per_request);
            ((row.owner.clone(), row.function.clone()), work)
        })
        .collect()
    };
    let functions = both(of(name).into_iter(), of(baseline).into_iter());
    let more = |of: fn(Work) -> f64, sides: &Sides<Work>| of(sides.own) - of(sides.of_baseline);
    let mut differing: Vec<(&Name, f64, f64)> = functions
        .iter()
        .map(|(name, sides)| (name, more(|work| work.0, sides), more(|work| work.1, sides)))
        .filter(|(_, instructions, calls)| {
            instructions.abs() >= INSTRUCTIONS_MIN || calls.abs() >= CALLS_MIN
        })
        .collect();
    differing.sort_by(|one, other| other.1.abs().total_cmp(&one.1.abs()));
    let headings = vec![
        Heading::number("instructions", Some("instr")),
        Heading::number("calls", Some("calls")),
        Heading::text("owner", Some("owner")),
        Heading::text("function", Some("function")),
        Heading::text("path", None),
    ];
    let rows = differing
        .iter()
        .take(FUNCTIONS)
        .map(|((owner, path), instructions, calls)| {
            vec![
                Cell::text(format!("{instructions:+.1}")),
                Cell::text(format!("{calls:+.2}")),
                Cell::text(owner.as_str()),
                Cell::text(end_of(path)),
                Cell::text(path.as_str()),
            ]
        });
    (!differing.is_empty()).then(|| Grid::plain(headings, rows))
}

/// The end of a path, for a column of limited width.
fn end_of(path: &str) -> String {
    let length = path.chars().count();
    match length > NAME_CHARACTERS {
        true => {
            let kept: String = path.chars().skip(length + 1 - NAME_CHARACTERS).collect();
            format!("…{kept}")
        }
        false => path.to_owned(),
    }
}

/// Which functions ask the allocator for memory more or less often, a sentence each.
pub(super) fn by_allocation(records: &IsolatedRecords, name: &str, baseline: &str) -> Vec<String> {
    let of = |arm: &str| -> Vec<((String, String), f64)> {
        let rows = records.allocator_calls.iter();
        let rows = rows.filter(|row| row.arm == arm && is_allocation(&row.called));
        rows.map(|row| {
            let who = format!("`{}` ({})", row.function, row.owner);
            ((who, row.called.clone()), row.calls_per_request)
        })
        .collect()
    };
    let calls = both(of(name).into_iter(), of(baseline).into_iter());
    largest(calls, |(who, called), sides| {
        format!(
            "{who} calls `{called}` {:.2} times per request, and {:.2} times in `{baseline}`.",
            sides.own, sides.of_baseline
        )
    })
}

/// Which system calls are made more or less often, a sentence each.
pub(super) fn by_system_call(records: &IsolatedRecords, name: &str, baseline: &str) -> Vec<String> {
    let of = |arm: &str| -> Vec<(String, f64)> {
        let rows = records.system_calls.iter().filter(|row| row.arm == arm);
        rows.map(|row| (row.name.clone(), row.calls_per_request))
            .collect()
    };
    let calls = both(of(name).into_iter(), of(baseline).into_iter());
    largest(calls, |call, sides| {
        format!(
            "System call `{call}`: {:.2} per request, and {:.2} in `{baseline}`.",
            sides.own, sides.of_baseline
        )
    })
}

/// A sentence for each of the largest differences.
fn largest<K>(
    all: BTreeMap<K, Sides<f64>>,
    sentence: impl Fn(&K, &Sides<f64>) -> String,
) -> Vec<String> {
    let differing = all.into_iter();
    let differing = differing.filter(|(_, sides)| sides.more().abs() >= CALLS_MIN);
    let mut differing: Vec<(K, Sides<f64>)> = differing.collect();
    differing.sort_by(|one, other| other.1.more().abs().total_cmp(&one.1.more().abs()));
    let sentences = differing.iter().take(SENTENCES);
    sentences.map(|(key, sides)| sentence(key, sides)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_one_side_has_is_a_difference() {
        let own = [("malloc", 3.0), ("free", 1.0)];
        let of_baseline = [("free", 1.0), ("gone", 0.5)];
        let all = both(own.into_iter(), of_baseline.into_iter());
        let said = largest(all, |name, sides| format!("{name} {:+}", sides.more()));
        assert_eq!(said, ["malloc +3", "gone -0.5"]);
    }

    #[test]
    fn the_end_of_a_long_path_is_kept() {
        assert_eq!(end_of("short::path"), "short::path");
        let long = end_of(&format!("{}::handler", "deep::".repeat(20)));
        assert!(long.starts_with('…') && long.ends_with("::handler"));
        assert_eq!(long.chars().count(), NAME_CHARACTERS);
    }
}
