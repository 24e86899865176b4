//! What is built: the packages of the contestants, with the features of each arm, and where.

use super::Costs;
use super::plan::{CostsPlan, DEFAULT_FEATURES};
use super::published;
use super::records::CostsRecords;
use super::rows::FactRow;
use crate::arms::contestant;
use crate::experiments::Experiment;
use crate::framework::{self, Framework, ServerKind, Workspace};
use crate::interrupt;
use crate::record::{Digest, file_digest};
use crate::run::{Arm, ArmKind, Job, VariantOf, changed_tools};
use crate::work::tools::{self, Tool};
use anyhow::{Context, Result};
use std::path::PathBuf;

/// A contestant's cargo feature that adds the default features of its framework, if those are more than its manifest
/// asks for.
const FEATURE: &str = "framework-default";

/// What it takes to build the arms.
#[derive(Debug)]
pub struct Prepared {
    /// The top folder of the workspace.
    pub(super) root: PathBuf,
    /// The folder in which builds are made, and removed again.
    pub(super) folder: PathBuf,
    /// One for each arm.
    pub(super) sources: Vec<Source>,
    /// What is published of each contestant.
    pub(super) facts: Vec<FactRow>,
}

/// What an arm is built from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The arm's name.
    pub(super) name: String,
    /// What it is.
    pub(super) kind: ArmKind,
    /// The package.
    pub(super) package: String,
    /// Its program.
    pub(super) binary: String,
    /// Its cargo features.
    pub(super) features: Vec<String>,
}

/// The arms, in the order of the contestants, and what they are built from.
pub(super) fn prepare(
    workspace: &Workspace,
    job: &mut Job<CostsPlan>,
) -> Result<(Vec<Arm>, Prepared)> {
    interrupt::check()?;
    if !job.run.arms.is_empty() {
        refuse_other_tools(job, &Costs::read(job.folder.path())?)?;
    }
    enter_tools(job);
    crate::say!("downloading every crate");
    framework::fetch(workspace)?;
    let published = published::read(workspace)?;
    let (mut arms, mut sources, mut facts) = (Vec::new(), Vec::new(), Vec::new());
    for framework in workspace.with_baseline(&job.names)? {
        facts.push(published.of(framework)?);
        let source = source(framework)?;
        let mut arm = contestant(framework);
        let digest = text_digest(workspace, framework)?;
        arm.digests.insert("source text".to_owned(), digest);
        if framework.features.iter().any(|one| one == FEATURE) {
            let (arm, source) = with_default_features(&arm, &source);
            arms.push(arm);
            sources.push(source);
        }
        if arm.kind == ArmKind::Baseline {
            for kind in [ArmKind::Twin, ArmKind::Planted] {
                let control = Arm::control(&arm, kind);
                sources.push(Source {
                    name: control.name.clone(),
                    kind,
                    ..source.clone()
                });
                arms.push(control);
            }
        }
        arms.push(arm);
        sources.push(source);
    }
    let prepared = Prepared {
        root: workspace.root.clone(),
        folder: workspace.target.join("costs"),
        sources,
        facts,
    };
    Ok((arms, prepared))
}

/// The digest of all that a build depends on besides the toolchain: the lockfile, the workspace's manifest with its
/// profiles, the contestant's manifest and sources.
fn text_digest(workspace: &Workspace, framework: &Framework) -> Result<String> {
    let home = workspace.root.join("frameworks").join(&framework.name);
    let sources =
        std::fs::read_dir(home.join("src")).context("cannot read a contestant's sources")?;
    let mut files: Vec<PathBuf> = sources
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    files.push(home.join("Cargo.toml"));
    files.extend(["Cargo.toml", "Cargo.lock"].map(|name| workspace.root.join(name)));
    let mut digest = Digest::new();
    for file in files {
        digest.line(&file_digest(&file)?);
    }
    Ok(digest.text())
}

/// A run continues only with the tools that have counted so far, if they have counted anything.
pub(super) fn refuse_other_tools(job: &Job<CostsPlan>, done: &CostsRecords) -> Result<()> {
    let mut builds = done.builds.iter();
    if builds.all(|row| row.instructions().is_none()) {
        return Ok(());
    }
    job.refuse(&changed_tools(
        &job.run.toolchain.tools,
        tools::version_by_key,
    ))
}

/// Enters the versions of the tools that count into the record, or what is missing.
fn enter_tools(job: &mut Job<CostsPlan>) {
    if job.run.plan.counted_requests == 0 {
        return;
    }
    job.run.toolchain.tools.clear();
    for tool in [Tool::Valgrind, Tool::Vgdb] {
        match (tools::find(tool), tools::version(tool)) {
            (Ok(_), Ok(version)) => {
                job.run.toolchain.tools.insert(tool.key(), version);
            }
            // Not every tool says its version.
            (Ok(_), Err(_)) => {}
            (Err(missing), _) => {
                crate::say!("{missing}");
                let missing = missing.to_string();
                if !job.run.missing.contains(&missing) {
                    job.run.missing.push(missing);
                }
            }
        }
    }
}

fn source(framework: &Framework) -> Result<Source> {
    let binary = framework.servers.get(&ServerKind::Quickstart);
    Ok(Source {
        name: framework.name.clone(),
        kind: contestant(framework).kind,
        package: framework.package.clone(),
        binary: binary
            .context("every contestant has a quickstart server")?
            .clone(),
        features: Vec::new(),
    })
}

fn with_default_features(arm: &Arm, source: &Source) -> (Arm, Source) {
    let arm = Arm {
        name: format!("{}-default", arm.name),
        kind: ArmKind::Contestant,
        variant_of: Some(VariantOf {
            contestant: arm.name.clone(),
            variant: DEFAULT_FEATURES.to_owned(),
        }),
        ..arm.clone()
    };
    let source = Source {
        name: arm.name.clone(),
        kind: arm.kind,
        features: vec![FEATURE.to_owned()],
        ..source.clone()
    };
    (arm, source)
}
