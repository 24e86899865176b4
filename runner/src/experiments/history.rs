//! Runs of one experiment over time: which of them can be compared, and each server's ratio to the baseline in all of
//! those.

use super::entry::{Entry, Kin};
use super::group::group;
use super::publish::{kind, side_by_side};
use super::{KINDS, Kind};
use crate::report::history::{History, LeftOut, charts, page};
use crate::report::svg;
use crate::run::{Facts, find_runs, is_run};
use crate::usage::UsageError;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// What of it is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// These servers; all if none is named.
    pub servers: Vec<String>,
    /// By this measure; by the first of the experiment if none is named.
    pub measure: Option<String>,
}

/// A run, and what its folder is called.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) folder: String,
    pub(super) entry: Entry,
}

/// The history of an experiment over the runs in these folders, each of which is a run or holds some.
///
/// # Errors
///
/// If a folder is neither, no two runs can be compared, or what is wanted is in none of them.
pub fn history(folders: &[PathBuf], experiment: &str, wanted: &Wanted) -> Result<History> {
    let kind = kind(experiment).ok_or_else(|| {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        UsageError(format!(
            "`{experiment}` is not an experiment; there are {}",
            names.join(", ")
        ))
    })?;
    let mut left_out = Vec::new();
    let mut paths = Vec::new();
    for folder in folders {
        gather(folder, kind, &mut paths, &mut left_out)?;
    }
    let read = side_by_side(&paths, |path| (kind.history)(path));
    let mut runs = Vec::new();
    for (path, read) in paths.iter().zip(read) {
        let folder = shown(path);
        match read {
            Ok(entry) => runs.push(Named { folder, entry }),
            Err(error) => left_out.push(LeftOut {
                folder,
                why: format!("{error:#}"),
            }),
        }
    }
    of_runs(experiment, runs, left_out, wanted)
}

/// The page of a history and its charts; none if no two runs can be compared.
pub(super) fn pages(results: &Path, experiment: &str, runs: Vec<Named>) -> Vec<(PathBuf, String)> {
    let Ok(history) = of_runs(experiment, runs, Vec::new(), &Wanted::default()) else {
        return Vec::new();
    };
    let charts = history.groups.iter().flat_map(charts);
    let mut pages: Vec<(PathBuf, String)> = charts
        .map(|chart| (results.join(chart.file_name()), svg::file(&chart)))
        .collect();
    pages.push((results.join("history.md"), page(&history)));
    pages
}

/// A folder as it was named, without the way to the current one.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(here).unwrap_or(path);
    path.to_string_lossy().into_owned()
}

/// The runs that a folder is or holds.
fn gather(
    folder: &Path,
    kind: &Kind,
    paths: &mut Vec<PathBuf>,
    left_out: &mut Vec<LeftOut>,
) -> Result<()> {
    let mut leave_out = |path: &Path, why: String| {
        let folder = shown(path);
        left_out.push(LeftOut { folder, why });
    };
    if is_run(folder) {
        match Facts::read(folder) {
            Ok(facts) if facts.experiment == kind.name => paths.push(folder.to_owned()),
            Ok(facts) => leave_out(
                folder,
                format!(
                    "it is a run of {0}; `--experiment {0}` follows those",
                    facts.experiment
                ),
            ),
            Err(error) => leave_out(folder, format!("{error:#}")),
        }
        return Ok(());
    }
    let found = find_runs(folder).context("name folders of runs, or one that holds some")?;
    ensure!(
        !found.runs.is_empty() || !found.unreadable.is_empty(),
        "{} is not the folder of a run and holds none; name folders of runs, or one that holds some",
        folder.display()
    );
    let own = found.runs.into_iter();
    paths.extend(
        own.filter(|(_, facts)| facts.experiment == kind.name)
            .map(|(path, _)| path),
    );
    for one in found.unreadable {
        leave_out(&one.path, format!("{:#}", one.error));
    }
    Ok(())
}

/// From runs that were read.
pub(super) fn of_runs(
    experiment: &str,
    mut runs: Vec<Named>,
    mut left_out: Vec<LeftOut>,
    wanted: &Wanted,
) -> Result<History> {
    runs.sort_by(|one, other| {
        let key = |named: &Named| (named.entry.run.started_at.clone(), named.folder.clone());
        key(one).cmp(&key(other))
    });
    let runs = distinct(runs, &mut left_out);
    let families = families(runs, &mut left_out);
    if families.is_empty() {
        return Err(UsageError(too_few(experiment, &left_out)).into());
    }
    let measure = measure(&families, wanted)?;
    refuse_unknown(&families, &wanted.servers)?;
    let groups = families
        .iter()
        .map(|(kin, runs)| group(kin, runs, &measure, &wanted.servers));
    let mut history = History {
        experiment: experiment.to_owned(),
        groups: groups.filter(|group| !group.tables.is_empty()).collect(),
        left_out,
    };
    history.clean();
    Ok(history)
}

