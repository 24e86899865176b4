//! Who has least of something and who most, in words, as far as their intervals tell them apart.

use crate::report::listed;
use crate::stats::Mean;

/// A sentence; `None` if there are fewer than two. All whose intervals overlap that of an extreme are named with it.
pub(super) fn extremes(
    what: &str,
    mut all: Vec<(&str, &Mean)>,
    written: impl Fn(f64) -> String,
) -> Option<String> {
    all.sort_by(|one, other| one.1.value.total_cmp(&other.1.value));
    let [(_, least), .., (_, most)] = all.as_slice() else {
        return None;
    };
    let with = |extreme: &Mean| {
        let near = all.iter().filter(|(_, mean)| mean.overlaps(extreme));
        let names = near.map(|(name, _)| format!("`{name}`"));
        listed(&names.collect::<Vec<_>>())
    };
    let (low, high) = (written(least.value), written(most.value));
    Some(match least.overlaps(most) {
        true => format!("{what}: the contestants are not distinguishable ({low} to {high})."),
        false => {
            let (least, most) = (with(least), with(most));
            format!("{what}: least in {least} ({low}), most in {most} ({high}).")
        }
    })
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
            "Weight: least in `light` and `nearly` (11 g), most in `heavy` (91 g)."
        );
        assert_eq!(
            said(&all[1..3]).unwrap(),
            "Weight: the contestants are not distinguishable (11 g to 12 g)."
        );
        assert_eq!(said(&all[..1]), None);
    }
}
