//! What is made of the list of experiments: a command each, and what is needed to read a run of any of them.

use super::compare::compare_as;
use super::entry::Entry;
use super::experiment::Experiment;
use crate::record::write_whole;
use crate::report::{Comparison, Page, run_page, svg};
use anyhow::Result;
use std::path::{Path, PathBuf};

/// An experiment, to those who meet its runs without knowing its types.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name in records.
    pub name: &'static str,
    /// Reads a run and says what is shown of it.
    pub page: fn(&Path) -> Result<Page>,
    /// The same, with what pages of several runs need of it.
    pub shown: fn(&Path, WantsHistory) -> Result<ShownRun>,
    /// Reads a run as a history takes it.
    pub history: fn(&Path) -> Result<Entry>,
    /// Holds two runs against each other.
    pub compare: fn(&Path, &Path) -> Result<Comparison>,
}

/// Whether a history is made of a run that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantsHistory(pub bool);

/// A run as pages of several runs need it.
#[derive(Debug)]
pub struct ShownRun {
    /// What is shown of it.
    pub page: Page,
    /// Whether the front page may show it.
    pub is_main: bool,
    /// What a history takes of it, if that was wanted.
    pub entry: Option<Entry>,
}

impl Kind {
    /// The kind of an experiment.
    #[must_use]
    pub const fn of<E: Experiment>() -> Self {
        Self {
            name: E::NAME,
            page: |folder| Ok(E::page(&E::read(folder)?)),
            shown: |folder, WantsHistory(wants_history)| {
                let records = E::read(folder)?;
                let run = E::run(&records);
                let is_own = run.arms.iter().any(|arm| arm.own.is_some());
                let page = E::page(&records);
                let entry = wants_history.then(|| Entry::of::<E>(&records, &page));
                Ok(ShownRun {
                    is_main: !is_own && E::is_main(&run.plan),
                    entry: entry.transpose()?,
                    page,
                })
            },
            history: |folder| {
                let records = E::read(folder)?;
                Entry::of::<E>(&records, &E::page(&records))
            },
            compare: compare_as::<E>,
        }
    }
}

/// Writes the page of a run and its charts into its folder, unless they are there already or only a check is wanted;
/// the files that differed.
///
/// # Errors
///
/// If a file cannot be written.
pub fn renew_page(page: &Page, folder: &Path, check: bool) -> Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    let charts = page.all_charts();
    let charts = charts.map(|chart| (chart.file_name(), svg::file(chart)));
    let all = std::iter::once(("README.md".to_owned(), run_page(page))).chain(charts);
    for (name, text) in all {
        let file = folder.join(name);
        if renew(&file, &text, check)? {
            stale.push(file);
        }
    }
    Ok(stale)
}

/// Writes a page that differs from what is there, unless only a check is wanted; whether it differed.
pub(super) fn renew(file: &Path, page: &str, check: bool) -> Result<bool> {
    if std::fs::read_to_string(file).is_ok_and(|there| there == page) {
        return Ok(false);
    }
    if !check {
        write_whole(file, page)?;
    }
    Ok(true)
}

/// Makes the commands and the kinds of the experiments that are listed.
macro_rules! experiments {
    ($($(#[doc = $doc:literal])+ $command:ident => $experiment:ty,)+) => {
        /// One command per experiment.
        #[derive(Debug, clap::Subcommand)]
        pub enum Command {
            $($(#[doc = $doc])+ $command(Box<<$experiment as Experiment>::Options>),)+
        }

        impl Command {
            /// Carries out the experiment.
            ///
            /// # Errors
            ///
            /// If it cannot be carried out.
            pub fn run(&self) -> anyhow::Result<crate::output::Verdict> {
                match self {
                    $(Self::$command(options) => drive::<$experiment>(options),)+
                }
            }
        }

        /// Every experiment.
        pub const KINDS: &[Kind] = &[$(Kind::of::<$experiment>()),+];
    };
}
pub(super) use experiments;
