//! Contestants as arms: the servers of the folders under frameworks/, built and checked, with what failed kept
//! as a row; and the controls that are made of the baseline.

use super::own::learn;
use crate::framework::{self, BuildEnv, BuildError, Framework, Role, ServerKind, Workspace};
use crate::interrupt;
use crate::load::{Exchange, Expected};
use crate::record::Binary;
use crate::run::{Arm, ArmKind, Builds, Launch, OwnServer, VariantOf};
use crate::server::{Program, READY_WITHIN, Server, start_repeatedly};
use crate::verify::{self, Finding, Kind};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fmt;
use std::thread;

/// The use of a server's binary among an arm's digests.
const SERVER: &str = "server";

/// The null server's name in rows.
const NULL: &str = "null";

/// Which servers of the contestants take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Which program serves.
    pub server: ServerKind,
    /// How it is built.
    pub env: BuildEnv,
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(&format!("{}·{}", self.server, self.env))
    }
}

impl Variant {
    /// Its name in that of a folder; none if it is the one that is measured by default.
    #[must_use]
    pub fn unless_default(self) -> Option<String> {
        let is_default = self.server == ServerKind::Quickstart && self.env == BuildEnv::Release;
        (!is_default).then(|| format!("{}-{}", self.server, self.env))
    }

    /// A contestant by this variant, beside the one by its main variant, which has its own name.
    fn arm(self, framework: &Framework) -> Arm {
        let of = &framework.name;
        let server = match self.server {
            ServerKind::Quickstart => "",
            ServerKind::Tuned => "-tuned",
        };
        let env = match self.env {
            BuildEnv::Release => "",
            BuildEnv::Max => "-max",
        };
        Arm {
            name: format!("{of}{server}{env}"),
            // Only one arm is what all others are read against.
            kind: ArmKind::Contestant,
            variant_of: Some(VariantOf {
                contestant: of.clone(),
                variant: self.to_string(),
            }),
            ..contestant(framework)
        }
    }
}

/// All arms, and how those are launched that take part.
#[derive(Debug, Default)]
pub struct Prepared {
    /// As they are recorded.
    pub arms: Vec<Arm>,
    /// One for each that takes part.
    pub launches: Vec<Launch>,
}

impl Prepared {
    /// Builds the servers of the named contestants and of the baseline.
    ///
    /// # Errors
    ///
    /// If the run is interrupted. A build that fails is an arm with a reason.
    pub fn build(workspace: &Workspace, names: &[String], variant: Variant) -> Result<Self> {
        let mut prepared = Self::default();
        let frameworks = workspace.with_baseline(names)?;
        let mut builds = Builds::new(frameworks.len());
        for framework in frameworks {
            interrupt::check()?;
            builds.begin(&framework.name);
            prepared.add(workspace, framework, variant, contestant(framework))?;
        }
        Ok(prepared)
    }

    /// The same for several variants of each: a contestant's first one has its name, the others are arms beside it.
    ///
    /// # Errors
    ///
    /// If the run is interrupted. A build that fails is an arm with a reason.
    pub fn build_each(
        workspace: &Workspace,
        names: &[String],
        variants: &[Variant],
    ) -> Result<Self> {
        let mut prepared = Self::default();
        let frameworks = workspace.with_baseline(names)?;
        let mut builds = Builds::new(frameworks.len() * variants.len());
        for framework in frameworks {
            for (place, &variant) in variants.iter().enumerate() {
                interrupt::check()?;
                builds.begin(&format!("{}, {variant}", framework.name));
                let arm = match place {
                    0 => contestant(framework),
                    _ => variant.arm(framework),
                };
                prepared.add(workspace, framework, variant, arm)?;
            }
        }
        Ok(prepared)
    }

