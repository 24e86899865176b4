//! What an experiment has to say of itself.

use super::link::{Apart, Link};
use crate::analysis::Ranked;
use crate::framework::Workspace;
use crate::output::Verdict;
use crate::report::Page;
use crate::run::{Arm, Design, Job, Run, RunOptions};
use anyhow::Result;
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

/// A kind of run.
pub trait Experiment {
    /// Its name in records, folders and on the front page.
    const NAME: &'static str;

    /// The version of its method; it changes if numbers are no longer comparable with older ones.
    const METHOD: u32;

    /// What can be asked for on the command line.
    type Options: clap::Args + Debug;

    /// What is measured when, as it is recorded.
    type Plan: Serialize + DeserializeOwned + Clone + PartialEq + Debug;

    /// What it takes to measure: launches, executables.
    type Prepared;

    /// Everything a run has left.
    type Records;

    /// The options that all experiments have.
    fn run_options(options: &Self::Options) -> &RunOptions;

    /// The servers of a user's own that the options name in place of contestants, if the experiment measures any.
    ///
    /// # Errors
    ///
    /// A [`crate::usage::UsageError`] if they cannot be measured as meant.
    fn own_servers(_options: &Self::Options) -> Result<Vec<Arm>> {
        Ok(Vec::new())
    }

    /// The generators on other hosts that the options ask for, if the experiment can have them.
    fn apart(_options: &Self::Options) -> Option<Apart> {
        None
    }

    /// The design that the options ask for.
    ///
    /// # Errors
    ///
    /// A [`crate::usage::UsageError`] if it cannot be carried out as meant.
    fn design(workspace: &Workspace, options: &Self::Options) -> Result<Design<Self::Plan>>;

    /// What the options ask for instead of a run, if they do.
    fn instead(_workspace: &Workspace, _options: &Self::Options) -> Option<Result<Verdict>> {
        None
    }

    /// The plan in words, for `--list`.
    fn outline(plan: &Self::Plan, seed: u64, contestants: &[String]) -> Outline;

    /// Builds and checks the arms; what fails becomes part of them.
    ///
    /// # Errors
    ///
    /// If the run is interrupted or cannot be carried out at all.
    fn prepare(
        workspace: &Workspace,
        job: &mut Job<Self::Plan>,
    ) -> Result<(Vec<Arm>, Self::Prepared)>;

    /// Measures what is not `done` yet.
    ///
    /// # Errors
    ///
    /// If the run is interrupted or cannot go on. What was measured stays.
    fn measure(
        job: &mut Job<Self::Plan>,
        prepared: Self::Prepared,
        done: &Self::Records,
    ) -> Result<()>;

    /// Reads a run.
    ///
    /// # Errors
    ///
    /// If a file does not read, or holds what cannot have been measured; the error names file and line.
    fn read(folder: &Path) -> Result<Self::Records>;

    /// The record of a run that was read.
    fn run(records: &Self::Records) -> &Run<Self::Plan>;

    /// What is shown of a run. Pure.
    fn page(records: &Self::Records) -> Page;

    /// What of a page makes the exit status 1, as the options ask for, in sentences.
    fn gate(_options: &Self::Options, _page: &Page) -> Vec<String> {
        Vec::new()
    }

    /// Every table of a run by every measure, with its heading. Pure.
    fn rankings(records: &Self::Records) -> Vec<(String, Ranked)>;

    /// Which servers and builds of the contestants a plan is of, if it is of one: runs of two are not of the same servers.
    fn variant(_plan: &Self::Plan) -> String {
        String::new()
    }

    /// What lies between servers and generator: runs over two links do not measure the same.
    fn link(_plan: &Self::Plan) -> Link {
        Link::Loopback
    }

    /// Whether this is the variant that the front page shows.
    fn is_main(plan: &Self::Plan) -> bool;
}

/// A plan in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outline {
    /// Arms in the order of their indices.
    pub arms: Vec<String>,
    /// What is done, an item each.
    pub steps: Vec<String>,
    /// The order in which the arms are measured first, if they are measured in rounds.
    pub order: Option<String>,
    /// How long the measuring takes, builds not included; in seconds in JSON.
    #[serde(rename = "expected_s", serialize_with = "seconds")]
    pub expected: Duration,
}

fn seconds<S: Serializer>(duration: &Duration, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.serialize_f64(duration.as_secs_f64())
}

impl Outline {
    /// As lines for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("arms ({}): {}\n", self.arms.len(), self.arms.join(", "));
        for step in self.steps.iter().chain(&self.order) {
            text.push_str(&format!("- {step}\n"));
        }
        let minutes = self.expected.as_secs_f64() / 60.0;
        text.push_str(&format!(
            "expected time, without what is built beforehand: {minutes:.1} min"
        ));
        text
    }
}
