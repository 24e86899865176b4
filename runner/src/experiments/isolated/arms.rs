//! The arms of an isolated run: built, and asked at which entry points they can be driven.

use super::harness::absent_entries;
use super::plan::{Entry, IsolatedPlan};
use crate::arms::{Prepared, contestant};
use crate::framework::{
    self, BuildEnv, Framework, ISOLATED_BENCH, MIMALLOC, ServerKind, Workspace,
};
use crate::interrupt;
use crate::record::Binary;
use crate::run::{Arm, ArmKind, Builds, Job, Launch};
use crate::work::Subject;
use crate::work::tools::{self, Tool};
use anyhow::Result;
use std::path::{Path, PathBuf};

/// The package whose benches are the controls.
const CONTROLS: &str = "controls";

/// Its bench that answers with canned bytes: what the harness itself costs.
const CANNED: &str = "canned";

/// Its bench that does the same and leaves something behind.
const LEAK: &str = "leak";

/// What is said of an arm that took part before its run was interrupted, and cannot be built now.
pub(super) const CANNOT_BE_HAD: &str = "it could not be prepared again";

/// The feature of the harness that counts what the allocator is asked for.
const COUNTING: &str = "isolated/counting";

/// The executables that are made of an arm.
#[derive(Debug, Clone)]
pub struct Executables {
    /// The arm's name.
    pub(super) name: String,
    /// What it is.
    pub(super) kind: ArmKind,
    /// The unmodified quickstart server; contestants only.
    pub(super) server: Option<PathBuf>,
    /// How it is launched, if it is a server of a user's own.
    pub(super) own: Option<Launch>,
    /// The bench that is timed.
    pub(super) timed: Option<PathBuf>,
    /// The same bench with a counting allocator.
    pub(super) counting: Option<PathBuf>,
    /// The entry points it has.
    pub(super) entries: Vec<Entry>,
    /// All of these, as they were when their digests were taken.
    pub(super) binaries: Vec<Binary>,
}

impl Executables {
    fn none(name: &str, kind: ArmKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            server: None,
            own: None,
            timed: None,
            counting: None,
            entries: Vec::new(),
            binaries: Vec::new(),
        }
    }

    /// Refuses to go on if any of them is another one by now.
    pub(super) fn refuse_others(&self) -> Result<()> {
        self.binaries.iter().try_for_each(Binary::refuse_another)
    }

    /// The server of a contestant; controls have none. In a run that continues, it may not be there any more.
    pub(super) fn contestants_server(&self) -> Option<Option<&Path>> {
        self.kind.is_contestant().then_some(self.server.as_deref())
    }

    /// The server whose work is counted, or why it cannot be had; controls have none.
    pub(super) fn subject(&self) -> Option<Result<Subject, String>> {
        if let Some(launch) = &self.own {
            let program = launch.program.clone();
            return Some(program.map(|program| Subject {
                program,
                exchange: launch.exchange.clone(),
            }));
        }
        let server = self.contestants_server()?.map(Path::to_owned);
        let subject = server.map(Subject::contestant);
        Some(subject.ok_or_else(|| CANNOT_BE_HAD.to_owned()))
    }

    /// The entry point that shows most of it.
    pub(super) fn fullest_entry(&self) -> Option<Entry> {
        self.entries.iter().min().copied()
    }

    /// Builds a bench twice: to be timed, with the allocator that these features bring, and to count what the system's
    /// allocator is asked for.
    fn build_benches(
        &mut self,
        workspace: &Workspace,
        (package, bench): (&str, &str),
        env: BuildEnv,
        features: &[&str],
    ) -> Result<()> {
        let build =
            |features: &[&str]| framework::build_bench(workspace, package, bench, env, features);
        self.timed = Some(build(features)?);
        self.counting = Some(build(&[COUNTING])?);
        Ok(())
    }

    /// Enters into the arm what was built, and which entry points it lacks.
    fn describe(&mut self, arm: &mut Arm) -> Result<()> {
        let built: [(&str, Option<&Path>); 3] = [
            ("server", self.server.as_deref()),
            ("bench", self.timed.as_deref()),
            ("counting bench", self.counting.as_deref()),
        ];
        for (use_, path) in built {
            if let Some(path) = path {
                let binary = Binary::of(path)?;
                arm.digests
                    .insert(use_.to_owned(), binary.digest().to_owned());
                self.binaries.push(binary);
            }
        }
        if let Some(bench) = &self.timed {
            let absent = absent_entries(bench)?;
            let all = Entry::ALL.into_iter();
            self.entries = all.filter(|entry| !absent.contains_key(entry)).collect();
            arm.without = absent
                .into_iter()
                .map(|(entry, why)| (entry.word().to_owned(), why))
                .collect();
        }
        Ok(())
    }
}

