//! Parts of one load, joined: which ones there are, and their stages added up.

use super::{LoadResult, MergeError, Named};
use crate::result::parts::of_incomplete;
use crate::result::{Parts, StageResult, knee};
use anyhow::{Context, Result, ensure};

/// The parts that these results have together; nothing if each of them is a load of its own.
pub(super) fn parts(results: &[Named], is_partial: bool) -> Result<Option<Parts>, MergeError> {
    let held_by = |one: &Named| of_incomplete(one.result.asked.parts.as_ref()).cloned();
    let Some(mut sum) = held_by(&results[0]) else {
        return Ok(None);
    };
    let mut owners: Vec<(u32, &str)> = Vec::new();
    for one in results {
        for part in held_by(one).into_iter().flat_map(|parts| parts.held) {
            if let Some((_, earlier)) = owners.iter().find(|(other, _)| *other == part) {
                return Err(MergeError::SamePart {
                    name: one.name.clone(),
                    earlier: (*earlier).to_owned(),
                    part: format!("part {part}"),
                });
            }
            owners.push((part, &one.name));
        }
    }
    sum.held = owners.into_iter().map(|(part, _)| part).collect();
    sum.held.sort_unstable();
    match sum.missing_text() {
        Some(words) if !is_partial => Err(MergeError::Missing { words }),
        _ => Ok(Some(sum)),
    }
}

/// Adds up the stages: each is the same stretch of one schedule in all parts.
pub(super) fn add_stages(sum: &mut LoadResult, results: &[&LoadResult]) -> Result<()> {
    let share = share(results);
    let as_many = |run: &&LoadResult| run.stage_results.len() == sum.stage_results.len();
    ensure!(
        results.iter().all(as_many),
        "the stages of one load are as many in each part"
    );
    let mut stages = Vec::new();
    for (place, first) in sum.stage_results.iter().enumerate() {
        let mut total = None;
        for run in results {
            let before = place
                .checked_sub(1)
                .map(|before| &run.stage_results[before]);
            let one = &run.stage_results[place];
            ensure!(
                (one.from_rate, one.to_rate, one.duration_s)
                    == (first.from_rate, first.to_rate, first.duration_s),
                "the stages of one load are the same in each part"
            );
            let one = one.measured(before, share)?;
            match &mut total {
                None => total = Some(one),
                Some(total) => total.add(&one).context("bounds have been compared")?,
            }
        }
        stages.extend(total.map(|total| StageResult::of_part(&total)));
    }
    sum.stage_results = stages.into_iter().collect::<Result<_>>()?;
    sum.knee_rate = knee(&sum.stage_results);
    Ok(())
}

/// How much of the load these parts are.
fn share(results: &[&LoadResult]) -> f64 {
    let parts = results.iter().filter_map(|run| run.asked.parts.as_ref());
    parts
        .map(|parts| parts.held.len() as f64 / f64::from(parts.of))
        .sum()
}
