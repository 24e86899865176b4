//! The arms of an isolated run: built, and asked at which levels they can be driven.

use super::job::Job;
use crate::framework::{self, BuildEnv, Framework, ISOLATED_BENCH, ServerKind, Workspace};
use crate::interrupt;
use crate::isolated::absent_levels;
use crate::plan::InProcess;
use crate::record::{Arm, ArmKind};
use anyhow::{Result, bail};
use std::path::PathBuf;

/// The package whose benches are the controls.
const CONTROLS: &str = "controls";

/// Its bench that answers with canned bytes: what the harness itself costs.
const CANNED: &str = "canned";

/// Its bench that does the same and leaves something behind.
const LEAK: &str = "leak";

/// The feature of the harness that counts what the allocator is asked for.
const COUNTING: &str = "isolated/counting";

/// An arm, and the executables that are made of it.
#[derive(Debug, Clone)]
pub(super) struct Contender {
    /// Its name in rows.
    pub(super) name: String,
    pub(super) kind: ArmKind,
    /// The unmodified quickstart server; contestants only.
    pub(super) server: Option<PathBuf>,
    /// The bench that is timed.
    pub(super) timed: Option<PathBuf>,
    /// The same bench with a counting allocator.
    pub(super) counting: Option<PathBuf>,
    /// The levels it has.
    pub(super) levels: Vec<InProcess>,
}

impl Contender {
    /// A contestant that cannot be driven inside one process.
    fn without_bench() -> Self {
        Self {
            name: String::new(),
            kind: ArmKind::Framework,
            server: None,
            timed: None,
            counting: None,
            levels: Vec::new(),
        }
    }

    /// The level that shows most of it.
    pub(super) fn fullest_level(&self) -> Option<InProcess> {
        self.levels.iter().min().copied()
    }
}

/// Builds all arms; what fails becomes part of the record.
pub(super) fn prepare(workspace: &Workspace, job: &mut Job) -> Result<Vec<Contender>> {
    let mut selected = workspace.select(&job.names)?;
    if let Some(floor) = workspace.floor()
        && !selected.iter().any(|one| one.name == floor.name)
    {
        selected.push(floor);
    }
    job.run.arms.clear();
    job.run.without.clear();
    let mut contenders = Vec::new();
    for framework in selected {
        contenders.extend(contestant(workspace, framework, job)?);
    }
    if contenders.is_empty() {
        bail!("there is nothing to measure: see what is said above");
    }
    for kind in [ArmKind::Twin, ArmKind::Planted] {
        add_floor_again(&mut contenders, job, kind);
    }
    for (bench, kind) in [(CANNED, ArmKind::Null), (LEAK, ArmKind::Leak)] {
        contenders.push(control(workspace, bench, kind, job)?);
    }
    Ok(contenders)
}

/// Builds a contestant's server and benches, and enters it into the record.
fn contestant(
    workspace: &Workspace,
    framework: &Framework,
    job: &mut Job,
) -> Result<Option<Contender>> {
    interrupt::check()?;
    let mut arm = Arm::new(&framework.name, ArmKind::Framework);
    arm.role = framework.role;
    arm.version = Some(framework.version.clone());
    arm.note = framework.notes.get(&ServerKind::Quickstart).cloned();
    if !framework.has_isolated_bench {
        arm.absent = Some(format!(
            "it has no benches/{ISOLATED_BENCH}.rs (frameworks/README.md says how to write one), \
             so only its server is counted"
        ));
    }
    let built = build(workspace, framework).and_then(|mut contender| {
        enter_levels(&mut contender, job)?;
        Ok(contender)
    });
    match built {
        Ok(contender) => {
            job.run.arms.push(arm);
            Ok(Some(contender))
        }
        Err(error) => {
            interrupt::check()?;
            let error = format!("{error:#}");
            eprintln!("{}: {error}", arm.name);
            arm.err = Some(error);
            job.run.arms.push(arm);
            Ok(None)
        }
    }
}

fn build(workspace: &Workspace, framework: &Framework) -> Result<Contender> {
    let server = framework::build(
        workspace,
        framework,
        ServerKind::Quickstart,
        BuildEnv::Release,
    )?;
    let benches = match framework.has_isolated_bench {
        true => benches(workspace, &framework.package, ISOLATED_BENCH)?,
        false => Contender::without_bench(),
    };
    Ok(Contender {
        name: framework.name.clone(),
        server: Some(server),
        ..benches
    })
}

/// Builds a bench twice: to be timed, and to count.
fn benches(workspace: &Workspace, package: &str, bench: &str) -> Result<Contender> {
    let build = |features: &[&str]| framework::build_bench(workspace, package, bench, features);
    Ok(Contender {
        name: bench.to_owned(),
        timed: Some(build(&[])?),
        counting: Some(build(&[COUNTING])?),
        ..Contender::without_bench()
    })
}

fn control(workspace: &Workspace, bench: &str, kind: ArmKind, job: &mut Job) -> Result<Contender> {
    interrupt::check()?;
    let mut contender = benches(workspace, CONTROLS, bench)?;
    contender.kind = kind;
    job.run.arms.push(Arm::new(bench, kind));
    enter_levels(&mut contender, job)?;
    Ok(contender)
}

/// Asks the bench which levels it has, and records why it lacks the others.
fn enter_levels(contender: &mut Contender, job: &mut Job) -> Result<()> {
    let Some(executable) = contender.timed.as_deref() else {
        return Ok(());
    };
    let absent = absent_levels(executable)?;
    let all = InProcess::ALL.into_iter();
    contender.levels = all.filter(|level| !absent.contains_key(level)).collect();
    if !absent.is_empty() {
        job.run.without.insert(contender.name.clone(), absent);
    }
    Ok(())
}

/// The floor's bench once more, as a control.
fn add_floor_again(contenders: &mut Vec<Contender>, job: &mut Job, kind: ArmKind) {
    let arms = &mut job.run.arms;
    let Some(floor) = arms.iter().find(|arm| arm.is_floor()) else {
        return;
    };
    let Some(contender) = contenders.iter().find(|one| one.name == floor.name) else {
        return;
    };
    let control = Arm::control(floor, kind);
    if let Some(absent) = job.run.without.get(&floor.name).cloned() {
        job.run.without.insert(control.name.clone(), absent);
    }
    contenders.push(Contender {
        name: control.name.clone(),
        kind,
        server: None,
        counting: None,
        ..contender.clone()
    });
    arms.push(control);
}
