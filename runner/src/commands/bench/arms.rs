//! The arms of a run: who takes part, built and checked, with what failed kept as a row.

use crate::framework::{self, BuildError, Framework, Workspace};
use crate::interrupt;
use crate::plan::Plan;
use crate::record::{Arm, ArmKind};
use crate::server::{Program, Server};
use crate::verify::{self, Finding, Kind};
use anyhow::{Context, Result};
use std::thread;

/// The canned responder's name in rows.
const NULL: &str = "null";

/// An arm that can be started.
#[derive(Debug, Clone)]
pub(super) struct Contender {
    /// Its name in rows.
    pub(super) name: String,
    /// What to start.
    pub(super) program: Program,
    /// A known share of its answers is not counted.
    pub(super) is_planted: bool,
}

/// All arms, and those that can be measured.
pub(super) struct Prepared {
    pub(super) arms: Vec<Arm>,
    pub(super) contenders: Vec<Contender>,
}

/// Builds and checks the named contestants, the floor and the controls made of it, and the canned
/// responder.
pub(super) fn prepare(
    workspace: &Workspace,
    names: &[String],
    plan: &Plan,
    processors: &[usize],
) -> Result<Prepared> {
    let mut selected = workspace.select(names)?;
    if let Some(floor) = workspace.floor()
        && !selected.iter().any(|one| one.name == floor.name)
    {
        selected.push(floor);
    }
    let mut arms = Vec::new();
    let mut contenders = Vec::new();
    for framework in selected {
        let (arm, program) = build(workspace, framework, plan)?;
        if let Some(program) = program {
            let name = arm.name.clone();
            contenders.push(Contender {
                name,
                program,
                is_planted: false,
            });
        }
        arms.push(arm);
    }
    add_null(&mut arms, &mut contenders)?;
    check(&mut arms, &mut contenders, processors)?;
    add_floor_again(&mut arms, &mut contenders, ArmKind::Twin);
    add_floor_again(&mut arms, &mut contenders, ArmKind::Planted);
    Ok(Prepared { arms, contenders })
}

fn build(
    workspace: &Workspace,
    framework: &Framework,
    plan: &Plan,
) -> Result<(Arm, Option<Program>)> {
    interrupt::check()?;
    let mut arm = arm(framework, plan);
    match framework::build(workspace, framework, plan.server, plan.env) {
        Ok(path) => return Ok((arm, Some(Program::new(path)))),
        Err(error @ BuildError::NoSuchServer { .. }) => arm.absent = Some(error.to_string()),
        Err(error) => {
            interrupt::check()?;
            let error = format!("{:#}", anyhow::Error::from(error));
            eprintln!("{}: {error}", arm.name);
            arm.err = Some(error);
        }
    }
    Ok((arm, None))
}

fn arm(framework: &Framework, plan: &Plan) -> Arm {
    Arm {
        role: framework.role,
        version: Some(framework.version.clone()),
        topology: framework.topology.get(&plan.server).cloned(),
        note: framework.notes.get(&plan.server).cloned(),
        ..Arm::new(&framework.name, ArmKind::Framework)
    }
}

fn add_null(arms: &mut Vec<Arm>, contenders: &mut Vec<Contender>) -> Result<()> {
    let path = std::env::current_exe().context("the runner cannot find itself")?;
    contenders.push(Contender {
        name: NULL.to_owned(),
        program: Program {
            path,
            arguments: vec![NULL.into()],
        },
        is_planted: false,
    });
    arms.push(Arm::new(NULL, ArmKind::Null));
    Ok(())
}

/// The floor's binary once more, as a control.
fn add_floor_again(arms: &mut Vec<Arm>, contenders: &mut Vec<Contender>, kind: ArmKind) {
    let Some(floor) = arms.iter().find(|arm| arm.is_floor()) else {
        return;
    };
    let Some(contender) = contenders.iter().find(|one| one.name == floor.name) else {
        return;
    };
    let control = Arm::control(floor, kind);
    contenders.push(Contender {
        name: control.name.clone(),
        is_planted: kind == ArmKind::Planted,
        ..contender.clone()
    });
    arms.push(control);
}

/// What the checks of one arm have found.
struct Checked {
    answer_bytes: usize,
    findings: Vec<Finding>,
}

/// Checks all arms at once, each on a thread of its own; who breaks the contract is not measured.
fn check(arms: &mut [Arm], contenders: &mut Vec<Contender>, processors: &[usize]) -> Result<()> {
    eprintln!("checking the contract");
    let results: Vec<Result<Checked>> = thread::scope(|scope| {
        let threads: Vec<_> = contenders
            .iter()
            .map(|one| scope.spawn(|| check_one(&one.program, processors)))
            .collect();
        let joined = threads.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("the check has panicked")))
        });
        joined.collect()
    });
    interrupt::check()?;
    for (contender, result) in contenders.iter().zip(results) {
        let arm = arms
            .iter_mut()
            .find(|arm| arm.name == contender.name)
            .context("every contender is an arm")?;
        judge(arm, result);
        if let Some(err) = &arm.err {
            eprintln!("{}: {err}", arm.name);
        }
    }
    contenders.retain(|one| {
        arms.iter()
            .any(|arm| arm.name == one.name && arm.err.is_none())
    });
    Ok(())
}

fn check_one(program: &Program, processors: &[usize]) -> Result<Checked> {
    let server = Server::start(program, processors)?;
    let answer_bytes = server.answer_bytes;
    Ok(Checked {
        answer_bytes,
        findings: verify::findings(server)?,
    })
}

/// Enters the result into the arm. The canned responder routes nothing, and need not.
fn judge(arm: &mut Arm, result: Result<Checked>) {
    match result {
        Err(error) => arm.err = Some(format!("{error:#}")),
        Ok(checked) => {
            arm.answer_bytes = Some(checked.answer_bytes);
            if arm.kind == ArmKind::Framework {
                arm.err = verify::breach(&checked.findings);
                arm.conformance_misses = misses(&checked.findings);
            }
        }
    }
}

fn misses(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .filter(|finding| finding.kind == Kind::Conformance)
        .filter_map(|finding| finding.failure.clone())
        .collect()
}

/// The contestants of a recorded run.
pub(super) fn framework_names(arms: &[Arm]) -> Vec<String> {
    let frameworks = arms.iter().filter(|arm| arm.kind == ArmKind::Framework);
    frameworks.map(|arm| arm.name.clone()).collect()
}

/// Name and version of each contestant.
pub(super) fn versions(arms: &[Arm]) -> Vec<(&str, Option<&str>)> {
    let frameworks = arms.iter().filter(|arm| arm.kind == ArmKind::Framework);
    let mut versions: Vec<_> = frameworks
        .map(|arm| (arm.name.as_str(), arm.version.as_deref()))
        .collect();
    versions.sort_unstable();
    versions
}
