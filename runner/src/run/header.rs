//! `run.json`: everything about a run that is not a measured row, the same for every experiment but its plan.

use super::arm::Arm;
use super::warning::Warning;
use crate::environment::{Machine, RunHost, Toolchain};
use crate::record::Digest;
use anyhow::{Context, Result, ensure};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The version of the formats; it changes if an old reader would misread a new record.
pub const SCHEMA: u32 = 2;

/// The file's name.
pub(super) const RUN_FILE: &str = "run.json";

/// One run of an experiment with a plan of type `P`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run<P> {
    /// Version of the formats.
    pub schema: u32,
    /// Which experiment.
    pub experiment: String,
    /// Version of its method; numbers of two versions are not comparable.
    pub method: u32,
    /// When it began (RFC 3339, UTC).
    pub started_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// How far it came.
    pub state: State,
    /// The arguments it was started with.
    pub command: Vec<String>,
    /// Where the random orders come from.
    pub seed: u64,
    /// Its design.
    pub plan: P,
    /// Who ran where.
    pub processors: Processors,
    /// If load came from other hosts: the host of the servers, and then those of the generators.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<RunHost>,
    /// The machine.
    pub machine: Machine,
    /// What the programs were made with and counted by.
    pub toolchain: Toolchain,
    /// Environment variables that can change a build or a server, as far as they were set.
    pub environment: BTreeMap<String, String>,
    /// What was compared.
    pub arms: Vec<Arm>,
    /// Parts that were left out for want of a tool, and how to get it.
    pub missing: Vec<String>,
    /// What failed and has no row of its own.
    pub failures: Vec<String>,
    /// What weakens the results.
    pub warnings: Vec<Warning>,
    /// How many units were closed when the run ended.
    pub units: Option<usize>,
    /// The digest of all of the above.
    pub digest: String,
}

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is running, or was killed.
    Running,
    /// It was ended from outside or failed; closed units count.
    Interrupted,
    /// Everything planned was measured.
    Complete,
}

/// Which processors were used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processors {
    /// By the server under test, one at a time.
    pub server: Vec<usize>,
    /// By the generator's threads; none if nothing was loaded, or from other hosts alone.
    pub generator: Vec<usize>,
}

impl Processors {
    /// All of them, each once.
    #[must_use]
    pub fn all(&self) -> Vec<usize> {
        let mut all = [self.server.as_slice(), &self.generator].concat();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl<P> Run<P> {
    /// Threads of the generator, over all hosts.
    #[must_use]
    pub fn generator_threads(&self) -> usize {
        match self.hosts.as_slice() {
            [] => self.processors.generator.len(),
            hosts => hosts.iter().map(|one| one.processors.len()).sum(),
        }
    }
}

impl<P: Serialize + DeserializeOwned> Run<P> {
    /// The text of `run.json`.
    pub(super) fn text(&mut self) -> Result<String> {
        self.digest.clear();
        self.digest = digest_of(self)?;
        let mut text = serde_json::to_string_pretty(self).context("a run is plain data")?;
        text.push('\n');
        Ok(text)
    }

    /// Reads the `run.json` of a folder that holds a run of this experiment, made by this method or an
    /// older one.
    pub(super) fn read(folder: &Path, experiment: &str, method: u32) -> Result<Self> {
        let facts = Facts::read(folder)?;
        ensure!(
            facts.experiment == experiment,
            "{} holds a run of `{}`, not of `{experiment}`, as its {RUN_FILE} says",
            folder.display(),
            facts.experiment
        );
        ensure!(
            facts.method <= method,
            "{} was made by method {} of `{experiment}`, and this runner knows methods up to {method}; \
             read it with a newer runner",
            folder.display(),
            facts.method
        );
        let file = folder.join(RUN_FILE);
        let mut run: Self = serde_json::from_str(&read_text(folder)?)
            .with_context(|| format!("{} does not read", file.display()))?;
        let written = std::mem::take(&mut run.digest);
        run.digest = digest_of(&run)?;
        ensure!(
            run.digest == written,
            "{} is not as it was written: its digest differs",
            file.display()
        );
        Ok(run)
    }
}

/// The digest of a run whose own digest is empty.
fn digest_of(run: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string(run).context("a run is plain data")?;
    let mut digest = Digest::new();
    digest.line(&text);
    Ok(digest.text())
}

/// What can be said of any run, whatever its experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Which experiment.
    pub experiment: String,
    /// Version of its method.
    pub method: u32,
    /// When it began (RFC 3339, UTC).
    pub started_at: String,
    /// How far it came.
    pub state: State,
    /// Whether it measures servers of a user's own.
    pub is_own: bool,
}

impl Facts {
    /// Reads them from the `run.json` of a folder.
    ///
    /// # Errors
    ///
    /// If there is none, or it is of another schema.
    pub fn read(folder: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let text = read_text(folder)?;
        let what = || format!("{} does not read", folder.join(RUN_FILE).display());
        let version: Version = serde_json::from_str(&text).with_context(what)?;
        ensure!(
            version.schema <= SCHEMA,
            "{} was written by a newer runner: its records are of schema {}, and this runner reads schema {SCHEMA}; read \
             it with a newer runner",
            folder.display(),
            version.schema
        );
        ensure!(
            version.schema == SCHEMA,
            "{} has records of schema {}, and this runner reads schema {SCHEMA}; results/README.md says which \
             revision reads older ones",
            folder.display(),
            version.schema
        );
        // The whole of it has to read, so that a field that is missing is named here.
        let run: Run<IgnoredAny> = serde_json::from_str(&text).with_context(what)?;
        Ok(Self {
            is_own: run.arms.iter().any(|arm| arm.own.is_some()),
            experiment: run.experiment,
            method: run.method,
            started_at: run.started_at,
            state: run.state,
        })
    }
}

fn read_text(folder: &Path) -> Result<String> {
    let file = folder.join(RUN_FILE);
    std::fs::read_to_string(&file).with_context(|| {
        format!(
            "cannot read {}; is this the folder of a run?",
            file.display()
        )
    })
}
