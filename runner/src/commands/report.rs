//! `runner report`: pages from records, and the newest kept runs on the front page.

use crate::cli::ReportOptions;
use crate::experiments::{Kind, publish, renew_page};
use crate::framework;
use crate::output::{Screen, Verdict, print, print_json};
use crate::report::tables;
use crate::run::Facts;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

pub(super) fn run(options: &ReportOptions) -> Result<Verdict> {
    let stale = match &options.run {
        Some(folder) if options.json => return json(folder),
        None if options.json => {
            let runs = publish::shown(&framework::root()?)?;
            print_json(&runs)?;
            return Ok(Verdict::good_if(runs.iter().all(|run| run.page.is_good)));
        }
        Some(folder) => one_run(folder, options.check)?,
        None => publish::all(&framework::root()?, options.check)?,
    };
    for page in &stale {
        let what = if options.check {
            "is not what the records say; run `make report`"
        } else {
            "written"
        };
        crate::say!("{}: {what}", page.display());
    }
    Ok(Verdict::good_if(!options.check || stale.is_empty()))
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
