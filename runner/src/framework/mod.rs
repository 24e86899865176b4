//! The contestants: what they are, where they come from, how they are built.
//!
//! The runner knows none of them by name: whatever package stands in a folder under `frameworks/`
//! takes part.

mod build;
mod crates;
mod discover;
mod errors;

pub use build::{BuildError, ColdBuild, MIMALLOC, Made, build, build_bench, build_cold, fetch};
pub use crates::{CrateFacts, crate_facts};
pub use discover::{ISOLATED_BENCH, Workspace, discover, root};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Which of a contestant's programs serves (`SERVER=`).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum ServerKind {
    /// `src/main.rs`: what the framework's own guide teaches.
    Quickstart,
    /// `src/tuned.rs`: what its documented public API offers on top, if it offers something.
    Tuned,
}

/// How a contestant is built (`ENV=`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BuildEnv {
    /// Cargo's release profile with line tables, system allocator.
    #[default]
    Release,
    /// Fat LTO, one codegen unit, abort on panic, mimalloc.
    Max,
}

impl BuildEnv {
    /// Whether it is the one that is measured if nothing else is asked for.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for ServerKind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::Quickstart => "quickstart",
            Self::Tuned => "tuned",
        })
    }
}

impl fmt::Display for BuildEnv {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::Release => "release",
            Self::Max => "max",
        })
    }
}

/// What a contestant plays in a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// One of those compared.
    #[default]
    Contestant,
    /// The one all others are read against; it is not ranked.
    Baseline,
}

/// One folder under `frameworks/`.
#[derive(Debug, Clone, Serialize)]
pub struct Framework {
    /// The folder's name, which is the contestant's.
    pub name: String,
    /// The package in the folder.
    pub package: String,
    /// The framework's own crate.
    #[serde(rename = "crate")]
    pub crate_name: String,
    /// The version of that crate which the lockfile has resolved.
    pub version: String,
    /// What it plays in a run.
    pub role: Role,
    /// The binary of each server there is.
    pub servers: BTreeMap<ServerKind, String>,
    /// Whether it has `benches/isolated.rs`, which drives it inside one process.
    pub has_isolated_bench: bool,
    /// How each server spreads its work over processors, as its author states it.
    pub topology: BTreeMap<ServerKind, String>,
    /// What a reader of the tables has to know of each server.
    pub notes: BTreeMap<ServerKind, String>,
    /// The cargo features of its package.
    #[serde(skip)]
    pub features: Vec<String>,
    /// Environment variables that its servers read; a name that ends in `*` stands for all that begin so.
    pub variables: Vec<String>,
}
