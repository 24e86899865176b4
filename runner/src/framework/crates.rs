//! What the frameworks' own manifests and sources say about them.

use super::Workspace;
use anyhow::{Context, Result};
use cargo_metadata::{MetadataCommand, Package};
use std::collections::BTreeMap;

/// What a crate says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrateFacts {
    /// The oldest compiler that it supports.
    pub rust_version: Option<String>,
    /// Its licence, as an SPDX expression.
    pub licence: Option<String>,
    /// Whether its root or its manifest forbids the lint `unsafe_code`, so that the compiler refuses unsafe code in it. Its
    /// dependencies may have some.
    pub forbids_unsafe: bool,
}

/// The facts of each contestant's framework, by contestant.
///
/// # Errors
///
/// If cargo or a crate's root cannot be read.
pub fn crate_facts(workspace: &Workspace) -> Result<BTreeMap<String, CrateFacts>> {
    let metadata = MetadataCommand::new()
        .current_dir(&workspace.root)
        .other_options(["--locked".to_owned()])
        .exec()
        .context("cannot read the workspace")?;
    let mut facts = BTreeMap::new();
    for framework in &workspace.frameworks {
        let mut packages = metadata.packages.iter();
        let own = packages.find(|package| {
            let is_named = package.name.as_str() == framework.crate_name;
            is_named && package.version.to_string() == framework.version
        });
        let own = own.with_context(|| format!("cargo knows no {}", framework.crate_name))?;
        facts.insert(framework.name.clone(), of(own)?);
    }
    Ok(facts)
}

fn of(package: &Package) -> Result<CrateFacts> {
    let mut targets = package.targets.iter();
    let library = targets.find(|target| target.is_lib());
    let root = &library.context("a framework has a library")?.src_path;
    let source = std::fs::read_to_string(root).with_context(|| format!("cannot read {root}"))?;
    let manifest = std::fs::read_to_string(&package.manifest_path)
        .with_context(|| format!("cannot read {}", package.manifest_path))?;
    Ok(CrateFacts {
        rust_version: package.rust_version.as_ref().map(ToString::to_string),
        licence: package.license.clone(),
        forbids_unsafe: forbids_unsafe(&source) || manifest_forbids_unsafe(&manifest),
    })
}

/// Whether a crate's root forbids unsafe code in the whole crate: an inner attribute, on lines of its own.
fn forbids_unsafe(root: &str) -> bool {
    let mut attributes = root.split("#![").skip(1);
    attributes.any(|rest| {
        let attribute = rest.split(']').next().unwrap_or_default();
        let compact: String = attribute.split_whitespace().collect();
        let listed = compact.strip_prefix("forbid(");
        let listed = listed.and_then(|rest| rest.strip_suffix(')'));
        listed.is_some_and(|list| list.split(',').any(|lint| lint == "unsafe_code"))
    })
}

/// Whether the table of lints forbids unsafe code. Published manifests have been written by cargo, in one form.
fn manifest_forbids_unsafe(manifest: &str) -> bool {
    let mut table = "";
    manifest.lines().map(str::trim).any(|line| {
        if line.starts_with('[') {
            table = line;
        }
        let setting = line.replace(' ', "");
        match table {
            "[lints.rust]" => setting == r#"unsafe_code="forbid""#,
            "[lints.rust.unsafe_code]" => setting == r#"level="forbid""#,
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{forbids_unsafe, manifest_forbids_unsafe};

    #[test]
    fn a_table_of_lints_forbids_for_the_whole_crate() {
        let forbids = manifest_forbids_unsafe;
        assert!(forbids("[lints.rust]\nunsafe_code = \"forbid\"\n"));
        assert!(forbids(
            "[lints.rust.unsafe_code]\nlevel = \"forbid\"\npriority = 0\n"
        ));
        assert!(!forbids("[lints.rust]\nunsafe_code = \"deny\"\n"));
        assert!(!forbids("[features]\nunsafe_code = \"forbid\"\n"));
    }

    #[test]
    fn only_an_attribute_of_the_whole_crate_forbids() {
        assert!(forbids_unsafe("#![forbid(unsafe_code)]\nfn main() {}"));
        assert!(forbids_unsafe(
            "//! Words.\n#![forbid(\n    rust_2018_idioms,\n    unsafe_code,\n)]"
        ));
        assert!(!forbids_unsafe("#![deny(unsafe_code)]"));
        assert!(!forbids_unsafe("#![cfg_attr(docs, forbid(unsafe_code))]"));
        assert!(!forbids_unsafe("#[forbid(unsafe_code)]\nmod one;"));
        assert!(!forbids_unsafe(
            "// It could have #[forbid(unsafe_code)].\n"
        ));
    }
}
