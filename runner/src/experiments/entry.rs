//! A run as a history takes it, whatever its experiment: its record, its tables, and what differs from another one.

use super::experiment::Experiment;
use super::link::Link;
use crate::analysis::Ranked;
use crate::report::{Page, Section};
use crate::run::{Arm, ArmKind, Run};
use anyhow::{Context, Result};
use serde_json::Value;

/// A run that was read.
#[derive(Debug)]
pub struct Entry {
    /// Its record.
    pub(super) run: Run<Value>,
    /// Which servers and builds of the contestants it measured; empty if it is not of one variant.
    pub(super) variant: String,
    /// What lies between servers and generator.
    pub(super) link: Link,
    /// Its tables, each by each measure.
    pub(super) tables: Vec<EntryTable>,
}

/// A table by one measure.
#[derive(Debug)]
pub(super) struct EntryTable {
    /// Its heading.
    pub(super) heading: String,
    /// What it says.
    pub(super) ranked: Ranked,
    /// Why it is not to be trusted, if it is not.
    pub(super) untrusted: Vec<String>,
}

/// What runs have to have in common to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kin {
    pub(super) machine: String,
    pub(super) method: u32,
    pub(super) variant: String,
    is_own: bool,
    link: Link,
    /// Names of hosts, if there are several.
    hosts: Vec<String>,
    pub(super) baseline: String,
}

impl Entry {
    /// Of a run's records, of which this page is shown.
    pub(super) fn of<E: Experiment>(records: &E::Records, page: &Page) -> Result<Self> {
        let run = E::run(records);
        let plain = serde_json::to_value(run).and_then(serde_json::from_value);
        let is_own = run.arms.iter().any(|arm| arm.own.is_some());
        let tables = E::rankings(records).into_iter();
        Ok(Self {
            run: plain.context("a run is plain data")?,
            variant: match is_own {
                true => String::new(),
                false => E::variant(&run.plan),
            },
            link: E::link(&run.plan),
            tables: tables
                .map(|(heading, ranked)| EntryTable {
                    untrusted: untrusted(page, &heading),
                    heading,
                    ranked,
                })
                .collect(),
        })
    }

    /// What others have to have in common with it; `None` without a baseline.
    pub(super) fn kin(&self) -> Option<Kin> {
        let run = &self.run;
        Some(Kin {
            machine: format!(
                "{}, {} processors",
                run.machine.processor, run.machine.processors
            ),
            method: run.method,
            variant: self.variant.clone(),
            is_own: run.arms.iter().any(|arm| arm.own.is_some()),
            link: self.link,
            hosts: run.hosts.iter().map(|one| one.host.name.clone()).collect(),
            baseline: self.baseline()?.name.clone(),
        })
    }

    fn baseline(&self) -> Option<&Arm> {
        let mut arms = self.run.arms.iter();
        arms.find(|arm| arm.kind == ArmKind::Baseline)
    }

    /// An arm of it.
    pub(super) fn arm(&self, name: &str) -> Option<&Arm> {
        self.run.arms.iter().find(|arm| arm.name == name)
    }

    /// Its table with this heading, by this measure.
    pub(super) fn table(&self, heading: &str, measure: &str) -> Option<&EntryTable> {
        let mut tables = self.tables.iter();
        tables.find(|one| one.heading == heading && one.ranked.measure.name == measure)
    }

    /// The compiler's version, without its name and its revision.
    pub(super) fn compiler(&self) -> String {
        let rustc = &self.run.toolchain.rustc;
        let version = rustc.strip_prefix("rustc ").unwrap_or(rustc);
        version.split(' ').next().unwrap_or_default().to_owned()
    }

    /// Everything recorded in which a later run differs: contestants first.
    pub(super) fn changes_to(&self, after: &Self) -> Vec<String> {
        let arms = after.run.arms.iter();
        let contestants = arms.filter(|arm| arm.kind.is_contestant() && arm.takes_part());
        let (mut changed, mut rebuilt) = (Vec::new(), Vec::new());
        for now in contestants {
            let then = self.arm(&now.name).filter(|arm| arm.takes_part());
            let name = format!("`{}`", now.name);
            match then.map(|then| became(then, now)) {
                None => changed.push(format!("{name} was added")),
                Some(Became::Same) => {}
                // Often all of them are.
                Some(Became::Rebuilt) => rebuilt.push(name),
                Some(became) => changed.push(format!("{name}: {}", became.said())),
            }
        }
        if !rebuilt.is_empty() {
            let names = rebuilt.join(", ");
            changed.push(format!("{names}: {}", Became::Rebuilt.said()));
        }
        changed.extend(circumstances(&self.run, &after.run));
        changed
    }

    /// What became of a server up to a later run.
    pub(super) fn server_in(&self, after: &Self, name: &str) -> String {
        let both = self.arm(name).zip(after.arm(name));
        both.map_or(Became::Unknown, |(then, now)| became(then, now))
            .said()
    }

    /// What the ratio of a server depends on besides the server itself, and what became of it up to the same table of a
    /// later run.
    pub(super) fn around(&self, after: &Self, heading: &str, measure: &str) -> Vec<String> {
        let mut around = Vec::new();
        if let Some((then, now)) = self.baseline().zip(after.baseline()) {
            let name = &now.name;
            around.push(format!("`{name}`: {}", became(then, now).said()));
            let of = |entry: &Self| figure_of_baseline(&entry.table(heading, measure)?.ranked);
            if let Some((then, now)) = of(self).zip(of(after)) {
                let times = now / then;
                around.push(format!("`{name}` has {times:.2} times its {measure}"));
            }
        }
        around.extend(circumstances(&self.run, &after.run));
        around
    }
}

