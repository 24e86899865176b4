//! What a reader takes home from a table, in one sentence: who is first, with everybody who cannot be told from
//! them, and by how much they differ from the baseline. It never says more than the table's ranks do.

use super::cell::Cell;
use super::format::difference;
use super::trust::visible_difference;
use crate::analysis::Ranked;
use crate::stats::RankSet;
use std::fmt::Display;

/// How the first of a table are spoken of.
#[derive(Debug, Clone, Copy)]
pub struct Praise {
    /// Of one, such as `answers the most requests per second`.
    pub one: &'static str,
    /// Of several, such as `answer the most requests per second`.
    pub several: &'static str,
}

/// A contestant in a takeaway.
#[derive(Debug, Clone, PartialEq)]
struct Ranker {
    name: String,
    rank: RankSet,
    /// Its ratio to the baseline, as the table writes it.
    ratio: String,
    /// The generator was saturated, so nobody knows how fast it is.
    is_client_bound: bool,
}

/// A tie of contestants that may differ by more than this is said with its size.
const VISIBLE_MAX: f64 = 0.25;

/// The takeaway of a table that `ranked` ranks, whose heading is about `condition`, such as `at 64 connections`.
#[must_use]
pub fn takeaway(
    ranked: &Ranked,
    praise: Praise,
    condition: &str,
    is_untrusted: bool,
    is_client_bound: impl Fn(&str) -> bool,
) -> String {
    let rankers = rankers(ranked, is_client_bound);
    let baseline = ranked
        .baseline
        .map(|arm| ranked.measured.arms[arm].as_str());
    let too_few = ranked.ranking.as_ref().err();
    if let Some(words) = unranked(ranked.field.is_empty(), is_untrusted, too_few, condition) {
        return words;
    }
    let visible = visible_difference(ranked);
    let condition_of_tie = format!("by {} {condition}", ranked.measure);
    let said = unseen(&rankers, &condition_of_tie, visible)
        .unwrap_or_else(|| sentence(&rankers, praise, condition, baseline));
    said + &without_rank(&ranked.measured.left_out)
}

/// Who took part and may be better than whoever is named, for all that is known.
fn without_rank(names: &[String]) -> String {
    let named: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match named.as_slice() {
        [] => String::new(),
        [one] => format!(" {one} lacks slices and is not ranked."),
        all => format!(" {} lack slices and are not ranked.", listed(all)),
    }
}

/// Whether a ranking says little: its first are tied, and may differ by more than a quarter all the same.
#[must_use]
pub fn says_little(ranked: &Ranked) -> bool {
    let rankers = rankers(ranked, |_| false);
    unseen(&rankers, "", visible_difference(ranked)).is_some()
}

/// Those who have ranks.
fn rankers(ranked: &Ranked, is_client_bound: impl Fn(&str) -> bool) -> Vec<Ranker> {
    let sets = ranked.rank_sets().into_iter();
    let ranker = |(name, rank): (&str, RankSet)| {
        let standing = ranked.standing(name);
        let ratio = standing.map(|one| Cell::ratio(one.ratio, one.interval).full());
        Ranker {
            name: name.to_owned(),
            rank,
            ratio: ratio.unwrap_or_default(),
            is_client_bound: is_client_bound(name),
        }
    };
    sets.map(ranker).collect()
}

/// What is said instead if nobody can be said to be first.
fn unranked(
    is_empty: bool,
    is_untrusted: bool,
    too_few: Option<&impl Display>,
    condition: &str,
) -> Option<String> {
    match (is_empty, is_untrusted, too_few) {
        (true, ..) => Some(format!("No contestant is ranked {condition}.")),
        (_, true, _) => Some(format!(
            "Untrusted {condition}: ranks with a `?` are not to be relied on."
        )),
        (.., Some(too_few)) => Some(format!("No ranking {condition}: {too_few}.")),
        (.., None) => None,
    }
}

