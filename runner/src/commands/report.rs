//! `runner report`: pages from records, and the newest kept runs on the front page.

use crate::cli::ReportOptions;
use crate::experiments::publish::Renewed;
use crate::experiments::{Kind, publish, renew_page};
use crate::framework;
use crate::output::{Screen, Verdict, print, print_json};
use crate::report::tables;
use crate::run::Facts;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Bad if a page that is only checked is stale, or a kept run is in no page.
pub(super) fn run(options: &ReportOptions) -> Result<Verdict> {
    let renewed = match &options.run {
        Some(folder) if options.json => return json(folder),
        None if options.json => return json_of_all(),
        Some(folder) => Renewed {
            stale: one_run(folder, options.check)?,
            left_out: Vec::new(),
        },
        None => publish::all(&framework::root()?, options.check)?,
    };
    for page in &renewed.stale {
        let what = if options.check {
            "is not what the records say; run `make report`"
        } else {
            "written"
        };
        crate::say!("{}: {what}", page.display());
    }
    say_left_out(&renewed.left_out);
    let is_current = !options.check || renewed.stale.is_empty();
    Ok(Verdict::good_if(is_current && renewed.left_out.is_empty()))
}

/// Says it last, so that it is not lost among pages.
fn say_left_out(folders: &[PathBuf]) {
    if !folders.is_empty() {
        let names = folders.iter().map(|one| one.display().to_string());
        crate::say!(
            "left out of all pages, since their records do not read (see the warnings above): {}",
            names.collect::<Vec<_>>().join(", ")
        );
    }
}

/// Prints everything that is shown of all kept runs, for programs.
fn json_of_all() -> Result<Verdict> {
    let (runs, left_out) = publish::shown(&framework::root()?)?;
    print_json(&runs)?;
    say_left_out(&left_out);
    let is_good = runs.iter().all(|run| run.page.is_good);
    Ok(Verdict::good_if(is_good && left_out.is_empty()))
}

/// Prints everything that is shown of one run, for programs.
fn json(folder: &Path) -> Result<Verdict> {
    let page = (kind_of(folder)?.page)(folder)?;
    print_json(&page)?;
    Ok(Verdict::good_if(page.is_good))
}

fn kind_of(folder: &Path) -> Result<&'static Kind> {
    let facts = Facts::read(folder)?;
    publish::kind(&facts.experiment)
        .with_context(|| format!("there is no experiment `{}`", facts.experiment))
}

/// Shows one run, and writes its page; the page's path if it differed.
fn one_run(folder: &Path, check: bool) -> Result<Vec<PathBuf>> {
    let kind = kind_of(folder)?;
    let page = publish::with_sources((kind.page)(folder)?, folder);
    print(tables(&page, Screen::of_standard_output()))?;
    renew_page(&page, folder, check)
}