impl Kin {
    /// Which servers and builds, and over which link unless that is loopback.
    pub(super) fn described(&self) -> String {
        let hosts = match self.hosts.as_slice() {
            [] => String::new(),
            hosts => format!(" ({})", hosts.join(", ")),
        };
        let described = format!("{}{}{hosts}", self.variant, self.link.in_heading());
        described.trim().to_owned()
    }

    /// Why a run of this kind is not compared with those of another.
    pub(super) fn differs_from(&self, others: &Self) -> String {
        if self.machine != others.machine {
            return format!(
                "it was made on another machine ({}, and the others on {})",
                self.machine, others.machine
            );
        }
        if self.method != others.method {
            return format!(
                "it was made by method {}, and the others by method {}: their numbers do not mean the same",
                self.method, others.method
            );
        }
        if self.is_own != others.is_own {
            let said = |kin: &Self| match kin.is_own {
                true => "servers by their commands",
                false => "contestants",
            };
            return format!(
                "it measured {}, and the others {}",
                said(self),
                said(others)
            );
        }
        if self.link != others.link {
            return format!(
                "its load came {}, and that of the others {}",
                self.link.said(),
                others.link.said()
            );
        }
        if self.hosts != others.hosts {
            return format!(
                "it was made on {}, and the others on {}",
                self.hosts.join(", "),
                others.hosts.join(", ")
            );
        }
        if self.baseline != others.baseline {
            return format!(
                "its baseline is `{}`, and that of the others `{}`",
                self.baseline, others.baseline
            );
        }
        format!(
            "it measured {}, and the others {}",
            self.variant, others.variant
        )
    }
}

/// Why the table of this heading is untrusted. A table that the page shows under no heading of its own is as good as the
/// page.
fn untrusted(page: &Page, heading: &str) -> Vec<String> {
    let sections = || page.sections.iter();
    let exact = sections().filter(|one| one.heading == heading);
    let longer = sections().filter(|one| {
        let rest = one.heading.strip_prefix(heading);
        rest.is_some_and(|rest| rest.starts_with([',', ':']))
    });
    let choices: [Vec<&Section>; 3] = [exact.collect(), longer.collect(), sections().collect()];
    let own = choices.into_iter().find(|some| !some.is_empty());
    let reasons = own.into_iter().flatten();
    reasons.flat_map(|one| one.untrusted.clone()).collect()
}

/// What the baseline reached, on average over the blocks.
fn figure_of_baseline(ranked: &Ranked) -> Option<f64> {
    let baseline = ranked.baseline?;
    let blocks = ranked.rows.len();
    let sum: f64 = ranked.rows.iter().map(|row| row[baseline]).sum();
    let mean = (blocks > 0).then(|| sum / blocks as f64)?;
    Some(match ranked.measure.higher_is_better {
        true => mean.exp(),
        false => (-mean).exp(),
    })
}

/// What became of an arm from one run to another.
#[derive(Debug, PartialEq, Eq)]
enum Became {
    /// Its executables are the same, byte for byte.
    Same,
    /// It has the version it had, and was built to another executable.
    Rebuilt,
    /// It has another version.
    Version(String, String),
    /// Nobody recorded it.
    Unknown,
}

impl Became {
    fn said(&self) -> String {
        match self {
            Self::Same => "the same binary".to_owned(),
            Self::Rebuilt => "rebuilt, the same version".to_owned(),
            Self::Version(then, now) => format!("{now}, was {then}"),
            Self::Unknown => "a binary that is not recorded".to_owned(),
        }
    }
}

fn became(then: &Arm, now: &Arm) -> Became {
    let version = |arm: &Arm| arm.version.clone().unwrap_or_else(|| "unknown".to_owned());
    if then.version != now.version {
        return Became::Version(version(then), version(now));
    }
    match (then.digests.is_empty(), now.digests.is_empty()) {
        (false, false) if then.digests == now.digests => Became::Same,
        (false, false) => Became::Rebuilt,
        _ => Became::Unknown,
    }
}

/// What differs between two runs besides their servers.
fn circumstances(then: &Run<Value>, now: &Run<Value>) -> Vec<String> {
    let mut changed = Vec::new();
    let mut compare = |what: &str, then: String, now: String| {
        if then != now {
            changed.push(format!("the {what} went from {then} to {now}"));
        }
    };
    let said = |value: Option<String>| value.unwrap_or_else(|| "unknown".to_owned());
    compare(
        "compiler",
        then.toolchain.rustc.clone(),
        now.toolchain.rustc.clone(),
    );
    let machines = (&then.machine, &now.machine);
    compare(
        "kernel",
        machines.0.kernel.clone(),
        machines.1.kernel.clone(),
    );
    compare(
        "memory in MiB",
        machines.0.memory_mib.to_string(),
        machines.1.memory_mib.to_string(),
    );
    compare(
        "frequency governor",
        said(machines.0.governor.clone()),
        said(machines.1.governor.clone()),
    );
    compare(
        "longest listen queue",
        said(machines.0.somaxconn.map(|one| one.to_string())),
        said(machines.1.somaxconn.map(|one| one.to_string())),
    );
    let others = [
        (
            "choice of processors",
            then.processors == now.processors && machines.0.virtualized == machines.1.virtualized,
        ),
        (
            "environment of the servers",
            then.environment == now.environment,
        ),
        ("hosts or their processors", then.hosts == now.hosts),
        ("plan", then.plan == now.plan),
        // Older records do not have its digest.
        (
            "runner",
            then.toolchain.runner.is_none()
                || now.toolchain.runner.is_none()
                || then.toolchain.runner == now.toolchain.runner,
        ),
    ];
    let differing = others.iter().filter(|(_, is_same)| !is_same);
    changed.extend(differing.map(|(what, _)| format!("the {what} is not the same")));
    changed
}