fn too_few(experiment: &str, left_out: &[LeftOut]) -> String {
    let reasons = left_out
        .iter()
        .map(|one| format!("{} is left out, since {}", one.folder, one.why));
    let reasons: Vec<String> = reasons.collect();
    let seen = match reasons.is_empty() {
        true => "these folders hold none".to_owned(),
        false => reasons.join("; "),
    };
    format!(
        "a history takes at least two runs of {experiment} that can be compared; name more folders, or measure again with \
         `--out FOLDER` on this machine ({seen})"
    )
}

/// Runs that are not copies of earlier ones.
fn distinct(runs: Vec<Named>, left_out: &mut Vec<LeftOut>) -> Vec<Named> {
    let mut kept: Vec<Named> = Vec::new();
    for named in runs {
        let digest = &named.entry.run.digest;
        match kept.iter().find(|one| one.entry.run.digest == *digest) {
            Some(first) if first.folder == named.folder => {}
            Some(first) => left_out.push(LeftOut {
                why: format!("it is the same run as {}", first.folder),
                folder: named.folder,
            }),
            None => kept.push(named),
        }
    }
    kept
}

/// Runs that can be compared, two or more together, the largest group first and of equal ones that with the newest run.
fn families(runs: Vec<Named>, left_out: &mut Vec<LeftOut>) -> Vec<(Kin, Vec<Named>)> {
    let mut families: Vec<(Kin, Vec<Named>)> = Vec::new();
    for named in runs {
        match named.entry.kin() {
            _ if named.entry.tables.is_empty() => left_out.push(LeftOut {
                folder: named.folder,
                why: "it has no table of ratios to a baseline".to_owned(),
            }),
            None => left_out.push(LeftOut {
                folder: named.folder,
                why: "it has no baseline".to_owned(),
            }),
            Some(kin) => match families.iter_mut().find(|(one, _)| *one == kin) {
                Some((_, own)) => own.push(named),
                None => families.push((kin, vec![named])),
            },
        }
    }
    let newest = |runs: &[Named]| runs.last().map(|one| one.entry.run.started_at.clone());
    families.sort_by_key(|(_, runs)| std::cmp::Reverse((runs.len(), newest(runs))));
    let main = families.first().map(|(kin, _)| kin.clone());
    let mut kept = Vec::new();
    for (kin, runs) in families {
        let (related, alone) = related(runs);
        for named in alone {
            let why = match &main {
                Some(main) if *main != kin => kin.differs_from(main),
                _ => "no other run of its machine, method and variant has a table that it has"
                    .to_owned(),
            };
            left_out.push(LeftOut {
                folder: named.folder,
                why,
            });
        }
        if !related.is_empty() {
            kept.push((kin, related));
        }
    }
    kept
}

/// Those that have a table in common with another one, and the rest.
fn related(runs: Vec<Named>) -> (Vec<Named>, Vec<Named>) {
    let shares = |one: &Entry, other: &Entry| {
        let mut tables = one.tables.iter();
        tables.any(|table| {
            let measure = table.ranked.measure.name;
            other.table(&table.heading, measure).is_some()
        })
    };
    let has_kin: Vec<bool> = (0..runs.len())
        .map(|place| {
            let mut others = (0..runs.len()).filter(|&other| other != place);
            others.any(|other| shares(&runs[place].entry, &runs[other].entry))
        })
        .collect();
    let (mut related, mut alone) = (Vec::new(), Vec::new());
    for (named, has_kin) in runs.into_iter().zip(has_kin) {
        if has_kin {
            related.push(named);
        } else {
            alone.push(named);
        }
    }
    (related, alone)
}

/// The measure that is wanted, or the first of the newest run.
fn measure(families: &[(Kin, Vec<Named>)], wanted: &Wanted) -> Result<String> {
    let runs = families.iter().flat_map(|(_, runs)| runs.iter().rev());
    let mut names: Vec<&str> = Vec::new();
    for table in runs.flat_map(|named| &named.entry.tables) {
        let name = table.ranked.measure.name;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match &wanted.measure {
        None => Ok(names.first().copied().unwrap_or_default().to_owned()),
        Some(name) if names.contains(&name.as_str()) => Ok(name.clone()),
        Some(name) => Err(UsageError(format!(
            "no table is by `{name}`; `--measure` takes one of: {}",
            names.join(", ")
        ))
        .into()),
    }
}

fn refuse_unknown(families: &[(Kin, Vec<Named>)], servers: &[String]) -> Result<()> {
    let runs = families.iter().flat_map(|(_, runs)| runs);
    let tables = runs.flat_map(|named| &named.entry.tables);
    let mut names: Vec<&str> = tables
        .flat_map(|table| {
            let field = table.ranked.field.iter();
            field.map(|&arm| table.ranked.measured.arms[arm].as_str())
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    for server in servers {
        if !names.contains(&server.as_str()) {
            let words = format!(
                "no run has a ratio of `{server}` to its baseline; there are {}",
                names.join(", ")
            );
            return Err(UsageError(words).into());
        }
    }
    Ok(())
}
