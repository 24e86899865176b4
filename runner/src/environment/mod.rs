//! The machine's facts: what a number must be read with.

mod counters;
pub mod doctor;
mod host;
mod interface;
pub mod limits;
pub mod processors;
pub(crate) mod quota;
pub mod sentinel;
pub mod several;
mod variables;

pub use counters::Counters;
pub use host::{Host, RunHost};
pub use interface::Interface;
pub use quota::Throttling;
pub use variables::variables;

use anyhow::{Context, Result};
use procfs::Current;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The machine a run was made on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Machine {
    /// The processor's name, as it gives itself.
    pub processor: String,
    /// Processors this process may run on.
    pub processors: usize,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// The hypervisor's presence, as the processor's flags tell.
    pub virtualized: bool,
    /// The kernel's release.
    pub kernel: String,
    /// The frequency governor of the first processor, if there is one.
    pub governor: Option<String>,
    /// `net.core.somaxconn`: the longest listen queue.
    pub somaxconn: Option<u64>,
}

/// What the programs were made with, and counted by; empty if none was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Toolchain {
    /// `rustc --version`.
    pub rustc: String,
    /// `cargo --version`.
    pub cargo: String,
    /// The revision of this project, if it is known.
    pub revision: Option<String>,
    /// Whether the sources differed from that revision; unknown without git, or if git refuses.
    pub uncommitted: Option<bool>,
    /// The versions of the tools that count work, of those that were there.
    pub tools: BTreeMap<String, String>,
    /// SHA-256 of the runner itself, the generator included; older records do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<String>,
}

impl Machine {
    /// Reads the facts of this machine.
    ///
    /// # Errors
    ///
    /// If the kernel does not tell.
    pub fn read() -> Result<Self> {
        let cpus = procfs::CpuInfo::current().context("cannot read /proc/cpuinfo")?;
        let memory = procfs::Meminfo::current().context("cannot read /proc/meminfo")?;
        let virtualized = cpus
            .flags(0)
            .is_some_and(|flags| flags.contains(&"hypervisor"));
        Ok(Self {
            processor: cpus.model_name(0).unwrap_or("unknown processor").to_owned(),
            processors: processors::allowed()?.len(),
            memory_mib: memory.mem_total / (1024 * 1024),
            virtualized,
            kernel: rustix::system::uname()
                .release()
                .to_string_lossy()
                .into_owned(),
            governor: read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            somaxconn: read_line("/proc/sys/net/core/somaxconn").and_then(|n| n.parse().ok()),
        })
    }

    /// A short name for folders: letters, digits and dashes.
    #[must_use]
    pub fn slug(&self) -> String {
        let words: String = self
            .processor
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' })
            .collect();
        let words: Vec<&str> = words.split_whitespace().take(4).collect();
        format!("{}-{}cpu", words.join("-"), self.processors)
    }
}

impl Toolchain {
    /// Asks cargo, rustc and git; without git there is no revision.
    ///
    /// # Errors
    ///
    /// If cargo or rustc does not answer.
    pub fn read(root: &Path) -> Result<Self> {
        Ok(Self {
            rustc: output(root, "rustc", &["--version"]).context("cannot ask rustc")?,
            cargo: output(root, "cargo", &["--version"]).context("cannot ask cargo")?,
            revision: output(root, "git", &["rev-parse", "--short=12", "HEAD"]).ok(),
            uncommitted: uncommitted(root),
            tools: BTreeMap::new(),
            runner: None,
        })
    }
}

/// Whether the sources differ from the revision: files that git does not know, such as a new contestant, are sources too.
/// Records of runs are not.
fn uncommitted(root: &Path) -> Option<bool> {
    let known = &["status", "--porcelain", "--untracked-files=no"];
    let unknown = &["status", "--porcelain", "--", ".", ":(exclude)results"];
    let changes = [output(root, "git", known), output(root, "git", unknown)];
    let [known, unknown] = changes.map(Result::ok);
    Some(!known?.is_empty() || !unknown?.is_empty())
}

fn output(folder: &Path, program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    anyhow::ensure!(output.status.success(), "{program} failed");
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn read_line(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_of_plain_words() {
        let mut machine = Machine::read().unwrap();
        machine.processor = "AMD EPYC 7B13 64-Core Processor (rev 2)".into();
        machine.processors = 2;
        assert_eq!(machine.slug(), "amd-epyc-7b13-64-2cpu");
    }

    #[test]
    fn a_file_that_git_does_not_know_is_a_source_unless_it_is_a_record() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let git = |arguments: &[&str]| output(root, "git", arguments).unwrap();
        assert_eq!(uncommitted(root), None, "without git nobody knows");
        git(&["init", "--quiet"]);
        fs::write(root.join("one"), "1").unwrap();
        assert_eq!(uncommitted(root), Some(true));
        git(&["add", "one"]);
        let author = ["-c", "user.name=a", "-c", "user.email=a@b"];
        git(&[&author[..], &["commit", "--quiet", "-m", "one"]].concat());
        assert_eq!(uncommitted(root), Some(false));
        fs::create_dir_all(root.join("results/run")).unwrap();
        fs::write(root.join("results/run/rows.csv"), "").unwrap();
        assert_eq!(uncommitted(root), Some(false));
        fs::create_dir_all(root.join("frameworks/mine")).unwrap();
        fs::write(root.join("frameworks/mine/main.rs"), "").unwrap();
        assert_eq!(uncommitted(root), Some(true));
    }
}