/// If a tie is worth little, how little, instead of praise: what differs by less than this cannot be seen.
fn unseen(rankers: &[Ranker], condition: &str, visible: Option<f64>) -> Option<String> {
    let first = first(rankers);
    let share = visible.filter(|&share| share > VISIBLE_MAX && first.len() > 1)?;
    Some(format!(
        "{} are not distinguishable {condition} (differences below {} cannot be seen in this run).",
        names(&first),
        difference(share, 0)
    ))
}

/// Those who may be first.
fn first(rankers: &[Ranker]) -> Vec<&Ranker> {
    rankers.iter().filter(|one| one.rank.best == 1).collect()
}

/// With the sign of those whose rate nobody knows.
fn names(rankers: &[&Ranker]) -> String {
    let signed = rankers.iter().map(|one| {
        let sign = if one.is_client_bound { "†" } else { "" };
        format!("`{}`{sign}", one.name)
    });
    listed(&signed.collect::<Vec<_>>())
}

fn sentence(rankers: &[Ranker], praise: Praise, condition: &str, baseline: Option<&str>) -> String {
    let first = first(rankers);
    let names = names(&first);
    let to_baseline = |one: &Ranker| match baseline {
        // The baseline may have the best figure of the table.
        Some(baseline) => format!(
            ": {} of the baseline, `{baseline}`, which is not ranked",
            one.ratio
        ),
        None => String::new(),
    };
    match first.as_slice() {
        [] => format!("No contestant ranks first {condition}."),
        [only] if rankers.len() == 1 => {
            format!(
                "{names} is the only contestant that is ranked {condition}{}.",
                to_baseline(only)
            )
        }
        [only] if only.rank.worst == 1 => {
            format!(
                "{}, {names} {} of all ranked contestants{}.",
                capitalised(condition),
                praise.one,
                to_baseline(only)
            )
        }
        [only] => format!(
            "{names} ranks {} {condition}{}; no other contestant can be first.",
            only.rank,
            to_baseline(only)
        ),
        all if all.len() == rankers.len() => {
            format!(
                "No contestant is distinguishable from all others {condition}: {names} share rank 1."
            )
        }
        _ => format!(
            "{}, {names} {} of all ranked contestants; they are not distinguishable.",
            capitalised(condition),
            praise.several
        ),
    }
}

/// The beginning of a sentence.
fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

