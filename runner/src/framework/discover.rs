//! Finds the contestants: the workspace members under `frameworks/`, as `cargo metadata` tells.

use super::{BuildError, Framework, Role, ServerKind};
use crate::usage::UsageError;
use anyhow::{Context, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand, Package};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The bench target that drives a contestant inside one process.
pub const ISOLATED_BENCH: &str = "isolated";

/// The workspace this runner works on.
#[derive(Debug)]
pub struct Workspace {
    /// Its top folder.
    pub root: PathBuf,
    /// Where cargo puts what it builds.
    pub target: PathBuf,
    /// The contestants, by name.
    pub frameworks: Vec<Framework>,
}

/// `[package.metadata.shootout]`: what cannot be derived.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    #[serde(rename = "crate")]
    crate_name: String,
    #[serde(default)]
    role: Role,
    #[serde(default)]
    topology: BTreeMap<ServerKind, String>,
    #[serde(default)]
    notes: BTreeMap<ServerKind, String>,
    #[serde(default)]
    variables: Vec<String>,
}

/// The top folder of the workspace around the current folder, found as cargo finds it. Whoever only reads what is kept
/// in it does not wait for cargo.
///
/// # Errors
///
/// If no folder above is that of a workspace.
pub fn root() -> Result<PathBuf> {
    let here = std::env::current_dir().context("the current folder cannot be read")?;
    let is_root = |folder: &&Path| {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml"));
        manifest.is_ok_and(|text| text.lines().any(|line| line.trim() == "[workspace]"))
    };
    let root = here.ancestors().find(is_root);
    let root = root.context("no workspace is here or above; run this inside the project")?;
    Ok(root.to_owned())
}

/// For servers that are not built here: the current folder as the place for records, without contestants and without
/// cargo.
///
/// # Errors
///
/// If the current folder cannot be read.
pub fn without_contestants() -> Result<Workspace> {
    let here = std::env::current_dir().context("the current folder cannot be read")?;
    // Where things are built, records of trials go to the same place as those of contestants.
    let target = Some(here.join("target")).filter(|target| target.is_dir());
    Ok(Workspace {
        root: here.clone(),
        target: target.unwrap_or(here),
        frameworks: Vec::new(),
    })
}

/// Reads the workspace around the current folder.
///
/// # Errors
///
/// If cargo cannot read it, or a folder under `frameworks/` is not a contestant.
pub fn discover() -> Result<Workspace> {
    let metadata = MetadataCommand::new()
        .other_options(["--locked".to_owned()])
        .exec()
        .context("cannot read the workspace; run this inside the project, with cargo at hand")?;
    let folder = metadata.workspace_root.join("frameworks");
    let mut frameworks = Vec::new();
    for package in metadata.workspace_packages() {
        let home = package.manifest_path.parent();
        let Some(home) = home.filter(|home| home.parent() == Some(&folder)) else {
            continue;
        };
        let name = home.file_name().context("a package's folder has a name")?;
        let framework = read_framework(name, package, &metadata)
            .with_context(|| format!("frameworks/{name} is not a contestant"))?;
        frameworks.push(framework);
    }
    frameworks.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Workspace {
        root: metadata.workspace_root.clone().into(),
        target: metadata.target_directory.clone().into(),
        frameworks,
    })
}

fn read_framework(name: &str, package: &Package, metadata: &Metadata) -> Result<Framework> {
    let expected = format!("welcome-{name}");
    if package.name.as_str() != expected {
        bail!("its package is named {}; name it {expected}", package.name);
    }
    let declared = package
        .metadata
        .get("shootout")
        .context("its Cargo.toml has no [package.metadata.shootout]; see frameworks/README.md")?;
    let declared: Declared = serde_json::from_value(declared.clone())
        .context("its [package.metadata.shootout] does not read; see frameworks/README.md")?;
    let version = resolved_version(&declared.crate_name, package, metadata)?;
    Ok(Framework {
        name: name.to_owned(),
        servers: servers(&expected, package)?,
        package: expected,
        version,
        crate_name: declared.crate_name,
        role: declared.role,
        has_isolated_bench: has_isolated_bench(package),
        topology: declared.topology,
        notes: declared.notes,
        features: package.features.keys().cloned().collect(),
        variables: declared.variables,
    })
}

