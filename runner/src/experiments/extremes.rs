//! Who has least of something and who most, in words, as far as their intervals tell them apart.

use crate::report::listed;
use crate::stats::Mean;

/// A sentence; `None` if there are fewer than two. All whose intervals overlap that of an extreme are named behind it; those
/// that overlap both extremes are named once, behind both.
pub(super) fn extremes(
    what: &str,
    mut all: Vec<(&str, &Mean)>,
    written: impl Fn(f64) -> String,
) -> Option<String> {
    all.sort_by(|one, other| one.1.value.total_cmp(&other.1.value));
    let [least, .., most] = *all.as_slice() else {
        return None;
    };
    if least.1.overlaps(most.1) {
        let (low, high) = (written(least.1.value), written(most.1.value));
        return Some(format!(
            "{what}: the contestants are not distinguishable ({low} to {high})."
        ));
    }
    // Those that are near to these extremes and to no other, in words that end with their names.
    let near = |words: &str, extremes: [bool; 2]| {
        let own = all.iter().filter(|(name, mean)| {
            let overlaps = [least, most].map(|(_, extreme)| mean.overlaps(extreme));
            ![least.0, most.0].contains(name) && overlaps == extremes
        });
        let names: Vec<String> = own.map(|(name, _)| format!("`{name}`")).collect();
        match names.is_empty() {
            true => String::new(),
            false => format!("; {words}: {}", listed(&names)),
        }
    };
    let it = "not distinguishable from it";
    Some(format!(
        "{what}: least in `{}` ({}{}), most in `{}` ({}{}){}.",
        least.0,
        written(least.1.value),
        near(it, [true, false]),
        most.0,
        written(most.1.value),
        near(it, [false, true]),
        near("not distinguishable from either", [true, true])
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(all: &[(&str, [f64; 3])]) -> Option<String> {
        let means: Vec<Mean> = all
            .iter()
            .map(|(_, values)| Mean::of(values).unwrap())
            .collect();
        let named = all.iter().zip(&means);
        let named = named.map(|((name, _), mean)| (*name, mean)).collect();
        extremes("Weight", named, |value| format!("{value:.0} g"))
    }

    #[test]
    fn whoever_cannot_be_told_from_an_extreme_is_named_with_it() {
        let all = [
            ("heavy", [90.0, 91.0, 92.0]),
            ("light", [10.0, 11.0, 12.0]),
            ("nearly", [11.0, 12.0, 13.0]),
            ("middle", [50.0, 51.0, 52.0]),
        ];
        assert_eq!(
            said(&all).unwrap(),
            "Weight: least in `light` (11 g; not distinguishable from it: `nearly`), most in `heavy` (91 g)."
        );
        assert_eq!(
            said(&all[1..3]).unwrap(),
            "Weight: the contestants are not distinguishable (11 g to 12 g)."
        );
        assert_eq!(said(&all[..1]), None);
    }

    #[test]
    fn whoever_overlaps_both_extremes_is_named_once() {
        let wide = [0.0, 50.0, 100.0];
        let all = [
            ("heavy", [90.0, 91.0, 92.0]),
            ("light", [10.0, 11.0, 12.0]),
            ("wide", wide),
        ];
        assert_eq!(
            said(&all).unwrap(),
            "Weight: least in `light` (11 g), most in `heavy` (91 g); not distinguishable from either: `wide`."
        );
    }
}
