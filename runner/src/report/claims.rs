//! What a table says as a whole: whether it is to be trusted, what its controls say, how noisy its blocks
//! were, and what another analysis would change.

use super::figures::{Level, Report, Row};
use crate::analysis::{Control, Ranked, Sensitivity};
use crate::record::ArmKind;

/// For who has never read such a table.
pub(super) const HOW_TO_READ: &str = "rank: the places a row can have, all rows together at 95 %; rows in one \
     bracket cannot be told from their neighbours in it, so do not read an order into them.";

/// The heading of a level's table.
pub(super) fn heading(level: &Level) -> String {
    let heading = format!("{} connections", level.connections);
    let reasons: Vec<String> = level
        .analysis
        .distrust
        .iter()
        .map(ToString::to_string)
        .collect();
    if reasons.is_empty() {
        return heading;
    }
    format!("{heading}: UNTRUSTED, {}", reasons.join(", "))
}

/// A row's name; the planted control's says how much is planted at this level.
pub(super) fn name(level: &Level, row: &Row) -> String {
    let percent = level
        .analysis
        .controls
        .iter()
        .find_map(|control| match control {
            Control::Planted { name, percent, .. } if *name == row.arm.name => Some(percent),
            _ => None,
        });
    match percent {
        Some(percent) if row.arm.kind == ArmKind::Planted => format!("{}-{percent}%", row.arm.name),
        _ => row.arm.name.clone(),
    }
}

/// What has to be said under a table.
pub(super) fn under(report: &Report, level: &Level) -> Vec<String> {
    let analysis = &level.analysis;
    let mut lines = Vec::new();
    if let Err(too_few) = &analysis.rps.ranking {
        lines.push(format!("no ranks: {too_few}."));
    }
    lines.extend(analysis.controls.iter().map(control));
    let has_planted = report
        .run
        .arms
        .iter()
        .any(|arm| arm.kind == ArmKind::Planted);
    if !has_planted && analysis.rps.ranking.is_ok() {
        lines
            .push("no planted control: the run does not show what it would have found.".to_owned());
    }
    if level.rows.iter().any(Row::is_client_bound) {
        lines.push(
            "†: the generator was the limit, so the server may be faster than its rank by requests/s; \
             its rank by server CPU does not depend on that."
                .to_owned(),
        );
    }
    lines.extend(close_calls(&analysis.rps));
    lines.extend(noise(&analysis.rps));
    lines.extend(noise(&analysis.cpu));
    lines.extend(left_out(report, &analysis.rps));
    lines.extend(sensitivity(&analysis.sensitivity));
    lines
}

pub(super) fn control(control: &Control) -> String {
    let outcome = if control.failure().is_some() {
        "FAILS"
    } else {
        "passes"
    };
    match control {
        Control::Twin {
            name,
            measure,
            ratio,
        } => format!(
            "`{name}` {outcome} in {measure}: the floor's binary once more is {}told from it ({:.3}–{:.3}).",
            if ratio.covers(1.0) { "not " } else { "" },
            ratio.lower,
            ratio.upper
        ),
        Control::Planted {
            name,
            measure,
            percent,
            ratio,
            alone,
        } => format!(
            "`{name}` {outcome} in {measure}: planted {:.3}, {}found as {:.3} ({:.3}–{:.3} alone, \
             {:.3}–{:.3} among all); it is the floor's binary, and {percent} of {} answers are not counted.",
            Control::planted_ratio(*percent),
            if alone.upper < 1.0 { "" } else { "not " },
            ratio.estimate,
            alone.lower,
            alone.upper,
            ratio.lower,
            ratio.upper,
            100 + percent
        ),
    }
}

/// How contestants stand to the floor, against the margin; the clear cases are seen in the table.
pub(super) fn close_calls(ranked: &Ranked) -> Option<String> {
    let verdicts: Vec<String> = ranked
        .field
        .iter()
        .filter(|&&arm| Some(arm) != ranked.floor)
        .filter_map(|&arm| {
            let name = &ranked.measured.arms[arm];
            Some(format!("{name} {}", ranked.standing(name)?.verdict?))
        })
        .collect();
    (!verdicts.is_empty()).then(|| {
        format!(
            "against the floor, where less than {:.0} % is a tie: {}.",
            ranked.margin * 100.0,
            verdicts.join(", ")
        )
    })
}

pub(super) fn noise(ranked: &Ranked) -> Option<String> {
    let (components, ranking) = (ranked.components?, ranked.ranking.as_ref().ok()?);
    let percent = |sd: f64| format!("{:.1} %", sd * 100.0);
    let agreement = ranked
        .kendall_w
        .map_or_else(String::new, |w| format!("; Kendall's W {w:.2}"));
    let correlation = ranking.correlation();
    let widened = match (correlation.widening - 1.0) * 100.0 {
        widened if widened > 0.0 => format!(", which widens intervals by {widened:.0} %"),
        _ => String::new(),
    };
    let correlated = correlation.lag_one.map_or_else(String::new, |lag_one| {
        format!("; lag-1 autocorrelation of blocks {lag_one:.2}{widened}")
    });
    Some(format!(
        "noise of a ratio in {} (standard deviation): neighbouring slices {}, all laps of a block {}, \
         processes {}, blocks {}{correlated}{agreement}.",
        ranked.measure,
        percent(components.slice_sd),
        percent(components.round_sd),
        percent(components.process_sd),
        percent(components.block_sd),
    ))
}

fn left_out(report: &Report, ranked: &Ranked) -> Vec<String> {
    let mut lines = Vec::new();
    if report.set_aside > 0 {
        lines.push(format!(
            "{} of {} blocks were spoilt by the machine, set aside whole and measured again.",
            report.set_aside,
            report.set_aside + report.blocks
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

/// What other ways to analyse the same records would change.
pub(super) fn sensitivity(all: &[Sensitivity]) -> Option<String> {
    let all: Vec<String> = all
        .iter()
        .map(|one| match one.changed.as_slice() {
            [] => format!("{}: none", one.alternative),
            changed => format!("{}: {}", one.alternative, changed.join(", ")),
        })
        .collect();
    (!all.is_empty()).then(|| {
        format!(
            "rank sets that another analysis would change, with {}.",
            all.join("; with ")
        )
    })
}