fn has_isolated_bench(package: &Package) -> bool {
    let mut targets = package.targets.iter();
    targets.any(|target| target.is_bench() && target.name == ISOLATED_BENCH)
}

fn servers(package_name: &str, package: &Package) -> Result<BTreeMap<ServerKind, String>> {
    let mut servers = BTreeMap::new();
    for target in package.targets.iter().filter(|target| target.is_bin()) {
        let (kind, expected) = match target.src_path.file_name() {
            Some("main.rs") => (ServerKind::Quickstart, package_name.to_owned()),
            Some("tuned.rs") => (ServerKind::Tuned, format!("{package_name}-tuned")),
            _ => continue,
        };
        if target.name != expected {
            bail!("its binary is named {}; name it {expected}", target.name);
        }
        servers.insert(kind, expected);
    }
    if !servers.contains_key(&ServerKind::Quickstart) {
        bail!("it has no src/main.rs");
    }
    Ok(servers)
}

/// The version of `crate_name` that this very package depends on.
fn resolved_version(crate_name: &str, package: &Package, metadata: &Metadata) -> Result<String> {
    let resolve = metadata
        .resolve
        .as_ref()
        .context("cargo resolved nothing")?;
    let node = resolve
        .nodes
        .iter()
        .find(|node| node.id == package.id)
        .context("cargo did not resolve it")?;
    let found = node
        .dependencies
        .iter()
        .map(|id| &metadata[id])
        .find(|dependency| dependency.name.as_str() == crate_name);
    found
        .map(|dependency| dependency.version.to_string())
        .with_context(|| {
            format!("it does not depend on `{crate_name}`, which it names as its crate")
        })
}

impl Workspace {
    /// The contestants of these names, or all if none is given.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] that lists the known names if one is unknown.
    pub fn select(&self, names: &[String]) -> Result<Vec<&Framework>> {
        if names.is_empty() {
            return Ok(self.frameworks.iter().collect());
        }
        let mut selected: Vec<&Framework> = Vec::new();
        for name in names {
            let framework = self.find(name)?;
            if !selected.iter().any(|one| one.name == framework.name) {
                selected.push(framework);
            }
        }
        Ok(selected)
    }

    /// The contestant of this name.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] that lists the known names if it is unknown.
    pub fn find(&self, name: &str) -> Result<&Framework> {
        let found = self.frameworks.iter().find(|one| one.name == name);
        Ok(found.ok_or_else(|| {
            let known: Vec<&str> = self
                .frameworks
                .iter()
                .map(|one| one.name.as_str())
                .collect();
            UsageError(format!(
                "there is no framework `{name}`; there are: {}",
                known.join(", ")
            ))
        })?)
    }

    /// The contestant that others are read against, if there is one.
    #[must_use]
    pub fn baseline(&self) -> Option<&Framework> {
        let mut all = self.frameworks.iter();
        all.find(|one| one.role == Role::Baseline)
    }

    /// The contestants of these names, or all if none is given, and the baseline.
    ///
    /// # Errors
    ///
    /// As [`Workspace::select`].
    pub fn with_baseline(&self, names: &[String]) -> Result<Vec<&Framework>> {
        let mut selected = self.select(names)?;
        let baseline = self
            .frameworks
            .iter()
            .find(|one| one.role == Role::Baseline);
        if let Some(baseline) = baseline
            && !selected.iter().any(|one| one.name == baseline.name)
        {
            selected.push(baseline);
        }
        Ok(selected)
    }

    /// Refuses contestants named by the user that have no server of this kind; those that were not named are
    /// rows without figures.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] that names the first.
    pub fn refuse_without_server(&self, names: &[String], kind: ServerKind) -> Result<()> {
        let named = self
            .select(names)?
            .into_iter()
            .filter(|_| !names.is_empty());
        let mut without = named.filter(|framework| !framework.servers.contains_key(&kind));
        match without.next() {
            None => Ok(()),
            Some(framework) => {
                let framework = framework.name.clone();
                let error = BuildError::NoSuchServer { framework, kind };
                Err(UsageError(error.to_string()).into())
            }
        }
    }

    /// The environment variables that any contestant's servers read.
    #[must_use]
    pub fn variables(&self) -> Vec<String> {
        let all = self.frameworks.iter().flat_map(|one| one.variables.clone());
        all.collect()
    }
}