/// Builds all arms; what fails becomes part of them.
pub(super) fn prepare(
    workspace: &Workspace,
    job: &Job<IsolatedPlan>,
) -> Result<(Vec<Arm>, Vec<Executables>)> {
    let env = job.run.plan.env;
    let (mut arms, mut all) = (Vec::new(), Vec::new());
    let frameworks = workspace.with_baseline(&job.names)?;
    let mut builds = Builds::new(frameworks.len() + 2);
    for framework in frameworks {
        interrupt::check()?;
        builds.begin(&framework.name);
        let (arm, executables) = build_contestant(workspace, framework, env)?;
        arms.push(arm);
        all.extend(executables);
    }
    for kind in [ArmKind::Twin, ArmKind::Planted] {
        add_baseline_again(&mut arms, &mut all, kind);
    }
    for (bench, kind) in [(CANNED, ArmKind::Null), (LEAK, ArmKind::Leak)] {
        interrupt::check()?;
        builds.begin(bench);
        let (mut arm, mut executables) = (Arm::new(bench, kind), Executables::none(bench, kind));
        executables.build_benches(workspace, (CONTROLS, bench), env, &[])?;
        executables.describe(&mut arm)?;
        arms.push(arm);
        all.push(executables);
    }
    if !job.run.arms.is_empty() {
        all = continuing(all, &job.run.arms);
    }
    Ok((arms, all))
}

/// Starts a user's own servers and learns their answers: all that is known of them beforehand.
pub(super) fn prepare_own(job: &Job<IsolatedPlan>) -> Result<(Vec<Arm>, Vec<Executables>)> {
    for tool in [Tool::Valgrind, Tool::Vgdb] {
        tools::find(tool)?;
    }
    let mut prepared = Prepared::of_own(&job.own)?;
    prepared.check(&job.run.processors.server)?;
    match job.run.arms.is_empty() {
        true => prepared.refuse_failed_own()?,
        false => prepared = prepared.continuing(&job.run.arms),
    }
    let launches = prepared.launches.into_iter();
    let all = launches.map(|launch| Executables {
        binaries: launch.binary.clone().into_iter().collect(),
        own: Some(launch.clone()),
        ..Executables::none(&launch.name, launch.kind)
    });
    Ok((prepared.arms, all.collect()))
}

/// For a run that continues: arms that took part when it began and cannot be had at the moment fail in the blocks
/// that follow, and the order is that of the record, since orders are indices.
fn continuing(mut all: Vec<Executables>, recorded: &[Arm]) -> Vec<Executables> {
    for arm in recorded.iter().filter(|arm| arm.takes_part()) {
        if !all.iter().any(|one| one.name == arm.name) {
            let entries = Entry::ALL.into_iter();
            let entries = entries.filter(|entry| !arm.without.contains_key(entry.word()));
            all.push(Executables {
                entries: entries.collect(),
                ..Executables::none(&arm.name, arm.kind)
            });
        }
    }
    all.retain(|one| {
        recorded
            .iter()
            .any(|arm| arm.name == one.name && arm.takes_part())
    });
    all.sort_by_key(|one| recorded.iter().position(|arm| arm.name == one.name));
    all
}

/// Builds a contestant's server and benches.
fn build_contestant(
    workspace: &Workspace,
    framework: &Framework,
    env: BuildEnv,
) -> Result<(Arm, Option<Executables>)> {
    let mut arm = contestant(framework);
    arm.note = framework.notes.get(&ServerKind::Quickstart).cloned();
    if !framework.has_isolated_bench {
        let why = format!(
            "it has no benches/{ISOLATED_BENCH}.rs (frameworks/README.md says how to write one), so only its server \
             is counted"
        );
        arm.without = Entry::ALL
            .map(|entry| (entry.word().to_owned(), why.clone()))
            .into();
    }
    let mut executables = Executables::none(&arm.name, arm.kind);
    match build(workspace, framework, env, (&mut executables, &mut arm)) {
        Ok(()) => Ok((arm, Some(executables))),
        Err(error) => {
            interrupt::check()?;
            let error = format!("{error:#}");
            crate::say!("{}: {error}", arm.name);
            arm.err = Some(error);
            Ok((arm, None))
        }
    }
}

fn build(
    workspace: &Workspace,
    framework: &Framework,
    env: BuildEnv,
    (executables, arm): (&mut Executables, &mut Arm),
) -> Result<()> {
    let kind = ServerKind::Quickstart;
    executables.server = Some(framework::build(workspace, framework, kind, env)?);
    if framework.has_isolated_bench {
        let bench = (framework.package.as_str(), ISOLATED_BENCH);
        let features: &[&str] = match env {
            BuildEnv::Release => &[],
            BuildEnv::Max => &[MIMALLOC],
        };
        executables.build_benches(workspace, bench, env, features)?;
    }
    executables.describe(arm)
}

/// The baseline's bench again, as a control.
fn add_baseline_again(arms: &mut Vec<Arm>, all: &mut Vec<Executables>, kind: ArmKind) {
    let baseline = arms.iter().find(|arm| arm.kind == ArmKind::Baseline);
    let executables = all.iter().find(|one| one.kind == ArmKind::Baseline);
    if let (Some(baseline), Some(executables)) = (baseline, executables) {
        let control = Arm::control(baseline, kind);
        all.push(Executables {
            name: control.name.clone(),
            kind,
            server: None,
            // Allocations of the twin show how far two processes of one program lie apart.
            counting: executables
                .counting
                .clone()
                .filter(|_| kind == ArmKind::Twin),
            ..executables.clone()
        });
        arms.push(control);
    }
}