    fn add(
        &mut self,
        workspace: &Workspace,
        framework: &Framework,
        variant: Variant,
        mut arm: Arm,
    ) -> Result<()> {
        arm.topology = framework.topology.get(&variant.server).cloned();
        arm.note = framework.notes.get(&variant.server).cloned();
        match framework::build(workspace, framework, variant.server, variant.env) {
            Ok(path) => {
                let binary = Binary::of(&path)?;
                arm.digests
                    .insert(SERVER.to_owned(), binary.digest().to_owned());
                self.launches.push(Launch {
                    name: arm.name.clone(),
                    kind: arm.kind,
                    program: Ok(Program::new(path)),
                    exchange: Exchange::welcome(),
                    binary: Some(binary),
                    ready_within: READY_WITHIN,
                });
            }
            Err(error @ BuildError::NoSuchServer { .. }) => arm.absent = Some(error.to_string()),
            Err(error) => {
                interrupt::check()?;
                let error = format!("{:#}", anyhow::Error::from(error));
                crate::say!("{}: {error}", arm.name);
                arm.err = Some(error);
            }
        }
        self.arms.push(arm);
        Ok(())
    }

    /// Adds the null server under this name, with these options on top.
    ///
    /// # Errors
    ///
    /// If the runner cannot find its own binary.
    pub fn add_null(&mut self, name: &str, kind: ArmKind, options: &[&str]) -> Result<()> {
        let path = std::env::current_exe().context("the runner cannot find its own binary")?;
        let mut arm = Arm::new(name, kind);
        let binary = Binary::of(&path)?;
        arm.digests
            .insert(SERVER.to_owned(), binary.digest().to_owned());
        let options = options.iter().map(OsString::from);
        self.launches.push(Launch {
            name: name.to_owned(),
            kind,
            program: Ok(Program {
                path,
                arguments: std::iter::once(NULL.into()).chain(options).collect(),
                ..Program::default()
            }),
            exchange: Exchange::welcome(),
            binary: Some(binary),
            ready_within: READY_WITHIN,
        });
        self.arms.push(arm);
        Ok(())
    }

    /// Adds the baseline's binary under another name, as a control of this kind.
    pub fn add_baseline_again(&mut self, kind: ArmKind) {
        let baseline = self.arms.iter().find(|arm| arm.kind == ArmKind::Baseline);
        let Some(control) = baseline.map(|baseline| Arm::control(baseline, kind)) else {
            return;
        };
        let launch = self
            .launches
            .iter()
            .find(|one| one.kind == ArmKind::Baseline);
        if let Some(launch) = launch.cloned() {
            self.launches.push(Launch {
                name: control.name.clone(),
                kind,
                ..launch
            });
            self.arms.push(control);
        }
    }

    /// Adds each contestant once more for each of these numbers of requests, after which its connections are closed.
    pub fn add_modes(&mut self, requests_per_connection: &[u32]) {
        let contestants = self.arms.iter().filter(|arm| arm.kind.is_contestant());
        for arm in contestants.cloned().collect::<Vec<Arm>>() {
            let kept = self.launches.iter().find(|one| one.name == arm.name);
            let kept = kept.cloned();
            for &requests in requests_per_connection {
                let mode = Arm {
                    name: format!("{}-{requests}", arm.name),
                    kind: ArmKind::Contestant,
                    variant_of: Some(VariantOf {
                        contestant: arm.name.clone(),
                        variant: per_connection(requests),
                    }),
                    ..arm.clone()
                };
                if let Some(kept) = &kept {
                    let mut launch = kept.clone();
                    (launch.name, launch.kind) = (mode.name.clone(), mode.kind);
                    launch.exchange.requests_per_connection = Some(requests);
                    self.launches.push(launch);
                }
                self.arms.push(mode);
            }
        }
    }

