//! What is said under a table of ranks: what its controls say, how noisy its blocks were, and what another
//! analysis would change.

use super::takeaway::listed;
use crate::analysis::{Control, Effect, Ranked, Sensitivity};
use crate::run::BlockRow;
use crate::stats::{CHECKED_BLOCKS_MIN, DRAWS, Verdict};

/// For first-time readers of such a table.
pub const HOW_TO_READ_RANKS: &str = "rank: the ranks a row can have, jointly valid for all rows at 95%. Rows in one bracket, on a \
     terminal or the page of all runs, are not distinguishable from their neighbours in it, so their order means nothing.";

/// What is said of a table of ranks.
#[derive(Debug, Default)]
pub struct Claims {
    /// What every reader of the table has to know.
    pub remarks: Vec<String>,
    /// How the checks of the method came out, for those who doubt it.
    pub checks: Vec<String>,
}

/// The claims of a table that `ranked` ranks; `others` are further measures of the same blocks.
#[must_use]
pub fn rank_claims(
    ranked: &Ranked,
    others: &[&Ranked],
    controls: &[Control],
    sensitivity: &[Sensitivity],
    blocks: &[BlockRow],
) -> Claims {
    let (fails, passes): (Vec<_>, Vec<_>) =
        controls.iter().partition(|one| one.failure().is_some());
    let mut remarks = Vec::new();
    if let Err(too_few) = &ranked.ranking {
        remarks.push(format!("No ranks: {too_few}."));
    }
    remarks.extend(fails.into_iter().map(control));
    if ranked.ranking.is_ok() && !controls.iter().any(|one| one.effect != Effect::None) {
        remarks
            .push("No planted control: the run does not show what it would have found.".to_owned());
    }
    remarks.extend(unchecked(ranked));
    remarks.extend(left_out(ranked, blocks));
    remarks.extend(verdicts(ranked));
    let mut checks: Vec<String> = passes.into_iter().map(control).collect();
    checks.extend(
        std::iter::once(ranked)
            .chain(others.iter().copied())
            .filter_map(noise),
    );
    let found = [carry_over(ranked), sensitive(sensitivity)];
    for (concerns_all, said) in found.into_iter().flatten() {
        match concerns_all {
            true => remarks.push(said),
            false => checks.push(said),
        }
    }
    Claims { remarks, checks }
}

fn control(control: &Control) -> String {
    let outcome = if control.failure().is_some() {
        "FAILS"
    } else {
        "passes"
    };
    let Control {
        name,
        measure,
        effect,
        ratio,
        alone,
    } = control;
    match effect {
        Effect::None => format!(
            "`{name}` {outcome} ({measure}): the same binary measured again is {}distinguishable from it \
             (control interval {:.3}–{:.3}).",
            if ratio.covers(1.0) { "not " } else { "" },
            ratio.lower,
            ratio.upper
        ),
        Effect::Withheld { percent } => format!(
            "`{name}` {outcome} ({measure}): planted {:.3}, {} as {:.3} ({:.3}–{:.3} alone, control interval \
             {:.3}–{:.3}); it is the baseline's binary, and {percent} of {} answers do not count.",
            effect.ratio(),
            if alone.upper < 1.0 {
                "found"
            } else {
                "not found, measured"
            },
            ratio.estimate,
            alone.lower,
            alone.upper,
            ratio.lower,
            ratio.upper,
            100 + percent
        ),
    }
}

/// How contestants stand to the baseline, against the margin.
fn verdicts(ranked: &Ranked) -> Option<String> {
    let field = ranked.field.iter().filter_map(|&arm| {
        let name = ranked.measured.arms[arm].as_str();
        Some((name, ranked.standing(name)?.verdict?))
    });
    beyond(ranked.margin, &field.collect::<Vec<_>>())
}

/// By whom more than the margin is shown. Who differs by less than that may still differ significantly, and have its sign
/// in the tables of pairs.
fn beyond(margin: f64, field: &[(&str, Verdict)]) -> Option<String> {
    let those = |verdict| -> Vec<String> {
        let own = field.iter().filter(|(_, own)| *own == verdict);
        own.map(|(name, _)| format!("`{name}`")).collect()
    };
    let parts = [
        (Verdict::Faster, "faster is", "faster are"),
        (Verdict::Slower, "slower is", "slower are"),
        (Verdict::Undecided, "not shown for", "not shown for"),
        (Verdict::Tie, "surely not", "surely not"),
    ];
    let parts = parts.into_iter().filter_map(|(verdict, one, several)| {
        let names = those(verdict);
        let words = if names.len() == 1 { one } else { several };
        (!names.is_empty()).then(|| format!("{words} {}", listed(&names)))
    });
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| {
        format!(
            "By more than {:.0}% from the baseline: {}.",
            margin * 100.0,
            parts.join("; ")
        )
    })
}