/// `a`, `b` and `c`.
pub fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_tie_that_could_hide_much_says_so() {
        let tied = [ranker("a", 1, 2), ranker("b", 1, 2)];
        let said =
            |rankers: &[Ranker], visible| unseen(rankers, "at 64 connections", Some(visible));
        let words = "`a` and `b` are not distinguishable at 64 connections (differences below a factor of 4.3 cannot be seen in \
                     this run).";
        assert_eq!(said(&tied, 3.3).as_deref(), Some(words));
        assert_eq!(said(&tied, 0.1), None);
        assert_eq!(said(&[ranker("a", 1, 1), ranker("b", 2, 2)], 3.3), None);
    }

    const PRAISE: Praise = Praise {
        one: "answers the most",
        several: "answer the most",
    };

    fn ranker(name: &str, best: usize, worst: usize) -> Ranker {
        Ranker {
            name: name.to_owned(),
            rank: RankSet { best, worst },
            ratio: "0.943 ±2.6%".to_owned(),
            is_client_bound: false,
        }
    }

    fn said(rankers: &[Ranker]) -> String {
        sentence(rankers, PRAISE, "at 64 connections", Some("base"))
    }

    #[test]
    fn without_ranks_nobody_is_named() {
        let said = |is_empty, is_untrusted, too_few: Option<&str>| {
            unranked(
                is_empty,
                is_untrusted,
                too_few.as_ref(),
                "at 64 connections",
            )
        };
        let empty = "No contestant is ranked at 64 connections.";
        for is_untrusted in [true, false] {
            assert_eq!(
                said(true, is_untrusted, Some("3 blocks")).as_deref(),
                Some(empty)
            );
        }
        let untrusted = said(false, true, Some("3 blocks")).unwrap();
        assert!(
            untrusted.starts_with("Untrusted at 64 connections: "),
            "{untrusted}"
        );
        let few = said(false, false, Some("3 blocks allow no claim"));
        assert_eq!(
            few.as_deref(),
            Some("No ranking at 64 connections: 3 blocks allow no claim.")
        );
        assert_eq!(said(false, false, None), None);
    }

    #[test]
    fn the_first_is_named_with_its_ratio() {
        let text = said(&[ranker("a", 1, 1), ranker("b", 2, 2)]);
        assert_eq!(
            text,
            "At 64 connections, `a` answers the most of all ranked contestants: 0.943 ±2.6% of the baseline, `base`, which is \
             not ranked."
        );
    }

    #[test]
    fn all_who_share_the_first_rank_are_named() {
        let text = said(&[
            ranker("a", 1, 3),
            ranker("b", 1, 3),
            ranker("c", 1, 3),
            ranker("d", 4, 4),
        ]);
        assert_eq!(
            text,
            "At 64 connections, `a`, `b` and `c` answer the most of all ranked contestants; they are not distinguishable."
        );
    }

    #[test]
    fn when_all_are_tied_nobody_is_praised() {
        let text = said(&[ranker("a", 1, 2), ranker("b", 1, 2)]);
        assert!(
            text.starts_with("No contestant is distinguishable"),
            "{text}"
        );
        assert!(!text.contains("most"), "{text}");
    }

    #[test]
    fn one_contestant_is_not_the_best_of_any() {
        let text = said(&[ranker("a", 1, 1)]);
        assert!(
            text.contains("the only contestant") && !text.contains("most"),
            "{text}"
        );
        let alone = sentence(&[ranker("a", 1, 1)], PRAISE, "at 64 connections", None);
        assert_eq!(
            alone,
            "`a` is the only contestant that is ranked at 64 connections."
        );
    }

    #[test]
    fn whoever_could_not_be_ranked_is_named_behind_the_first() {
        let names = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        assert_eq!(without_rank(&[]), "");
        assert_eq!(
            without_rank(&names(&["a"])),
            " `a` lacks slices and is not ranked."
        );
        assert_eq!(
            without_rank(&names(&["a", "b"])),
            " `a` and `b` lack slices and are not ranked."
        );
    }

    #[test]
    fn a_client_bound_leader_has_its_sign() {
        let mut first = ranker("a", 1, 1);
        first.is_client_bound = true;
        assert!(said(&[first, ranker("b", 2, 2)]).contains(", `a`† answers"));
    }

    proptest! {
        #[test]
        fn everybody_who_may_be_first_is_named_and_nobody_else(
            ranks in proptest::collection::vec((1..5_usize, 0..5_usize), 1..9),
            visible in proptest::option::of(0.0..5.0_f64)
        ) {
            let rankers: Vec<Ranker> = ranks
                .iter()
                .enumerate()
                .map(|(at, &(best, more))| ranker(&format!("n{at}"), best, best + more))
                .collect();
            let instead = unseen(&rankers, "at 64 connections", visible);
            let is_unseen = instead.is_some();
            let text = instead.unwrap_or_else(|| said(&rankers));
            for one in &rankers {
                let is_named = text.contains(&format!("`{}`", one.name));
                prop_assert_eq!(is_named, one.rank.best == 1, "{}", text);
            }
            let first = rankers.iter().filter(|one| one.rank.best == 1).count();
            if first > 1 {
                prop_assert!(!text.contains(PRAISE.one), "{}", text);
            }
            prop_assert!(!is_unseen || !text.contains(PRAISE.several), "{}", text);
        }
    }
}