    /// Checks all arms at once, each on a thread of its own; an arm that breaks the contract does not take
    /// part. The runner's own servers route nothing, and need not.
    ///
    /// # Errors
    ///
    /// If the run is interrupted.
    pub fn check(&mut self, processors: &[usize]) -> Result<()> {
        let own = |name: &str| {
            let arm = self.arms.iter().find(|arm| arm.name == name);
            arm.and_then(|arm| arm.own.as_ref())
        };
        let is_own = self.arms.iter().any(|arm| arm.own.is_some());
        crate::say!(
            "checking {}",
            if is_own {
                "the servers"
            } else {
                "the contract"
            }
        );
        let results: Vec<Result<Checked>> = thread::scope(|scope| {
            let launches = self.launches.iter();
            let checks = launches.map(|launch| {
                let own = own(&launch.name);
                scope.spawn(move || check(launch, own, processors))
            });
            let threads: Vec<_> = checks.collect();
            let joined = threads.into_iter().map(|thread| {
                let joined = thread.join();
                joined.unwrap_or_else(|_| Err(anyhow::anyhow!("the check has panicked")))
            });
            joined.collect()
        });
        interrupt::check()?;
        for (launch, result) in self.launches.iter_mut().zip(results) {
            if let Ok(Checked {
                expected: Some(expected),
                ..
            }) = &result
            {
                launch.exchange.expected = expected.clone();
            }
            let mut arms = self.arms.iter_mut();
            let arm = arms.find(|arm| arm.name == launch.name);
            let arm = arm.context("every launch is of an arm")?;
            enter(arm, result);
            if let Some(err) = &arm.err {
                crate::say!("{}: {err}", arm.name);
            }
        }
        let arms = &self.arms;
        let takes_part = |launch: &Launch| {
            let mut arms = arms.iter();
            arms.any(|arm| arm.name == launch.name && arm.takes_part())
        };
        self.launches.retain(takes_part);
        Ok(())
    }

    /// For a run that continues: of the arms that took part when it began, those that cannot be had at the
    /// moment. They stay arms, and fail in the blocks that follow.
    #[must_use]
    pub fn continuing(mut self, recorded: &[Arm]) -> Self {
        for arm in recorded.iter().filter(|arm| arm.takes_part()) {
            if self.launches.iter().any(|launch| launch.name == arm.name) {
                continue;
            }
            let now = self.arms.iter().find(|one| one.name == arm.name);
            let why = now.and_then(|now| now.err.clone());
            self.launches.push(Launch {
                name: arm.name.clone(),
                kind: arm.kind,
                program: Err(why.unwrap_or_else(|| "it could not be prepared again".to_owned())),
                exchange: Exchange::welcome(),
                binary: None,
                ready_within: READY_WITHIN,
            });
        }
        self.launches.retain(|launch| {
            let mut recorded = recorded.iter();
            recorded.any(|arm| arm.name == launch.name && arm.takes_part())
        });
        // The order is that of the record: orders are indices.
        self.launches
            .sort_by_key(|launch| recorded.iter().position(|arm| arm.name == launch.name));
        self
    }
}

/// What it is called if a connection carries so many requests.
#[must_use]
pub fn per_connection(requests: u32) -> String {
    format!("{requests} per connection")
}

/// A contestant as an arm, before anything is built.
#[must_use]
pub fn contestant(framework: &Framework) -> Arm {
    let kind = match framework.role {
        Role::Contestant => ArmKind::Contestant,
        Role::Baseline => ArmKind::Baseline,
    };
    Arm {
        version: Some(framework.version.clone()),
        ..Arm::new(&framework.name, kind)
    }
}

/// What the checks of one arm have found.
struct Checked {
    answer_bytes: usize,
    findings: Vec<Finding>,
    /// What every later answer is held against, if that has only been learned now.
    expected: Option<Expected>,
}

fn check(launch: &Launch, own: Option<&OwnServer>, processors: &[usize]) -> Result<Checked> {
    if let Some(own) = own {
        let (expected, answer_bytes) = learn(launch, own, processors)?;
        return Ok(Checked {
            answer_bytes,
            findings: Vec::new(),
            expected: Some(expected),
        });
    }
    let program = launch
        .program
        .as_ref()
        .map_err(|why| anyhow::anyhow!("{why}"))?;
    let (server, _): (Server, u32) =
        start_repeatedly(program, &launch.exchange, processors, launch.ready_within)?;
    let answer_bytes = server.answer_bytes;
    Ok(Checked {
        answer_bytes,
        findings: match launch.kind.is_contestant() {
            true => verify::findings(server)?,
            false => Vec::new(),
        },
        expected: None,
    })
}

/// Enters what was found into the arm.
fn enter(arm: &mut Arm, result: Result<Checked>) {
    match result {
        Err(error) => arm.err = Some(format!("{error:#}")),
        Ok(checked) => {
            arm.answer_bytes = Some(checked.answer_bytes);
            arm.err = verify::breach(&checked.findings);
            let misses = checked.findings.into_iter();
            let misses = misses.filter(|finding| finding.kind == Kind::Conformance);
            arm.conformance_misses = misses.filter_map(|finding| finding.failure).collect();
        }
    }
}
