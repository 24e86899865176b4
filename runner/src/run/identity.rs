//! Whether a run that was interrupted can continue: its numbers mix only if nothing has changed that could
//! change them.

use super::arm::{Arm, ArmKind};
use super::header::Run;
use super::place::Place;
use crate::environment::{Machine, RunHost, Toolchain, processors, variables};
use crate::record::file_digest;
use anyhow::Result;
use std::collections::BTreeMap;
use std::path::Path;

/// In which ways the hosts of a run are not those that it was begun with.
pub(super) fn changed_hosts(then: &[RunHost], now: &[RunHost]) -> Vec<String> {
    let names = |all: &[RunHost]| match all {
        [] => "this one alone".to_owned(),
        some => {
            let names = some.iter().map(|one| one.host.name.as_str());
            names.collect::<Vec<_>>().join(", ")
        }
    };
    let mut changed = Vec::new();
    if names(then) != names(now) {
        changed.push(format!(
            "its hosts were {} and are {}",
            names(then),
            names(now)
        ));
        return changed;
    }
    for (then, now) in then.iter().zip(now) {
        if then.host != now.host {
            changed.push(format!(
                "{} has another kernel, other processors or another network interface than it had",
                now.host.name
            ));
        }
    }
    changed
}

/// What makes the processes of a run what they are, besides their binaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Surroundings {
    /// The machine.
    pub machine: Machine,
    /// The toolchain.
    pub toolchain: Toolchain,
    /// The variables that are set.
    pub environment: BTreeMap<String, String>,
    /// The processors that this process may use.
    pub allowed: Vec<usize>,
}

impl Surroundings {
    /// Reads them, with the variables that servers there say they read.
    ///
    /// # Errors
    ///
    /// If the kernel, cargo or rustc does not tell.
    pub(super) fn read(place: &Place) -> Result<Self> {
        let toolchain = match place.builds {
            true => Toolchain::read(&place.root)?,
            false => Toolchain::default(),
        };
        Ok(Self {
            machine: Machine::read()?,
            toolchain: Toolchain {
                // Also if another build has taken its place by now.
                runner: Some(file_digest(Path::new("/proc/self/exe"))?),
                ..toolchain
            },
            environment: variables(&place.variables),
            allowed: processors::allowed()?,
        })
    }

    /// Those that a run was begun in.
    #[cfg(test)]
    pub(super) fn of<P>(run: &Run<P>) -> Self {
        Self {
            machine: run.machine.clone(),
            toolchain: run.toolchain.clone(),
            environment: run.environment.clone(),
            allowed: run.processors.all(),
        }
    }

    /// Every way in which a run was begun under other circumstances than these.
    #[must_use]
    pub(super) fn differences<P>(&self, run: &Run<P>) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |what: &str, then: &str, now: &str| {
            if then != now {
                differences.push(format!("{what} was {then} and is {now}"));
            }
        };
        let (then, now) = (&run.machine, &self.machine);
        compare("the processor", &then.processor, &now.processor);
        compare(
            "the number of processors",
            &then.processors.to_string(),
            &now.processors.to_string(),
        );
        compare(
            "the memory in MiB",
            &then.memory_mib.to_string(),
            &now.memory_mib.to_string(),
        );
        compare("the kernel", &then.kernel, &now.kernel);
        compare(
            "the frequency governor",
            then.governor.as_deref().unwrap_or("none"),
            now.governor.as_deref().unwrap_or("none"),
        );
        compare(
            "the longest listen queue (somaxconn)",
            &said(then.somaxconn),
            &said(now.somaxconn),
        );
        compare(
            "whether the processor is virtual",
            &then.virtualized.to_string(),
            &now.virtualized.to_string(),
        );
        compare("rustc", &run.toolchain.rustc, &self.toolchain.rustc);
        compare("cargo", &run.toolchain.cargo, &self.toolchain.cargo);
        let short =
            |digest: &Option<String>| said(digest.as_ref().map(|one| format!("{one:.12}…")));
        compare(
            "the runner's binary (SHA-256)",
            &short(&run.toolchain.runner),
            &short(&self.toolchain.runner),
        );
        let names: std::collections::BTreeSet<&String> = run
            .environment
            .keys()
            .chain(self.environment.keys())
            .collect();
        for name in names {
            let of = |all: &BTreeMap<String, String>| {
                all.get(name)
                    .map_or_else(|| "not set".to_owned(), |value| format!("`{value}`"))
            };
            compare(
                &format!("the variable {name}"),
                &of(&run.environment),
                &of(&self.environment),
            );
        }
        let used = run.processors.all();
        if !used.iter().all(|one| self.allowed.contains(one)) {
            differences.push(format!(
                "it used the processors {used:?}, and may only use {:?} now",
                self.allowed
            ));
        }
        differences
    }
}

fn said(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "unknown".to_owned(), |value| value.to_string())
}

/// Every way in which the tools that count work are not those that have counted.
#[must_use]
pub fn changed_tools(
    then: &BTreeMap<String, String>,
    now: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let differs = |(name, then): (&String, &String)| match now(name) {
        Some(now) if now == *then => None,
        Some(now) => Some(format!("{name} was {then} and is {now}")),
        None => Some(format!("{name} was {then} and is not there")),
    };
    then.iter().filter_map(differs).collect()
}

/// Every way in which arms that are there now are not those the run began with. An arm that cannot be had at
/// the moment differs in nothing: its blocks of now fail, and those of then count.
#[must_use]
pub(super) fn changed_arms(then: &[Arm], now: &[Arm]) -> Vec<String> {
    let mut changes = Vec::new();
    for arm in now {
        let Some(before) = then.iter().find(|one| one.name == arm.name) else {
            changes.push(format!("`{}` was not there", arm.name));
            continue;
        };
        if arm.takes_part() && before.version != arm.version {
            let version = |arm: &Arm| arm.version.clone().unwrap_or_else(|| "unknown".to_owned());
            changes.push(format!(
                "`{}` was version {} and is {}",
                arm.name,
                version(before),
                version(arm)
            ));
        }
        for (use_, digest) in &arm.digests {
            if let Some(then) = before.digests.get(use_).filter(|then| *then != digest) {
                changes.push(format!(
                    "the {use_} of `{}` is another one (SHA-256 {:.12}… then, {:.12}… now): its sources, the toolchain \
                     or the flags have changed",
                    arm.name, then, digest
                ));
            }
        }
    }
    // Controls are made of the baseline.
    let has_baseline = now
        .iter()
        .any(|arm| arm.kind == ArmKind::Baseline && arm.takes_part());
    for arm in then {
        let is_made_of_baseline = matches!(arm.kind, ArmKind::Twin | ArmKind::Planted);
        let cannot_be_had = is_made_of_baseline && !has_baseline;
        if !cannot_be_had && !now.iter().any(|one| one.name == arm.name) {
            changes.push(format!("`{}` is missing now", arm.name));
        }
    }
    changes
}
