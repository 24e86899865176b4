//! What is published about the frameworks: what their own manifests and sources say, and what was looked up elsewhere
//! and entered into `frameworks/published.json` with its source and date.

use super::rows::FactRow;
use crate::framework::{CrateFacts, Framework, Workspace, crate_facts};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The file, below the top folder of the workspace.
pub(super) const FILE: &str = "frameworks/published.json";

/// The file's content.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LookedUp {
    /// The day of the database of advisories.
    advisories_as_of: String,
    /// Where the days of releases are from.
    #[serde(rename = "releases_from")]
    _releases_from: String,
    /// Where the advisories are from.
    #[serde(rename = "advisories_from")]
    _advisories_from: String,
    /// By contestant.
    pub(super) contestants: BTreeMap<String, Entry>,
}

/// What was looked up of one contestant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The version of its framework that this is true of.
    pub(super) version: String,
    /// The day of that version's release.
    released: String,
    /// Advisories that concern what is compiled, and are open.
    advisories: Vec<String>,
}

/// Both sources.
#[derive(Debug)]
pub(super) struct Published {
    looked_up: LookedUp,
    crates: BTreeMap<String, CrateFacts>,
}

/// Reads both sources.
pub(super) fn read(workspace: &Workspace) -> Result<Published> {
    Ok(Published {
        looked_up: looked_up(&workspace.root)?,
        crates: crate_facts(workspace)?,
    })
}

/// Reads the file.
pub(super) fn looked_up(root: &Path) -> Result<LookedUp> {
    let text =
        std::fs::read_to_string(root.join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
    serde_json::from_str(&text).with_context(|| format!("{FILE} does not read"))
}

impl Published {
    /// The row of a contestant. What was looked up of another version is not said of this one.
    pub(super) fn of(&self, framework: &Framework) -> Result<FactRow> {
        let own = self.crates.get(&framework.name);
        let own = own.with_context(|| format!("cargo knows nothing of {}", framework.name))?;
        let entry = self.looked_up.contestants.get(&framework.name);
        let entry = entry.filter(|entry| entry.version == framework.version);
        Ok(FactRow {
            arm: framework.name.clone(),
            crate_name: framework.crate_name.clone(),
            version: framework.version.clone(),
            rust_version: own.rust_version.clone().unwrap_or_default(),
            licence: own.licence.clone().unwrap_or_default(),
            forbids_unsafe: own.forbids_unsafe,
            released: entry.map_or_else(String::new, |entry| entry.released.clone()),
            advisories: entry.map_or_else(String::new, |entry| entry.advisories.join("; ")),
            advisories_as_of: entry
                .map_or_else(String::new, |_| self.looked_up.advisories_as_of.clone()),
        })
    }
}