/// What is not checked because there are too few blocks for that.
fn unchecked(ranked: &Ranked) -> Option<String> {
    let blocks = ranked.rows.len();
    (ranked.ranking.is_ok() && blocks < CHECKED_BLOCKS_MIN).then(|| {
        format!(
            "The intervals hold if blocks are independent and symmetric about their mean. {blocks} blocks cannot show \
             that they are, and fewer than {CHECKED_BLOCKS_MIN} are not asked; if they are not, more than 5% of such \
             tables have a false difference (docs/ANALYSIS.md, section 8)."
        )
    })
}

fn noise(ranked: &Ranked) -> Option<String> {
    let (components, ranking) = (ranked.components?, ranked.ranking.as_ref().ok()?);
    let percent = |sd: f64| format!("{:.1}%", sd * 100.0);
    let agreement = ranked
        .kendall_w
        .map_or_else(String::new, |w| format!("; Kendall's W {w:.2}"));
    let correlation = ranking.correlation();
    let widened = match (correlation.widening - 1.0) * 100.0 {
        widened if widened > 0.0 => format!(", which widens intervals by {widened:.0}%"),
        _ => String::new(),
    };
    let correlated = correlation.lag_one.map_or_else(String::new, |lag_one| {
        format!("; lag-1 autocorrelation of blocks {lag_one:.2}{widened}")
    });
    Some(format!(
        "Standard deviation of a ratio ({}): neighbouring slices {}, all rounds of a block {}, processes {}, \
         blocks {}{correlated}{agreement}.",
        ranked.measure,
        percent(components.slice_sd),
        percent(components.round_sd),
        percent(components.process_sd),
        percent(components.block_sd),
    ))
}

/// Which arm changes the slice after it most; first whether that is more than chance explains.
fn carry_over(ranked: &Ranked) -> Option<(bool, String)> {
    let carry_over = ranked.carry_over.as_ref()?;
    let arm = carry_over.largest();
    let p_value = carry_over.p_value(0, DRAWS)?;
    // What is better is a higher rate or a shorter time.
    let size = carry_over.of_arm[arm].exp() - 1.0;
    let kind = if size < 0.0 { "worse" } else { "better" };
    let is_real = p_value < CHANCE_MAX;
    let said = format!(
        "Carry-over ({}), estimated and removed: largest after `{}`, slices {:.1}% (± {:.1}% standard error) \
         {kind} than after the average arm; p = {p_value:.2}{}.",
        ranked.measure,
        ranked.measured.arms[arm],
        size.abs() * 100.0,
        carry_over.standard_errors[arm] * 100.0,
        if is_real { "" } else { ", within chance" },
    );
    Some((is_real, said))
}

/// What is less likely than this is not put down to chance.
const CHANCE_MAX: f64 = 0.05;

fn left_out(ranked: &Ranked, blocks: &[BlockRow]) -> Vec<String> {
    let mut lines = Vec::new();
    let excluded = blocks.len() - BlockRow::counting(blocks) as usize;
    if excluded > 0 {
        lines.push(format!(
            "{excluded} of {} blocks {} disturbed by the machine, excluded whole and measured again.",
            blocks.len(),
            if excluded == 1 { "was" } else { "were" }
        ));
    }
    if ranked.measured.incomplete > 0 {
        lines.push(format!(
            "{} blocks lack an arm and are left out of all comparisons.",
            ranked.measured.incomplete
        ));
    }
    for name in &ranked.measured.left_out {
        lines.push(format!(
            "`{name}` lacks slices in more than a fifth of the blocks and is not ranked."
        ));
    }
    lines
}

/// Which rank sets depend on the analysis; first whether any does.
fn sensitive(all: &[Sensitivity]) -> Option<(bool, String)> {
    let is_any = all.iter().any(|one| !one.changed.is_empty());
    let all = all.iter().map(|one| match one.changed.as_slice() {
        [] => format!("{}: none", one.alternative),
        changed => format!("{}: {}", one.alternative, changed.join(", ")),
    });
    let all: Vec<String> = all.collect();
    (!all.is_empty()).then(|| {
        let said = format!(
            "Rank sets that would differ with another analysis: with {}.",
            all.join("; with ")
        );
        (is_any, said)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_that_another_analysis_would_change_concerns_every_reader() {
        let said = |changed: &[&str]| {
            sensitive(&[Sensitivity {
                alternative: "the best slice".to_owned(),
                changed: changed.iter().map(|one| (*one).to_owned()).collect(),
            }])
        };
        assert!(!said(&[]).unwrap().0);
        assert!(said(&["a"]).unwrap().0);
        assert!(sensitive(&[]).is_none());
    }

    #[test]
    fn verdicts_are_grouped_and_say_what_is_not_shown() {
        let field = [
            ("a", Verdict::Undecided),
            ("b", Verdict::Slower),
            ("c", Verdict::Slower),
            ("d", Verdict::Faster),
            ("e", Verdict::Tie),
        ];
        let words = "By more than 2% from the baseline: faster is `d`; slower are `b` and `c`; not shown for `a`; \
                     surely not `e`.";
        assert_eq!(beyond(0.02, &field).as_deref(), Some(words));
        assert_eq!(beyond(0.02, &[]), None);
    }
}
