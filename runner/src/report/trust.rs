//! How far a table can be relied on, in a few words: every check is said, whichever way it came out.

use super::format::{difference, grouped};
use crate::analysis::{Control, Effect, Ranked};
use crate::run::Warning;
use crate::stats::median;

/// What was asked and what went wrong.
#[derive(Debug, Clone, Copy)]
pub struct Answers {
    /// Answers that were counted, right or wrong.
    pub counted: u64,
    /// Those that were not right, and slices without any.
    pub errors: u64,
}

/// The checks of a table, an item each.
#[must_use]
pub fn trust(
    ranked: &Ranked,
    controls: &[Control],
    answers: Answers,
    warnings: &[Warning],
) -> Vec<String> {
    let own = controls
        .iter()
        .filter(|control| control.measure == ranked.measure);
    let mut items: Vec<String> = own.map(control).collect();
    items.extend(visible_difference(ranked).map(|share| {
        format!(
            "half of all pairs would show a difference of {}",
            difference(share, 1)
        )
    }));
    items.push(format!(
        "{} in {} answers",
        counted(answers.errors, "error"),
        grouped(answers.counted)
    ));
    items.push(warned(warnings));
    items
}

/// How many warnings a run has, and the size of each; what to do about it is said where they are listed.
#[must_use]
pub fn warned(warnings: &[Warning]) -> String {
    let count = counted(warnings.len() as u64, "warning");
    let each: Vec<String> = warnings.iter().map(Warning::size).collect();
    match each.is_empty() {
        true => count,
        false => format!("{count} ({})", each.join("; ")),
    }
}

fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

fn control(control: &Control) -> String {
    let passes = control.failure().is_none();
    match control.effect {
        Effect::None => format!(
            "A/A twin {:.3} ({:.3}–{:.3}): {}",
            control.ratio.estimate,
            control.ratio.lower,
            control.ratio.upper,
            match passes {
                true => "not distinguishable, as it must be",
                false => "distinguishable, which is a failure",
            }
        ),
        Effect::Withheld { percent } => format!(
            "planted loss of {:.1}%: {}",
            100.0 * percent as f64 / (100 + percent) as f64,
            if passes {
                "found (tested alone)"
            } else {
                "not found as planted, which is a failure"
            }
        ),
    }
}

/// The difference of two contestants that half of all pairs would show, as a share.
pub(super) fn visible_difference(ranked: &Ranked) -> Option<f64> {
    let pairs = ranked
        .field
        .iter()
        .flat_map(|&one| ranked.field.iter().map(move |&other| (one, other)));
    let pairs = pairs.filter(|(one, other)| one < other);
    let half_widths: Vec<f64> = pairs
        .filter_map(|(one, other)| Some(ranked.ratio(one, other)?.half_width()))
        .collect();
    median(&half_widths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_counted_and_each_has_its_size() {
        let steal = Warning::Steal { steal_ppm: 31_260 };
        assert_eq!(warned(&[]), "0 warnings");
        assert_eq!(warned(&[steal]), "1 warning (steal 3.12%)");
        let steal = Warning::Steal { steal_ppm: 31_260 };
        assert_eq!(
            warned(&[Warning::UncommittedSources, steal]),
            "2 warnings (uncommitted sources; steal 3.12%)"
        );
    }
}
